"""Several endpoints of one chain: the first that works, and the right chain on each."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self, TypeVar

from monitor.chain.failures import Behind, Reverted
from monitor.chain.guarded import Guarded
from monitor.chain.heads import LAG, header
from monitor.chain.health import EndpointHealth
from monitor.chain.log_sources import LogSources
from monitor.chain.quarantine import Quarantine
from monitor.chain.registry import Chain
from monitor.chain.rpc import Endpoint
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.model.observation import Block

T = TypeVar("T")
IDLE: Final = timedelta(minutes=5)
"""How long one that is not needed is left unasked: a dead one shows before it is needed."""

_IDLE_PATIENCE_S: Final = 2.0


class Endpoints:
    """A chain's endpoints in order of preference.

    A failed one rests as its breaker says and is then tried again, the primary first;
    one whose head lags is asked for snapshots only where no other can. Where all of
    them rest, they are asked all the same, but those that asked to be left alone. The
    chain id is checked on an endpoint's first use, after its every failure, and
    whenever it takes over from another. That one endpoint is out while another serves
    is logged once, and its end once; that none serves is raised. chance: in [0, 1).
    believe: raises Transient for a head too far ahead, which once read would make others old.
    """

    def __init__(
        self,
        chain: Chain,
        endpoints: Sequence[Endpoint],
        *,
        lag: timedelta = LAG,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.believe: Callable[[Block], object] = lambda _: None
        self._name = chain.name
        self._all = tuple(Guarded(chain, endpoint, chance) for endpoint in endpoints)
        self._quarantine = Quarantine(lag, endpoints)
        self._serving: Guarded | None = None
        self._begun_at: datetime | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one in self._all:
            await one.endpoint.close()

    def __len__(self) -> int:
        return len(self._all)

    @property
    def requests_made(self) -> int:
        """Return HTTP requests made through all endpoints since the start."""
        return sum(one.endpoint.requests_made for one in self._all)

    def health(self, now: datetime) -> tuple[EndpointHealth, ...]:
        """Return how each endpoint is doing, in order of preference."""
        return tuple(
            _health_of(
                one,
                now,
                serving=one is self._serving,
                aside=self._quarantine.told(one.endpoint),
            )
            for one in self._all
        )

    async def first_that_works(self, work: Callable[[Endpoint], Awaitable[T]], now: datetime) -> T:
        """Do the whole of `work` on one endpoint; start afresh on the next where it fails.

        Raises the failure itself where there is one endpoint, else all of them in
        one sentence: Permanent only if every one is, and Behind if any is. Reverted
        ends it at once.
        """
        await self._probe_aside(now)
        failures: list[HedgewatchError] = []
        for one in self._in_order(now):
            if one is not self._serving:
                one.doubt()
            try:
                done = await one.tried(work, now)
            except Reverted:
                raise
            except (Transient, Permanent) as failure:
                failures.append(failure)
            else:
                self._serving = one
                await self._ask_idle(now)
                for other in self._all:
                    other.tell_out(one.endpoint, now)
                return done
        raise _together(failures) if failures else self._all_at_rest(now)

    async def second_that_works(
        self, first: Endpoint, work: Callable[[Endpoint], Awaitable[T]], now: datetime
    ) -> T:
        """Do `work` on an endpoint other than `first`; raise as first_that_works does."""
        failures: list[HedgewatchError] = []
        for one in self._in_order(now, but=first):
            try:
                return await one.tried(work, now)
            except (Transient, Permanent) as failure:
                failures.append(failure)
        raise _together(failures) if failures else self._all_at_rest(now, but=first)

    def logs(self, first: Endpoint, block: Block, now: datetime) -> LogSources:
        """Return who may tell what happened up to a block that `first` has shown."""
        ready = [one for one in self._all if one.endpoint is first]
        ready += [one for one in self._in_order(now, but=first) if one.breaker.admits(now)]
        return LogSources(ready, block, now, complete=len(ready) == len(self._all))

    def logs_of(self, only: Endpoint, block: Block, now: datetime) -> LogSources:
        """Return one endpoint, which has shown the block, as the only one to tell."""
        alone = [one for one in self._all if one.endpoint is only]
        return LogSources(alone, block, now, complete=True)

    async def weigh(self, endpoint: Endpoint, head: Block, now: datetime) -> None:
        """Raise Lagging where this head lags the others'; ask them where it looks old."""
        self.believe(head)
        if self._quarantine.survey_due(head, now):
            for other in self._all:
                if other.endpoint is not endpoint and other.breaker.admits(now):
                    # What fails here rests; this endpoint's own work goes on.
                    with suppress(Transient, Permanent):
                        await other.tried(_head, now)
        self._quarantine.judge(endpoint, now)

    def _in_order(self, now: datetime, but: Endpoint | None = None) -> list[Guarded]:
        """Return whom to ask: the sound, then those that lag, or whoever did not ask for rest."""
        there = [one for one in self._all if one.endpoint is not but]
        awake = [one for one in there if one.breaker.admits(now)]
        awake.sort(key=lambda one: self._quarantine.holds(one.endpoint))
        # A refusal costs less than blindness.
        return awake or [one for one in there if not one.breaker.keeps_off(now)]

    async def _probe_aside(self, now: datetime) -> None:
        due = self._quarantine.to_probe(now)
        for one in self._all:
            if one.endpoint in due and one.breaker.admits(now):
                with suppress(Transient, Permanent):
                    await one.tried(_head, now)
                    self._quarantine.judge(one.endpoint, now)

    async def _ask_idle(self, now: datetime) -> None:
        """Ask one that nobody has needed for long for its head, that its failing may show."""
        self._begun_at = self._begun_at or now
        for one in self._all:
            if now - (one.asked_at or self._begun_at) < IDLE or not one.breaker.admits(now):
                continue
            with suppress(Transient, Permanent, TimeoutError):
                async with asyncio.timeout(_IDLE_PATIENCE_S):
                    await one.tried(_head, now)
            return

    def _all_at_rest(self, now: datetime, but: Endpoint | None = None) -> Transient:
        """Return that no endpoint may be asked before some instant, and why."""
        rests = {
            one.breaker.why: one.breaker.asked_until
            for one in self._all
            if one.endpoint is not but and one.breaker.asked_until is not None
        }
        told = [f"{why}: it is not asked before {at:%H:%M:%S} UTC" for why, at in rests.items()]
        return Transient(
            "; ".join(told) or f"{self._name} has no other endpoint to ask now",
            retry_after=min((until - now for until in rests.values()), default=None),
        )


