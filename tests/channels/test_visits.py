"""A passing visit to each channel, against a local Bot API server and a real broker."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from monitor.channels.settings import CommandSettings, MqttSettings, TelegramSettings
from monitor.channels.trial import trial_alert, try_mqtt
from monitor.channels.visits import visit_mqtt, visit_telegram
from monitor.clock import SystemClock
from monitor.devnet.broker import Broker
from monitor.errors import HedgewatchError
from tests.channels.contract import checker

TOKEN = "123456789:" + "AAcanary-Canary_canary-Canary_canar"
ME = {"id": 1, "is_bot": True, "first_name": "Hedge", "username": "hedge_bot"}
CHAT = {"id": 7, "type": "private", "first_name": "Owner", "accent_color_id": 0,
        "max_reaction_count": 1, "accepted_gift_types": {
            "unlimited_gifts": True, "limited_gifts": True, "unique_gifts": True,
            "premium_subscription": True, "gifts_from_channels": True}}  # fmt: skip
GOOD: Mapping[str, Any] = {"getMe": ME, "getChat": CHAT, "sendChatAction": True}


@asynccontextmanager
async def bot_api(answers: Mapping[str, Any]) -> AsyncIterator[tuple[str, list[str]]]:
    """Serve one answer a method; what is no result is a refusal's code and words."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        method = request.match_info["method"]
        asked.append(method)
        given = answers[method]
        if isinstance(given, tuple):
            body = {"ok": False, "error_code": given[0], "description": given[1]}
            return web.json_response(body, status=given[0])
        return web.json_response({"ok": True, "result": given})

    app = web.Application()
    app.router.add_post("/bot{token}/{method}", answer)
    server = TestServer(app)
    await server.start_server(access_log=None)
    try:
        yield str(server.make_url("/bot")), asked
    finally:
        await server.close()


def settings(url: str, token: Any) -> TelegramSettings:
    token.write_text(TOKEN)
    token.chmod(0o600)
    return TelegramSettings(token=f"file:{token}", chat=7, base_url=url, timeout_s=2)


async def test_a_bot_that_may_write_is_told_by_name_and_no_message_is_sent(tmp_path: Any) -> None:
    async with bot_api(GOOD) as (url, asked):
        told = await visit_telegram(settings(url, tmp_path / "token"))
    assert told == "@hedge_bot reaches Owner"
    assert asked == ["getMe", "getChat", "sendChatAction"]


@pytest.mark.parametrize(
    ("method", "refusal", "said"),
    [
        pytest.param("getMe", (401, "Unauthorized"), "ask @BotFather", id="a wrong token"),
        pytest.param(
            "getChat", (400, "Bad Request: chat not found"), "is channel.telegram.chat",
            id="a wrong chat",
        ),
        pytest.param(
            "sendChatAction", (403, "Forbidden: bot was blocked by the user"), "blocked",
            id="a chat that has blocked the bot",
        ),
    ],
)  # fmt: skip
async def test_what_stands_in_the_bots_way_is_told(
    tmp_path: Any, method: str, refusal: tuple[int, str], said: str
) -> None:
    async with bot_api({**GOOD, method: refusal}) as (url, _):
        with pytest.raises(HedgewatchError, match=said) as caught:
            await visit_telegram(settings(url, tmp_path / "token"))
    assert "canary" not in str(caught.value).lower()


async def test_an_answer_of_another_shape_is_told_as_such(tmp_path: Any) -> None:
    async with bot_api({**GOOD, "getMe": {"who": "knows"}}) as (url, _):
        with pytest.raises(HedgewatchError, match="makes no sense"):
            await visit_telegram(settings(url, tmp_path / "token"))


@pytest.mark.parametrize(
    ("commands", "told"),
    [
        pytest.param(CommandSettings(), "nobody may ask", id="nobody"),
        pytest.param(CommandSettings(read=(1, 2)), "2 may ask, nobody may tell of trades", id="2"),
        pytest.param(
            CommandSettings(read=(1, 2), write=(2, 3)), "3 may ask, 2 may tell of trades", id="3"
        ),
    ],
)
async def test_who_may_ask_and_tell_is_counted(
    tmp_path: Any, commands: CommandSettings, told: str
) -> None:
    async with bot_api(GOOD) as (url, _):
        given = replace(settings(url, tmp_path / "token"), commands=commands)
        assert await visit_telegram(given) == f"@hedge_bot reaches Owner, {told}"


async def test_a_visit_says_what_its_schema_has(broker: Broker, listening: Any) -> None:
    async with listening(broker) as ear:
        await visit_mqtt(MqttSettings(host=broker.host, port=broker.port), "home")
        await ear.until(lambda heard: heard.payloads("hedgewatch/home/doctor"))
        (said,) = ear.payloads("hedgewatch/home/doctor")
        checker("doctor").validate(json.loads(said))


async def test_a_broker_acknowledges_or_is_told_to_be_away(broker: Broker) -> None:
    told = await visit_mqtt(MqttSettings(host=broker.host, port=broker.port, timeout_s=2), "home")
    assert told == f"{broker.host}:{broker.port}, MQTT 5, QoS 1 acknowledged"
    on = MqttSettings(host=broker.host, port=broker.port, commands=True)
    assert await visit_mqtt(on, "home") == f"{told}, takes commands and gives no password"
    await broker.stop()
    with pytest.raises(HedgewatchError, match="the MQTT broker at"):
        await visit_mqtt(MqttSettings(host=broker.host, port=broker.port, timeout_s=2), "home")


@pytest.mark.usefixtures("mosquitto")
async def test_a_refusal_that_3_1_1_cannot_tell_is_found_by_what_does_not_come_back() -> None:
    alert, clock = trial_alert(datetime(2026, 11, 20, tzinfo=UTC), "a test"), SystemClock()
    async with Broker(acl="topic readwrite hedgewatch/home/#") as broker:
        settings = MqttSettings(host=broker.host, port=broker.port, protocol="3.1.1", timeout_s=0.5)
        told = await visit_mqtt(settings, "home")
        assert told == f"{broker.host}:{broker.port}, MQTT 3.1.1, QoS 1 acknowledged"
        assert alert.id in await try_mqtt(settings, "home", alert, clock)
        for visit in (visit_mqtt(settings, "hut"), try_mqtt(settings, "hut", alert, clock)):
            with pytest.raises(HedgewatchError, match=r"acknowledged hedgewatch/hut/.* come back"):
                await visit
