"""Telegram against a local Bot API server that answers as it is told to."""

import asyncio
import html
import os
import re
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from monitor.channels.telegram import TelegramChannel, TelegramSettings
from monitor.errors import Permanent, Transient

AT = datetime(2026, 11, 20, 14, 31, 7, tzinfo=UTC)
# Shaped like a token, and nobody's: the bot's number, a colon, 35 characters.
TOKEN = "123456789:" + "AAcanary-Canary_canary-Canary_canar"

Step = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class BotApi:
    """Answers each request with the next step of its script; the last one stays."""

    script: list[Step]
    asked: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path)
        self.asked.append({key: str(value) for key, value in (await request.post()).items()})
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return await step(request)


async def ok(_: web.Request) -> web.Response:
    chat = {"id": -100, "type": "group", "title": "t"}
    return web.json_response({"ok": True, "result": {"message_id": 1, "date": 1, "chat": chat}})


def refuse(code: int, description: str, **parameters: Any) -> Step:
    async def step(_: web.Request) -> web.Response:
        body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
        if parameters:
            body["parameters"] = parameters
        return web.json_response(body, status=code)

    return step


def page(status: int) -> Step:
    async def step(_: web.Request) -> web.Response:
        text = f"<html><body>{TOKEN}</body></html>"
        return web.Response(status=status, text=text, content_type="text/html")

    return step


def json_of(body: Any) -> Step:
    async def step(_: web.Request) -> web.Response:
        return web.json_response(body)

    return step


