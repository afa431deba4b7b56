"""Questions by Telegram, against a local Bot API server that hands out updates."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from monitor.channels.settings import CommandSettings, TelegramSettings
from monitor.channels.telegram import TelegramChannel
from monitor.channels.telegram_commands import TelegramCommands
from monitor.clock import SystemClock

AT = datetime(2026, 11, 20, 14, 31, 7, tzinfo=UTC)
TOKEN = "123456789:" + "AAcanary-Canary_canary-Canary_canar"
OWNER, STRANGER, CHAT = 501, 502, -100


@dataclass
class BotApi:
    """Hands out each batch of updates once, then waits; a number is an HTTP status instead."""

    batches: list[list[dict[str, Any]] | int]
    sent: list[str] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    url: str = ""
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        given = await request.post()
        if request.match_info["method"] == "sendMessage":
            self.sent.append(str(given["text"]))
            chat = {"id": CHAT, "type": "group", "title": "t"}
            return web.json_response(
                {"ok": True, "result": {"message_id": 1, "date": 1, "chat": chat}}
            )
        self.offsets.append(int(str(given.get("offset", 0))))
        if not self.batches:
            self.idle.set()
            await asyncio.Event().wait()
        batch = self.batches.pop(0)
        if isinstance(batch, int):
            body = {"ok": False, "error_code": batch, "description": "Bad Gateway"}
            return web.json_response(body, status=batch)
        return web.json_response({"ok": True, "result": batch})


def asked(
    number: int, text: str, *, user: int = OWNER, chat: int = CHAT, at: datetime = AT
) -> dict[str, Any]:
    return {
        "update_id": number,
        "message": {
            "message_id": number,
            "date": int(at.timestamp()),
            "chat": {"id": chat, "type": "group", "title": "t"},
            "from": {"id": user, "is_bot": False, "first_name": "x"},
            "text": text,
        },
    }


@asynccontextmanager
async def heard(
    tmp_path: Path, *batches: Any, read: tuple[int, ...] = (OWNER,)
) -> AsyncIterator[BotApi]:
    """Run commands until every batch was taken and the next poll waits."""
    api = BotApi(list(batches))
    app = web.Application()
    app.router.add_post("/bot{token}/{method}", api.answer)
    server = TestServer(app)
    await server.start_server(access_log=None, shutdown_timeout=0.1)
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    settings = TelegramSettings(
        token=f"file:{tmp_path}/token",
        chat=CHAT,
        base_url=str(server.make_url("/bot")),
        commands=CommandSettings(read=read),
    )
    clock = Story()
    channel = TelegramChannel(settings, clock=clock)
    commands = TelegramCommands(settings, channel, answer=answer, clock=clock)
    stop = asyncio.Event()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(commands.run(stop), name="commands")
            async with asyncio.timeout(10):
                await api.idle.wait()
            yield api
            stop.set()
    finally:
        await channel.close()
        await server.close()


def answer(name: str) -> str:
    return f"answer to {name}" if name != "/fail" else str(1 // 0)


class Story:
    """A clock that stands at the story's moment; sleeping on it costs a moment."""

    lead = timedelta(minutes=1)

    def now(self) -> datetime:
        return AT

    async def sleep(self, seconds: float) -> None:
        await SystemClock().sleep(min(seconds, 0.01))


async def test_the_owner_is_answered_and_no_update_is_asked_for_twice(tmp_path: Path) -> None:
    async with heard(tmp_path, [asked(7, "/status"), asked(8, "/positions@hedge_bot now")]) as api:
        assert api.sent == ["answer to /status", "answer to /positions"]
        assert api.offsets == [0, 9]


@pytest.mark.parametrize(
    "update",
    [
        pytest.param(asked(1, "/status", user=STRANGER), id="a stranger in the right chat"),
        pytest.param(asked(1, "/status", chat=-7), id="the owner in another chat"),
        pytest.param(asked(1, "/status", at=AT - timedelta(minutes=11)), id="an old question"),
        pytest.param(asked(1, "good morning"), id="talk that is no command"),
        pytest.param({"update_id": 1}, id="an update of another kind"),
    ],
)
async def test_what_gets_silence(tmp_path: Path, update: dict[str, Any]) -> None:
    async with heard(tmp_path, [update]) as api:
        assert api.sent == []
        assert api.offsets == [0, 2]


async def test_an_empty_list_means_nobody(tmp_path: Path) -> None:
    async with heard(tmp_path, [asked(1, "/status")], read=()) as api:
        assert api.sent == []


async def test_an_answer_that_fails_is_told_and_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with heard(tmp_path, [asked(1, "/fail")], [asked(2, "/status")]) as api:
        assert api.sent == ["/fail failed: see the log", "answer to /status"]
    assert "ZeroDivisionError" in caplog.text


async def test_updates_that_make_no_sense_are_an_outage_and_not_an_end(tmp_path: Path) -> None:
    async with heard(tmp_path, [{"nobody": 1}], [asked(2, "/status")]) as api:
        assert api.sent == ["answer to /status"]


async def test_an_outage_is_told_once_and_its_end_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with heard(tmp_path, 502, 502, [asked(1, "/status")]) as api:
        assert api.sent == ["answer to /status"]
    told = [one.message for one in caplog.records if "telegram commands" in one.message]
    assert len(told) == 2
    assert "Bad Gateway" in told[0]
    assert told[1] == "telegram commands are heard again"
    assert TOKEN not in json.dumps(told)
