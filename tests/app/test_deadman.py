"""Calls to a dead-man's server: what is called when, and that it holds up nothing."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from monitor.alerts.wire import to_json
from monitor.app.alive import digest
from monitor.app.deadman import Deadman
from monitor.app.parts import Parts
from monitor.app.sight import Sight
from monitor.app.upkeep import Upkeep
from monitor.chain.settings import ChainSettings
from monitor.channels.port import MemoryChannel
from monitor.clock import ManualClock, SteadyClock, SystemClock, stopwatch
from monitor.config import Settings
from monitor.config.service import AliveSettings, DeadmanSettings
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.logs import Secret
from monitor.model.observation import Block, Gap, Readings, Snapshot
from monitor.pipeline import State
from monitor.store.courier import Courier
from monitor.store.holding import HoldingStore
from monitor.store.memory import MemoryStore
from monitor.store.port import Store
from monitor.store.records import Change, Outgoing

NOON = datetime(2020, 2, 14, 17, tzinfo=UTC)
UUID = "5d1dca9e-canary-4ary-canary-0123456789ab"


@dataclass
class Server:
    """Keeps what it was asked. status: of its answers; None hangs until the test ends."""

    status: int | None = 200
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    url: str = ""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append((request.method, request.path_qs, await request.text()))
        if self.status is None:
            await self.over.wait()
        return web.Response(status=self.status or 200)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", made.answer)
    test_server = TestServer(app)
    await test_server.start_server(access_log=None)
    made.url = str(test_server.make_url(f"/{UUID}"))
    yield made
    made.over.set()
    await test_server.close()


@dataclass
class Watch:
    """A dead-man's call, and what it is told."""

    clock: ManualClock
    wrong: str = ""
    cycles: int = 0

    async def passes(self, seconds: float) -> None:
        await self.clock.advance(seconds)

    async def until(self, reached: Callable[[], object]) -> None:
        began = stopwatch()
        while not reached():
            assert stopwatch() - began < 10
            await SystemClock().sleep(0.002)


async def told(server: Server, act: Any, *, query: str = "") -> None:
    watch, stop = Watch(ManualClock(NOON)), asyncio.Event()
    async with httpx.AsyncClient() as client, asyncio.TaskGroup() as group:
        deadman = Deadman(
            url=Secret(server.url + query),
            every_s=60,
            clock=watch.clock,
            wrong=lambda: watch.wrong,
            cycles=lambda: watch.cycles,
            client=client,
        )
        group.create_task(deadman.run(stop))
        await watch.until(lambda: server.asked)
        await act(watch)
        stop.set()


def paths(server: Server) -> list[str]:
    return [f"{method} {path.removeprefix(f'/{UUID}')}" for method, path, _ in server.asked]


async def test_start_then_well_after_good_cycles_alone_then_fail_with_the_reason(
    server: Server,
) -> None:
    async def act(watch: Watch) -> None:
        await watch.passes(61)  # nothing was read yet: no call
        watch.cycles = 3
        await watch.passes(60)
        await watch.until(lambda: len(server.asked) == 2)
        await watch.passes(60)  # nothing new since
        watch.wrong = f"ethereum not seen for 6 m: {server.url} is gone"
        await watch.passes(60)
        await watch.until(lambda: len(server.asked) == 3)
        await watch.passes(120)  # told once
        watch.wrong, watch.cycles = "", 4
        await watch.passes(60)
        await watch.until(lambda: len(server.asked) == 4)

    await told(server, act)
    assert paths(server) == ["GET /start", "GET ", "POST /fail", "GET "]
    reason = server.asked[2][2]
    assert reason.startswith("ethereum not seen for 6 m: ")
    assert UUID not in reason


async def test_a_failure_that_was_not_taken_is_told_again(server: Server) -> None:
    async def act(watch: Watch) -> None:
        server.status, watch.wrong = 503, "blind"
        await watch.passes(60)
        await watch.until(lambda: len(server.asked) == 2)
        server.status = 200
        await watch.passes(60)
        await watch.until(lambda: len(server.asked) == 3)

    await told(server, act)
    assert paths(server) == ["GET /start", "POST /fail", "POST /fail"]


