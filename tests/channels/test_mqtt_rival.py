"""Two daemons that take each other's place at the broker: a config that was copied, say."""

import asyncio
import logging
from typing import Any

import pytest

from monitor.channels.mqtt import MqttChannel, MqttSettings
from monitor.devnet.broker import Broker

WORD = "does another daemon run as the same `instance`?"


async def test_two_of_one_instance_are_told_what_the_matter_may_be(
    broker: Broker, running: Any, brisk: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    settings = MqttSettings(host=broker.host, port=broker.port, heartbeat_s=0)
    stop = asyncio.Event()
    async with running(broker), asyncio.TaskGroup() as group:
        rival = MqttChannel(settings, "home", clock=brisk, random=lambda: 0.5)
        group.create_task(rival.run(stop))
        async with asyncio.timeout(10):
            while WORD not in caplog.text:
                await brisk.sleep(1)
        stop.set()
    early, *_, late = (one.getMessage() for one in caplog.records if "no connection" in one.msg)
    assert WORD not in early
    assert late.startswith(f"mqtt: no connection to {broker.host}:{broker.port}: ")
