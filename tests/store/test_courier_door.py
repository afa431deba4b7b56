"""How old a letter may grow: the time its channel let nobody in does not count."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import pytest

from monitor.channels.port import MemoryChannel
from monitor.clock import ManualClock
from monitor.errors import Transient
from monitor.store.courier import Courier
from monitor.store.port import Store
from monitor.store.records import Change, Outgoing

Letters: TypeAlias = Callable[..., Outgoing]


def half() -> float:
    return 0.5


@pytest.fixture
def clock(start: datetime) -> ManualClock:
    return ManualClock(start)


@dataclass
class Doorkeeper(MemoryChannel):
    """Lets nobody in until the door is opened."""

    open: bool = False

    async def check(self) -> None:
        if not self.open:
            raise SHUT


SHUT = Transient("nobody of this name", retry_after=timedelta(minutes=5), refused=True)


@pytest.mark.parametrize("restarted", [False, True])
async def test_letters_held_back_for_days_are_not_too_old_when_the_door_opens(
    store: Store, clock: ManualClock, letter: Letters, *, restarted: bool
) -> None:
    door = Doorkeeper(name="mqtt", failures=[SHUT])
    store.commit(Change(alerts=tuple(letter(f"{n}", key=f"{n}") for n in range(3))))
    courier = Courier(store, door, clock, half)
    await courier.deliver_due(clock.now())
    assert courier.refused
    door.open = True
    door.failures += [Transient("too fast", retry_after=timedelta(seconds=40)), Transient("502")]
    after = Courier(store, door, clock, half) if restarted else courier
    for seconds in (0, 40, 80):
        await after.deliver_due(clock.now() + timedelta(days=4, seconds=seconds))
    sent = sorted(message.alert.idem for message in door.sent)
    assert (sent, store.outbox.dead_letters()) == (["0", "1", "2"], ())


async def test_three_days_of_failures_since_the_door_opened_are_enough(
    store: Store, clock: ManualClock, letter: Letters
) -> None:
    door = Doorkeeper(name="mqtt", failures=[SHUT])
    store.commit(Change(alerts=(letter("one"),)))
    courier = Courier(store, door, clock, half)
    await courier.deliver_due(clock.now())
    door.open = True
    door.failures += [Transient("502")] * 3
    opened = clock.now() + timedelta(days=4)
    for passed in (timedelta(0), timedelta(days=2, hours=23)):
        await courier.deliver_due(opened + passed)
    assert store.outbox.dead_letters() == ()
    await courier.deliver_due(opened + timedelta(days=3))
    (dead,) = store.outbox.dead_letters()
    assert dead.error == "undelivered for 3 days: 502"
