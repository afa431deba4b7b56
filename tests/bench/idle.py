"""`idle`: the daemon itself, with a hundred positions and nothing to say, minute after minute."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from subprocess import Popen
from time import perf_counter

from aiohttp import web

from monitor.clock import SystemClock
from monitor.devnet.broker import Broker
from monitor.devnet.cboe_server import CboeServer
from monitor.devnet.child import end, spawn
from monitor.store.sqlite import open_sqlite
from tests.bench.table import Figure, Table
from tests.bench.world import World

POSITIONS = 100
_CLOCK = SystemClock()
_WARM_UP_S = 15.0
_LONG_POLL_S = 25
_LEAST_READ = 0.75  # of the blocks: two may come between two polls
_REACH = 3  # ticks, or hundredths of a percent: what a price does in a second
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_BOT_TOKEN = "123456789:" + "AAbench-bench_bench-bench_bench-ben"

_CONFIG = """\
instance = "bench"
[store]
url = "sqlite:///{folder}/idle.db"
[chain.devnet]
rpc = ["{rpc}"]
chain_id = {chain_id}
manager = "{manager}"
poll_s = 1
behind = 0
[[watch]]
chain = "devnet"
wallet = "{owner}"
[usd]
pegged = ["{usdc}"]
[feeds]
vix = ["cboe"]
"dvol.eth" = []
[feed.cboe]
base_url = "{cboe.base_url}"
[feed.cboe_settlement]
base_url = "{cboe.settlement_base_url}"
[rules]
enabled = ["alvh", "crypto_dvol", "lp_range", "self"]
[channel.mqtt]
host = "{broker.host}"
port = {broker.port}
[channel.telegram]
token = "file:{folder}/token"
chat = -100
base_url = "{bot}"
commands.read = [1]
"""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a process has used. cpu_s: without its children; resident, peak: bytes."""

    cpu_s: float
    resident: int
    peak: int


async def run(world: World, owner: str, folder: Path, table: Table, *, seconds: float) -> None:
    """Let the daemon watch `owner`'s positions for `seconds` after a warm-up."""
    async with Broker() as broker, CboeServer() as cboe, _bot_api() as bot:
        secret = folder / "token"
        secret.touch(0o600)
        secret.write_text(_BOT_TOKEN, encoding="ascii")
        config = folder / "config.toml"
        made = world.devnet.deployment
        told = _CONFIG.format(
            owner=owner,
            folder=folder,
            broker=broker,
            cboe=cboe,
            bot=bot,
            rpc=world.devnet.url,
            chain_id=world.devnet.chain_id,
            manager=made.manager,
            usdc=made.usdc,
        )
        config.write_text(told, encoding="utf-8")
        log = folder / "daemon.log"
        with log.open("wb") as out:
            daemon = spawn([sys.executable, "-m", "monitor", "run", "--config", config], output=out)

            def must_live() -> None:
                if daemon.poll() is not None:
                    raise RuntimeError("the daemon ended: " + log.read_text("utf-8")[-2000:])

            try:
                await _blocks(world, _WARM_UP_S)
                must_live()
                since, before, began = _CLOCK.now(), _usage(daemon), perf_counter()
                await _blocks(world, seconds)
                after, took = _usage(daemon), perf_counter() - began
                must_live()
            finally:
                end(daemon)
    read = _blocks_read(folder, since)
    assert read >= _LEAST_READ * seconds, f"{read} blocks were read in {seconds:.0f} s"
    beside = f"{POSITIONS} positions, {read} blocks in {took:.0f} s, MQTT ({broker.kind}), Telegram"
    share = (after.cpu_s - before.cpu_s) / took * 100
    table.add(
        "idle.cpu",
        Figure(value=share, unit="% of a core", limit=5, against=f"{beside} with commands"),
    )
    table.add(
        "idle.rss",
        Figure(
            value=after.resident / 1e6,
            unit="MB",
            limit=200,
            against=f"the same; its peak: {after.peak / 1e6:.0f} MB",
        ),
    )


def _blocks_read(folder: Path, since: datetime) -> int:
    """Return how many blocks the daemon has written down since then."""
    with closing(open_sqlite(f"sqlite:///{folder}/idle.db", now=since, check=False)) as store:
        told = store.history.tally("devnet", since)
    return told.polls - told.gaps


async def _blocks(world: World, seconds: float) -> None:
    """Put a block on the chain each second, for so long."""
    began = perf_counter()
    while (gone := perf_counter() - began) < seconds:
        await world.trade(at=_CLOCK.now(), reach=_REACH)
        await _CLOCK.sleep(max(0.0, int(gone) + 1 - (perf_counter() - began)))


def _usage(process: Popen[bytes]) -> Usage:
    """Read what the kernel counts. The shim that starts a child becomes it: one process."""
    home = Path("/proc") / str(process.pid)
    fields = (home / "stat").read_text().rpartition(")")[2].split()
    status = dict(line.split(":", 1) for line in (home / "status").read_text().splitlines())
    return Usage(
        cpu_s=(int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND,
        resident=int(status["VmRSS"].split()[0]) * 1024,
        peak=int(status["VmHWM"].split()[0]) * 1024,
    )


@asynccontextmanager
async def _bot_api() -> AsyncIterator[str]:
    """Run a Bot API that takes every message; waiting for words is answered with none."""

    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("/getUpdates"):
            await _CLOCK.sleep(_LONG_POLL_S)
            return web.json_response({"ok": True, "result": []})
        if request.path.endswith("/getMe"):
            me = {"id": 1, "is_bot": True, "first_name": "b", "username": "b_bot"}
            return web.json_response({"ok": True, "result": me})
        chat = {"id": -100, "type": "group", "title": "t"}
        return web.json_response({"ok": True, "result": {"message_id": 1, "date": 1, "chat": chat}})

    app = web.Application()
    app.router.add_post("/{tail:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        yield f"http://{host}:{port}/bot"
    finally:
        await runner.cleanup()
