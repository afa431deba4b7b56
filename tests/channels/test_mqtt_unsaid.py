"""What nobody says, or once only: a place taken, a refusal in 3.1.1, a limit, no number."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

import pytest

from monitor.channels.mqtt import MqttChannel, MqttSettings
from monitor.clock import SystemClock
from monitor.devnet.broker import Broker
from monitor.errors import Permanent
from tests.channels.proposals import TICKET

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


@pytest.mark.usefixtures("mosquitto")
async def test_protocol_3_cannot_tell_a_refusal_but_what_does_not_come_back_is_said(
    listening: Any, running: Any, make_message: Any, caplog: Any
) -> None:
    old, sign = {"protocol": "3.1.1", "reassert_s": 30}, "did not come back"
    open_to_all = Broker()
    async with open_to_all, listening(open_to_all) as ear, running(open_to_all, **old):
        await ear.until(lambda heard: len(heard.payloads("hedgewatch/home/status")) == 3)
    assert sign not in caplog.text
    strict = Broker(acl="topic read hedgewatch/#\n")
    async with strict, running(strict, **old) as channel, asyncio.timeout(10):
        await channel.send(make_message())
        while sign not in caplog.text:
            await SystemClock().sleep(0.01)


@pytest.mark.usefixtures("mosquitto")
async def test_what_is_longer_than_a_broker_takes_is_refused_and_costs_nothing_else(
    listening: Any, running: Any, make_message: Any, caplog: Any
) -> None:
    caplog.set_level(logging.INFO)
    small = Broker(persistent=("max_packet_size 2000",))
    async with small, listening(small) as ear, running(small) as channel:
        link = channel._connection.link
        await channel.show({"a": "x" * 1900, "long": "y" * 2000, "z": "last"})
        await ear.until(lambda heard: heard.payloads("hedgewatch/home/z"))
        await channel.send(make_message())
        await ear.until(lambda heard: heard.payloads("hedgewatch/home/event"))
        with pytest.raises(Permanent, match="refused hedgewatch/home/event: Packet too large"):
            await channel.send(make_message(text="z" * 2000))
        assert ear.payloads("hedgewatch/home/a")
        assert channel._connection.link is link, "the connection outlived it"
    assert "refused hedgewatch/home/long: Packet too large" in caplog.text


async def test_an_alert_that_cannot_be_told_in_json_is_given_up_alone(
    broker: Broker, running: Any, make_message: Any
) -> None:
    async with running(broker) as channel:
        endless = make_message(ticket=replace(TICKET, cost_usd=float("nan")))
        with pytest.raises(Permanent, match="the event cannot be told in JSON: "):
            await channel.send(endless)
        await channel.send(make_message())
