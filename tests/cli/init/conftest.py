"""What `init` speaks to: a chain with a position, a broker with an ear, a scripted Bot API."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from monitor.clock import SystemClock
from monitor.devnet.broker import Broker
from monitor.devnet.local_chain import Devnet
from monitor.devnet.position_book import MintOrder

ROOT = Path(__file__).parents[3]
TOKEN = "123456789:" + "AAcanary-Canary_canary-Canary_canar"
ME = {"id": 1, "is_bot": True, "first_name": "Hedge", "username": "hedge_bot"}
GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription")
CHAT = {
    "id": 7,
    "type": "private",
    "first_name": "Owner",
    "accent_color_id": 0,
    "max_reaction_count": 1,
    "accepted_gift_types": dict.fromkeys((*GIFTS, "gifts_from_channels"), True),
}
SENT = {"message_id": 5, "date": 1, "chat": {"id": 7, "type": "private"}}


@dataclass
class BotApi:
    """Answers as Telegram does, and keeps what it was asked. refused: methods by their answer."""

    url: str = ""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refused: dict[str, tuple[int, str]] = field(default_factory=dict)
    updates: list[dict[str, Any]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        self.asked.append((method, dict(await request.post())))
        if method in self.refused:
            code, why = self.refused[method]
            body = {"ok": False, "error_code": code, "description": why}
            return web.json_response(body, status=code)
        told: dict[str, Any] = {
            "getMe": ME,
            "getChat": CHAT,
            "sendChatAction": True,
            "sendMessage": SENT,
        }
        told["getUpdates"] = self.updates
        return web.json_response({"ok": True, "result": told[method]})

    def texts(self) -> list[str]:
        """Return what was written into the chat."""
        return [given["text"] for method, given in self.asked if method == "sendMessage"]


@pytest.fixture
async def bot_api() -> AsyncIterator[BotApi]:
    api, app = BotApi(), web.Application()
    app.router.add_post("/bot{token}/{method}", api.answer)
    server = TestServer(app)
    await server.start_server(access_log=None)
    api.url = str(server.make_url("/bot"))
    try:
        yield api
    finally:
        await server.close()


@dataclass(frozen=True)
class World:
    """What is there, and an empty folder to begin in."""

    folder: Path
    devnet: Devnet
    broker: Broker
    bot: BotApi
    owner: str
    token_id: int

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def chain(self) -> list[str]:
        """Return the answers about the chain, and no feed beyond this machine."""
        made = self.devnet.deployment
        told = ["--rpc", self.devnet.url, "--manager", made.manager, "--pegged", made.usdc]
        return [*told, "--packs", "self", "--feed", "vix=", "--feed", "dvol.eth="]

    async def run(self, *words: str, **environment: str) -> "Told":
        """Run `hedgewatch` in the folder, with nobody at its terminal."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "monitor", *words),
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode is not None
        told = Told(process.returncode, out.decode(), err.decode())
        assert all(len(line) <= 80 for line in told.out.splitlines()), told.out
        assert "canary" not in (told.out + told.err).lower()
        return told

    def left(self) -> set[str]:
        """Return what lies in the folder."""
        return {str(one.relative_to(self.folder)) for one in self.folder.rglob("*")}


@dataclass(frozen=True)
class Told:
    status: int
    out: str
    err: str


@pytest.fixture
async def world(tmp_path: Path, devnet: Devnet, broker: Broker, bot_api: BotApi) -> World:
    """A chain whose newest block is of now, with one position of a wallet."""
    owner = devnet.deployment.wallets[0]
    order = MintOrder(owner=owner, price_lower=200, price_upper=300, value_usd=100_000.0)
    (token_id,) = await devnet.mint_many([order])
    await devnet.mine(at=SystemClock().now())
    return World(tmp_path, devnet, broker, bot_api, owner, token_id)


@pytest.fixture
async def events(broker: Broker) -> AsyncIterator["asyncio.Queue[tuple[str, str]]"]:
    """What a consumer hears under `hedgewatch/`, topic and payload."""
    heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def listen(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            heard.put_nowait((message.topic.value, message.payload.decode()))

    async with (
        aiomqtt.Client(broker.host, broker.port) as client,
        asyncio.TaskGroup() as group,
    ):
        await client.subscribe("hedgewatch/#", qos=1)
        task = group.create_task(listen(client), name="ear")
        yield heard
        task.cancel()


@pytest.fixture
def lone(tmp_path: Path) -> World:
    """An empty folder, and nothing to speak to."""
    nothing: Any = None
    return World(tmp_path, nothing, nothing, nothing, "", 0)
