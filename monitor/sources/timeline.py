"""The instants at which things are observed: never backwards, and never standing still."""

import logging
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Final

from monitor.clock import Clock, SteadyClock, stopwatch
from monitor.errors import Transient
from monitor.model.observation import Block

_log = logging.getLogger(__name__)
_HEARD: Final = 64
"""Blocks remembered as witnesses: the newest of each chain is among them."""


class Timeline:
    """Stamps observations by a clock, whatever that clock does. after: the newest so far."""

    def __init__(self, clock: Clock, *, after: datetime | None = None) -> None:
        self._clock = clock
        self._last = after or datetime.fromtimestamp(0, UTC)
        self._stamped = stopwatch()
        self._told_back = False
        self._heard = deque[str](maxlen=_HEARD)

    def believed(self, block: Block) -> datetime:
        """Return the later of the block's time and ours; a block too far ahead is a fault."""
        if isinstance(self._clock, SteadyClock) and block.hash not in self._heard:
            self._heard.append(block.hash)  # told again, it bears out nothing more
            self._clock.witness(block.timestamp)
        ahead = block.timestamp - self._clock.now()
        if ahead > self._clock.lead:
            raise Transient(
                f"block {block.number} is stamped {ahead.total_seconds():.0f} s ahead of "
                "this machine's clock: one of them is wrong"
            )
        return max(self._clock.now(), block.timestamp)

    def stamp(self, at: datetime | None = None) -> datetime:
        """Return the instant of what is observed now; it never runs backwards, nor stands still.

        Where the clock has been set back behind the newest observation, time goes on
        from there by the stopwatch: else `for` and every age would stop.
        """
        now, elapsed = at or self._clock.now(), stopwatch() - self._stamped
        if now < self._last and self._clock.lead < timedelta.max:
            self._tell_back(self._last - now)
            now = self._last + timedelta(seconds=elapsed)
        self._last, self._stamped = max(self._last, now), stopwatch()
        return self._last

    def _tell_back(self, behind: timedelta) -> None:
        if behind > self._clock.lead and not self._told_back:
            self._told_back = True
            _log.error(
                "this machine's clock is %s behind what was observed already: "
                "time goes on from there, and all market data will look old; set the clock",
                behind,
            )