async def close(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def hang(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError("nobody wakes it")


@asynccontextmanager
async def bot_api(*script: Step) -> AsyncIterator[BotApi]:
    api = BotApi(list(script))
    app = web.Application()
    app.router.add_post("/bot{token}/{method}", api.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    api.url = f"http://127.0.0.1:{runner.addresses[0][1]}/bot"
    try:
        yield api
    finally:
        await runner.cleanup()


class Hand:
    """A clock moved by hand, and by those who sleep on it."""

    def __init__(self) -> None:
        self.time = AT
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def token(tmp_path: Path) -> str:
    path = tmp_path / "token"
    path.write_text(TOKEN)
    path.chmod(0o600)
    return f"file:{path}"


@asynccontextmanager
async def channel_to(
    url: str, token: str, clock: Hand | None = None, **changes: Any
) -> AsyncIterator[TelegramChannel]:
    settings = TelegramSettings(
        token=token, base_url=url, **({"chat": 42, "timeout_s": 5.0} | changes)
    )
    channel = TelegramChannel(settings, clock=clock or Hand())
    try:
        yield channel
    finally:
        await channel.close()


def untagged(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", text))


async def test_an_alert_is_sent_as_html_to_the_chat(token: str, make_message: Any) -> None:
    async with bot_api(ok) as api, channel_to(api.url, token, topic=7) as channel:
        await channel.send(make_message(title="", subject="<b>&"))
    sent = api.asked[0]
    assert api.paths == [f"/bot{TOKEN}/sendMessage"]
    assert (sent["chat_id"], sent["parse_mode"], sent["message_thread_id"]) == ("42", "HTML", "7")
    assert "&lt;b&gt;&amp;" in sent["text"]
    assert "VIX 27.4 &gt; 20.0" in sent["text"]


async def test_markup_telegram_cannot_read_is_sent_once_more_as_plain_text(
    token: str, make_message: Any
) -> None:
    wrong = refuse(400, "Bad Request: can't parse entities: Unsupported start tag")
    async with bot_api(wrong, ok) as api, channel_to(api.url, token) as channel:
        await channel.send(make_message())
    first, second = api.asked
    assert "parse_mode" not in second
    assert second["text"] == untagged(first["text"])


async def test_plain_text_that_is_refused_too_is_given_up(token: str, make_message: Any) -> None:
    wrong = refuse(400, "Bad Request: can't parse entities")
    async with bot_api(wrong) as api, channel_to(api.url, token) as channel:
        with pytest.raises(Permanent, match="refused the message"):
            await channel.send(make_message())
    assert len(api.asked) == 2


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        pytest.param(
            refuse(400, "Bad Request: chat not found"),
            r"Telegram refused the message: (Bad Request: )?[Cc]hat not found",
            id="a chat that does not exist",
        ),
        pytest.param(
            refuse(400, "Bad Request: message is too long"),
            "refused the message",
            id="a message too long",
        ),
        pytest.param(
            refuse(403, "Forbidden: bot was blocked by the user"),
            "will not let the bot write to the chat.*blocked by the user",
            id="a bot that was blocked",
        ),
    ],
)
async def test_what_no_retry_mends_is_permanent(
    step: Step, sentence: str, token: str, make_message: Any
) -> None:
    async with bot_api(step) as api, channel_to(api.url, token) as channel:
        with pytest.raises(Permanent, match=sentence):
            await channel.send(make_message())
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    ("step", "sentence", "ambiguous"),
    [
        pytest.param(
            refuse(409, "Conflict: terminated"), "another program", False, id="a conflict"
        ),
        pytest.param(refuse(500, "Internal"), "cannot be reached", False, id="a server error"),
        pytest.param(page(502), r"cannot be reached: Bad Gateway \(502\)$", False, id="a gateway"),
        pytest.param(page(200), "makes no sense", True, id="html in place of an answer"),
        pytest.param(json_of({"ok": False}), "makes no sense", True, id="json without a result"),
        pytest.param(json_of({"result": 5}), "makes no sense", True, id="json of another shape"),
        pytest.param(json_of([]), "makes no sense", True, id="json that is a list"),
        pytest.param(close, "cannot be reached", True, id="a connection closed unanswered"),
        pytest.param(hang, r"did not answer in 0\.3 s", True, id="an answer that never comes"),
    ],
)
async def test_what_may_pass_is_transient_and_ambiguous_when_it_may_have_arrived(
    step: Step, sentence: str, ambiguous: bool, token: str, make_message: Any
) -> None:
    async with bot_api(step) as api, channel_to(api.url, token, timeout_s=0.3) as channel:
        with pytest.raises(Transient, match=sentence) as caught:
            await channel.send(make_message())
    assert caught.value.ambiguous is ambiguous


async def test_a_server_that_is_not_there_was_certainly_not_reached(
    token: str, make_message: Any
) -> None:
    async with channel_to("http://127.0.0.1:1/bot", token) as channel:
        with pytest.raises(Transient) as caught:
            await channel.send(make_message())
    assert not caught.value.ambiguous


async def test_a_full_pool_sends_nothing_so_a_retry_is_safe(token: str, make_message: Any) -> None:
    async with (
        bot_api(hang) as api,
        channel_to(api.url, token, timeout_s=0.3) as channel,
        asyncio.TaskGroup() as group,
    ):
        first = group.create_task(channel._bot.send_message(42, "x", read_timeout=60))
        while not api.asked:
            await asyncio.wait({first}, timeout=0.01)
        error = await failure(channel.send, make_message())
        first.cancel()
    assert isinstance(error, Transient)
    assert not error.ambiguous


async def failure(call: Callable[..., Awaitable[Any]], *arguments: Any) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is the caller's question
        await call(*arguments)
    return caught.value


REFUSED = r"refused the token in file:.* \((Unauthorized|Not Found)\): ask @BotFather for a new one"


@pytest.mark.parametrize("step", [refuse(401, "Unauthorized"), refuse(404, "Not Found")])
@pytest.mark.parametrize("asks", [True, False], ids=["asked who it is", "given an alert"])
async def test_a_refused_token_stops_the_channel_and_costs_no_alert(
    step: Step, token: str, make_message: Any, *, asks: bool
) -> None:
    async with bot_api(step) as api, channel_to(api.url, token) as channel:
        with pytest.raises(Transient, match=REFUSED) as caught:
            await (channel.check() if asks else channel.send(make_message()))
    assert caught.value.refused
    assert (caught.value.retry_after, caught.value.ambiguous) == (timedelta(minutes=5), False)


async def me(_: web.Request) -> web.Response:
    bot = {"id": 123456789, "is_bot": True, "first_name": "b", "username": "b_bot"}
    return web.json_response({"ok": True, "result": bot})


async def test_a_bot_that_telegram_knows_is_let_in_without_a_message(token: str) -> None:
    async with bot_api(me) as api, channel_to(api.url, token) as channel:
        await channel.check()
    assert api.paths == [f"/bot{TOKEN}/getMe"]


@pytest.mark.parametrize("wrong", ["hunter2", "12345678:short", "a" * 45, TOKEN + "x"])
@pytest.mark.parametrize("step", [refuse(404, "Not Found"), page(502), close])
async def test_what_is_no_token_is_told_even_where_telegram_is_not_reached(
    wrong: str, step: Step, tmp_path: Path
) -> None:
    path = tmp_path / "wrong"
    path.write_text(wrong)
    path.chmod(0o600)
    async with bot_api(step) as api, channel_to(api.url, f"file:{path}") as channel:
        error = await failure(channel.check)
    assert isinstance(error, Transient)
    assert error.refused
    assert "is not of the form of a bot's token (digits, a colon and 35 characters)" in str(error)
    assert wrong not in "".join(traceback.format_exception(error))


async def test_a_wait_telegram_asks_for_silences_the_whole_bot(
    token: str, make_message: Any
) -> None:
    clock = Hand()
    busy = refuse(429, "Too Many Requests: retry after 3", retry_after=3)
    async with bot_api(busy, ok) as api, channel_to(api.url, token, clock) as channel:
        with pytest.raises(Transient, match="wait 3 s") as caught:
            await channel.send(make_message())
        assert caught.value.retry_after == timedelta(seconds=3)
        assert not caught.value.ambiguous
        clock.time += timedelta(seconds=2)
        with pytest.raises(Transient, match="silence") as caught:
            await channel.send(make_message())
        assert caught.value.retry_after == timedelta(seconds=1)
        assert len(api.asked) == 1
        clock.time += timedelta(seconds=1)
        await channel.send(make_message())
    assert len(api.asked) == 2


async def test_a_group_that_became_a_supergroup_is_followed_and_named(
    token: str, make_message: Any, caplog: Any
) -> None:
    moved = refuse(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-100777)
    async with bot_api(moved, ok) as api, channel_to(api.url, token, chat=-5) as channel:
        await channel.send(make_message())
        await channel.send(make_message())
    assert [one["chat_id"] for one in api.asked] == ["-5", "-100777", "-100777"]
    assert "set channel.telegram.chat to -100777" in caplog.text


async def test_messages_to_one_chat_keep_a_second_apart(token: str, make_message: Any) -> None:
    clock = Hand()
    async with bot_api(ok) as api, channel_to(api.url, token, clock) as channel:
        for _ in range(3):
            await channel.send(make_message())
    assert clock.slept == [1.0, 1.0]


async def test_a_group_gets_twenty_messages_a_minute(token: str, make_message: Any) -> None:
    clock = Hand()
    async with bot_api(ok) as api, channel_to(api.url, token, clock, chat=-5) as channel:
        for _ in range(20):
            await channel.send(make_message())
        with pytest.raises(Transient, match="20 messages a minute") as caught:
            await channel.send(make_message())
        # Nineteen pauses of a second have passed of the minute.
        assert caught.value.retry_after == timedelta(seconds=41)
        clock.time += timedelta(seconds=41)
        await channel.send(make_message())
    assert len(api.asked) == 21


async def test_the_chat_may_be_a_secret_too(tmp_path: Path, token: str, make_message: Any) -> None:
    path = tmp_path / "chat"
    path.write_text("-1001234567\n")
    path.chmod(0o600)
    async with bot_api(ok) as api, channel_to(api.url, token, chat=f"file:{path}") as channel:
        await channel.send(make_message())
    assert api.asked[0]["chat_id"] == "-1001234567"


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(refuse(401, f"Unauthorized {TOKEN}"), id="401"),
        pytest.param(refuse(403, f"Forbidden {TOKEN}"), id="403"),
        pytest.param(refuse(400, f"Bad Request: {TOKEN}"), id="400"),
        pytest.param(refuse(409, f"Conflict {TOKEN}"), id="409"),
        pytest.param(refuse(429, f"Slow {TOKEN}", retry_after=3), id="429"),
        pytest.param(refuse(418, f"Tea {TOKEN}", unknown=TOKEN), id="unknown parameters"),
        pytest.param(page(502), id="502 with html"),
        pytest.param(page(200), id="200 with html"),
        pytest.param(close, id="closed"),
        pytest.param(hang, id="hanging"),
    ],
)
async def test_the_token_is_in_no_error_however_it_fails(
    step: Step, token: str, make_message: Any
) -> None:
    async with bot_api(step) as api, channel_to(api.url, token, timeout_s=0.3) as channel:
        error = await failure(channel.send, make_message())
    told = "".join(traceback.format_exception(error)) + repr(error) + repr(channel)
    assert TOKEN not in told
    assert TOKEN.partition(":")[2] not in told


def test_settings_quote_no_token_they_refuse() -> None:
    with pytest.raises(ValueError, match="never the text itself") as caught:
        TelegramSettings(token=TOKEN, chat=1)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("url", ["http://example.org/bot", "ftp://127.0.0.1/bot", "bot"])
def test_a_token_goes_over_no_plain_line(url: str) -> None:
    with pytest.raises(ValueError, match="base_url must be https"):
        TelegramSettings(token="env:T", chat=1, base_url=url)


def test_a_missing_variable_is_named() -> None:
    assert "HEDGEWATCH_NO_SUCH_TOKEN" not in os.environ
    settings = TelegramSettings(token="env:HEDGEWATCH_NO_SUCH_TOKEN", chat=1)
    with pytest.raises(ValueError, match="HEDGEWATCH_NO_SUCH_TOKEN is not set"):
        TelegramChannel(settings, clock=Hand())
