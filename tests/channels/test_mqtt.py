"""MQTT against a real mosquitto: what arrives, what stays, what is refused, what freezes."""

import asyncio
import json
import logging
import os
import re
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any

import aiomqtt
import pytest

from monitor.channels.mqtt import MqttChannel, MqttSettings
from monitor.channels.settings import TlsSettings
from monitor.clock import SystemClock, stopwatch
from monitor.devnet.broker import Broker
from monitor.errors import Transient

needs_mosquitto = pytest.mark.usefixtures("broker")
EVENT = "hedgewatch/home/event"
STATUS = "hedgewatch/home/status"
AT = datetime(2026, 11, 20, 14, 31, 7, tzinfo=UTC)


def states(ear: Any) -> list[str]:
    return [json.loads(payload)["state"] for payload in ear.payloads(STATUS)]


async def retained(broker: Broker, listening: Any) -> dict[str, str]:
    """Return what a newcomer finds retained, by topic below the root."""
    mark = "hedgewatch/zz-mark"
    async with aiomqtt.Client(broker.host, broker.port) as client:
        await client.publish(mark, b"x", qos=1, retain=True)
    async with listening(broker) as ear:
        await ear.until(lambda heard: heard.payloads(mark))
        # Retained messages come in no promised order: a round trip after them settles it.
        async with aiomqtt.Client(broker.host, broker.port) as client:
            await client.publish(f"{mark}-end", b"x", qos=1)
        await ear.until(lambda heard: heard.payloads(f"{mark}-end"))
        return {
            topic.removeprefix("hedgewatch/home/"): payload
            for topic, payload in ear.retained().items()
            if topic != mark
        }


async def test_an_event_arrives_acknowledged_with_its_key_and_is_not_retained(
    broker: Broker, listening: Any, running: Any, make_message: Any
) -> None:
    async with listening(broker) as ear, running(broker) as channel:
        await channel.send(make_message(expires_at=AT + timedelta(hours=2)))
        await ear.until(lambda heard: heard.payloads(EVENT))
        event = next(one for one in ear.heard if one.topic.value == EVENT)
        assert event.qos == 1
        assert not event.retain
        assert event.properties.ContentType == "application/json"
        assert event.properties.UserProperty == [
            ("idempotency-key", "L2.add:book:1:firing"),
            ("schema", "hedgewatch.event/1"),
        ]
        assert 7190 <= event.properties.MessageExpiryInterval <= 7200
        body = json.loads(ear.payloads(EVENT)[0])
        assert list(body)[:6] == ["schema", "idem", "id", "ts", "data_ts", "repeat"]
        assert body["idem"] == "L2.add:book:1:firing"
        assert body["data_ts"] == "2026-11-20T14:31:07+00:00"
        assert body["trace"][0]["left"] == 27.4
        assert EVENT not in await retained(broker, listening)


async def test_a_repeat_carries_the_same_key_and_says_so(
    broker: Broker, listening: Any, running: Any, make_message: Any
) -> None:
    async with listening(broker) as ear, running(broker) as channel:
        await channel.send(make_message())
        await channel.send(make_message(repeat=True))
        await ear.until(lambda heard: len(heard.payloads(EVENT)) == 2)
        first, second = (json.loads(payload) for payload in ear.payloads(EVENT))
        assert first["idem"] == second["idem"]
        assert (first["repeat"], second["repeat"]) == (False, True)


async def test_an_answer_is_not_mixed_up_with_that_to_a_later_question(
    broker: Broker, listening: Any, running: Any, make_message: Any
) -> None:
    async with listening(broker) as ear, running(broker, timeout_s=10) as channel:
        await ear.until(lambda heard: states(heard) == ["online"])
        assert broker._process is not None
        os.kill(broker._process.pid, signal.SIGSTOP)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(channel.send(make_message()))
                group.create_task(channel._connection.link.watch("hedgewatch/home/#"))
                await SystemClock().sleep(0.05)
                os.kill(broker._process.pid, signal.SIGCONT)
        finally:
            os.kill(broker._process.pid, signal.SIGCONT)


