"""What waits in memory for a full disk keeps the order of its key, and its record afterwards."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

import pytest

from monitor.channels.port import MemoryChannel, Message
from monitor.clock import ManualClock
from monitor.store.courier import Courier
from monitor.store.holding import HoldingStore
from monitor.store.records import Change, Outgoing, Recall
from monitor.store.sqlite import SqliteStore
from tests.store.filling import Disk, held

Letters: TypeAlias = Callable[..., Outgoing]
SECOND = timedelta(seconds=1)
MQTT = ("mqtt",)


@pytest.fixture
def store(sqlite: SqliteStore) -> HoldingStore:
    return HoldingStore(sqlite, patience_s=0)


@dataclass(slots=True)
class _Line(MemoryChannel):
    """A channel while whose first send something happens."""

    meanwhile: Callable[[], None] = lambda: None

    async def send(self, message: Message) -> None:
        happens, self.meanwhile = self.meanwhile, lambda: None
        happens()
        await MemoryChannel.send(self, message)

    def told(self) -> list[str]:
        return [message.alert.idem for message in self.sent]


def courier(store: HoldingStore, channel: MemoryChannel, start: datetime) -> Courier:
    return Courier(store, channel, ManualClock(start), lambda: 0.5)


async def test_the_second_of_a_key_on_the_disk_comes_before_the_third_in_memory(
    store: HoldingStore, sqlite: SqliteStore, disk: Disk, letter: Letters, start: datetime
) -> None:
    """The first is delivered, and the disk takes no mark of it."""
    store.commit(Change(alerts=(letter("1", channels=MQTT), letter("2", channels=MQTT))))

    def fills() -> None:
        held(store, disk)
        store.commit(Change(alerts=(letter("3", channels=MQTT),)))

    channel = _Line(name="mqtt", meanwhile=fills)
    await courier(store, channel, start).deliver_due(start)
    assert channel.told() == ["1"]
    disk.empty()
    store.commit(Change())
    await courier(store, channel, start).deliver_due(start)
    assert channel.told() == ["1", "2", "3"]
    assert sqlite.outbox.backlog() == ()


async def test_a_retraction_of_what_the_disk_told_comes_before_the_next_alert_of_its_key(
    store: HoldingStore, disk: Disk, letter: Letters, start: datetime
) -> None:
    channel = _Line(name="mqtt")
    carrier = courier(store, channel, start)
    store.commit(Change(alerts=(letter("1:firing", channels=MQTT),)))
    await carrier.deliver_due(start)
    held(store, disk)
    back = replace(letter("1:retracted", channels=MQTT), takes_back=True)
    store.commit(Change(alerts=(back, letter("other", key="b", channels=MQTT))))
    store.commit(Change(alerts=(replace(letter("2:firing", channels=MQTT), alert_id="B"),)))
    await carrier.deliver_due(start)
    assert channel.told() == ["1:firing", "other"], "another key's waits for nothing"
    disk.empty()
    store.commit(Change())
    await carrier.deliver_due(start)
    assert channel.told() == ["1:firing", "other", "1:retracted", "2:firing"]


async def test_what_was_told_from_memory_is_on_record_as_sent(
    store: HoldingStore, sqlite: SqliteStore, disk: Disk, letter: Letters, start: datetime
) -> None:
    held(store, disk)
    store.commit(Change(alerts=(letter("1", channels=MQTT),)))
    await courier(store, _Line(name="mqtt"), start).deliver_due(start)
    disk.empty()
    store.commit(Change())
    [event] = sqlite.history.events()
    [carried] = sqlite.outbox.carried(event.id)
    assert (carried.tries, carried.done_at) == (1, start), "no tries is `never sent` to `why`"


async def test_what_is_in_flight_when_it_is_recalled_is_sent_and_ends_nothing(
    store: HoldingStore, sqlite: SqliteStore, disk: Disk, letter: Letters, start: datetime
) -> None:
    """By a clock that was set back meanwhile it was not due."""
    held(store, disk)
    until = start + 60 * SECOND
    made = replace(letter("1", channels=MQTT), held={"mqtt": until})
    store.commit(Change(alerts=(made,)))
    recall = Recall(key=made.key, alert=made.alert_id, channel="mqtt", at=start, reason="silenced")

    def room() -> None:
        store.commit(Change(recalls=(recall,)))
        disk.empty()
        store.commit(Change())

    channel = _Line(name="mqtt", meanwhile=room)
    await courier(store, channel, until).deliver_due(until)
    assert channel.told() == ["1"]
    [event] = sqlite.history.events()
    [carried] = sqlite.outbox.carried(event.id)
    assert (carried.tries, carried.done_at, carried.error) == (1, until, "")
