"""How fast one endpoint is asked: a token bucket, and so many requests at once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from monitor.clock import SystemClock, stopwatch

AT_ONCE: Final = 4
_SLEEP: Final = SystemClock().sleep
_NEARLY: Final = 1 - 1e-9  # a wait for one token ends a rounding short of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one endpoint is asked at most.

    rps: requests a second, None without limit. burst: requests that may go out
    together after a rest, one or more. at_once: requests in flight together.
    """

    rps: float | None = None
    burst: int = 1
    at_once: int = AT_ONCE


class Pace:
    """Lets a request begin when it may; to be entered around each.

    seconds: any clock; one set back gives no tokens and takes none.
    """

    def __init__(
        self,
        allowance: Allowance,
        *,
        seconds: Callable[[], float] = stopwatch,
        sleep: Callable[[float], Awaitable[None]] = _SLEEP,
    ) -> None:
        self._allowance = allowance
        self._seconds = seconds
        self._sleep = sleep
        self._slots = asyncio.Semaphore(allowance.at_once)
        self._tokens = float(allowance.burst)
        self._filled_at = seconds()

    async def __aenter__(self) -> None:
        await self._slots.acquire()
        try:
            await self._take()
        except BaseException:
            self._slots.release()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._slots.release()

    async def _take(self) -> None:
        rps = self._allowance.rps
        if rps is None:
            return
        self._fill(rps)
        while self._tokens < _NEARLY:
            await self._sleep((1 - self._tokens) / rps)
            self._fill(rps)
        self._tokens -= 1

    def _fill(self, rps: float) -> None:
        now = self._seconds()
        gained = max(0.0, now - self._filled_at) * rps
        self._tokens = min(self._tokens + gained, float(self._allowance.burst))
        self._filled_at = now
