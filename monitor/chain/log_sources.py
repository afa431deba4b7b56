"""Whose logs are read: the first endpoint that gives them, without giving up the good one.

A node may be sound in all but its logs: it offers none, has thrown old ones away, gives too
few at once, tells what does not add up, or has asked for a rest. Then snapshots stay with it
and the logs come from the next endpoint that gives them, which must first show the very
block they are read to: past their own head nodes answer that nothing happened.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from monitor.chain.failures import Disagrees, Incomplete, NotOffered
from monitor.chain.guarded import Guarded
from monitor.chain.heads import shown
from monitor.chain.rpc import Endpoint
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.model.observation import Block

T = TypeVar("T")


class LogSources:
    """The endpoints that may tell what happened up to a block, in order of preference.

    there: the first has shown the block. complete: these are all that the chain has.
    told_by: who told last. now: when they are asked.
    """

    def __init__(
        self, there: Sequence[Guarded], block: Block, now: datetime, *, complete: bool
    ) -> None:
        self._there = tuple(there)
        self._block = block
        self.now = now
        self._complete = complete
        self._shown: set[Endpoint] = {there[0].endpoint}
        self.told_by: Endpoint | None = None

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return all of them, whether at rest or not."""
        return tuple(one.endpoint for one in self._there)

    async def ask(self, work: Callable[[Endpoint], Awaitable[T]]) -> T:
        """Do the whole of `work` on one endpoint; start afresh on the next where it fails.

        Raises what it failed with where there is one endpoint alone. Else Incomplete where
        some tell too little and no other that can be asked may tell more, and Transient.
        """
        failures: list[HedgewatchError] = []
        asked = self._awake()
        for one in asked:
            try:
                await self._show(one)
                done = await one.told_logs(work, self.now)
            except (Transient, Permanent) as failure:
                failures.append(failure)
            else:
                self.told_by = one.endpoint
                return done
        raise self._failed(failures, whole=self._complete and len(asked) == len(self._there))

    def _awake(self) -> list[Guarded]:
        """Return whom to ask: those that give logs, or whoever did not ask for rest."""
        awake = [one for one in self._there if one.logs.admits(self.now)]
        return awake or [one for one in self._there if not one.logs.keeps_off(self.now)]

    async def _show(self, one: Guarded) -> None:
        """Make sure once that an endpoint has the block; raise Behind or Disagrees where not."""
        if one.endpoint in self._shown:
            return
        number = self._block.number

        async def same(endpoint: Endpoint) -> None:
            told = await shown(endpoint, number)
            if told.hash != self._block.hash:
                raise Disagrees(f"{endpoint.host} tells another block {number} than was read")

        one.doubt()
        await one.tried(same, self.now)
        self._shown.add(one.endpoint)

    def _failed(self, failures: Sequence[HedgewatchError], *, whole: bool) -> HedgewatchError:
        if not failures:
            return self._at_rest()
        others = [failure for failure in failures if not isinstance(failure, Incomplete)]
        lasting = all(isinstance(failure, NotOffered | Permanent) for failure in others)
        if lasting and len(others) < len(failures):
            sentences = [str(failure) for failure in others]
            return Incomplete("; ".join(sentences if whole else [*sentences, *self._rests()]))
        if whole and len(failures) == 1:
            return failures[0]
        return Transient("; ".join(str(failure) for failure in failures))

    def _at_rest(self) -> Transient:
        return Transient("; ".join(self._rests()))

    def _rests(self) -> list[str]:
        return [
            f"{one.logs.why}: it is not asked for logs before {one.logs.asked_until:%H:%M:%S} UTC"
            for one in self._there
            if one.logs.asked_until is not None
        ]
