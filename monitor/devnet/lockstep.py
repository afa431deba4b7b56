"""Telling a story to a live daemon, moment by moment: the next begins when the last is kept.

At each moment the chain moves first, by one block stamped with the moment; then the
clock; then the market prints. Each is waited for in the daemon's own store, and so is
the delivery of every alert, so that the same story gives the same alerts.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from monitor.clock import SystemClock, stopwatch
from monitor.devnet.before import leave_day
from monitor.devnet.stage import Stage
from monitor.errors import Permanent
from monitor.store.port import Store
from monitor.store.rows import restore
from monitor.timetravel.story import Moment

_NAP_S: Final = 0.004
_PATIENCE_S: Final = 60.0
_CLOCK: Final = SystemClock()


@dataclass(slots=True)
class Lockstep:
    """Tells moments and waits for them.

    store: the daemon's, opened beside it. volume_usd: trading in each block, which
    is invented. meanwhile: called while waiting; raises when the daemon is dead. left: pasts
    that lie in the daemon's inbox. patience_s: how long any one thing may take.
    """

    stage: Stage
    store: Store
    volume_usd: float
    meanwhile: Callable[[], Awaitable[None]]
    left: tuple[str, ...] = ()
    patience_s: float = _PATIENCE_S

    async def tell(self, moment: Moment) -> None:
        """Make one moment happen and return once all of it has been judged and delivered."""
        # What the block sets off is priced by the closes before it; heard meanwhile, mostly.
        await self.until(self._all_heard, "the past")
        await self.stage.devnet.trade_to(
            round(moment.price, 2), volume_usd=self.volume_usd, at=moment.at
        )
        block = (await self.stage.devnet.head()).number
        await self.until(lambda: self._block() >= block, f"block {block}")
        self.stage.set_clock(moment.at)
        self._day(moment.at)
        if moment.vix is not None and moment.printed is not None:
            await self._print(moment.vix, moment.printed, moment.settlements or {})
        await self.drained()

    async def _print(self, vix: float, at: datetime, settlements: Mapping[date, float]) -> None:
        # Settlements before the quote: what the quote sets off is priced by them.
        if settlements:
            self.stage.cboe.set_settlements(at.date(), settlements)
            await self.until(lambda: self._has("vx.settle", at), "the settlements")
        self.stage.cboe.set_quote(vix, at)
        await self.until(lambda: self._has("vix", at), "the VIX")

    def _day(self, at: datetime) -> None:
        """Leave ETH's close of a day that has ended: waited for before the next block."""
        if word := leave_day(self.store.inbox, at):
            self.left = (*self.left, word)

    def _all_heard(self) -> bool:
        self.left = tuple(word for word in self.left if self.store.inbox.heard(word) is None)
        return not self.left

    async def drained(self) -> None:
        """Return once every alert so far is delivered."""
        await self.until(lambda: not self._waiting(), "the outbox")

    async def until(self, reached: Callable[[], bool], what: str) -> None:
        """Wait, looking often; raise Permanent after `patience_s`."""
        began = stopwatch()
        while not reached():
            await self.meanwhile()
            if stopwatch() - began > self.patience_s:
                raise Permanent(f"the daemon did not take up {what} within {self.patience_s:.0f} s")
            await _CLOCK.sleep(_NAP_S)

    def _block(self) -> int:
        newest = (poll.number for poll in self.store.history.polls("devnet", 8))
        return next((number for number in newest if number is not None), -1)

    def _has(self, name: str, at: datetime) -> bool:
        rows = {key: row for key, row in self.store.load().rows.items() if key[0] == "reading"}
        readings = restore(rows, ()).facts.readings.values()
        return any(reading.name == name and reading.as_of == at for reading in readings)

    def _waiting(self) -> int:
        return sum(one.waiting for one in self.store.outbox.backlog())
