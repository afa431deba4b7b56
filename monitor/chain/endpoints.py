"""Several endpoints of one chain: the first that works, and the right chain on each."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self, TypeVar

from monitor.chain.failures import EndpointRefused, Reverted
from monitor.chain.registry import Chain
from monitor.chain.rpc import Endpoint
from monitor.errors import HedgewatchError, Permanent, Transient

T = TypeVar("T")
_PAUSE: Final = timedelta(seconds=10)
_LONGEST_PAUSE: Final = timedelta(minutes=5)


class Endpoints:
    """A chain's endpoints in order of preference.

    A failed one rests for as long as it asked, or ten seconds and twice as long
    each time; where all of them rest they are asked all the same. The chain id is
    checked on an endpoint's first use, after its every failure, and
    whenever it takes over from another.
    """

    def __init__(self, chain: Chain, endpoints: Sequence[Endpoint]) -> None:
        self._chain = chain
        self._endpoints = tuple(endpoints)
        self._checked: Endpoint | None = None
        self._resting: dict[Endpoint, datetime] = {}
        self._failed: Counter[Endpoint] = Counter()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for endpoint in self._endpoints:
            await endpoint.close()

    def __len__(self) -> int:
        return len(self._endpoints)

    @property
    def requests_made(self) -> int:
        """Return HTTP requests made through all endpoints since the start."""
        return sum(endpoint.requests_made for endpoint in self._endpoints)

    async def first_that_works(self, work: Callable[[Endpoint], Awaitable[T]], now: datetime) -> T:
        """Do the whole of `work` on one endpoint; start afresh on the next where it fails.

        Raises the failure itself where there is one endpoint, else all of them in
        one sentence: Permanent only if every one is. Reverted ends it at once.
        """
        failures: list[HedgewatchError] = []
        for endpoint in self._awake(now):
            try:
                await self._check(endpoint)
                done = await work(endpoint)
            except Reverted:
                raise
            except (Transient, Permanent) as failure:
                failures.append(failure)
                self._rest(endpoint, failure, now)
            else:
                del self._failed[endpoint]
                return done
        raise _together(failures)

    def _awake(self, now: datetime) -> list[Endpoint]:
        awake = [one for one in self._endpoints if self._resting.get(one, now) <= now]
        # A refusal costs less than blindness.
        return awake or list(self._endpoints)

    async def _check(self, endpoint: Endpoint) -> None:
        if self._checked is endpoint:
            return
        told = await endpoint.call("eth_chainId")
        try:
            chain_id = int(told, 16)
        except (TypeError, ValueError):
            raise Transient(f"{endpoint.host} answered eth_chainId with no number") from None
        if chain_id != self._chain.chain_id:
            raise EndpointRefused(
                f"{endpoint.host} serves chain id {chain_id}, "
                f"but {self._chain.name} is {self._chain.chain_id}"
            )
        self._checked = endpoint

    def _rest(self, endpoint: Endpoint, failure: HedgewatchError, now: datetime) -> None:
        if self._checked is endpoint:
            self._checked = None
        wait = failure.retry_after if isinstance(failure, Transient) else None
        pause = min(_PAUSE * 2 ** min(self._failed[endpoint], 8), _LONGEST_PAUSE)
        self._resting[endpoint] = now + max(wait or timedelta(), pause)
        self._failed[endpoint] += 1


def _together(failures: Sequence[HedgewatchError]) -> HedgewatchError:
    if len(failures) == 1:
        return failures[0]
    sentence = "; ".join(str(failure) for failure in failures)
    if all(isinstance(failure, Permanent) for failure in failures):
        return Permanent(sentence)
    waits = [one.retry_after for one in failures if isinstance(one, Transient) and one.retry_after]
    return Transient(sentence, retry_after=min(waits, default=None))
