"""The live stream: what polls, people and failures become, and when they were observed."""

import asyncio
import gc
import json
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from monitor.clock import ManualClock
from monitor.errors import Permanent, Transient
from monitor.model.layer import Contract
from monitor.model.observation import (
    Block,
    Gap,
    Missing,
    Observation,
    Readings,
    Reorg,
    Snapshot,
    Word,
)
from monitor.model.quote import OptionQuote
from monitor.model.reading import Reading
from monitor.sources.live import Ears, Live, Polled
from monitor.store.records import Said

NOON = datetime(2020, 2, 14, 17, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
QUICK_S = 0.005
KEY = "canary-key-of-the-node-0123456789"


def vix(value: float) -> tuple[Reading, ...]:
    return (Reading(name="vix", value=value, unit="points", as_of=NOON, source="cboe"),)


@dataclass
class Scripted:
    """Gives the next of its answers at each call, and the last of them for ever."""

    answers: list[Any]
    name: str = "vix"

    def next(self) -> Any:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def read(self) -> tuple[Reading, ...]:
        got: tuple[Reading, ...] = self.next()
        return got

    async def snapshot(self, observed_at: datetime) -> Snapshot | None:
        del observed_at
        got: Snapshot | None = self.next()
        return got


def feed(*answers: Any) -> Polled:
    return Polled(name="vix", every_s=QUICK_S, feed=Scripted(list(answers)))


@dataclass
class Choosy(Scripted):
    """Answers with no reading, and refuses what its answers name."""

    newest: str = ""

    async def read(self) -> tuple[Reading, ...]:
        self.newest = self.next()
        return ()

    def refused(self) -> tuple[Missing, ...]:
        return (Missing(key="chainlink.usd|main:ETH/USD", reason=self.newest),)


def chain(*answers: Any) -> Polled:
    return Polled(name="main", every_s=QUICK_S, reader=Scripted(list(answers)))


@dataclass
class Inbox:
    """Words left, and what was said of those nobody could read."""

    words: list[Said] = field(default_factory=list)
    failing: Exception | None = None
    refused: dict[str, str] = field(default_factory=dict)

    def unheard(self) -> Iterable[Said]:
        if self.failing is not None:
            raise self.failing
        return [word for word in self.words if word.id not in self.refused]

    def refuse(self, word: str, why: str) -> None:
        self.refused[word] = why


def said(word: str, text: str | None = None) -> Said:
    spoken = {"id": word, "verb": "ack", "observed_at": NOON.isoformat(), "by": "ann"}
    return Said(id=word, json=json.dumps(spoken) if text is None else text, at=NOON)


@dataclass
class Stream:
    """What came so far, without the daemon's own pulse; `until` waits for more."""

    live: Live
    seen: list[Observation] = field(default_factory=list)
    pulses: list[Readings] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def listen(self, stop: asyncio.Event) -> None:
        async for one in self.live.observations(stop):
            async with self.news:
                mine = isinstance(one, Readings) and one.source == "self"
                (self.pulses if mine else self.seen).append(one)  # type: ignore[arg-type]
                self.news.notify_all()

    async def until(self, count: int) -> list[Observation]:
        async with asyncio.timeout(10), self.news:
            await self.news.wait_for(lambda: len(self.seen) >= count)
        return self.seen


@asynccontextmanager
async def streaming(
    *polled: Polled,
    clock: ManualClock | None = None,
    inbox: Inbox | None = None,
    after: datetime | None = None,
) -> AsyncIterator[Stream]:
    ears = inbox or Inbox()
    live = Live(
        clock or ManualClock(NOON),
        polled,
        ears=Ears(unheard=ears.unheard, refuse=ears.refuse, pulse=lambda _: vix(0.0)),
        after=after,
    )
    stop = asyncio.Event()
    stream = Stream(live)
    async with asyncio.TaskGroup() as group:
        group.create_task(stream.listen(stop))
        yield stream
        stop.set()


def gaps(seen: list[Observation]) -> list[tuple[str, str]]:
    return [(one.source, one.reason) for one in seen if isinstance(one, Gap)]


@dataclass
class Quoted(Scripted):
    """Gives readings that never change, and quotes with each."""

    quoted: tuple[OptionQuote, ...] = ()

    async def read(self) -> tuple[Reading, ...]:
        self.quoted = self.next()
        return vix(13.0)

    def quotes(self) -> tuple[OptionQuote, ...]:
        return self.quoted


async def test_quotes_come_with_the_readings_and_count_as_news() -> None:
    def one(bid: float) -> tuple[OptionQuote, ...]:
        contract = Contract(kind="vix.call", expiry=NOON.date(), strike=20.0)
        return (OptionQuote(contract=contract, source="cboe", as_of=NOON, bid=bid),)

    polled = Polled(name="vix", every_s=QUICK_S, feed=Quoted([one(1.0)] * 3 + [one(1.1)]))
    async with streaming(polled) as stream:
        seen = await stream.until(2)
    told = [(s.readings, s.quotes) for s in seen if isinstance(s, Readings)]
    assert told == [(vix(13.0), one(1.0)), (vix(13.0), one(1.1))]


async def test_a_reading_is_brought_once_and_again_only_when_it_changes() -> None:
    async with streaming(feed(*[vix(13.0)] * 5, vix(14.0))) as stream:
        seen = await stream.until(2)
    assert [one.readings for one in seen if isinstance(one, Readings)] == [vix(13.0), vix(14.0)]
    assert {one.observed_at for one in seen} == {NOON}


async def test_a_failed_poll_is_a_gap_and_the_other_sources_go_on(hand: Any) -> None:
    down = Transient("the feed host cannot be reached")
    snapshot = hand.snapshot(NOON, hand.position(1))
    async with streaming(feed(down), chain(snapshot, None)) as stream:
        seen = await stream.until(2)
    assert gaps(seen) == [("vix", "the feed host cannot be reached")]
    assert snapshot in seen


async def test_what_is_the_same_after_an_outage_is_brought_again_so_that_it_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    down = Permanent("HTTP 404")
    async with streaming(feed(vix(13.0), down, down, down, vix(13.0))) as stream:
        seen = await stream.until(3)
    assert [type(one) for one in seen[:3]] == [Readings, Gap, Readings]
    told = [record.getMessage() for record in caplog.records if record.name.endswith("live")]
    assert told == ["vix: HTTP 404", "vix answers again"], "each end of an outage is told once"


async def test_an_outage_its_feed_has_logged_is_a_gap_that_is_not_logged_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    down = Transient("cboe: cdn.cboe.com is in trouble (HTTP 500)")
    down.told = True
    async with streaming(feed(vix(13.0), down, down, vix(13.0))) as stream:
        seen = await stream.until(3)
    assert [type(one) for one in seen[:3]] == [Readings, Gap, Readings]
    assert gaps(seen) == [("vix", "cboe: cdn.cboe.com is in trouble (HTTP 500)")]
    assert not [record for record in caplog.records if record.name.endswith("live")]


async def test_what_a_feed_no_longer_stands_by_comes_with_its_answer() -> None:
    choosy = Choosy(["the sequencer is down", "the sequencer is down", "it is just up again"])
    async with streaming(Polled(name="main market", every_s=QUICK_S, feed=choosy)) as stream:
        seen = await stream.until(2)
    assert [one.refused[0].reason for one in seen if isinstance(one, Readings)] == [
        "the sequencer is down",
        "it is just up again",
    ]


async def test_a_fault_of_ours_is_a_gap_that_tells_no_text(
    hand: Any, caplog: pytest.LogCaptureFixture
) -> None:
    bug = KeyError(f"no {KEY} in the answer")
    snapshot = hand.snapshot(NOON)
    async with streaming(feed(bug), chain(snapshot, None)) as stream:
        seen = await stream.until(2)
    assert gaps(seen) == [("vix", "unforeseen KeyError: see the log")]
    assert snapshot in seen
    faults = [r for r in caplog.records if "unforeseen way" in r.getMessage()]
    assert len(faults) == 1, "told once, not at every poll"


async def test_the_time_of_observation_never_runs_backwards(hand: Any) -> None:
    clock = ManualClock(NOON)
    blocks = [hand.snapshot(NOON + n * MINUTE, number=n + 1) for n in (0, 1)]
    async with streaming(chain(*blocks, None), clock=clock, after=NOON - MINUTE) as stream:
        await stream.until(2)
        clock.present = NOON - timedelta(hours=5)  # somebody sets the machine's clock
        stream.live.heard("nothing")
    stamps = [one.observed_at for one in stream.seen]
    assert stamps == sorted(stamps)
    assert stamps[0] >= NOON


async def test_what_a_restart_observes_is_no_earlier_than_what_was_observed() -> None:
    later = NOON + timedelta(hours=1)
    async with streaming(feed(vix(13.0)), after=later) as stream:
        (seen,) = await stream.until(1)
    assert later <= seen.observed_at < later + MINUTE


async def test_a_block_far_ahead_of_our_clock_is_not_believed(hand: Any) -> None:
    ahead = hand.snapshot(NOON + 2 * MINUTE, number=7)
    async with streaming(chain(ahead)) as stream:
        seen = await stream.until(1)
    ((source, reason),) = gaps(seen)
    assert source == "main"
    assert reason.startswith("block 7 is stamped 120 s ahead of this machine's clock")


async def test_what_a_chain_dropped_is_told_with_the_next_snapshot_that_is_believed(
    hand: Any,
) -> None:
    def turned(number: int, at: datetime, ancestor: int) -> Snapshot:
        dropped = (Block(number=ancestor + 1, hash=f"0x{ancestor}", timestamp=NOON),)
        made: Snapshot = hand.snapshot(at, number=number)
        return replace(made, reorg=Reorg(ancestor=ancestor, dropped=dropped))

    ahead = turned(9, NOON + 2 * MINUTE, 8)
    answers = (ahead, turned(8, NOON, 7), hand.snapshot(NOON, number=10))
    async with streaming(chain(*answers)) as stream:
        seen = await stream.until(3)
    first, second = [one.reorg for one in seen if isinstance(one, Snapshot)][:2]
    assert first is not None
    assert (first.ancestor, [block.number for block in first.dropped]) == (7, [9, 8])
    assert second is None


async def test_a_word_is_brought_under_its_own_name_and_once_until_it_is_consumed() -> None:
    inbox = Inbox([said("one"), said("two")])
    clock = ManualClock(NOON + MINUTE)
    async with streaming(inbox=inbox, clock=clock) as stream:
        seen = await stream.until(2)
    words = [one for one in seen if isinstance(one, Word)]
    assert [(word.id, word.by, word.observed_at) for word in words] == [
        ("one", "ann", NOON + MINUTE),
        ("two", "ann", NOON + MINUTE),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "{}", '{"verb": "sell"}', "[1", "null"],
    ids=["empty", "bare", "odd", "cut", "null"],
)
async def test_a_word_nobody_can_read_is_refused_and_the_next_one_is_heard(text: str) -> None:
    inbox = Inbox([said("bad", text), said("good")])
    async with streaming(inbox=inbox) as stream:
        (seen,) = await stream.until(1)
    assert isinstance(seen, Word)
    assert seen.id == "good"
    assert set(inbox.refused) == {"bad"}
    assert inbox.refused["bad"].startswith("not understood: ")


