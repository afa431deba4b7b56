"""What stands on the status topic after a daemon: `offline`, in whatever way it ended."""

import asyncio
import json
from typing import Any

import pytest

from monitor.channels.mqtt import MqttChannel, MqttSettings
from monitor.devnet.broker import Broker

STATUS = "hedgewatch/home/status"
each_protocol = pytest.mark.parametrize("protocol", ["5", "3.1.1"])


def channel_to(broker: Broker, brisk: Any, protocol: Any) -> MqttChannel:
    settings = MqttSettings(
        host=broker.host, port=broker.port, protocol=protocol, will_delay_s=0, heartbeat_s=0
    )
    return MqttChannel(settings, "home", clock=brisk, random=lambda: 0.5)


def states(ear: Any) -> list[str]:
    return [json.loads(payload)["state"] for payload in ear.payloads(STATUS)]


@each_protocol
async def test_a_daemon_that_fails_is_told_offline_by_the_broker(
    *, broker: Broker, listening: Any, become_connected: Any, brisk: Any, protocol: str
) -> None:
    async with listening(broker) as ear:
        channel = channel_to(broker, brisk, protocol)

        async def fail() -> None:
            await become_connected(channel)
            await ear.until(lambda heard: states(heard) == ["online"])
            raise ArithmeticError("as any other part of a daemon might fail")

        async def run() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(channel.run(asyncio.Event()))
                group.create_task(fail())

        with pytest.raises(ExceptionGroup):
            await run()
        await ear.until(lambda heard: states(heard) == ["online", "offline"])
        async with listening(broker) as later:
            await later.until(lambda heard: "offline" in heard.retained().get(STATUS, ""))


@each_protocol
async def test_a_daemon_that_is_stopped_says_so_once(
    *, broker: Broker, listening: Any, become_connected: Any, brisk: Any, protocol: str
) -> None:
    async with listening(broker) as ear:
        for _ in range(2):
            channel, stop = channel_to(broker, brisk, protocol), asyncio.Event()
            async with asyncio.TaskGroup() as group:
                group.create_task(channel.run(stop))
                await become_connected(channel)
                online = len(states(ear)) + 1
                await ear.until(lambda heard, many=online: len(states(heard)) == many)
                stop.set()
        await ear.until(lambda heard: len(states(heard)) == 4)
        assert states(ear) == ["online", "offline"] * 2


@each_protocol
async def test_one_stopped_as_soon_as_it_is_connected_stays_online_for_nobody(
    *, broker: Broker, listening: Any, brisk: Any, protocol: str
) -> None:
    """Whatever of what it says first is on its way by then, `offline` is its last word."""
    for turns in range(12):
        channel, stop = channel_to(broker, brisk, protocol), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(channel.run(stop))
            async with asyncio.timeout(10):
                while not channel.connected:
                    await brisk.sleep(0)
            for _ in range(turns):
                await brisk.sleep(0)
            stop.set()
        async with listening(broker) as later:
            await later.until(lambda heard: STATUS in heard.retained())
            assert states(later) == ["offline"], f"stopped {turns} turns of the loop later"
