"""Couriers over a scripted clock: order, retries, pauses, and stopping."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

import pytest

from monitor.channels.port import MemoryChannel, Message
from monitor.clock import ManualClock
from monitor.errors import Permanent, Transient
from monitor.logs import Secret
from monitor.store.courier import Courier
from monitor.store.memory import MemoryStore
from monitor.store.port import Store
from monitor.store.records import Change, Outgoing

Letters: TypeAlias = Callable[..., Outgoing]


def half() -> float:
    return 0.5


@pytest.fixture
def clock(start: datetime) -> ManualClock:
    return ManualClock(start)


@pytest.fixture
def channel() -> MemoryChannel:
    return MemoryChannel(name="mqtt")


@pytest.fixture
def courier(store: Store, channel: MemoryChannel, clock: ManualClock) -> Courier:
    return Courier(store, channel, clock, half)


@contextlib.asynccontextmanager
async def running(*couriers: Courier) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for courier in couriers:
            group.create_task(courier.run(stop))
        yield stop
        stop.set()


def idems(channel: MemoryChannel) -> list[str]:
    return [message.alert.idem for message in channel.sent]


@dataclass
class Hanging:
    """Accepts each message only when told to."""

    name: str = "mqtt"
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    answer: asyncio.Event = field(default_factory=asyncio.Event)
    sent: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        self.begun.set()
        await self.answer.wait()
        self.sent.append(message)


async def test_what_is_committed_and_poked_is_sent_at_once_with_the_whole_alert(
    store: Store, channel: MemoryChannel, courier: Courier, clock: ManualClock, letter: Letters
) -> None:
    async with running(courier):
        await clock.advance(1)
        sent = letter("one")
        store.commit(Change(alerts=(sent,)))
        courier.poke()
        await clock.advance(0)
        (message,) = channel.sent
        assert (message.alert.idem, message.alert.text) == ("one", "VIX 54.5")
        assert (message.tries, message.repeat, message.now) == (0, False, clock.now())
    assert [line.channel for line in store.outbox.backlog()] == ["telegram"]


async def test_what_another_process_requeues_is_found_within_five_seconds(
    store: Store, channel: MemoryChannel, courier: Courier, clock: ManualClock, letter: Letters
) -> None:
    async with running(courier):
        await clock.advance(1)
        store.commit(Change(alerts=(letter("one"),)))
        await clock.advance(5)
        assert idems(channel) == ["one"]


async def test_letters_of_one_key_go_in_order_while_another_key_overtakes(
    store: Store, channel: MemoryChannel, courier: Courier, clock: ManualClock, letter: Letters
) -> None:
    channel.failures.append(Transient("broker down"))
    alerts = (letter("a.firing", key="a"), letter("a.resolved", key="a"), letter("b", key="b"))
    store.commit(Change(alerts=alerts))
    async with running(courier):
        await clock.advance(0.4)
        assert idems(channel) == ["b"]
        await clock.advance(0.1)  # half of the first second
        assert idems(channel) == ["b", "a.firing", "a.resolved"]
    assert [message.tries for message in channel.sent] == [0, 1, 0]


@dataclass
class Doorkeeper(MemoryChannel):
    """Lets nobody in until the door is opened; counts who asked."""

    open: bool = False
    asked: int = 0

    async def check(self) -> None:
        self.asked += 1
        if not self.open:
            raise Transient("nobody of this name", retry_after=timedelta(minutes=5), refused=True)


@pytest.mark.parametrize("store", ["sqlite", "memory"], indirect=True)
async def test_a_channel_that_lets_nobody_in_is_asked_every_five_minutes_and_keeps_its_letters(
    store: Store, clock: ManualClock, letter: Letters, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    door = Doorkeeper(name="mqtt")
    courier = Courier(store, door, clock, half)
    store.commit(Change(alerts=(letter("one"), letter("two", key="other"))))
    async with running(courier):
        await clock.advance(0)
        assert courier.refused == "nobody of this name"
        for _ in range(4 * 24 * 12):  # four days: longer than any letter is tried
            await clock.advance(300)
        assert door.asked == 1 + 4 * 24 * 12
        assert (door.sent, store.outbox.dead_letters()) == ([], ())
        (line,) = (r for r in caplog.records if r.levelname == "ERROR")
        assert "nobody of this name" in line.message
        door.open = True
        await clock.advance(300)
        assert idems(door) == ["one", "two"]
        assert courier.refused == ""
    assert "mqtt works again" in caplog.text


async def test_a_letter_that_meets_a_closed_door_waits_and_goes_out_when_it_opens(
    store: Store, clock: ManualClock, letter: Letters
) -> None:
    door = Doorkeeper(name="mqtt", open=True)
    door.failures.append(Transient("revoked", retry_after=timedelta(minutes=5), refused=True))
    store.commit(Change(alerts=(letter("one"), letter("two", key="other"))))
    async with running(Courier(store, door, clock, half)):
        await clock.advance(0)
        assert (door.sent, door.asked) == ([], 1)
        await clock.advance(299)
        assert door.sent == []
        await clock.advance(1)
        assert idems(door) == ["one", "two"]


async def test_a_restart_asks_at_once(store: Store, clock: ManualClock, letter: Letters) -> None:
    door = Doorkeeper(name="mqtt")
    store.commit(Change(alerts=(letter("one"),)))
    async with running(Courier(store, door, clock, half)):
        await clock.advance(1)
    door.open = True
    async with running(Courier(store, door, clock, half)):
        await clock.advance(0)
        assert idems(door) == ["one"]


async def test_what_is_given_up_is_told_with_how_to_send_it_again(
    store: Store,
    channel: MemoryChannel,
    clock: ManualClock,
    letter: Letters,
    caplog: pytest.LogCaptureFixture,
) -> None:
    channel.failures.append(Permanent("no such chat"))
    store.commit(Change(alerts=(letter("one"),)))
    await Courier(store, channel, clock, half).deliver_due(clock.now())
    (dead,) = store.outbox.dead_letters()
    assert f"`hedgewatch outbox --requeue {dead.id}` sends it once more" in caplog.text


async def test_a_broken_channel_is_tried_ever_less_often(
    store: Store, channel: MemoryChannel, courier: Courier, clock: ManualClock, letter: Letters
) -> None:
    channel.failures += [Transient("broker down")] * 4
    store.commit(Change(alerts=(letter("one"),)))
    async with running(courier):
        await clock.advance(0.5 + 1 + 2 + 3.9)
        assert channel.sent == []
        assert store.outbox.due("mqtt", clock.now() + timedelta(seconds=1), 1)[0].tries == 4
        await clock.advance(0.1)
        assert [message.tries for message in channel.sent] == [4]


async def test_an_outage_is_logged_once_and_its_end_once(
    courier: Courier, channel: MemoryChannel, letter: Letters, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="monitor.store.courier")
    channel.failures += [Transient("broker down")] * 4
    courier.store.commit(Change(alerts=(letter("one"), letter("two"))))
    while (due := courier.next_due()) is not None:
        await courier.deliver_due(due)
    told = [record.getMessage() for record in caplog.records]
    assert told == ["mqtt fails, alerts wait: broker down", "mqtt works again"]


async def test_asked_to_wait_the_whole_channel_waits_and_no_other(
    store: Store, channel: MemoryChannel, courier: Courier, clock: ManualClock, letter: Letters
) -> None:
    other = MemoryChannel(name="telegram")
    channel.failures.append(Transient("429", retry_after=timedelta(seconds=35)))
    store.commit(Change(alerts=(letter("a", key="a"), letter("b", key="b"))))
    async with running(courier, Courier(store, other, clock, half)):
        await clock.advance(34.9)
        assert (idems(channel), idems(other)) == ([], ["a", "b"])
        await clock.advance(0.1)
        assert idems(channel) == ["a", "b"]


async def test_a_permanent_failure_is_kept_among_the_dead_and_the_next_letter_goes(
    store: Store, channel: MemoryChannel, courier: Courier, start: datetime, letter: Letters
) -> None:
    token = Secret("quite-a-secret-token")
    channel.failures.append(Permanent(f"chat not found at /bot{token.reveal()}/sendMessage"))
    store.commit(Change(alerts=(letter("one", channels=("mqtt",)), letter("two"))))
    assert await courier.deliver_due(start) == 2
    (dead,) = store.outbox.dead_letters()
    assert (dead.idem, dead.error) == ("one", "chat not found at /bot***/sendMessage")
    assert idems(channel) == ["two"]


async def test_what_is_written_down_of_a_failure_tells_no_secret(
    store: Store, channel: MemoryChannel, courier: Courier, start: datetime, letter: Letters
) -> None:
    token = Secret("another-secret-token")
    channel.failures.append(Transient(f"502 from /bot{token.reveal()}/sendMessage"))
    store.commit(Change(alerts=(letter("one"),)))
    await courier.deliver_due(start)
    (waiting,) = store.outbox.due("mqtt", start + timedelta(seconds=1), 1)
    assert waiting.error == "502 from /bot***/sendMessage"


async def test_an_unreadable_payload_is_a_dead_letter_not_a_crash(
    store: Store, channel: MemoryChannel, courier: Courier, start: datetime
) -> None:
    broken = Outgoing(idem="x", key="x", alert_id="x", at=start, payload="{}", channels=("mqtt",))
    store.commit(Change(alerts=(broken,)))
    assert await courier.deliver_due(start) == 1
    assert "its payload cannot be read" in store.outbox.dead_letters()[0].error
    assert channel.sent == []


async def test_a_time_out_is_tried_again_as_a_repeat(
    store: Store, channel: MemoryChannel, courier: Courier, start: datetime, letter: Letters
) -> None:
    channel.failures.append(Transient("no answer in 10 s", ambiguous=True))
    store.commit(Change(alerts=(letter("one"),)))
    await courier.deliver_due(start)
    assert courier.next_due() == start + timedelta(seconds=10)
    await courier.deliver_due(start + timedelta(seconds=10))
    (message,) = channel.sent
    assert (message.alert.idem, message.tries, message.repeat) == ("one", 1, True)


async def test_one_pass_delivers_as_of_its_instant_and_leaves_what_is_not_due(
    store: Store, channel: MemoryChannel, courier: Courier, start: datetime, letter: Letters
) -> None:
    store.commit(
        Change(alerts=(letter("late", at=start + timedelta(hours=1)), letter("b", key="b")))
    )
    assert await courier.deliver_due(start) == 1
    assert [message.now for message in channel.sent] == [start]
    assert courier.next_due() == start + timedelta(hours=1)
    assert await courier.deliver_due(start + timedelta(hours=1)) == 1
    assert (idems(channel), courier.next_due()) == (["b", "late"], None)


async def test_a_pause_holds_in_single_passes_too(
    store: Store, channel: MemoryChannel, courier: Courier, start: datetime, letter: Letters
) -> None:
    channel.failures.append(Transient("429", retry_after=timedelta(seconds=35)))
    store.commit(Change(alerts=(letter("a", key="a"), letter("b", key="b"))))
    assert await courier.deliver_due(start) == 1
    assert await courier.deliver_due(start + timedelta(seconds=34)) == 0
    assert courier.next_due() == start + timedelta(seconds=35)
    assert await courier.deliver_due(start + timedelta(seconds=35)) == 2


async def test_a_time_out_after_an_outage_is_one_try_without_an_answer_and_no_more(
    store: Store, channel: MemoryChannel, courier: Courier, letter: Letters
) -> None:
    channel.failures += [Transient("connection refused")] * 40
    channel.failures += [Transient("no answer in 10 s", ambiguous=True)] * 11
    store.commit(Change(alerts=(letter("one", channels=("mqtt",)),)))
    while (due := courier.next_due()) is not None:
        await courier.deliver_due(due)
    assert [message.tries for message in channel.sent] == [51]


async def test_the_twelfth_try_without_an_answer_is_the_last_until_it_is_requeued(
    store: Store, channel: MemoryChannel, courier: Courier, start: datetime, letter: Letters
) -> None:
    lost = Transient("no answer", ambiguous=True)
    channel.failures += [Transient("connection refused"), lost] * 12 + [lost]
    store.commit(Change(alerts=(letter("one", channels=("mqtt",)),)))
    while (due := courier.next_due()) is not None:
        await courier.deliver_due(due)
    (dead,) = store.outbox.dead_letters()
    assert dead.error == "no answer to 12 tries, it may have arrived: no answer"
    store.outbox.requeue(dead.id, start)
    await courier.deliver_due(start)
    assert courier.next_due() == start + timedelta(seconds=10)


async def test_any_other_exception_is_a_bug_and_brings_the_courier_down(
    store: Store, clock: ManualClock, letter: Letters
) -> None:
    class Buggy:
        name = "mqtt"

        async def send(self, message: Message) -> None:
            raise ZeroDivisionError(message.alert.idem)

    store.commit(Change(alerts=(letter("one"),)))
    with pytest.raises(ExceptionGroup) as caught:
        async with running(Courier(store, Buggy(), clock, half)):
            await clock.advance(1)
    assert caught.group_contains(ZeroDivisionError, match="one")
    assert store.outbox.due("mqtt", clock.now(), 1)[0].repeat  # it may have been sent before


async def test_told_to_stop_it_finishes_the_send_in_flight_and_begins_no_other(
    store: Store, clock: ManualClock, letter: Letters
) -> None:
    hanging = Hanging()
    store.commit(Change(alerts=(letter("one"), letter("two"))))
    async with asyncio.timeout(5), running(Courier(store, hanging, clock, half)) as stop:
        await hanging.begun.wait()
        stop.set()
        await clock.advance(9.9)
        hanging.answer.set()
    assert [message.alert.idem for message in hanging.sent] == ["one"]
    assert [each.idem for each in store.outbox.due("mqtt", clock.now(), 1)] == ["two"]


async def test_a_send_that_hangs_is_cut_off_in_bounded_time_and_repeated_next_time(
    store: Store, clock: ManualClock, letter: Letters
) -> None:
    hanging = Hanging()
    store.commit(Change(alerts=(letter("one"),)))
    async with asyncio.timeout(5), running(Courier(store, hanging, clock, half)) as stop:
        await hanging.begun.wait()
        stop.set()
        await clock.advance(10)
    channel = MemoryChannel(name="mqtt")
    await Courier(store, channel, clock, half).deliver_due(clock.now())
    (message,) = channel.sent
    assert (message.alert.idem, message.tries, message.repeat) == ("one", 1, True)


async def test_told_to_stop_while_it_sleeps_it_stops_without_any_time_passing(
    courier: Courier, clock: ManualClock
) -> None:
    async with asyncio.timeout(5), running(courier):
        await clock.advance(1)


async def test_a_live_courier_and_single_passes_deliver_the_same(
    start: datetime, letter: Letters
) -> None:
    def failing() -> MemoryChannel:
        return MemoryChannel(name="mqtt", failures=[Transient("down")] * 3)

    alerts = [letter(f"{n}", key="ab"[n % 2], at=start + timedelta(seconds=n)) for n in range(8)]
    live_clock, live, replayed = ManualClock(start), failing(), failing()
    store = MemoryStore(now=start)
    courier = Courier(store, live, live_clock, half)
    async with running(courier):
        for alert in alerts:
            await live_clock.advance((alert.at - live_clock.now()).total_seconds())
            store.commit(Change(alerts=(alert,)))
            courier.poke()
        await live_clock.advance(60)
    store = MemoryStore(now=start)
    courier = Courier(store, replayed, ManualClock(start), half)
    for alert in alerts:
        while (due := courier.next_due()) is not None and due < alert.at:
            await courier.deliver_due(due)
        store.commit(Change(alerts=(alert,)))
        await courier.deliver_due(alert.at)
    while (due := courier.next_due()) is not None:
        await courier.deliver_due(due)
    assert live.sent == replayed.sent
    assert len(live.sent) == 8