async def test_a_query_stays_where_it_is(server: Server) -> None:
    async def act(watch: Watch) -> None:
        watch.cycles = 1
        await watch.passes(60)
        await watch.until(lambda: len(server.asked) == 2)

    await told(server, act, query="?rid=1")
    assert paths(server) == ["GET /start?rid=1", "GET ?rid=1"]


async def test_an_outage_is_logged_once_without_the_url(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "monitor")

    async def act(watch: Watch) -> None:
        server.status = 500
        for cycle in (1, 2, 3):
            watch.cycles = cycle
            await watch.passes(60)
            await watch.until(lambda cycle=cycle: len(server.asked) == 1 + cycle)
        server.status = 200
        await watch.passes(60)
        await watch.until(lambda: len(server.asked) == 5)

    await told(server, act)
    assert [record.getMessage() for record in caplog.records] == [
        "the dead-man call fails: HTTP status 500",
        "the dead-man call works again",
    ]
    assert UUID not in caplog.text


async def test_a_server_that_hangs_ends_with_the_stop_and_not_before(server: Server) -> None:
    """Its task alone waits; the loop goes on."""

    async def act(watch: Watch) -> None:
        server.status, watch.cycles = None, 1
        await watch.passes(60)
        await watch.until(lambda: len(server.asked) == 2)
        for _ in range(50):
            await SystemClock().sleep(0)
        assert not server.over.is_set()
        ends.append(stopwatch())

    ends = list[float]()
    await told(server, act)
    assert stopwatch() - ends[0] < 5, "well before a call's own ten seconds"


# --- what counts as seeing ---------------------------------------------------------------------


def snapshot(chain: str) -> Snapshot:
    block = Block(number=1, hash="0x1", timestamp=NOON)
    return Snapshot(observed_at=NOON, chain=chain, chain_id=1, block=block, pools=(), positions=())


def one_of_the_day(at: datetime) -> Outgoing:
    alert = digest(AliveSettings(at="00:00"), State(), at)
    assert alert is not None
    return Outgoing(
        idem=alert.idem,
        key=alert.idem,
        alert_id=alert.id,
        at=NOON,
        payload=to_json(alert),
        channels=("telegram",),
    )


def upkeep_of(
    settings: Settings,
    clock: ManualClock | SteadyClock,
    store: Store,
    *channels: MemoryChannel,
    seconds: Callable[[], float] = stopwatch,
) -> Upkeep:
    """Return what the daemon has, over these parts."""
    parts = Parts(
        settings=settings,
        clock=clock,
        post=clock,
        store=store,
        channels=channels,
        polled=(),
        readers={},
        requests=lambda _name: 0,
    )
    return Upkeep(parts, seconds=seconds)


ETHEREUM = {"ethereum": ChainSettings(rpc=("http://127.0.0.1:9",))}


def test_all_is_not_well_while_a_chain_is_not_seen() -> None:
    now = [0.0]
    store, settings = MemoryStore(now=NOON), Settings(chain=ETHEREUM)
    upkeep = upkeep_of(settings, ManualClock(NOON), store, seconds=lambda: now[0])
    now[0] = 301
    assert upkeep.wrong() == "ethereum not seen for 5 m: no newer block"
    upkeep.took(snapshot("ethereum"), State())
    assert upkeep.wrong() == ""


def test_all_is_not_well_while_the_store_takes_nothing_or_cannot_be_read() -> None:
    disk = Refusing(now=NOON)
    store = HoldingStore(disk)
    upkeep = upkeep_of(Settings(), ManualClock(NOON), store)
    for _ in range(2):
        store.commit(Change())
    assert upkeep.wrong() == "the store takes nothing: no room"
    disk.full = False
    store.commit(Change())
    assert upkeep.wrong() == ""


class Refusing(MemoryStore):
    """A store whose disk is full."""

    full = True

    def commit(self, *changes: Change) -> None:
        if self.full:
            raise Transient("no room")
        super().commit(*changes)


