"""Live observations: chains and feeds on a schedule, the inbox, and the daemon's pulse."""

import asyncio
import logging
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Final, NamedTuple, Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from pydantic import TypeAdapter, ValidationError

from monitor.clock import Clock, SystemClock, stopwatch
from monitor.errors import HedgewatchError
from monitor.feeds.port import Feed, Refusing, quoted_by
from monitor.model.observation import Gap, Missing, Observation, Past, Readings, Snapshot, Word
from monitor.model.quote import OptionQuote
from monitor.model.reading import Reading
from monitor.sources.reorgs import Reorgs
from monitor.sources.timeline import Timeline
from monitor.sources.underway import Underway

INBOX_S: Final = 0.05
PULSE_S: Final = 5.0
QUEUE: Final = 256
AT_ONCE: Final = 8
"""A long past is taken up a few stretches at a time: blocks and people come before it."""

GAP_S: Final = 1.0
"""However often a source is asked, its silence is told no more often than this."""

SILENCE_S: Final = 3 * PULSE_S
"""With a pulse every few seconds, nothing at all for this long means the schedule stands."""

LATE: Final = 3.0
"""A poll may take this many of its own intervals, and no less than LEAST_S."""

LEAST_S: Final = 10.0


def patience(every_s: float) -> float:
    """Return how many seconds a poll may take that is made so often."""
    return max(LEAST_S, LATE * every_s)


_HEARD: Final[TypeAdapter[Word | Past]] = TypeAdapter(Word | Past)
_log = logging.getLogger(__name__)
# A run passed over because the one before still works is no news: each is bounded, and
# one that hangs becomes a gap.
logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
# What a poll raises is told as its gap. What is left to tell here is a stop, as a fault.
logging.getLogger("apscheduler.executors").setLevel(logging.CRITICAL)


class Said(Protocol):
    """A person's word, or a past, as another process left it."""

    @property
    def id(self) -> str: ...

    @property
    def json(self) -> str: ...

    @property
    def is_past(self) -> bool: ...


class Reader(Protocol):
    """Reads one chain."""

    async def snapshot(self, observed_at: datetime) -> Snapshot | None:
        """Return the chain at its newest block, or None where that was returned before."""
        ...


class _Brought(NamedTuple):
    """What one answer of a feed held."""

    readings: tuple[Reading, ...] = ()
    refused: tuple[Missing, ...] = ()
    quotes: tuple[OptionQuote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """One thing to poll. name: the chain's or the feed's in config."""

    name: str
    every_s: float
    reader: Reader | None = None
    feed: Feed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ears:
    """What the stream hears besides polls.

    unheard: words people left. refuse: is told of one that cannot be read, with the
    reason. pulse: what the daemon says of itself each few seconds.
    """

    unheard: Callable[[], Iterable[Said]]
    refuse: Callable[[str, str], None]
    pulse: Callable[[datetime], tuple[Reading, ...]]


_JOBS: Final = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}