async def test_an_event_nobody_listens_to_is_sent(
    broker: Broker, running: Any, make_message: Any
) -> None:
    async with running(broker) as channel:
        await channel.send(make_message())


async def test_the_board_shows_changes_and_clears_what_is_gone(
    broker: Broker, listening: Any, running: Any
) -> None:
    async with running(broker) as channel, listening(broker) as ear:
        await channel.show({"position/1/state": "one", "position/2/state": "two"})
        await channel.show({"position/1/state": "one", "position/2/state": "new"})
        await ear.until(lambda heard: "new" in heard.payloads("hedgewatch/home/position/2/state"))
        await channel.show({"position/1/state": "one"})
        await ear.until(lambda heard: "" in heard.payloads("hedgewatch/home/position/2/state"))
        found = await retained(broker, listening)
    assert found.keys() == {"status", "position/1/state"}
    assert found["position/1/state"] == "one"


@needs_mosquitto
async def test_the_board_returns_after_a_broker_that_forgot_everything(
    listening: Any, running: Any, become_connected: Any
) -> None:
    async with Broker(persistent=False) as forgetful, running(forgetful) as channel:
        async with listening(forgetful) as ear:
            await channel.show({"position/1/state": "one"})
            await ear.until(lambda heard: heard.payloads("hedgewatch/home/position/1/state"))
        await forgetful.kill()
        await become_connected(channel, is_it=False)
        await forgetful.start()
        async with listening(forgetful) as ear:
            await ear.until(
                lambda heard: "one" in heard.payloads("hedgewatch/home/position/1/state")
            )
            await ear.until(lambda heard: states(heard)[-1:] == ["online"])


async def test_the_board_is_asserted_again_on_its_period(
    broker: Broker, listening: Any, running: Any
) -> None:
    topic = "hedgewatch/home/position/1/state"
    async with running(broker, reassert_s=20) as channel, listening(broker) as ear:
        await channel.show({"position/1/state": "one"})
        await ear.until(lambda heard: "one" in heard.payloads(topic))
        async with aiomqtt.Client(broker.host, broker.port) as vandal:
            await vandal.publish(topic, b"", qos=1, retain=True)
        await ear.until(lambda heard: heard.payloads(topic)[-2:] == ["", "one"])


async def test_topics_of_an_earlier_life_are_cleared_once_the_new_one_has_spoken(
    broker: Broker, listening: Any, running: Any
) -> None:
    async with running(broker) as first, listening(broker) as ear:
        await first.show({"position/1/state": "one", "position/2/state": "two"})
        await ear.until(lambda heard: "two" in heard.payloads("hedgewatch/home/position/2/state"))
    async with running(broker) as second, listening(broker) as ear:
        await ear.until(lambda heard: "hedgewatch/home/position/2/state" in heard.retained())
        await second.show({"position/2/state": "two"})
        await ear.until(lambda heard: "" in heard.payloads("hedgewatch/home/position/1/state"))
        found = await retained(broker, listening)
    assert found.keys() == {"status", "position/2/state"}


@pytest.mark.parametrize("topic", ["", "status", "event", "a/+/b", "a/#", "nul\0"])
async def test_a_topic_that_cannot_be_one_is_refused(topic: str) -> None:
    channel = MqttChannel(
        MqttSettings(host="127.0.0.1"), "home", clock=SystemClock(), random=lambda: 0.5
    )
    with pytest.raises(ValueError, match="cannot be a retained topic"):
        await channel.show({topic: "x"})


async def test_a_stop_in_good_order_says_offline(
    broker: Broker, listening: Any, running: Any
) -> None:
    async with listening(broker) as ear:
        async with running(broker):
            await ear.until(lambda heard: states(heard) == ["online"])
        await ear.until(lambda heard: states(heard) == ["online", "offline"])


