"""Whatever comes at once: each alert is told once and in its order, and none is lost.

A disk that fills up in the middle of a send, channels that fail or do not answer, alerts that are
recalled or taken back, and a daemon that is killed and begun again.
"""

import contextlib
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from monitor.channels.port import MemoryChannel, Message
from monitor.clock import ManualClock
from monitor.errors import Permanent, Transient
from monitor.store.courier import Courier
from monitor.store.holding import HoldingStore
from monitor.store.records import Change, Outgoing, Recall
from monitor.store.sqlite import SqliteStore, open_sqlite
from tests.store.filling import Disk, file_system

Letters: TypeAlias = Callable[..., Outgoing]
SECOND = timedelta(seconds=1)
CHANNELS: Final = ("telegram", "mqtt")


class _Killed(BaseException):
    """The end of a daemon in the middle of whatever it does."""


@dataclass(slots=True)
class _Line(MemoryChannel):
    """A channel on whose every send something may happen. tried: what was sent, heard or not."""

    meanwhile: Callable[[], None] = lambda: None
    tried: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        self.tried.append(message)
        self.meanwhile()
        await MemoryChannel.send(self, message)


@dataclass(slots=True)
class World:
    """A daemon and all that befalls it. made: every change, in order, also of a killed one."""

    disk: Disk
    letter: Letters
    dice: random.Random
    now: datetime
    url: str
    step_s: float
    lines: list[_Line] = field(default_factory=list)
    made: list[Change] = field(default_factory=list)
    again: set[str] = field(default_factory=set)
    full: bool = False
    number: int = 0
    killed: int = 0
    sqlite: SqliteStore = field(init=False)
    store: HoldingStore = field(init=False)
    couriers: list[Courier] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = [_Line(name=name, meanwhile=self.meanwhile) for name in CHANNELS]
        self.begin()

    def begin(self) -> None:
        self.sqlite = open_sqlite(self.url, now=self.now)
        ticks = itertools.count(step=self.step_s)
        self.store = HoldingStore(self.sqlite, seconds=lambda: next(ticks), patience_s=0)
        self.couriers = [
            Courier(self.store, line, ManualClock(self.now), lambda: 0.5) for line in self.lines
        ]

    def commit(self, change: Change) -> None:
        self.number += 1
        rows = {("meta", "n"): f"{self.number} " + "x" * 5000}
        whole = replace(change, rows=rows)
        self.made.append(whole)
        self.store.commit(whole)

    def alert(self) -> None:
        key = f"k{self.dice.randrange(3)}"
        alerts = []
        for _ in range(self.dice.randrange(1, 3)):
            self.number += 1
            idem = f"{self.number}"
            held = {}
            if self.dice.random() < 0.3:
                held = dict.fromkeys(CHANNELS, self.now + 3 * SECOND)
            made = self.letter(idem, key=key, at=self.now)
            alerts.append(replace(made, alert_id=f"A{idem}", held=held))
        self.commit(Change(alerts=tuple(alerts)))

    def recall(self) -> None:
        alerts = [alert for change in self.made[-6:] for alert in change.alerts if alert.held]
        if alerts:
            one = self.dice.choice(alerts)
            at = self.now - self.dice.choice((0, 2)) * SECOND
            call = Recall(key=one.key, alert=one.alert_id, channel="mqtt", at=at, reason="silenced")
            self.commit(Change(recalls=(call,)))

    def take_back(self) -> None:
        back = {a.alert_id for change in self.made for a in change.alerts if a.takes_back}
        alerts = [
            alert
            for change in self.made[-8:]
            for alert in change.alerts
            if alert.alert_id not in back
        ]
        if alerts:
            one = self.dice.choice(alerts)
            self.number += 1
            made = self.letter(f"{self.number}", key=one.key, at=self.now)
            self.commit(Change(alerts=(replace(made, alert_id=one.alert_id, takes_back=True),)))

    def turn_disk(self) -> None:
        (self.disk.empty if self.full else self.disk.fill)()
        self.full = not self.full

    def meanwhile(self) -> None:
        match self.dice.choice(("nothing",) * 4 + ("disk", "alert", "recall", "back", "kill")):
            case "disk":
                self.turn_disk()
            case "alert":
                self.alert()
            case "recall":
                self.recall()
            case "back":
                self.take_back()
            case "kill" if self.dice.random() < 0.3:
                raise _Killed

    async def carry(self) -> None:
        try:
            with contextlib.suppress(Transient):  # as `run` does: the disk takes no mark
                await self.dice.choice(self.couriers).deliver_due(self.now)
        except _Killed:
            self.revive()

    def revive(self) -> None:
        """Begin again from what is on the disk; what is not is decided once more."""
        self.killed += 1
        if self.store.outbox.holding():  # what was told from memory, and the disk knows nothing of
            self.again |= {
                message.alert.idem
                for line in self.lines
                for message in line.sent
                if (there := self.sqlite.outbox.find(line.name, message.alert.idem))
                and not there.repeat
            }
        self.sqlite.close()
        if self.full:
            self.turn_disk()
        self.begin()
        rows = self.sqlite.load().rows
        saved = int(rows.get(("meta", "n"), "0").split()[0])
        lost = [one for one in self.made if int(one.rows["meta", "n"].split()[0]) > saved]  # type: ignore[union-attr]
        self.again |= {alert.idem for one in lost for alert in one.alerts}
        for one in lost:
            self.store.commit(one)

    def fail(self) -> None:
        error = self.dice.choice(
            (
                Transient("refused"),
                Transient("no answer", ambiguous=True),
                Permanent("no such chat"),
                Transient("not let in", refused=True),
            )
        )
        self.dice.choice(self.lines).failures.append(error)

    async def settle(self) -> None:
        for line in self.lines:
            line.failures.clear()
            line.meanwhile = lambda: None
        if self.full:
            self.turn_disk()
        for _ in range(400):
            self.store.commit(Change())
        for hours in range(24):
            for courier in self.couriers:
                await courier.deliver_due(self.now + timedelta(hours=1 + hours))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with file_system(tmp_path / "disk", "8m") as folder:
        yield Disk(folder)


