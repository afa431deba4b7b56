"""A silence from the command line to a chat: a real daemon, broker and a local Bot API server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from monitor.timetravel.story import moments
from tests.app.conftest import said

FIRST = next(moments())
POLICY = """\
[alerts.severity]
mqtt = "warning"
[[alerts.route]]
match = { rule = "L3.add" }
channels = ["mqtt"]
[channel.mqtt]"""


@dataclass
class Chat:
    """What the bot has sent."""

    sent: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        given = await request.post()
        if request.path.endswith("/sendMessage"):
            self.sent.append(str(given["text"]))
        chat = {"id": -100, "type": "group", "title": "t"}
        return web.json_response({"ok": True, "result": {"message_id": 1, "date": 1, "chat": chat}})


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
async def play(set_stage: Any, watching: Any, serve: Any, chat: Chat) -> AsyncIterator[Any]:
    """A daemon with a policy and a chat, before anything has happened."""
    play = await set_stage("alvh")
    server = await serve(chat.answer)
    token = play.stage.folder / "token"
    token.write_text("123456789:AAcanary-Canary_canary-Canary_canar")
    token.chmod(0o600)
    telegram = f'[channel.telegram]\ntoken = "file:{token}"\nchat = -100\n'
    telegram += f'base_url = "{server.url}/bot"\n'
    play.edit("[channel.mqtt]", telegram + POLICY)
    play.stage.cboe.set_settlements(FIRST.at.date(), FIRST.settlements)
    play.stage.set_clock(FIRST.at)
    async with watching(play.stage.config):
        await play.until(play.blocks, "a first block")
        yield play


async def test_a_silence_is_kept_and_its_end_tells_again(play: Any, chat: Chat) -> None:
    (heard,) = await said(play, "silence", "layer=L*", "--for", "4h", "--reason", "the roof")
    _, name, *what = heard.split()
    assert " ".join(what) == "of layer=L* until 2020-02-15 02:30 UTC"
    play.stage.cboe.set_quote(13.68, FIRST.at - timedelta(minutes=75))
    await play.until(lambda: "L2.add" in play.firing(), "the add of layer 2")
    await play.until(lambda: not play.owed(), "all of it on MQTT")
    (add,) = [event for event in play.store.history.events() if event.key == "L2.add|book"]
    shown, log, outbox = await asyncio.gather(
        said(play, "silences"), said(play, "log"), said(play, "outbox")
    )
    assert shown[0] == f"{name}  until 2020-02-15 02:30 UTC  layer=L*"
    assert shown[1].endswith("at 2020-02-14 22:30 UTC: the roof")
    text = " ".join(" ".join(log).split())
    assert "telegram silent silenced until 2020-02-15 02:30 UTC by " in text
    assert "telegram silent left out by route 1" in text
    text = " ".join(" ".join(outbox).split())
    assert f"{add.alert_id} to telegram later: silenced until" in text
    assert not any("ADD" in one for one in chat.sent)

    assert await said(play, "unsilence", name.lower()) == [f"silence {name} is over"]
    await play.until(lambda: any("STILL ADD" in one for one in chat.sent), "the add, told again")
    text = "\n".join(chat.sent)
    assert "goes on at the end of the silence by" in text
    assert "STILL ADD · L3" not in text, "whose route leaves the chat out"
    why = await said(play, "why", add.alert_id)
    assert max(map(len, (*shown, *log, *outbox, *why))) <= 80
    text = " ".join(" ".join(why).split())
    assert "telegram silent silenced until 2020-02-15 02:30 UTC by" in text
    assert "telegram sent goes on at the end of the silence by" in text