async def test_an_inbox_that_could_not_be_read_is_a_gap_that_ends() -> None:
    inbox = Inbox([said("one")], failing=Transient("the store is busy"))
    async with streaming(inbox=inbox) as stream:
        assert gaps(await stream.until(1)) == [("inbox", "the store is busy")]
        inbox.failing = None
        seen = await stream.until(3)
    assert isinstance(seen[1], Word)
    assert seen[2] == Readings(source="inbox", observed_at=NOON, readings=())


async def test_the_daemon_s_own_pulse_comes_at_once() -> None:
    async with streaming(feed(vix(13.0))) as stream:
        await stream.until(1)
        async with asyncio.timeout(5), stream.news:
            await stream.news.wait_for(lambda: stream.pulses)
    assert stream.pulses[0] == Readings(source="self", observed_at=NOON, readings=vix(0.0))


async def test_a_stop_ends_the_stream_though_a_poll_hangs() -> None:
    class Hanging:
        name = "vix"

        async def read(self) -> tuple[Reading, ...]:
            await asyncio.Event().wait()
            raise AssertionError("nobody wakes it")

    polled = Polled(name="vix", every_s=QUICK_S, feed=Hanging())
    async with asyncio.timeout(5), streaming(polled) as stream, stream.news:
        await stream.news.wait_for(lambda: stream.pulses)
    assert stream.seen == []


async def test_a_schedule_that_stands_still_is_started_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with streaming(feed(vix(13.0), vix(14.0), vix(15.0))) as stream:
        stream.live.silence_s = 0.05
        await stream.until(3)
        # What a machine's clock that is set back by an hour comes to.
        here = asyncio.get_running_loop()
        schedulers = [one for one in gc.get_objects() if isinstance(one, AsyncIOScheduler)]
        (scheduler,) = [one for one in schedulers if one._eventloop is here]
        for job in scheduler.get_jobs():
            job.modify(next_run_time=job.next_run_time + timedelta(hours=1))
        pulses = len(stream.pulses)
        async with asyncio.timeout(5), stream.news:
            await stream.news.wait_for(lambda: len(stream.pulses) > pulses)
    assert "the schedule stood still" in caplog.text