@needs_mosquitto
async def test_a_refused_event_waits_for_a_person_and_a_refused_board_is_said(
    listening: Any, running: Any, make_message: Any, caplog: Any
) -> None:
    acl = "topic read hedgewatch/#\ntopic write hedgewatch/home/status\n"
    async with Broker(acl=acl) as strict, listening(strict) as ear, running(strict) as channel:
        await ear.until(lambda heard: states(heard) == ["online"])
        with pytest.raises(Transient, match=r"refused hedgewatch/home/event: Not author") as told:
            await channel.send(make_message())
        assert told.value.refused
        with caplog.at_level(logging.WARNING):
            await channel.show({"position/1/state": "one"})
            async with asyncio.timeout(5):
                while "refused hedgewatch/home/position/1/state" not in caplog.text:
                    await SystemClock().sleep(0.01)


async def test_a_broker_of_3_is_spoken_to_in_3_and_that_is_said_once(
    listening: Any, running: Any, make_message: Any, caplog: Any
) -> None:
    caplog.set_level(logging.WARNING, logger="monitor")
    async with Broker(program=None) as old, listening(old, 3) as ear, running(old) as channel:
        await channel.send(make_message())
        await ear.until(lambda heard: heard.payloads(EVENT))
    said = [one for one in caplog.messages if "speaks 3.1.1 only" in one]
    assert len(said) == 1


async def test_protocol_5_alone_never_falls_back(running: Any, make_message: Any) -> None:
    async with (
        Broker(program=None) as old,
        running(old, protocol="5", timeout_s=0.3, wait=False) as channel,
        asyncio.timeout(10),
    ):
        while "did not answer" not in str(await failure(channel.send, make_message())):
            await SystemClock().sleep(0.01)


async def failure(send: Callable[[Any], Any], message: Any) -> Exception:
    with pytest.raises(Transient) as caught:
        await send(message)
    return caught.value


async def test_without_a_connection_sending_fails_at_once(make_message: Any) -> None:
    channel = MqttChannel(
        MqttSettings(host="127.0.0.1", port=1), "home", clock=SystemClock(), random=lambda: 0.5
    )
    error = await failure(channel.send, make_message())
    assert str(error) == "no connection to the MQTT broker at 127.0.0.1:1: not connected yet"


@needs_mosquitto
async def test_a_wrong_password_is_told_and_the_alert_kept(
    running: Any, make_message: Any, tmp_path: Any
) -> None:
    word = tmp_path / "password"
    word.write_text("not the password")
    word.chmod(0o600)
    login = {"username": "daemon", "password": f"file:{word}"}
    async with (
        Broker(users={"daemon": "the password"}) as strict,
        running(strict, wait=False, **login) as channel,
        asyncio.timeout(10),
    ):
        while "Not authorized" not in str(await failure(channel.send, make_message())):
            await SystemClock().sleep(0.01)


@needs_mosquitto
async def test_the_right_password_opens(running: Any, make_message: Any, tmp_path: Any) -> None:
    word = tmp_path / "password"
    word.write_text("the password")
    word.chmod(0o600)
    login = {"username": "daemon", "password": f"file:{word}"}
    async with Broker(users={"daemon": "the password"}) as strict, running(strict, **login) as one:
        await one.send(make_message())


async def widest_gap(stop: asyncio.Event) -> float:
    clock, widest = SystemClock(), 0.0
    while not stop.is_set():
        before = stopwatch()
        await clock.sleep(0.005)
        widest = max(widest, stopwatch() - before)
    return widest


