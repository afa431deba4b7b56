"""The only place that reads a clock or sleeps."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits; injected wherever either is needed."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for real seconds, whatever `now` says."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class ScenarioClock:
    """A clock whose present is written in a file by whoever tells the scenario.

    path: a file holding one ISO 8601 instant with its offset, replaced
    atomically. Sleeping takes real time, so a story told fast stays live.
    """

    path: Path

    def now(self) -> datetime:
        return datetime.fromisoformat(self.path.read_text(encoding="ascii").strip())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def stopwatch() -> float:
    """Return monotonic seconds, for measuring how long something took."""
    return time.monotonic()
