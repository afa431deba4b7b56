"""A broker killed again and again, whatever it keeps: in the end a consumer knows every state.

An acknowledgement is not durable, so that events may be lost with a broker; they are counted,
and held to no limit. What stands is the retained topics, published anew at each connection.
"""

import asyncio
import json
import math
import random
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiomqtt
import pytest

from monitor.clock import SystemClock, stopwatch
from monitor.devnet.broker import Broker
from monitor.errors import Transient

ROOT = "hedgewatch/home"
TOPICS = 25
SYSTEM = SystemClock()
SETTINGS = [
    pytest.param("off", False, id="persistence off"),
    pytest.param("default", (), id="saved every half hour"),
    pytest.param(
        "each_change",
        ("autosave_interval 1", "autosave_on_changes true"),
        id="saved at each change",
    ),
]


@dataclass
class Consumer:
    """Comes back whenever the broker does; knows the last it heard of each topic."""

    root: str = ROOT
    name: str = "hedgewatch-consumer"
    known: dict[str, str] = field(default_factory=dict)
    events: set[str] = field(default_factory=set)

    async def run(self, broker: Broker) -> None:
        while True:
            client = aiomqtt.Client(
                broker.host,
                broker.port,
                identifier=self.name,
                protocol=aiomqtt.ProtocolVersion.V311,
                clean_session=False,
                timeout=math.inf,  # its own would swallow a cancellation, in Python 3.11
            )
            try:
                async with client:
                    async with asyncio.timeout(2):
                        await client.subscribe(f"{self.root}/#", qos=1)
                    async for message in client.messages:
                        self.take(message)
            except (aiomqtt.MqttError, TimeoutError):
                await SYSTEM.sleep(0.02)

    def take(self, message: aiomqtt.Message) -> None:
        assert isinstance(message.payload, bytes)
        topic = message.topic.value.removeprefix(f"{self.root}/")
        if topic == "event":
            self.events.add(json.loads(message.payload)["idem"])
        else:
            self.known[topic] = message.payload.decode()


@asynccontextmanager
async def consuming(broker: Broker, root: str = ROOT, **named: str) -> AsyncIterator[Consumer]:
    consumer = Consumer(root, **named)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(consumer.run(broker), name="consumer")
        yield consumer
        task.cancel()


async def settled(consumer: Consumer, decided: Collection[str], within_s: float = 2) -> None:
    """Give events still on their way some seconds; what does not come is counted as lost."""
    began = stopwatch()
    while not consumer.events >= set(decided) and stopwatch() - began < within_s:
        await SYSTEM.sleep(0.01)


async def unknown_to(consumers: Collection[Consumer], state: Mapping[str, str]) -> list[str]:
    """Return what any of them does not know in the end, twenty seconds at most from now."""
    began = stopwatch()
    while True:
        found = [t for t, told in state.items() for one in consumers if one.known.get(t) != told]
        if not found or stopwatch() - began > 20:
            return found
        await SYSTEM.sleep(0.01)


async def sent(channel: Any, message: Any) -> None:
    """Send as a courier does: until it is acknowledged."""
    while True:
        try:
            return await channel.send(message)
        except Transient:
            await SYSTEM.sleep(0.01)


@pytest.mark.parametrize(
    "kills", [5, pytest.param(60, marks=[pytest.mark.soak, pytest.mark.timeout(900)])]
)
@pytest.mark.parametrize(("name", "persistent"), SETTINGS)
async def test_a_consumer_knows_every_state_after_kills_of_the_broker(  # noqa: PLR0913 - a table
    mosquitto: Any,  # noqa: ARG001 - it must be there
    running: Any,
    make_message: Any,
    figure: Any,
    *,
    name: str,
    persistent: Any,
    kills: int,
) -> None:
    dice = random.Random(f"{name} {kills}")
    state, decided = dict[str, str](), list[str]()
    async with (
        Broker(persistent=persistent) as broker,
        running(broker, reassert_s=86_400) as channel,  # at each connection, and not by and by
        consuming(broker) as consumer,
    ):
        for kill in range(kills):
            async with asyncio.TaskGroup() as group:
                for number in range(20):
                    rule = f"rule/r{dice.randrange(TOPICS)}"
                    state[rule] = json.dumps({"state": "firing", "n": f"{kill}.{number}"})
                    await channel.show(dict(state))
                    decided.append(f"{rule}:{kill}.{number}:firing")
                    message = make_message()
                    alert = replace(message.alert, idem=decided[-1])
                    group.create_task(sent(channel, replace(message, alert=alert)), name="courier")
                    await SYSTEM.sleep(dice.uniform(0, 0.01))
                await broker.kill()
                await broker.start()
        await settled(consumer, decided)
        # Who was there all the time remembers what a broker has forgotten.
        async with consuming(broker, name="newcomer") as newcomer:
            unknown = await unknown_to((consumer, newcomer), state)
            online = [json.loads(one.known["status"])["state"] for one in (consumer, newcomer)]
    lost = len(set(decided) - consumer.events)
    told = f"{len(state)} states, {len(decided)} changes, {lost} acknowledged events lost"
    figure(f"broker.{name}.{kills}.unknown", len(unknown), "states", most=0, measured=told)
    assert online == ["online"] * 2
