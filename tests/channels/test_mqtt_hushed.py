"""What MQTT does not make a noise about: a start, and the same refusal again and again."""

import asyncio
import logging
from typing import Any

import pytest

from monitor.clock import SystemClock
from monitor.devnet.broker import Broker


@pytest.mark.usefixtures("mosquitto")
async def test_a_board_refused_at_every_assertion_is_said_once(
    running: Any, brisk: Any, caplog: Any
) -> None:
    acl = "topic read hedgewatch/#\ntopic write hedgewatch/home/status\n"
    caplog.set_level(logging.DEBUG, logger="monitor.channels.mqtt_upkeep")

    def warned() -> list[str]:
        return [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]

    async with (
        Broker(acl=acl) as strict,
        running(strict, brisk, reassert_s=1) as channel,
        asyncio.timeout(10),
    ):
        await channel.show({"position/1/state": "one", "position/2/state": "two"})
        while caplog.text.count("refused hedgewatch/home/position/2/state") < 4:
            await SystemClock().sleep(0.01)
    assert len(warned()) == 1
    assert "refused hedgewatch/home/position/1/state: Not authorized" in warned()[0]


@pytest.mark.usefixtures("mosquitto")
async def test_an_alert_waits_for_the_first_attempt_to_connect(
    broker: Broker, running: Any, make_message: Any
) -> None:
    async with running(broker, wait=False) as channel:
        await SystemClock().sleep(0)
        assert not channel.connected
        await channel.send(make_message())
