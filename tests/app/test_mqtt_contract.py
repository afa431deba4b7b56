"""All that a real daemon publishes, by a real broker, held against the schemas it ships."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from jsonschema import Draft202012Validator
from paho.mqtt.subscribeoptions import SubscribeOptions

from monitor.channels.mqtt_schemas import schema_names
from monitor.timetravel.story import moments
from tests.channels import contract as channels
from tests.channels.contract import held

FIRST = next(moments())
ROOT = "hedgewatch/demo/"
DISCOVERY = "homeassistant/device/hedgewatch-demo/config"
THEIRS = json.loads((Path(channels.__file__).with_name("homeassistant.json")).read_text("utf-8"))
FILL = {
    "id": "a-1",
    "verb": "fill",
    "layer": "L2",
    "legs": ["vix.call 2020-06-17 18 +4 @1.60"],
    "by": "ann",
}


@dataclass
class Book:
    """What was published, counted by payload; and what is retained now, by topic."""

    counted: Counter[str] = field(default_factory=Counter)
    retained: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def take(self, message: aiomqtt.Message) -> None:
        topic = message.topic.value
        try:
            self.counted[held(message, "demo")] += 1
        except Exception as error:  # noqa: BLE001 - told by the test, all of them
            self.faults.append(f"{topic}: {error}")
        if message.retain and message.payload:
            self.retained[topic] = json.loads(message.payload)
        elif message.retain:
            self.retained.pop(topic, None)

    def of(self, kind: str) -> dict[str, Any]:
        return {t: told for t, told in self.retained.items() if t.startswith(f"{ROOT}{kind}/")}


@asynccontextmanager
async def listening(play: Any) -> AsyncIterator[tuple[Book, aiomqtt.Client]]:
    """Hear all that is published, as it is published."""
    book = Book()

    async def listen(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            book.take(message)

    broker = play.stage.broker
    client = aiomqtt.Client(broker.host, broker.port, protocol=aiomqtt.ProtocolVersion.V5)
    async with client, asyncio.TaskGroup() as group:
        await client.subscribe("#", options=SubscribeOptions(qos=2, retainAsPublished=True))
        task = group.create_task(listen(client))
        yield book, client
        task.cancel()


@pytest.fixture
async def play(set_stage: Any) -> Any:
    """A daemon with all that can be published switched on."""
    play = await set_stage("alvh", "waves", "self")
    switches = 'commands = true\nheartbeat_s = 0.2\ndiscovery = "homeassistant"'
    play.edit("[channel.mqtt]", f"[channel.mqtt]\n{switches}")
    play.stage.cboe.set_settlements(FIRST.at.date(), FIRST.settlements)
    play.stage.set_clock(FIRST.at)
    play.stage.cboe.set_quote(13.68, FIRST.at - timedelta(minutes=75))
    return play


async def test_whatever_a_daemon_publishes_is_as_its_schema_says(play: Any, watching: Any) -> None:
    async with listening(play) as (book, client), watching(play.stage.config):
        await play.until(lambda: f"{ROOT}layer/L2/book/state" in book.retained, "the layers")
        await play.until(lambda: book.of("alert"), "the alerts")
        await play.until(lambda: f"{ROOT}signal/vix/state" in book.retained, "VIX")
        await play.until(lambda: book.counted["event"] >= 3, "the adds")
        await client.publish(f"{ROOT}command", json.dumps(FILL).encode(), 1)
        await play.until(lambda: book.counted["answer"], "the answer")
        await play.until(lambda: len(book.of("position")) == 4, "the positions")
        await play.until(lambda: book.counted["heartbeat"] > 1, "a heartbeat")
        firing = book.retained[f"{ROOT}alerts"]["firing"]
        await play.until(lambda: DISCOVERY in book.retained, "what Home Assistant is told")
        assert {f"{rule}|book" for rule in ("L1.add", "L3.add")} <= firing.keys()
    assert book.faults == []
    assert set(schema_names()) - {"doctor"} == set(book.counted)
    Draft202012Validator(THEIRS).validate(book.retained[DISCOVERY])
    topics = {one["state_topic"] for one in book.retained[DISCOVERY]["components"].values()}
    assert topics <= book.retained.keys(), "each entity has something to show"
    positions = book.of("position").values()
    assert {one["token1"]["symbol"] for one in positions} == {"WETH"}
    assert all(one["observed_at"] and one["unread"] is None for one in positions)


async def test_topics_of_a_burned_position_and_of_deleted_rules_are_cleared(
    play: Any, watching: Any
) -> None:
    burned, *others = play.stage.token_ids
    async with listening(play) as (book, _), watching(play.stage.config) as watch:
        await play.until(lambda: len(book.of("position")) == len(others) + 1, "the positions")
        await play.until(lambda: len(book.of("layer")) == 3, "the layers")

        def named(number: int) -> list[str]:
            return [topic for topic in book.retained if f":{number}/" in topic]

        await play.until(lambda: len(named(burned)) >= 2, "its state and its alert's")
        await play.stage.devnet.burn(burned, at=FIRST.at + timedelta(minutes=1))
        await play.until(lambda: not named(burned), "that they are cleared")
        await play.until(lambda: all(named(one) for one in others), "the others")
        play.edit('"alvh", ', "")
        assert "watching devnet" in watch.log.getvalue(), "else the signal would end the tests"
        os.kill(os.getpid(), signal.SIGHUP)
        await play.until(lambda: not [t for t in book.of("alert") if "/L2." in t], "no rule of it")
        await play.until(lambda: not book.of("layer"), "no layer")
    assert book.faults == []
    assert not [key for key in book.retained[f"{ROOT}alerts"]["firing"] if key.startswith("L")]