def _health_of(
    one: Guarded, now: datetime, *, serving: bool, aside: tuple[datetime | None, str]
) -> EndpointHealth:
    """Return how an endpoint is doing. aside: since when it is in quarantine, and why."""
    return EndpointHealth(
        host=one.endpoint.host,
        serving=serving,
        breaker=one.breaker.state(now),
        head=one.endpoint.head,
        head_age_s=one.endpoint.head_age_s,
        resting_until=one.breaker.until,
        resting_why=one.breaker.why,
        quarantined_since=aside[0],
        quarantined_why=aside[1],
        latency_s=one.endpoint.latency_s,
        log_width=one.endpoint.log_width,
        asked=one.asked_at is not None,
        logs_resting_until=one.logs.until,
        logs_resting_why=one.logs.why,
        requests_made=one.endpoint.requests_made,
    )


async def _head(endpoint: Endpoint) -> None:
    await header(endpoint, "latest")


def _together(failures: Sequence[HedgewatchError]) -> HedgewatchError:
    behind = next((one for one in failures if isinstance(one, Behind)), None)
    if behind is not None or len(failures) == 1:
        return behind or failures[0]
    sentence = "; ".join(str(failure) for failure in failures)
    if all(isinstance(failure, Permanent) for failure in failures):
        return Permanent(sentence)
    waits = [one.retry_after for one in failures if isinstance(one, Transient) and one.retry_after]
    return Transient(sentence, retry_after=min(waits, default=None))