class Live:
    """Turns schedules into one stream of observations, in order, never running backwards.

    A poll that fails becomes a Gap with its reason; what a poll brings a second time
    is not brought again. after: the newest instant already observed. silence_s: how
    long nothing may come before the schedule is set going again. underway: the polls
    that are, and whether one does not even end when it is cut off. time: that of observations.
    """

    def __init__(
        self,
        clock: Clock,
        polled: Iterable[Polled],
        *,
        ears: Ears,
        after: datetime | None = None,
    ) -> None:
        self.time = Timeline(clock, after=after)
        self._polled = tuple(polled)
        self._ears = ears
        self._queue: asyncio.Queue[Observation] = asyncio.Queue(QUEUE)
        self._taken: set[str] = set()
        self._seen: dict[str, _Brought] = {}
        self._down: dict[str, float] = {}
        self._told: set[str] = set()
        self._reorgs = Reorgs()
        self.silence_s, self.pulse_s, self.least_s = SILENCE_S, PULSE_S, LEAST_S
        self.underway = Underway()

    async def observations(self, stop: asyncio.Event) -> AsyncIterator[Observation]:
        """Yield observations until `stop` is set."""
        # Before all else, so that what follows is known to be of this run.
        await self._bounded("self", self._beat, self.least_s)()
        scheduler = self._schedule()
        scheduler.start()
        stopping = asyncio.ensure_future(stop.wait())
        waiting = asyncio.ensure_future(self._queue.get())
        try:
            while not stop.is_set():
                done, _ = await asyncio.wait(
                    {waiting, stopping}, timeout=self.silence_s, return_when=FIRST_COMPLETED
                )
                if waiting in done:
                    yield waiting.result()
                    waiting = asyncio.ensure_future(self._queue.get())
                elif not done:
                    _revive(scheduler)
        finally:
            stopping.cancel()
            waiting.cancel()
            scheduler.shutdown(wait=False)

    def heard(self, word: str) -> None:
        """Forget a word that a commit has consumed."""
        self._taken.discard(word)

    def anew(self) -> None:
        """Bring whatever is polled next though it was brought: it may have been forgotten."""
        self._seen.clear()

    def _schedule(self) -> AsyncIOScheduler:
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=_JOBS)
        own = [("inbox", INBOX_S, self._hear), ("self", self.pulse_s, self._beat)]
        jobs = [*((p.name, p.every_s, self._poll(p)) for p in self._polled), *own]
        at_once = SystemClock().now()  # schedules run in real time, whatever the story's clock
        for name, every_s, job in jobs:
            scheduler.add_job(
                self._bounded(name, job, max(self.least_s, LATE * every_s)),
                "interval",
                seconds=every_s,
                id=name,
                name=name,
                next_run_time=at_once + timedelta(seconds=every_s if name == "self" else 0.0),
            )
        return scheduler

    def _bounded(
        self, name: str, job: Callable[[], Awaitable[None]], limit_s: float
    ) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            try:
                with self.underway.doing(name, limit_s):
                    async with asyncio.timeout(limit_s):
                        await job()
            except HedgewatchError as error:
                await self._gap(name, str(error), told=error.told)
            except TimeoutError:
                await self._gap(name, f"no answer within {limit_s:.0f} s")
            except Exception as error:  # noqa: BLE001 - told below
                # A fault of ours in one poll must not blind every other: it is a gap,
                # the traceback goes to the log, and pack `self` alarms if it lasts.
                if name not in self._down:
                    _log.exception("polling %s failed in an unforeseen way", name)
                await self._gap(name, f"unforeseen {type(error).__name__}: see the log")

        return run

    def _poll(self, polled: Polled) -> Callable[[], Awaitable[None]]:
        async def chain() -> None:
            assert polled.reader is not None
            snapshot = await polled.reader.snapshot(self.time.stamp())
            if snapshot is not None:
                reorg = self._reorgs.owing(polled.name, snapshot.reorg)
                at = self.time.stamp(self.time.believed(snapshot.block))
                self._up(polled.name)
                await self._queue.put(replace(snapshot, observed_at=at, reorg=reorg))
                self._reorgs.told(polled.name)

        async def feed() -> None:
            assert polled.feed is not None
            said = await _asked(polled.feed)
            if said != self._seen.get(polled.name) or polled.name in self._down:
                self._seen[polled.name] = said
                self._up(polled.name)
                await self._read(polled.name, said)

        return chain if polled.reader is not None else feed

    async def _hear(self) -> None:
        for said in sorted(self._ears.unheard(), key=attrgetter("is_past")):
            if said.is_past and self._queue.qsize() >= AT_ONCE:
                break
            if said.id in self._taken or (word := _understood(said, self._ears)) is None:
                continue
            await self._queue.put(replace(word, id=said.id, observed_at=self.time.stamp()))
            self._taken.add(said.id)  # and no sooner: while it waits for room it may be cut off
        if "inbox" in self._down:
            self._up("inbox")
            await self._read("inbox", _Brought())

    async def _read(self, source: str, brought: _Brought) -> None:
        at = self.time.stamp()
        await self._queue.put(Readings(source=source, observed_at=at, **brought._asdict()))

    async def _beat(self) -> None:
        pulse = self._ears.pulse(self.time.stamp())
        self._up("self")
        await self._read("self", _Brought(pulse))

    async def _gap(self, name: str, reason: str, *, told: bool = False) -> None:
        """Put a gap, and log where it begins unless that is told already."""
        at = stopwatch()
        if name not in self._down and told:
            self._told.add(name)
        elif name not in self._down:
            _log.warning("%s: %s", name, reason)
        elif at - self._down[name] < GAP_S:
            return
        self._down[name] = at
        await self._queue.put(Gap(source=name, observed_at=self.time.stamp(), reason=reason))

    def _up(self, name: str) -> None:
        if name in self._down:
            del self._down[name]
            level = logging.DEBUG if name in self._told else logging.INFO
            _log.log(level, "%s answers again", name)
            self._told.discard(name)


def _understood(said: Said, ears: Ears) -> Word | Past | None:
    """Return what was left in the inbox; None, and refused, where it makes no sense."""
    try:
        return _HEARD.validate_json(said.json)
    except ValidationError as fault:
        ears.refuse(said.id, f"not understood: {fault.error_count()} faults")
        return None


async def _asked(feed: Feed) -> _Brought:
    readings = await feed.read()
    refused = feed.refused() if isinstance(feed, Refusing) else ()
    return _Brought(readings=readings, refused=refused, quotes=quoted_by(feed))


def _revive(scheduler: AsyncIOScheduler) -> None:
    """Run every job now: it may be planned by a clock that has been set back since."""
    _log.warning("the schedule stood still, as when a clock is set back: it is started anew")
    now = SystemClock().now()
    for job in scheduler.get_jobs():
        job.modify(next_run_time=now)