def test_all_is_not_well_while_the_clock_is_not_believed() -> None:
    clock = SteadyClock(ManualClock(NOON))
    upkeep = upkeep_of(Settings(), clock, MemoryStore(now=NOON))
    assert upkeep.wrong() == ""
    clock.begin(NOON - timedelta(hours=1))
    assert upkeep.wrong() == "this machine's clock is 1:00:00 ahead of the newest block"


async def test_a_poll_that_failed_is_no_good_one(server: Server, tmp_path: Path) -> None:
    (tmp_path / "ping").write_text(server.url)
    (tmp_path / "ping").chmod(0o600)
    given = Settings(chain=ETHEREUM, deadman=DeadmanSettings(url=f"file:{tmp_path}/ping"))
    watch, stop, now = Watch(ManualClock(NOON)), asyncio.Event(), [0.0]
    store = MemoryStore(now=NOON)
    upkeep = upkeep_of(given, watch.clock, store, seconds=lambda: now[0])
    async with asyncio.TaskGroup() as group:
        group.create_task(upkeep.watch(stop))
        await watch.until(lambda: server.asked)
        upkeep.took(Gap(source="ethereum", observed_at=NOON, reason="401"), State())
        upkeep.took(Readings(source="vix", observed_at=NOON, readings=()), State())
        await watch.passes(61)
        now[0] = 301
        await watch.passes(60)
        await watch.until(lambda: server.asked[-1][0] == "POST")
        upkeep.took(snapshot("ethereum"), State())
        await watch.passes(60)
        await watch.until(lambda: server.asked[-1][0] == "GET")
        stop.set()
    assert paths(server) == ["GET /start", "POST /fail", "GET "]


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        pytest.param(Permanent("chat not found"), "telegram: chat not found", id="it is dead"),
        pytest.param(
            Transient("401: the token is refused", refused=True),
            "telegram: 401: the token is refused",
            id="it does not let us in",
        ),
        pytest.param(Transient("no route"), "telegram: alerts wait for 11 m", id="it is away"),
    ],
)
async def test_all_is_not_well_while_a_channel_tells_people_nothing(
    failure: HedgewatchError, told: str
) -> None:
    """With one channel the call is all that can tell of it."""
    clock, store = ManualClock(NOON), MemoryStore(now=NOON)
    channel = MemoryChannel(name="telegram", failures=[failure] * 3)
    courier = Courier(store, channel, clock, lambda: 0.5)
    upkeep = upkeep_of(Settings(), clock, store, channel)
    upkeep.couriers = [courier]
    assert upkeep.wrong() == ""
    store.commit(Change(alerts=(one_of_the_day(NOON),)))
    await courier.deliver_due(NOON)
    await clock.advance(660)
    assert upkeep.wrong().startswith(told)
    channel.failures.clear()
    store.commit(Change(alerts=(one_of_the_day(NOON + timedelta(days=1)),)))
    await courier.deliver_due(NOON + timedelta(hours=1))
    assert len(channel.sent) == (1 if isinstance(failure, Permanent) else 2)
    assert upkeep.wrong() == ""


def test_a_chain_is_seen_until_five_minutes_or_five_polls_after_its_last_snapshot() -> None:
    now = [0.0]
    sight = Sight({"ethereum": 12.0, "slow": 120.0}, seconds=lambda: now[0])
    now[0] = 300
    assert sight.blind() == ""
    now[0] = 301
    assert sight.blind() == "ethereum not seen for 5 m: no newer block"
    sight.took(Gap(source="ethereum", observed_at=NOON, reason="HTTP status 401"))
    sight.took(Gap(source="vix", observed_at=NOON, reason="of no chain"))
    assert sight.blind() == "ethereum not seen for 5 m: HTTP status 401"
    sight.took(snapshot("ethereum"))
    assert sight.blind() == ""
    now[0] = 601
    assert sight.blind() == "slow not seen for 10 m: no newer block"
    now[0] = 602
    assert sight.blind() == (
        "ethereum not seen for 5 m: no newer block; slow not seen for 10 m: no newer block"
    )
