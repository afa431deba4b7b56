"""A channel to a person: what one step says comes as one message, and nothing is lost by it."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

import pytest

from monitor.channels.port import MemoryChannel, MemoryPerson
from monitor.clock import ManualClock
from monitor.errors import Permanent, Transient
from monitor.store.courier import Courier
from monitor.store.port import Store
from monitor.store.records import Change, Outgoing

Letters: TypeAlias = Callable[..., Outgoing]
PERSON = ("person",)


def half() -> float:
    return 0.5


@pytest.fixture
def clock(start: datetime) -> ManualClock:
    return ManualClock(start)


@pytest.fixture
def person() -> MemoryPerson:
    return MemoryPerson()


@pytest.fixture
def courier(store: Store, person: MemoryPerson, clock: ManualClock) -> Courier:
    return Courier(store, person, clock, half)


def told(person: MemoryPerson) -> list[list[str]]:
    return [[one.alert.idem for one in message] for message in person.sent]


def queue(store: Store, letter: Letters, *names: str, at: datetime | None = None) -> None:
    """Commit one step's alerts, each of a rule of its own."""
    more = {} if at is None else {"at": at}
    letters = (letter(name, key=f"{name}:book", channels=PERSON, **more) for name in names)
    store.commit(Change(alerts=tuple(letters)))


async def test_alerts_of_one_step_are_one_message_and_the_next_step_s_another(
    store: Store, person: MemoryPerson, courier: Courier, clock: ManualClock, letter: Letters
) -> None:
    queue(store, letter, "hold", "no_trades")
    queue(store, letter, "later", at=clock.now() + timedelta(minutes=1))
    await courier.deliver_due(clock.now() + timedelta(minutes=2))
    assert told(person) == [["hold", "no_trades"], ["later"]]
    assert store.outbox.due("person", clock.now() + timedelta(days=1), 10) == ()


async def test_where_a_whole_message_s_worth_waits_steps_share_messages(
    store: Store, person: MemoryPerson, courier: Courier, clock: ManualClock, letter: Letters
) -> None:
    names = [f"r{n}" for n in range(42)]
    for number, name in enumerate(names):
        queue(store, letter, name, at=clock.now() + timedelta(seconds=number))
    await courier.deliver_due(clock.now() + timedelta(minutes=2))
    assert told(person) == [names[:20], names[20:40], [names[40]], [names[41]]]


async def test_a_machine_hears_each_alert_by_itself(
    store: Store, clock: ManualClock, letter: Letters
) -> None:
    machine = MemoryChannel(name="person")
    queue(store, letter, "hold", "no_trades")
    await Courier(store, machine, clock, half).deliver_due(clock.now())
    assert [one.alert.idem for one in machine.sent] == ["hold", "no_trades"]


async def test_what_does_not_fit_comes_in_the_next_message(
    store: Store, person: MemoryPerson, courier: Courier, clock: ManualClock, letter: Letters
) -> None:
    person.most = 2
    queue(store, letter, "a", "b", "c", "d", "e")
    await courier.deliver_due(clock.now())
    assert told(person) == [["a", "b"], ["c", "d"], ["e"]]


async def test_two_alerts_of_one_rule_are_never_in_one_message(
    store: Store, person: MemoryPerson, courier: Courier, clock: ManualClock, letter: Letters
) -> None:
    pair = (letter(name, key="one:book", channels=PERSON) for name in ("firing", "resolved"))
    store.commit(Change(alerts=tuple(pair)))
    await courier.deliver_due(clock.now())
    assert told(person) == [["firing"], ["resolved"]]


async def test_after_an_outage_they_still_come_together(
    store: Store, person: MemoryPerson, courier: Courier, clock: ManualClock, letter: Letters
) -> None:
    person.failures = [Transient("the connection was refused")]
    queue(store, letter, "a", "b")
    await courier.deliver_due(clock.now())
    assert told(person) == []
    await courier.deliver_due(clock.now() + timedelta(minutes=5))
    assert told(person) == [["a", "b"]]


@pytest.mark.parametrize("steps", [1, 60])
async def test_a_crowd_that_an_outage_put_off_shares_messages_once_that_is_over(
    steps: int, store: Store, person: MemoryPerson, clock: ManualClock, letter: Letters
) -> None:
    names = [f"r{n}" for n in range(60)]
    jitter, stop = iter(n * 0.618 % 1 for n in range(1_000_000)), asyncio.Event()
    courier = Courier(store, person, clock, lambda: next(jitter))
    async with asyncio.TaskGroup() as group:
        group.create_task(courier.run(stop))
        person.failures = [Transient("the connection was refused")] * 100_000
        for first in range(0, 60, 60 // steps):
            queue(store, letter, *names[first : first + 60 // steps], at=clock.now())
            courier.poke()
            await clock.advance(1)
        await clock.advance(60)
        person.failures.clear()
        queue(store, letter, "news", at=clock.now())
        courier.poke()
        await clock.advance(0)
        stop.set()
    assert sorted(idem for message in told(person) for idem in message) == sorted([*names, "news"])
    assert len(told(person)) <= 5, "20 of 61 share a message"


async def test_one_that_will_never_do_leaves_a_crowd_by_itself(
    store: Store, person: MemoryPerson, courier: Courier, clock: ManualClock, letter: Letters
) -> None:
    names = [f"r{n}" for n in range(30)]
    for number, name in enumerate(names):
        queue(store, letter, name, at=clock.now() + timedelta(seconds=number))
    person.failures = [Permanent("message is malformed")] * 2
    await courier.deliver_due(clock.now() + timedelta(minutes=2))
    assert [dead.idem for dead in store.outbox.dead_letters()] == [names[0]]
    assert told(person)[:19] == [[name] for name in names[1:20]], "which of them is at fault?"
    assert sorted(idem for message in told(person) for idem in message) == sorted(names[1:])


async def test_what_may_have_arrived_is_repeated_alone_and_says_so(
    store: Store, person: MemoryPerson, courier: Courier, clock: ManualClock, letter: Letters
) -> None:
    person.failures = [Transient("no answer", ambiguous=True)]
    queue(store, letter, "a", "b")
    await courier.deliver_due(clock.now())
    await courier.deliver_due(clock.now() + timedelta(minutes=5))
    assert told(person) == [["a"], ["b"]]
    assert all(message.repeat for (message,) in person.sent)


async def test_one_that_will_never_do_does_not_take_the_others_with_it(
    store: Store, person: MemoryPerson, courier: Courier, clock: ManualClock, letter: Letters
) -> None:
    person.failures = [Permanent("message is malformed"), Permanent("message is malformed")]
    queue(store, letter, "bad", "good", "fine")
    await courier.deliver_due(clock.now())
    assert told(person) == [["good"], ["fine"]]
    assert [dead.idem for dead in store.outbox.dead_letters()] == ["bad"]


async def test_what_is_new_waits_no_longer_for_a_crowd_that_has_failed_for_long(
    store: Store, person: MemoryPerson, courier: Courier, clock: ManualClock, letter: Letters
) -> None:
    now, old = clock.now(), [f"r{n}" for n in range(19)]
    queue(store, letter, *old)
    person.failures = [Transient("the connection was refused")] * 100
    for _ in range(12):
        await courier.deliver_due(now)
        now += timedelta(minutes=5)
    queue(store, letter, "critical", at=now)
    await courier.deliver_due(now)
    person.failures.clear()
    due = store.outbox.next_due("person")
    assert due is not None
    assert due - now <= timedelta(seconds=1), "it was tried once"
    await courier.deliver_due(due)
    assert "critical" in told(person)[0]
