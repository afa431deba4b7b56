"""The only place that reads a clock or sleeps."""

import asyncio
import heapq
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

_TURNS: Final = 20


class Clock(Protocol):
    """Tells the time and waits; injected wherever either is needed."""

    @property
    def lead(self) -> timedelta:
        """Return how far ahead of this clock a block may be stamped and still be believed."""
        ...

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for real seconds, whatever `now` says."""
        ...


class SystemClock:
    """The machine's own clock. A block stamped a minute ahead of it means one of them is wrong."""

    lead = timedelta(minutes=1)

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class ScenarioClock:
    """A clock whose present is written in a file by whoever tells the scenario.

    path: a file holding one ISO 8601 instant with its offset, replaced
    atomically. Sleeping takes real time, so a story told fast stays live. runs_on:
    whether the present goes on in real time from when it was written; deliveries
    need that, or a retry would wait for the story to move.
    """

    path: Path
    runs_on: bool = False

    @property
    def lead(self) -> timedelta:
        """Return no limit: the story's next block comes before its clock moves on."""
        return timedelta.max

    def now(self) -> datetime:
        written = datetime.fromisoformat(self.path.read_text(encoding="ascii").strip())
        if not self.runs_on:
            return written
        return written + timedelta(seconds=max(0.0, time.time() - self.path.stat().st_mtime))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(slots=True)
class ManualClock:
    """A clock that stands still until it is advanced; sleepers wake as it passes them.

    present: aware, UTC.
    """

    present: datetime
    lead: timedelta = timedelta(minutes=1)
    _sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = field(default_factory=list)
    _count: int = 0

    def now(self) -> datetime:
        return self.present

    async def sleep(self, seconds: float) -> None:
        sleeper = asyncio.get_running_loop().create_future()
        self._count += 1
        wake_at = self.present + timedelta(seconds=max(0.0, seconds))
        heapq.heappush(self._sleepers, (wake_at, self._count, sleeper))
        await sleeper

    async def advance(self, seconds: float) -> None:
        """Pass through `seconds` one sleeper at a time, letting each do what it then can."""
        until = self.present + timedelta(seconds=seconds)
        await self._let_run()
        while self._sleepers and self._sleepers[0][0] <= until:
            self.present, _, sleeper = heapq.heappop(self._sleepers)
            if not sleeper.done():  # a cancelled one
                sleeper.set_result(None)
                await self._let_run()
        self.present = until

    async def _let_run(self) -> None:
        # A wake-up passes through a few tasks before all of them wait again.
        for _ in range(_TURNS):
            await asyncio.sleep(0)


def stopwatch() -> float:
    """Return monotonic seconds, for measuring how long something took."""
    return time.monotonic()


def wait(seconds: float) -> None:
    """Block the calling thread; for commands that wait on the daemon, never inside it."""
    time.sleep(seconds)