async def test_whenever_it_is_cancelled_it_ends(broker: Broker) -> None:
    # aiomqtt swallows a cancellation that meets the broker's first answer.
    settings = MqttSettings(host=broker.host, port=broker.port, heartbeat_s=0, timeout_s=2.0)
    for tenths in range(60):
        channel = MqttChannel(settings, "home", clock=SystemClock(), random=lambda: 0.5)
        task = asyncio.ensure_future(channel.run(asyncio.Event()))
        await asyncio.wait({task}, timeout=tenths / 10_000)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=3)
        assert done, f"it went on after a cancellation {tenths / 10} ms after its start"


async def test_a_frozen_broker_costs_the_timeout_and_never_the_loop(
    broker: Broker, running: Any, make_message: Any
) -> None:
    done = asyncio.Event()
    async with running(broker, timeout_s=0.5) as channel, asyncio.TaskGroup() as group:
        assert broker._process is not None
        os.kill(broker._process.pid, signal.SIGSTOP)
        try:
            gap = group.create_task(widest_gap(done))
            began = stopwatch()
            error = await failure(channel.send, make_message())
            took = stopwatch() - began
        finally:
            os.kill(broker._process.pid, signal.SIGCONT)
            done.set()
    assert "did not answer in 0.5 s" in str(error)
    assert 0.4 < took < 1.0
    assert gap.result() < 0.1


async def test_a_pending_event_fails_when_the_broker_dies_not_at_the_timeout(
    broker: Broker, running: Any, make_message: Any
) -> None:
    async with running(broker, timeout_s=60) as channel:
        assert broker._process is not None
        os.kill(broker._process.pid, signal.SIGSTOP)
        began = stopwatch()
        async with asyncio.TaskGroup() as group:
            pending = group.create_task(failure(channel.send, make_message()))
            await SystemClock().sleep(0.05)
            assert not pending.done()
            await broker.kill()
        assert stopwatch() - began < 5
        # It waited for its answer, or still for its turn: either way it may be tried again.
        assert isinstance(pending.result(), Transient)
        assert re.search(
            "ended before the broker answered|not currently connected", str(pending.result())
        )
        await broker.start()


class Counting:
    """Waits for nothing and remembers for how long it was asked to wait."""

    def __init__(self, stop_after: int) -> None:
        self.waits: list[float] = []
        self.enough = asyncio.Event()
        self._stop_after = stop_after

    def now(self) -> datetime:
        return AT

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        if len(self.waits) == self._stop_after:
            self.enough.set()
        if len(self.waits) >= self._stop_after:
            await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("dice", "expected"),
    [
        pytest.param(1.0, [0.5, 1, 2, 4, 8, 16, 30, 30], id="the longest waits double up to 30 s"),
        pytest.param(0.0, [0.25, 0.5, 1, 2, 4, 8, 15, 15], id="the shortest are half of that"),
    ],
)
async def test_reconnecting_is_patient(dice: float, expected: list[float]) -> None:
    clock = Counting(len(expected))
    settings = MqttSettings(host="127.0.0.1", port=1)
    channel = MqttChannel(settings, "home", clock=clock, random=lambda: dice)
    async with asyncio.TaskGroup() as group:
        group.create_task(channel.run(clock.enough))
    assert clock.waits == expected


def test_the_private_hooks_this_rests_on_are_those_of_aiomqtt_2() -> None:
    major, minor = (int(part) for part in version("aiomqtt").split(".")[:2])
    assert (major, minor) >= (2, 5)
    assert major < 3


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"password": "letmein", "username": "a"}, "never the text", id="a literal"),
        pytest.param({"password": "env:X"}, "username", id="a password for nobody"),
        pytest.param(
            {"will_delay_s": 60}, "session_expiry_s", id="a session shorter than its will"
        ),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        MqttSettings(host="h", **changes)
    assert "letmein" not in str(caught.value)


def test_a_missing_tls_file_is_named() -> None:
    settings = MqttSettings(host="h", tls=TlsSettings(ca="/nowhere/ca.pem"))
    with pytest.raises(ValueError, match=r"/nowhere/ca\.pem"):
        MqttChannel(settings, "home", clock=SystemClock(), random=lambda: 0.5)
