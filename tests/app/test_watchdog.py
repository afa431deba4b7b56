"""The watchdog is fed by what moves, through a real socket; whatever stands still starves it."""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGTERM
from typing import Any

import pytest

from monitor.alerts.wire import to_json
from monitor.app.away import Outage
from monitor.app.live import _couriers
from monitor.app.notify import Heart, Notifier
from monitor.app.parts import Parts
from monitor.app.several import Alternate
from monitor.app.upkeep import Upkeep
from monitor.clock import SystemClock, stopwatch
from monitor.config import Settings
from monitor.devnet.stuck import StuckChannel, StuckReader
from monitor.errors import Transient
from monitor.pipeline import State
from monitor.sources.live import Ears, Live, Polled
from monitor.sources.underway import Underway
from monitor.store.memory import MemoryStore
from monitor.store.opening import open_shared
from monitor.store.records import Change, Outgoing
from tests.some_alert import a_notice

NOON = datetime(2020, 2, 14, 17, tzinfo=UTC)
QUICK_S = 0.01


@dataclass
class Systemd:
    """The other end of $NOTIFY_SOCKET."""

    path: str
    ear: socket.socket
    heard: list[str] = field(default_factory=list)

    def listen(self) -> list[str]:
        """Return what was said since it was last asked."""
        fresh = list[str]()
        while True:
            try:
                fresh.append(self.ear.recv(4096).decode())
            except BlockingIOError:
                self.heard += fresh
                return fresh


