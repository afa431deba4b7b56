"""Canary secrets through the failures of channels: none in a log, an error or a repr."""

import asyncio
import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.channels.mqtt import MqttChannel, MqttSettings
from monitor.channels.telegram import TelegramChannel, TelegramSettings
from monitor.clock import SystemClock
from monitor.devnet.broker import Broker
from monitor.errors import HedgewatchError
from monitor.logs import RedactingFormatter

WORD = "canary-password-of-the-daemon"
TOKEN = "192837465:" + "AAtells-Canary_canary-Canary_canar0"


@pytest.fixture
def everything_logged(caplog: Any) -> Callable[[], str]:
    """Return what all loggers, third parties included, put out through our formatter."""
    for name in (None, "telegram", "httpx"):  # whatever a command before made of them
        caplog.set_level(logging.DEBUG, logger=name)
    formatter = RedactingFormatter("%(name)s %(message)s")
    return lambda: "\n".join(formatter.format(record) for record in caplog.records)


def secret_file(folder: Path, text: str) -> str:
    path = folder / "secret"
    path.write_text(text)
    path.chmod(0o600)
    return f"file:{path}"


def shown(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error)


@pytest.mark.usefixtures("broker")
async def test_the_mqtt_password_is_told_nowhere(
    tmp_path: Path, running: Any, make_message: Any, everything_logged: Callable[[], str]
) -> None:
    login = {"username": "daemon", "password": secret_file(tmp_path, WORD)}
    async with (
        Broker(users={"daemon": "another"}) as strict,
        running(strict, wait=False, **login) as channel,
        asyncio.timeout(10),
    ):
        while "Not authorized" not in (told := await failing(channel, make_message())):
            await SystemClock().sleep(0.01)
        told += repr(channel) + repr(channel._access.settings) + repr(channel._access)
    assert WORD not in told
    assert WORD not in everything_logged()


async def failing(channel: MqttChannel | TelegramChannel, message: Any) -> str:
    with pytest.raises(HedgewatchError) as caught:
        await channel.send(message)
    return shown(caught.value)


async def test_the_bot_s_token_is_told_nowhere_though_httpx_logs_its_urls(
    tmp_path: Path, make_message: Any, everything_logged: Callable[[], str]
) -> None:
    settings = TelegramSettings(
        token=secret_file(tmp_path, TOKEN), chat=1, base_url="http://127.0.0.1:1/bot"
    )
    channel = TelegramChannel(settings, clock=SystemClock())
    told = await failing(channel, make_message()) + repr(channel) + repr(settings)
    await channel.close()
    logged = everything_logged()
    assert "telegram" in logged, "a canary in silence proves nothing"
    for text in (told, logged):
        assert TOKEN not in text
        assert TOKEN.partition(":")[2] not in text


def test_the_mqtt_settings_hold_no_password(tmp_path: Path) -> None:
    reference = secret_file(tmp_path, WORD)
    settings = MqttSettings(host="h", username="daemon", password=reference)
    channel = MqttChannel(settings, "home", clock=SystemClock(), random=lambda: 0.5)
    assert settings.password == reference
    assert WORD not in repr(channel._access)
