"""The only place that reads a clock or sleeps."""

import asyncio
import heapq
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

_TURNS: Final = 20
_BELIEVED: Final = timedelta(minutes=5)
"""How long a clock set forward is doubted while nothing speaks for or against it."""
_BLOCK_AGE: Final = timedelta(minutes=5)
"""The newest block of a chain that lives is no older."""
_log = logging.getLogger(__name__)


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


class SteadyClock:
    """A clock that is not believed when it jumps: time then goes on by the stopwatch.

    Small corrections are followed, but never backwards. A jump forward is followed once a block
    bears it out, or once it has lasted while no block spoke against it; one back is waited for.
    Sleep of the machine is no jump. seconds: a stopwatch that counts it. trouble: what is wrong
    with the machine's clock, empty where nothing is known to be.
    """

    def __init__(self, clock: Clock, *, seconds: Callable[[], float] | None = None) -> None:
        self._clock = clock
        self._seconds = seconds or _awake_or_not
        self._at, self._told = clock.now(), self._seconds()
        self._doubted: float | None = None
        self._off = timedelta(0)
        self.trouble = ""

    @property
    def lead(self) -> timedelta:
        """Return how far ahead of this clock a block may be stamped and still be believed."""
        return self._clock.lead

    def now(self) -> datetime:
        wall, at = self._clock.now(), self._seconds()
        steady = self._at + timedelta(seconds=max(0.0, at - self._told))
        off = wall - steady
        if abs(off) <= self.lead:
            self._certain()
            return self._reached(max(wall, self._at), at)
        if self._doubted is None or abs(off - self._off) > self.lead:  # it may jump again
            self._doubted = self._doubt(
                off, "this machine's clock jumped: it is {} the time that has passed"
            )
        if off > timedelta(0) and at - self._doubted >= _BELIEVED.total_seconds():
            return self._follow(wall, at)
        return self._reached(steady, at)

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    def begin(self, block: datetime) -> None:
        """Take a chain's newest block for the time where the wall is far ahead of it.

        A clock that is ahead at the start could not be followed back when it is set right.
        """
        if (off := self._clock.now() - block) > _BLOCK_AGE:
            self._reached(block, self._seconds())
            self._doubted = self._doubt(off, "this machine's clock is {} the newest block")

    def not_before(self, at: datetime) -> None:
        """Go on from an instant that was reached already, as in a run before."""
        now, wall = self.now(), self._clock.now()
        self._at = max(now, at)
        if at - wall > self.lead:
            told = "this machine's clock is {} what was observed before"
            self._doubted = self._doubt(wall - at, told)

    def witness(self, block: datetime) -> None:
        """Take a new block's time as a word for, or against, a clock that jumped forward."""
        now, wall = self.now(), self._clock.now()
        if self._doubted is None or wall - now <= self.lead:
            return
        if -self.lead <= wall - block <= _BLOCK_AGE:
            self._follow(wall, self._seconds())
        elif abs(now - block) <= _BLOCK_AGE:  # not of a node that catches up
            self._doubted = self._seconds()

    def _doubt(self, off: timedelta, told: str) -> float:
        """Say that the wall is not followed, and how far it is off; return since when."""
        self._off = off
        far = timedelta(seconds=round(abs(off).total_seconds()))
        self.trouble = told.format(f"{far} {'ahead of' if off > timedelta(0) else 'behind'}")
        _log.error("%s, and is not followed until it is borne out", self.trouble)
        return self._seconds()

    def _reached(self, now: datetime, at: float) -> datetime:
        self._at, self._told = now, at
        return now

    def _follow(self, wall: datetime, at: float) -> datetime:
        self._doubted, self.trouble = None, ""
        _log.warning("this machine's clock is followed from here on: %s", f"{wall:%F %T} UTC")
        return self._reached(wall, at)

    def _certain(self) -> None:
        if self._doubted is not None:
            self._doubted, self.trouble = None, ""
            _log.info("this machine's clock is right again")


def _awake_or_not() -> float:
    """Return seconds that go on while the machine sleeps, where the system counts them."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


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
