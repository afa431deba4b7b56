"""A person's words by Telegram, from a local Bot API server to the layers of a real daemon."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from monitor.alerts.wire import from_json
from monitor.timetravel.story import moments

FIRST = next(moments())
OWNER, STRANGER, READER, CHAT = 501, 502, 503, -100
ME = {"id": 123456789, "is_bot": True, "first_name": "b", "username": "b_bot"}
CALLS = "vix.call 2020-06-17 18"


@dataclass
class Phone:
    """A chat with the bot: `say` types into it, `sent` is what the bot answered."""

    updates: list[dict[str, Any]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def press(self, number: int, under: dict[str, Any], *what: str) -> None:
        """Press the button of a message the bot sent that says all of this."""
        rows = json.loads(under["reply_markup"])["inline_keyboard"]
        said = [one["callback_data"] for row in rows for one in row]
        (data,) = [one for one in said if set(what) <= set(one.split(":"))]
        message = {
            "message_id": 900, "date": int(FIRST.at.timestamp()), "text": "ADD",
            "chat": {"id": CHAT, "type": "group", "title": "t"},
            "reply_markup": {"inline_keyboard": rows},
        }  # fmt: skip
        by = {"id": OWNER, "is_bot": False, "first_name": "Ann", "username": "ann"}
        query = {"id": f"q{number}", "from": by, "chat_instance": "1", "message": message}
        async with self.news:
            update = {"update_id": number, "callback_query": query | {"data": data}}
            self.updates.append(update)
            self.news.notify_all()

    async def until(self, method: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a call of a method, and return what it was given."""

        def found() -> list[dict[str, Any]]:
            return [given for name, given in self.asked if name == method and holds(given)]

        async with asyncio.timeout(40), self.news:
            await self.news.wait_for(found)
        return found()[0]

    async def say(self, number: int, text: str, user: int = OWNER) -> None:
        chat = {"id": CHAT, "type": "group", "title": "t"}
        by = {"id": user, "is_bot": False, "first_name": "Ann", "username": f"ann{user}"}
        at = int(FIRST.at.timestamp())
        message = {"message_id": number, "date": at, "chat": chat, "from": by, "text": text}
        async with self.news:
            self.updates.append({"update_id": number, "message": message})
            self.news.notify_all()

    async def answers(self, count: int) -> list[str]:
        """Wait for so many answers."""
        async with asyncio.timeout(20), self.news:
            await self.news.wait_for(lambda: len(self.sent) >= count)
        return self.sent

    async def answer(self, request: web.Request) -> web.StreamResponse:
        given = await request.post()
        if request.path.endswith("/getMe"):
            return web.json_response({"ok": True, "result": ME})
        if request.path.endswith("/getUpdates") and given.get("timeout", "0") == "0":
            return web.json_response({"ok": True, "result": []})
        if request.path.endswith("/getUpdates"):
            # Whatever is asked for: a server that lost its memory delivers again.
            async with self.news:
                await self.news.wait_for(lambda: self.updates)
                result: Any = [self.updates.pop(0)]
            dated = {"Date": format_datetime(FIRST.at, usegmt=True)}
            return web.json_response({"ok": True, "result": result}, headers=dated)
        async with self.news:
            self.asked.append((request.path.rpartition("/")[2], dict(given)))
            # Alerts have a mode of their own.
            if request.path.endswith("/sendMessage") and "parse_mode" not in given:
                self.sent.append(str(given["text"]))
            self.news.notify_all()
        chat = {"id": CHAT, "type": "group", "title": "t"}
        sent = {"message_id": 1, "date": 1, "chat": chat}
        return web.json_response({"ok": True, "result": sent})


@pytest.fixture
def phone() -> Phone:
    return Phone()


@pytest.fixture
def on_air(set_stage: Any, watching: Any, serve: Any, phone: Phone) -> Callable[[], Any]:
    """Return a runner of a daemon with two users on its list, for the length of a block."""

    @asynccontextmanager
    async def runner() -> AsyncIterator[Any]:
        play = await set_stage("alvh")
        server = await serve(phone.answer)
        token = play.stage.folder / "token"
        token.write_text("123456789:AAcanary-Canary_canary-Canary_canar")
        token.chmod(0o600)
        play.edit(
            "[channel.mqtt]",
            f'[channel.telegram]\ntoken = "file:{token}"\nchat = {CHAT}\n'
            f'base_url = "{server.url}/bot"\n'
            f"[channel.telegram.commands]\nread = [{READER}]\nwrite = [{OWNER}]\n[channel.mqtt]",
        )
        play.stage.cboe.set_settlements(FIRST.at.date(), FIRST.settlements)
        play.stage.set_clock(FIRST.at)
        play.stage.cboe.set_quote(13.68, FIRST.at - timedelta(minutes=75))
        async with watching(play.stage.config):
            await play.until(lambda: "L2.add" in play.firing(), "the add of layer 2")
            yield play

    return runner