@pytest.fixture(params=["a path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        path = f"{tmp_path}/notify"
        if request.param == "abstract":
            path = f"@{tmp_path}"
        ear.bind(path.replace("@", "\0"))
        ear.setblocking(False)
        yield Systemd(path, ear)


def test_it_says_what_the_protocol_has_it_say(systemd: Systemd) -> None:
    notifier = Notifier(systemd.path)
    before = stopwatch() * 1e6
    notifier.ready()
    notifier.reloading()
    notifier.status("watching\nethereum")
    notifier.alive()
    notifier.stopping()
    ready, reloading, *rest = systemd.listen()
    assert ready == "READY=1"
    assert rest == ["STATUS=watching ethereum", "WATCHDOG=1", "STOPPING=1"]
    first, second = reloading.split("\n")
    assert first == "RELOADING=1"
    name, _, micros = second.partition("=")
    assert name == "MONOTONIC_USEC"
    assert before <= int(micros) <= stopwatch() * 1e6 + 1


def test_who_does_not_listen_holds_up_nothing(systemd: Systemd) -> None:
    notifier = Notifier(systemd.path)
    for _ in range(5000):  # more than any queue of a socket holds
        notifier.alive()
    Notifier("").alive()
    Notifier("/nowhere/at/all").alive()
    assert 0 < len(systemd.listen()) < 5000


def test_a_heart_beats_when_all_have_moved_and_not_for_one_that_moves_much() -> None:
    beats = list[int]()
    heart = Heart(frozenset({"a", "b"}), lambda: beats.append(1))
    for _ in range(10):
        heart.moved("a")
    assert (beats, heart.still()) == ([], ["b"])
    heart.moved("b")
    assert len(beats) == 1
    heart.moved("b")
    assert (len(beats), heart.still()) == (1, ["a"])


def test_a_heart_tells_what_stands_still_and_for_how_long_it_must() -> None:
    now = [0.0]
    heart = Heart(frozenset({"a", "b"}), lambda: None, lambda: now[0])
    heart.moved("a")
    now[0] = 44.9
    assert not heart.still(45)
    now[0] = 45.0
    assert heart.still(45) == ["b"]
    heart.moved("b")
    assert not heart.still(45)


async def test_what_stands_still_is_logged_once_by_what_still_moves(
    systemd: Systemd, caplog: pytest.LogCaptureFixture
) -> None:
    seconds = [0.0]

    async def act(rig: Rig) -> None:
        await rig.beats(2)
        rig.channel.stuck = True
        rig.store.commit(Change(alerts=(alert("one"),)))
        await rig.until(lambda: rig.store.outbox.due("stuck", NOON, 1)[0].tries, "a send")
        await rig.starves()
        assert not [one for one in caplog.messages if "nothing moved" in one]
        seconds[0] = 60.0
        await rig.starves()
        told = [one for one in caplog.messages if "nothing moved" in one]
        assert told == ["courier stuck: nothing moved for 45 s, the watchdog waits for it"]

    await performed(systemd, act, seconds=lambda: seconds[0])


def test_work_is_overdue_when_it_has_not_ended_after_it_was_cut_off() -> None:
    now = [0.0]
    underway = Underway(grace_s=30, seconds=lambda: now[0])
    with underway.doing("ethereum", 10):
        now[0] = 40
        assert underway.overdue() == ()
        now[0] = 40.1
        assert underway.overdue() == ("ethereum",)
    assert underway.overdue() == ()


# --- road, polls and couriers as the daemon has them --------------------------------------------


@dataclass
class Rig:
    """The parts of a daemon that must move, each of which can be held up."""

    systemd: Systemd
    channel: StuckChannel
    reader: StuckReader
    store: MemoryStore
    road: asyncio.Event
    taken: int = 0

    async def until(self, reached: Callable[[], object], what: str) -> None:
        began = stopwatch()
        while not reached():
            assert stopwatch() - began < 20, f"never: {what}"
            await SystemClock().sleep(0.002)

    async def beats(self, more: int) -> None:
        """Wait until the watchdog has been fed so many times more."""
        self.systemd.listen()
        self.systemd.heard.clear()
        await self.until(
            lambda: self.systemd.listen() is None or self.systemd.heard.count("WATCHDOG=1") >= more,
            f"{more} beats",
        )

    async def starves(self) -> None:
        """See that nothing feeds it any more, though all else goes on."""
        for what in ("what was under way", "everything"):  # it may have lacked one part alone
            self.systemd.listen()
            self.systemd.heard.clear()
            taken = self.taken
            if self.road.is_set():
                await self.until(lambda taken=taken: self.taken >= taken + 20, what)
            else:
                await SystemClock().sleep(20 * QUICK_S)
            self.systemd.listen()
            assert self.systemd.heard.count("WATCHDOG=1") <= (what != "everything")


def alert(idem: str) -> Outgoing:
    told = a_notice(NOON, idem=idem, key=idem)
    return Outgoing(
        idem=idem, key=idem, alert_id=told.id, at=NOON, payload=to_json(told), channels=("stuck",)
    )


async def performed(
    systemd: Systemd, act: Callable[[Rig], Any], *, seconds: Callable[[], float] = stopwatch
) -> None:
    clock, stop = SystemClock(), asyncio.Event()
    store, channel = MemoryStore(now=NOON), StuckChannel(stuck=False)
    reader, road = StuckReader(stuck=False), asyncio.Event()
    road.set()
    rig = Rig(systemd, channel, reader, store, road)
    parts = Parts(
        settings=Settings(),
        clock=clock,
        post=clock,
        store=store,
        channels=(channel,),
        polled=(Polled(name="main", every_s=QUICK_S, reader=reader),),
        readers={},
        requests=lambda _name: 0,
    )
    upkeep = Upkeep(parts, Notifier(systemd.path), seconds=seconds)
    couriers = _couriers(parts, upkeep, lambda _alert, _at: False)

    def pulse(_at: datetime) -> tuple[()]:
        upkeep.pulsed(live.underway)
        return ()

    ears = Ears(unheard=store.inbox.unheard, refuse=lambda _word, _why: None, pulse=pulse)
    live = Live(clock, parts.polled, ears=ears)
    live.pulse_s, live.least_s, live.underway.grace_s = QUICK_S, 0.05, 0.05

    async def drive() -> None:
        async for seen in live.observations(stop):
            await road.wait()
            rig.taken += 1
            upkeep.took(seen, State())
            couriers[0].poke()

    async with asyncio.TaskGroup() as group:
        group.create_task(drive())
        group.create_task(couriers[0].run(stop))
        try:
            await act(rig)
        finally:  # else a failure would hang, where it should be told
            channel.freed.set()
            reader.freed.set()
            stop.set()


async def test_it_is_fed_while_all_moves_and_told_once_that_all_has_begun(
    systemd: Systemd,
) -> None:
    async def act(rig: Rig) -> None:
        await rig.until(rig.systemd.listen, "a word")
        assert rig.systemd.heard.count("READY=1") == 1
        await rig.beats(5)
        assert "READY=1" not in rig.systemd.heard

    await performed(systemd, act)


async def test_a_channel_that_hangs_starves_it(systemd: Systemd) -> None:
    async def act(rig: Rig) -> None:
        await rig.beats(2)
        rig.channel.stuck = True
        rig.store.commit(Change(alerts=(alert("one"),)))
        await rig.until(lambda: rig.store.outbox.due("stuck", NOON, 1)[0].tries, "a send")
        await rig.starves()
        rig.channel.freed.set()
        await rig.beats(2)
        assert len(rig.channel.sent) == 1

    await performed(systemd, act)


async def test_a_poll_that_does_not_end_when_it_is_cut_off_starves_it(systemd: Systemd) -> None:
    async def act(rig: Rig) -> None:
        await rig.beats(2)
        rig.reader.stuck = True
        await SystemClock().sleep(0.2)  # its limit and the grace after it, made short
        await rig.starves()
        rig.reader.freed.set()
        await rig.beats(2)

    await performed(systemd, act)


async def test_a_road_that_stands_starves_it(systemd: Systemd) -> None:
    async def act(rig: Rig) -> None:
        await rig.beats(2)
        rig.road.clear()
        await rig.starves()
        rig.road.set()
        await rig.beats(2)

    await performed(systemd, act)


async def test_a_daemon_that_stands_by_is_alive_by_its_looks(
    systemd: Systemd, postgres_url: str
) -> None:
    first, second = [
        open_shared(postgres_url, now=NOON, name=name, lasts_s=60.0) for name in ("a", "b")
    ]
    with closing(first), closing(second):
        assert first.lease.take()
        led, heeded = list[str](), list[str]()

        async def lead() -> None:
            led.append("b")

        alternate = Alternate(
            shared=second,
            clock=QuickClock(),
            carriers=lambda _stack: [],
            hush=lambda _alert, _now: False,
            lead=lead,
            outage=Outage(name="b", clock=QuickClock(), people=lambda _stack: []),
            heed=lambda: heeded.append("b"),
            notifier=Notifier(systemd.path),
        )
        async with asyncio.TaskGroup() as group:
            task = group.create_task(alternate.run())
            while systemd.heard.count("WATCHDOG=1") < 3:
                systemd.listen()
                await asyncio.wait({task}, timeout=QUICK_S)
            os.kill(os.getpid(), SIGTERM)
        assert systemd.heard[:2] == ["READY=1", "STATUS=b stands by"]
        assert not led
        assert len(heeded) >= 3


async def test_a_daemon_that_waits_for_its_store_is_ready_and_alive(systemd: Systemd) -> None:
    """Else systemd would end it as one that does not start, before anybody was told."""
    tries = 0

    def opener() -> int:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise Transient("db is away: Connection refused")
        return tries

    outage = Outage(
        name="b",
        clock=QuickClock(),
        people=lambda _stack: [],
        notifier=Notifier(systemd.path),
    )
    assert await outage.there(opener) == 3
    systemd.listen()
    waits = "STATUS=b waits for the store: db is away: Connection refused"
    assert systemd.heard == ["READY=1\nWATCHDOG=1", waits] * 2


class QuickClock(SystemClock):
    """Sleeps a hundredth of what it is asked to."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / 100)
