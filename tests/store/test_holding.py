"""A disk without room: what is decided meanwhile is told, and nothing is lost or doubled after."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TypeAlias

import pytest

from monitor.channels.port import MemoryChannel
from monitor.clock import ManualClock
from monitor.errors import Permanent, Transient
from monitor.store.courier import Courier
from monitor.store.holding import HoldingStore
from monitor.store.records import Change, Outgoing, Poll, Recall, Sample
from monitor.store.sqlite import SqliteStore, open_sqlite
from tests.store.filling import Disk, filled, filler, held

Letters: TypeAlias = Callable[..., Outgoing]
SECOND = timedelta(seconds=1)


@pytest.fixture
def store(sqlite: SqliteStore) -> HoldingStore:
    return HoldingStore(sqlite, patience_s=0)


def told(channel: MemoryChannel) -> list[str]:
    return [message.alert.idem for message in channel.sent]


def courier(store: HoldingStore, channel: MemoryChannel, start: datetime) -> Courier:
    return Courier(store, channel, ManualClock(start), lambda: 0.5)


def test_the_disk_is_full_indeed(sqlite: SqliteStore, disk: Disk) -> None:
    """Else all the rest tells nothing."""
    disk.fill()
    with pytest.raises(Transient, match="full"):
        filled(sqlite)


async def test_alerts_are_told_from_memory_and_then_the_disk_has_all_of_it_once(
    store: HoldingStore, sqlite: SqliteStore, disk: Disk, letter: Letters, start: datetime
) -> None:
    channel = MemoryChannel(name="mqtt")
    carrier = courier(store, channel, start)
    store.commit(Change(alerts=(letter("before"),)))
    await carrier.deliver_due(start)
    held(store, disk)
    assert "full" in store.trouble
    at = start + SECOND
    for number in range(3):
        change = Change(
            alerts=(letter(f"{number}", key=f"k{number % 2}"),),
            samples=(Sample(series="vix", at=at, value=number),),
            poll=Poll(source="ethereum", at=at, number=number),
            rows={("rule", "r"): str(number)},
        )
        store.commit(change)
        await carrier.deliver_due(at)
    assert told(channel) == ["before", "0", "1", "2"]
    assert len(sqlite.history.events()) == 1, "the disk knows of none of them"
    assert [(one.channel, one.waiting) for one in store.outbox.backlog()] == [("telegram", 4)]
    disk.empty()
    store.commit(Change())
    assert store.trouble == ""
    assert [event.idem for event in sqlite.history.events()] == ["before", "0", "1", "2"]
    assert sqlite.load().rows["rule", "r"] == "2"
    assert [sample.value for sample in sqlite.load().samples] == [0, 1, 2]
    assert sqlite.history.tally("ethereum").polls == 3
    assert await carrier.deliver_due(at) == 0
    assert sqlite.outbox.next_due("mqtt") is None, "marked as arrived, every one"
    other = MemoryChannel(name="telegram")
    await courier(store, other, start).deliver_due(at)
    assert sorted(told(other)) == ["0", "1", "2", "before"], "what was not told yet goes out now"


async def test_nothing_goes_out_from_memory_for_a_hiccup(
    sqlite: SqliteStore, disk: Disk, letter: Letters, start: datetime
) -> None:
    now, channel = [0.0], MemoryChannel(name="mqtt")
    store = HoldingStore(sqlite, seconds=lambda: now[0], patience_s=2.0)
    carrier = courier(store, channel, start)
    held(store, disk)
    store.commit(Change(alerts=(letter("1", channels=("mqtt",)),)))
    now[0] = 1.9
    await carrier.deliver_due(start)
    assert (told(channel), store.outbox.next_due("mqtt")) == ([], None)
    disk.empty()
    store.commit(Change())
    await carrier.deliver_due(start)
    assert told(channel) == ["1"], "by the disk, which knows of it now"
    disk.fill()
    held(store, disk)
    store.commit(Change(alerts=(letter("2", channels=("mqtt",)),)))
    await carrier.deliver_due(start)
    assert told(channel) == ["1"]
    now[0] += 2.0
    await carrier.deliver_due(start)
    assert told(channel) == ["1", "2"], "it is no hiccup any more"


async def test_what_is_held_for_its_group_is_recalled_from_memory_and_on_the_disk_after(
    store: HoldingStore, sqlite: SqliteStore, disk: Disk, letter: Letters, start: datetime
) -> None:
    channel, later = MemoryChannel(name="mqtt"), start + 60 * SECOND
    held(store, disk)
    grouped = replace(letter("1:firing", channels=("mqtt",)), held={"mqtt": later})
    store.commit(Change(alerts=(grouped,)))
    silenced = Recall(
        key=grouped.key,
        alert=grouped.alert_id,
        channel="mqtt",
        at=start + SECOND,
        reason="silenced",
    )
    store.commit(Change(recalls=(silenced,), alerts=(letter("2", key="b", channels=("mqtt",)),)))
    await courier(store, channel, later).deliver_due(later)
    assert told(channel) == ["2"]
    disk.empty()
    store.commit(Change())
    assert store.trouble == ""
    await courier(store, channel, later).deliver_due(later)
    assert told(channel) == ["2"]
    assert sqlite.outbox.next_due("mqtt") is None
    assert [event.idem for event in sqlite.history.events()] == ["1:firing", "2"]


async def test_whoever_was_told_from_memory_hears_that_it_is_taken_back(
    store: HoldingStore, sqlite: SqliteStore, disk: Disk, letter: Letters, start: datetime
) -> None:
    channel = MemoryChannel(name="mqtt")
    carrier = courier(store, channel, start)
    held(store, disk)
    store.commit(Change(alerts=(letter("1:firing"),)))
    await carrier.deliver_due(start)
    channel.failures.append(Transient("refused"))
    store.commit(Change(alerts=(replace(letter("1:retracted"), takes_back=True),)))
    await carrier.deliver_due(start)
    assert told(channel) == ["1:firing"]
    disk.empty()
    store.commit(Change())
    assert store.trouble == ""
    later = start + timedelta(hours=1)
    await carrier.deliver_due(later)
    assert told(channel) == ["1:firing", "1:retracted"]
    other = MemoryChannel(name="telegram")
    await courier(store, other, later).deliver_due(later)
    assert told(other) == [], "which was told nothing of it"
    assert sqlite.outbox.backlog() == ()


async def test_order_holds_for_what_waited_on_the_disk_before(
    store: HoldingStore, disk: Disk, letter: Letters, start: datetime
) -> None:
    channel = MemoryChannel(name="mqtt")
    carrier = courier(store, channel, start)
    store.commit(Change(alerts=(letter("a1", key="a"),)))
    held(store, disk)
    store.commit(Change(alerts=(letter("a2", key="a"), letter("b1", key="b"))))
    await carrier.deliver_due(start)
    assert told(channel) == ["b1"], "the second of a key comes after the first"
    disk.empty()
    store.commit(Change())
    await carrier.deliver_due(start)
    assert told(channel) == ["b1", "a1", "a2"]


async def test_what_failed_or_was_given_up_meanwhile_is_so_afterwards(
    store: HoldingStore, sqlite: SqliteStore, disk: Disk, letter: Letters, start: datetime
) -> None:
    held(store, disk)
    store.commit(Change(alerts=(letter("late", key="a"), letter("dead", key="b"))))
    lost = Transient("no answer", ambiguous=True)
    channel = MemoryChannel(name="mqtt", failures=[lost, Permanent("no such topic")])
    await courier(store, channel, start).deliver_due(start)
    assert told(channel) == []
    disk.empty()
    store.commit(Change())
    [dead] = sqlite.outbox.dead_letters()
    assert (dead.idem, dead.error) == ("dead", "no such topic")
    [late] = sqlite.outbox.due("mqtt", start + timedelta(days=1), 9)
    assert (late.idem, late.tries, late.repeat, late.error) == ("late", 1, True, "no answer")
    assert late.due > start


class _Slow(MemoryChannel):
    """A send that lasts until it is let go."""

    go: asyncio.Event

    async def send(self, message: object) -> None:
        await self.go.wait()
        await super().send(message)  # type: ignore[arg-type]


async def test_what_is_being_sent_while_the_room_comes_back_is_sent_once(
    store: HoldingStore, sqlite: SqliteStore, disk: Disk, letter: Letters, start: datetime
) -> None:
    held(store, disk)
    store.commit(Change(alerts=(letter("one"),)))
    channel = _Slow(name="mqtt")
    channel.go = asyncio.Event()
    carrier = courier(store, channel, start)
    async with asyncio.TaskGroup() as group:
        group.create_task(carrier.deliver_due(start))
        await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop, in which the send begins
        disk.empty()
        store.commit(Change())
        [letter_there] = sqlite.outbox.due("mqtt", start, 9)
        assert letter_there.repeat, "killed now, its repeat would say that it may be one"
        channel.go.set()
    assert told(channel) == ["one"]
    assert sqlite.outbox.next_due("mqtt") is None


async def test_a_word_taken_meanwhile_is_not_taken_twice(
    store: HoldingStore, sqlite: SqliteStore, disk: Disk, start: datetime
) -> None:
    store.inbox.say("w", "{}", start)
    held(store, disk)
    store.commit(Change(consumed_words={"w": "L2 on"}, rows={("layer", "L2"): "on" * 5000}))
    assert [said.id for said in sqlite.inbox.unheard()] == ["w"]
    assert store.inbox.unheard() == ()
    assert store.inbox.heard("w") == "L2 on"
    disk.empty()
    store.commit(Change())
    assert sqlite.inbox.heard("w") == "L2 on"


async def test_a_courier_outlives_a_disk_that_takes_no_mark(
    store: HoldingStore, sqlite: SqliteStore, disk: Disk, letter: Letters, start: datetime
) -> None:
    """The disk fills up between two commits, and it is the courier that meets it first."""
    store.commit(Change(alerts=tuple(letter(f"{n}", key=f"{n}") for n in range(120))))
    channel, stop, clock = MemoryChannel(name="mqtt"), asyncio.Event(), ManualClock(start)
    carrier = Courier(store, channel, clock, lambda: 0.5)
    async with asyncio.TaskGroup() as group:
        work = group.create_task(carrier.run(stop))
        disk.fill()
        await clock.advance(60)
        assert not work.done()
        before = len(told(channel))
        assert before < 120, "the disk was full"
        disk.empty()
        store.commit(Change())
        await clock.advance(60)
        stop.set()
        await clock.advance(60)
    assert sorted(told(channel), key=int) == [str(n) for n in range(120)]
    assert sqlite.outbox.next_due("mqtt") is None


def test_what_is_held_has_an_end(disk: Disk, sqlite: SqliteStore) -> None:
    store = HoldingStore(sqlite, most=3, patience_s=0)
    disk.fill()
    with pytest.raises(Permanent, match=r"3 changes wait to be written: .*full"):
        filled(store)


def test_what_is_held_to_the_last_goes_to_a_disk_that_takes_it_again(
    disk: Disk, sqlite: SqliteStore
) -> None:
    store = HoldingStore(sqlite, most=3, patience_s=0)
    disk.fill()
    with pytest.raises(Permanent):
        filled(store)
    disk.empty()
    store.commit(filler(1000))
    assert store.trouble == ""
    assert sqlite.load().rows["meta", "n"].startswith("1000 ")


async def test_hours_of_it_are_written_a_little_at_a_time_and_nothing_waits_for_that(
    sqlite: SqliteStore, disk: Disk, letter: Letters, start: datetime
) -> None:
    ticks = itertools.count(step=0.02)  # each look at the stopwatch is 20 ms after the last
    store, channel = (
        HoldingStore(sqlite, seconds=lambda: next(ticks), patience_s=0),
        MemoryChannel(name="mqtt"),
    )
    held(store, disk)
    for number in range(500):
        poll = Poll(source="ethereum", at=start + number * SECOND, number=number)
        store.commit(Change(poll=poll))
    disk.empty()
    store.commit(Change(alerts=(letter("one"),)))
    written = sqlite.history.tally("ethereum").polls
    assert 0 < written < 250
    assert store.trouble, "not all of it is on the disk yet"
    await courier(store, channel, start).deliver_due(start)
    assert told(channel) == ["one"], "and what comes meanwhile is told meanwhile"
    turns = 0
    while store.trouble:
        store.commit(Change())
        turns += 1
    assert turns > 3
    assert sqlite.history.tally("ethereum").polls == 500
    assert [event.idem for event in sqlite.history.events()] == ["one"]
    await courier(store, channel, start).deliver_due(start)
    assert told(channel) == ["one"]


def test_a_crowd_of_alerts_is_the_disk_s_soon_after_there_is_room(
    store: HoldingStore, sqlite: SqliteStore, disk: Disk, letter: Letters
) -> None:
    """A change is written once all before it is; what has come since waits in memory alone."""
    held(store, disk)
    store.commit(Change(alerts=tuple(letter(f"{n}", key=f"k{n}") for n in range(800))))
    disk.empty()
    turns = 0
    while store.trouble or store.outbox.holding():
        store.commit(Change())
        turns += 1
    assert turns < 80
    assert [one.waiting for one in sqlite.outbox.backlog()] == [800, 800]


@pytest.mark.parametrize("room", [True, False])
def test_a_stop_writes_what_is_held_where_there_is_room_and_says_what_is_lost_where_not(
    room: bool, sqlite: SqliteStore, disk: Disk, start: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    store = HoldingStore(sqlite, patience_s=0)
    held(store, disk)
    store.commit(Change(rows={("layer", "L2"): "on" * 5000}))
    if room:
        disk.empty()
    store.close()
    with contextlib.closing(open_sqlite(f"sqlite:///{disk.folder}/h.db", now=start)) as again:
        assert (("layer", "L2") in again.load().rows) is room
    lost = [one for one in caplog.messages if "are lost with this stop: " in one]
    assert bool(lost) is not room


@pytest.mark.parametrize("seed", [*range(12), 49, 107, 119, 141])
async def test_whatever_comes_when_each_alert_is_told_once_and_in_its_order(
    seed: int, sqlite: SqliteStore, disk: Disk, letter: Letters, start: datetime
) -> None:
    # Every other time it has no time to write but a little at once.
    ticks = itertools.count(step=0.02 if seed % 2 else 0.0)
    store = HoldingStore(sqlite, seconds=lambda: next(ticks), patience_s=0)
    dice, now = random.Random(seed), start
    channels = [MemoryChannel(name=name) for name in ("telegram", "mqtt")]
    carriers = [courier(store, channel, start) for channel in channels]
    made, full, outages = list[str](), False, 0
    for step in range(80):
        now += SECOND
        match dice.choice(("alert", "alert", "alert", "carry", "carry", "fail", "disk")):
            case "alert":
                key, two = f"k{dice.randrange(3)}", (f"{2 * step}", f"{2 * step + 1}")
                alerts = tuple(letter(idem, key=key, at=now) for idem in two)
                made += two
                store.commit(Change(alerts=alerts, rows={("meta", "n"): "x" * 5000}))
            case "carry":
                with contextlib.suppress(Transient):  # as `run` does: the disk takes no mark
                    await dice.choice(carriers).deliver_due(now)
            case "fail":
                dice.choice(channels).failures.append(Transient("refused"))
            case "disk":
                (disk.empty if full else disk.fill)()
                full, outages = not full, outages + (not full)
    disk.fill()  # so that there is something to empty
    disk.empty()
    for _ in range(200):
        store.commit(Change())
    for channel, carrier in zip(channels, carriers, strict=True):
        channel.failures.clear()
        await carrier.deliver_due(now + timedelta(days=1))
    assert outages >= 1
    assert [event.idem for event in sqlite.history.events()] == made
    assert sqlite.outbox.backlog() == ()
    for channel in channels:
        assert sorted(told(channel), key=int) == made
        by_key = [(message.alert.key, int(message.alert.idem)) for message in channel.sent]
        assert sorted(by_key, key=itemgetter(0)) == sorted(by_key), "in order within each key"
