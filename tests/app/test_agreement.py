"""The whole daemon with two endpoints that must agree, one of which can be made to lie."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from monitor.app.live import run
from monitor.clock import SystemClock
from monitor.devnet.local_chain import Devnet
from monitor.store.records import Poll
from monitor.store.sqlite import open_sqlite

RULES = """\
schema = 1
[pack]
id = "deep"
title = "A price too low"
evidence = "claim"
sources = []
[[rule]]
id = "deep.low"
scope = "pool"
action = "notify"
severity = "critical"
when = 'pool.price < 200.0'
text = "{pool.price:,.2f}"
"""


class Liar:
    """Stands before the node, and tells another hash of every block while it lies."""

    def __init__(self, devnet: Devnet) -> None:
        self.lying = False
        self._node = devnet.url

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json()
        async with ClientSession() as session, session.post(self._node, json=body) as response:
            told = await response.json()
        if self.lying and not isinstance(body, list) and body["method"] == "eth_getBlockByNumber":
            told["result"]["hash"] = "0x" + "ab" * 32
        return web.json_response(told)


class Watch:
    """The daemon as it runs: its console, its store, and the story's clock."""

    def __init__(self, folder: Path, devnet: Devnet, rpc: list[str]) -> None:
        made = devnet.deployment
        self.folder, self.console, self.devnet = folder, io.StringIO(), devnet
        (folder / "deep.toml").write_text(RULES)
        self.config = folder / "config.toml"
        self.config.write_text(
            f"""\
instance = "test"
[clock]
scenario = "{folder / "clock"}"
[store]
url = "sqlite:///{folder / "watch.db"}"
[chain.devnet]
rpc = {json.dumps(rpc)}
chain_id = {devnet.chain_id}
manager = "{made.manager}"
poll_s = 0.02
behind = 0
agree = true
agree_grace_s = 60
lag_s = 86400
[feeds]
vix = []
"vx.settle" = []
"eth.price" = []
"dvol.eth" = []
[[watch]]
chain = "devnet"
pool = "{made.pool}"
[rules]
enabled = ["deep"]
folder = "{folder}"
"""
        )

    async def at(self, seconds: float) -> None:
        """Set the clock so long after the chain's head."""
        now = (await self.devnet.head()).timestamp + timedelta(seconds=seconds)
        (self.folder / "new").write_text(now.isoformat())
        (self.folder / "new").rename(self.folder / "clock")

    async def until(self, reached: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not reached():
                await SystemClock().sleep(0.01)

    def gaps(self) -> str:
        return "\n".join(poll.gap or "" for poll in self._polls())

    def reads(self, number: int) -> bool:
        return any(poll.number == number for poll in self._polls())

    def _polls(self) -> list[Poll]:
        url = f"sqlite:///{self.folder / 'watch.db'}"
        with closing(open_sqlite(url, now=SystemClock().now())) as store:
            return list(store.history.polls("devnet", 500))


@pytest.fixture
async def watch(
    tmp_path: Path, devnet: Devnet
) -> AsyncIterator[Callable[..., Awaitable[tuple[Watch, Liar]]]]:
    liar, tasks = Liar(devnet), list[asyncio.Task[None]]()
    app = web.Application()
    app.router.add_post("/", liar.handle)
    server = TestServer(app)
    await server.start_server()

    async def start() -> tuple[Watch, Liar]:
        made = Watch(tmp_path, devnet, [devnet.url, str(server.make_url("/")).rstrip("/")])
        await made.at(0)
        tasks.append(asyncio.ensure_future(run(made.config, made.console)))
        await made.until((tmp_path / "watch.db").exists)
        return made, liar

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await server.close()


async def test_a_critical_alert_waits_for_a_second_endpoint_and_then_goes_out_plain(
    watch: Any, devnet: Devnet
) -> None:
    made, liar = await watch()
    first = (await devnet.head()).number
    await made.until(lambda: made.reads(first))
    liar.lying = True
    await devnet.swap_to(190)
    await made.at(1)
    await made.until(lambda: "differ on block" in made.gaps())
    assert "withheld until" in made.gaps()
    assert made.console.getvalue() == ""
    liar.lying = False
    await made.until(lambda: "190." in made.console.getvalue())
    assert "UNCONFIRMED" not in made.console.getvalue()


async def test_a_critical_alert_that_nobody_confirms_goes_out_after_the_grace_and_says_so(
    watch: Any, devnet: Devnet
) -> None:
    made, liar = await watch()
    first = (await devnet.head()).number
    await made.until(lambda: made.reads(first))
    liar.lying = True
    await devnet.swap_to(190)
    await made.at(1)
    await made.until(lambda: "differ on block" in made.gaps())
    assert made.console.getvalue() == ""
    await made.at(62)
    await made.until(lambda: "190." in made.console.getvalue())
    assert "UNCONFIRMED" in made.console.getvalue()
