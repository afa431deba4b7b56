"""How far this machine's clock is from others': servers' `Date`, or the newest block."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from monitor.alerts.figures import age
from monitor.clock import Clock

_MOST: Final = timedelta(seconds=5)
_OLD: Final = timedelta(minutes=5)
"""A block is seconds old on the chains that are watched; one so much older tells nothing sound."""


class Skew:
    """Compares this machine's clock with what others state, to the second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._apart: list[tuple[timedelta, str]] = []
        self._heads: list[tuple[timedelta, str]] = []

    async def hear(self, response: httpx.Response) -> None:
        """Take in the `Date` of a server's answer."""
        try:
            stated = parsedate_to_datetime(response.headers.get("Date", ""))
            apart = self._clock.now() - stated
        except (TypeError, ValueError):
            return  # no date, or none that can be compared
        self._apart.append((apart, response.url.host))

    def see(self, head: datetime, host: str) -> None:
        """Take in when an endpoint's newest block was stamped."""
        self._heads.append((self._clock.now() - head, host))

    def told(self) -> tuple[bool, str]:
        """Return whether the clock is well, and in words, with what to do where it is not."""
        if self._apart:
            # The median: one server with a wrong clock is not ours being wrong.
            apart, host = sorted(self._apart)[len(self._apart) // 2]
            text = f"skew {abs(apart.total_seconds()):.1f} s against {host}"
            if abs(apart) > _MOST:
                return False, f"{text}: set this machine's clock"
            return True, text
        now = f"{self._clock.now():%H:%M:%S} UTC"
        if not self._heads:
            return True, f"{now}; no server and no chain told its own time to compare"
        apart, host = min(self._heads)
        far = age(abs(apart.total_seconds()))
        if apart < -_MOST:
            return False, f"{now} is {far} behind the newest block of {host}: set the clock"
        if apart > _OLD:
            text = f"{now} is {far} after the newest block of {host}"
            return False, f"{text}: set this machine's clock, unless that chain stands"
        return True, f"{now}, {far} after the newest block of {host}; no server told its time"
