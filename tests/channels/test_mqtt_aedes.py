"""The same contract by another broker, of MQTT 3.1.1 alone: nothing rests on mosquitto's ways."""

import json
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiomqtt
import pytest

from monitor.channels.vitals import Vitals
from monitor.devnet.broker import Broker
from tests.channels import aedes
from tests.channels.contract import checker, named
from tests.channels.taken import Kept
from tests.channels.test_mqtt_commands import ANSWER, COMMAND, FILL, STATUS

EVENT = "hedgewatch/home/event"
BOARD = "hedgewatch/home/layer/L2/book/state"
PAYLOAD = '{"schema": "hedgewatch.layer/1"}'


@pytest.fixture
async def old() -> AsyncIterator[aedes.Aedes]:
    if aedes.modules() is None or aedes.node() is None:
        pytest.skip("aedes is missing: run `make setup`")
    async with aedes.Aedes() as running:
        yield running


@pytest.fixture(params=["auto", "3.1.1"])
def protocol(request: pytest.FixtureRequest) -> str:
    """Found out by asking, and as configured."""
    chosen: str = request.param
    return chosen


async def test_events_arrive_once_acknowledged_and_are_not_retained(
    old: aedes.Aedes, listening: Any, running: Any, make_message: Any, protocol: str
) -> None:
    async with listening(old, 3) as ear, running(old, protocol=protocol) as channel:
        await channel.send(make_message(expires_at=make_message().now + timedelta(hours=2)))
        await channel.send(make_message(repeat=True))
        await ear.until(lambda heard: len(heard.payloads(EVENT)) == 2)
        first, second = (one for one in ear.heard if one.topic.value == EVENT)
        assert (first.qos, first.retain) == (1, False)
        for one in (first, second):
            checker("event").validate(json.loads(one.payload))
        assert json.loads(first.payload)["idem"] == json.loads(second.payload)["idem"]
    async with listening(old, 3) as late:
        await late.until(lambda heard: heard.payloads(STATUS))
        assert late.payloads(EVENT) == []


async def test_that_it_is_an_old_one_is_found_out_and_said_once(
    old: aedes.Aedes, running: Any, make_message: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="monitor")
    async with running(old) as channel:
        await channel.send(make_message())
    assert len([one for one in caplog.messages if "speaks 3.1.1 only" in one]) == 1


async def test_a_broker_of_5_may_be_replaced_by_an_old_one_while_it_runs(
    broker: Broker, old: aedes.Aedes, running: Any, make_message: Any, become_connected: Any
) -> None:
    async with running(broker) as channel:
        await channel.send(make_message())
        await broker.kill()
        await become_connected(channel, is_it=False)
        await old.kill()
        old.port = broker.port
        await old.start()
        await become_connected(channel)
        await channel.send(make_message())


async def test_the_board_is_kept_cleared_and_put_back_after_all_is_forgotten(
    old: aedes.Aedes, listening: Any, running: Any, become_connected: Any, protocol: str
) -> None:
    async with running(old, protocol=protocol) as channel:
        suffix = BOARD.removeprefix("hedgewatch/home/")
        async with listening(old, 3) as ear:
            await channel.show({suffix: PAYLOAD, "alerts": "{}"})
            await ear.until(lambda heard: heard.payloads(BOARD))
        async with listening(old, 3) as newcomer:
            await newcomer.until(lambda heard: BOARD in heard.retained())
        await old.kill()
        await become_connected(channel, is_it=False)
        await old.start()
        async with listening(old, 3) as ear:
            await ear.until(lambda heard: heard.payloads(BOARD)[-1:] == [PAYLOAD])
            await channel.show({"alerts": "{}"})
            await ear.until(lambda heard: heard.payloads(BOARD)[-1:] == [""])


async def test_an_earlier_lifes_topics_are_cleared(
    old: aedes.Aedes, listening: Any, running: Any, protocol: str
) -> None:
    async with aiomqtt.Client(old.host, old.port, protocol=aiomqtt.ProtocolVersion.V311) as life:
        await life.publish(BOARD, PAYLOAD.encode(), qos=1, retain=True)
    async with listening(old, 3) as ear, running(old, protocol=protocol) as channel:
        await channel.show({"alerts": "{}"})
        await ear.until(lambda heard: heard.payloads(BOARD)[-1:] == [""])


async def test_the_status_ends_offline_after_a_stop(
    old: aedes.Aedes, listening: Any, running: Any, protocol: str
) -> None:
    async with listening(old, 3) as ear:
        async with running(old, protocol=protocol):
            await ear.until(lambda heard: len(heard.payloads(STATUS)) == 1)
        await ear.until(lambda heard: len(heard.payloads(STATUS)) == 2)
    for payload, state in zip(ear.payloads(STATUS), ("online", "offline"), strict=True):
        checker("status").validate(json.loads(payload))
        assert json.loads(payload)["state"] == state


async def test_commands_are_answered_on_the_one_topic(
    old: aedes.Aedes, listening: Any, running: Any, protocol: str
) -> None:
    kept = Kept()
    async with (
        listening(old, 3) as ear,
        running(old, obey=kept.obey, commands=True, protocol=protocol),
        aiomqtt.Client(old.host, old.port, protocol=aiomqtt.ProtocolVersion.V311) as client,
    ):
        await ear.until(lambda heard: heard.payloads(STATUS))
        for command in (COMMAND, COMMAND, f"{COMMAND}/ann"):
            await client.publish(command, json.dumps(FILL).encode(), qos=1)
        await ear.until(lambda heard: heard.payloads(f"{ANSWER}/ann"))
        answers = [json.loads(one) for one in ear.payloads(ANSWER)]
        assert [(one["outcome"], one["repeat"]) for one in answers] == [
            ("taken", False),
            ("taken", True),
        ]
        for one in answers:
            checker("answer").validate(one)
    assert list(kept.words) == ["mqtt:a-1", "mqtt:a-1 ann"]


async def test_the_heart_beats(old: aedes.Aedes, listening: Any, running: Any) -> None:
    topic = "hedgewatch/home/heartbeat"
    async with listening(old, 3) as ear, running(old, heartbeat_s=1) as channel:
        channel.tell_vitals(lambda: Vitals(waiting=2, dead=1))
        await ear.until(lambda heard: len(heard.payloads(topic)) >= 3)
        beat = json.loads(ear.payloads(topic)[-1])
        assert beat["outbox"] == {"waiting": 2, "dead": 1}
        assert named(topic) == "heartbeat"
        checker("heartbeat").validate(beat)