def check(world: World) -> None:
    dead = {(one.channel, one.idem) for one in world.sqlite.outbox.dead_letters()}
    made = [alert for change in world.made for alert in change.alerts]
    assert [one.idem for one in world.sqlite.history.events(limit=10_000)] == [a.idem for a in made]
    assert [one for one in world.sqlite.outbox.backlog() if one.waiting] == []
    backs = {alert.alert_id: alert.idem for alert in made if alert.takes_back}
    recalled = {call.alert for change in world.made for call in change.recalls}
    for line in world.lines:
        told = [message.alert.idem for message in line.sent]
        tried = {message.alert.idem for message in line.tried}
        doubled = {
            message.alert.idem
            for n, message in enumerate(line.sent)
            if message.alert.idem in told[:n] and not message.repeat
        }
        assert doubled <= world.again, "told twice and not marked"
        firsts = list(dict.fromkeys(told))
        for key in {alert.key for alert in made}:
            mine = [alert.idem for alert in made if alert.key == key]
            order = [idem for idem in firsts if idem in mine and idem not in world.again]
            assert order == sorted(order, key=int), (line.name, key)
        for alert in made:
            got = alert.idem in told or (line.name, alert.idem) in dead
            if alert.takes_back:
                first = next(a for a in made if a.alert_id == alert.alert_id)
                if first.idem in told and first.idem not in world.again:
                    assert got, f"{line.name} never heard that {first.idem} is taken back"
                elif first.idem not in tried and first.idem not in world.again:
                    assert alert.idem not in told, f"{line.name}: {alert.idem} of what never was"
            elif alert.alert_id in backs or (alert.alert_id in recalled and line.name == "mqtt"):
                continue
            else:
                assert got, f"{line.name} never got {alert.idem}"


@pytest.mark.parametrize("seed", [*range(12), 21, 41, 63, 79])
async def test_each_alert_is_told_once_and_in_its_order(
    seed: int, disk: Disk, letter: Letters, start: datetime
) -> None:
    world = World(
        disk=disk,
        letter=letter,
        dice=random.Random(seed),
        now=start,
        url=f"sqlite:///{disk.folder}/h.db",
        step_s=0.02 if seed % 2 else 0.0,
    )
    for _ in range(100):
        world.now += SECOND
        match world.dice.choice(
            ("alert",) * 3 + ("carry",) * 5 + ("fail", "disk", "recall", "back", "calm")
        ):
            case "alert":
                world.alert()
            case "carry":
                await world.carry()
            case "fail":
                world.fail()
            case "disk":
                world.turn_disk()
            case "recall":
                world.recall()
            case "back":
                world.take_back()
            case _:
                world.now += timedelta(minutes=world.dice.randrange(10))
    await world.settle()
    try:
        check(world)
    finally:
        world.sqlite.close()