async def test_a_trade_told_by_telegram_moves_the_layer_once(phone: Phone, on_air: Any) -> None:
    async with on_air() as play:
        await phone.say(7, f"/fill L2 {CALLS} +4 @1.60", STRANGER)
        await phone.say(8, f"/fill L2 {CALLS} +4 @1.60", READER)
        await phone.say(9, f"/fill L2 {CALLS} +4 @1.60")
        await phone.say(9, f"/fill L2 {CALLS} +4 @1.60")
        await phone.say(10, "/close L1")
        await phone.say(11, "/fill L9 vix.future 2020-06-17 +1 @18.2")
        await phone.say(12, "/ack 000000")
        told = await phone.answers(6)
        on = "L2 on: 4 × VIX 17 Jun 2020 18 call"
        assert told[0].startswith("refused: you may ask here")
        assert told[1:3] == [on, on]
        assert told[3] == "refused: L1 is off: there is nothing to close"
        assert told[4].startswith("refused: no layer L9; the rules have L1, L2, L3")
        assert told[5].startswith("refused: no alert 000000 is firing")
        layer = play.state().layers["L2|book"]
        assert [(leg.contract.strike, leg.quantity) for leg in layer.legs] == [(18.0, 4)]
        assert [one.by for one in layer.journal] == ["ann501@telegram"]
        await phone.say(13, "/undo L2")
        assert (await phone.answers(7))[6].startswith("L2 off")
        assert play.store.inbox.unheard() == ()


async def test_a_reader_asks_why_and_for_the_ticket(phone: Phone, on_air: Any) -> None:
    async with on_air() as play:
        told = [from_json(event.payload) for event in play.store.history.events()]
        alert = next(one for one in told if one.rule == "L2.add")
        await phone.say(1, f"/why {alert.id.lower()}", READER)
        await phone.say(2, "/why 000000", READER)
        await phone.say(3, "/ticket L2", READER)
        await phone.say(4, "/ticket L9", READER)
        await phone.say(5, "/ticket L2 position 1:0x00:1", READER)
        await phone.say(6, "/help", READER)
        why, unknown, ticket, strange, scoped, manual = await phone.answers(6)
        assert why.startswith(f"{alert.id}  L2.add  ")
        assert [term.text for term in alert.trace if term.text not in why] == []
        assert "firing 2020-02-14 22:30Z" in why
        assert unknown.startswith("no alert 000000 is remembered\nthe newest: ")
        assert ticket.splitlines()[0] == "ADD · L2"
        assert "VIX 17 Jun 2020" in ticket
        assert "not advice" in ticket
        assert strange == "no layer L9; the rules have L1, L2, L3"
        assert scoped == "layer L2 covers the whole book: /ticket L2"
        assert "/cash P -12.50 funding" in manual
        assert "/fill L2 vix.call 2027-03-17 29 +4 @2.85" in manual


async def test_a_press_is_taken_by_the_daemon_and_the_alert_says_who(
    phone: Phone, on_air: Any
) -> None:
    async with on_air() as play:
        told = [from_json(event.payload) for event in play.store.history.events()]
        alert = next(one for one in told if one.rule == "L2.add")
        add = await phone.until("sendMessage", lambda given: alert.id in str(given["text"]))
        await phone.press(7, add, alert.id, "ack")
        edit = await phone.until("editMessageText", lambda _: True)
        assert f"{alert.id} acked by ann, " in edit["text"]
        left = json.loads(edit["reply_markup"])["inline_keyboard"]
        mine = [one["callback_data"] for row in left for one in row if alert.id in str(one)]
        assert not any(one.endswith((":ack", ":snooze")) for one in mine)
        assert play.state().instances["L2.add|book"].acked_by == "ann@telegram"
        # What is told of the alert next takes the rest of its buttons.
        await phone.say(8, f"/fill L2 {CALLS} +4 @1.60")
        await phone.until("editMessageReplyMarkup", lambda given: alert.id not in str(given))
        assert ("telegram", "message:-100:900") in play.store.load().rows
        # One that is pressed all the same does nothing, and says why.
        await phone.press(9, add, alert.id, "skip")
        answer = await phone.until("answerCallbackQuery", lambda given: "nothing" in given["text"])
        assert answer["text"].startswith(f"nothing done: {alert.id} is done since ")
