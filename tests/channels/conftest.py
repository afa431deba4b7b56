"""Fakes and listeners for channels: a message, a quick clock, a consumer, a running channel."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import aiomqtt
import pytest

from monitor.alerts.alert import Alert
from monitor.channels.mqtt import MqttChannel, MqttSettings
from monitor.channels.port import Message
from monitor.clock import SystemClock
from monitor.devnet.broker import Broker
from monitor.rules.verdict import Term
from tests.channels.proposals import TICKET
from tests.some_alert import a_proposal

AT = datetime(2026, 11, 20, 14, 31, 7, tzinfo=UTC)
_SYSTEM = SystemClock()

MakeMessage: TypeAlias = Callable[..., Message]


@pytest.fixture
def make_message() -> MakeMessage:
    """Return a builder of messages; alert fields by name, `repeat` and `now` beside them."""

    def build(*, repeat: bool = False, now: datetime = AT, **changes: Any) -> Message:
        term = Term(
            text="vix > 20.0",
            truth=True,
            left=27.4,
            op=">",
            right=20.0,
            margin=7.4,
            unit="points",
            source="cboe",
            age_s=907.0,
        )
        told = {"title": "Add L2", "trace": (term,), "values": {"vix": 27.4}}
        return Message(alert=a_proposal(AT, **(told | changes)), tries=0, repeat=repeat, now=now)

    return build


class Brisk:
    """The system's time, waited for a hundred times as fast."""

    def now(self) -> datetime:
        return _SYSTEM.now()

    async def sleep(self, seconds: float) -> None:
        await _SYSTEM.sleep(seconds / 100)


@dataclass
class Ear:
    """What a consumer has heard, in order; `until` waits for it to make something true."""

    heard: list[aiomqtt.Message] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def payloads(self, topic: str) -> list[str]:
        return [_text(one) for one in self.heard if one.topic.value == topic]

    def retained(self) -> dict[str, str]:
        """Return what the broker retained when this consumer came, and what became of it."""
        return {one.topic.value: _text(one) for one in self.heard if one.retain}

    async def until(self, true: Callable[["Ear"], bool]) -> None:
        async with asyncio.timeout(10), self.news:
            await self.news.wait_for(lambda: true(self))

    async def listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            async with self.news:
                self.heard.append(message)
                self.news.notify_all()


def _text(message: aiomqtt.Message) -> str:
    assert isinstance(message.payload, bytes)
    return message.payload.decode()


Listening: TypeAlias = Callable[[Broker], AbstractAsyncContextManager[Ear]]
Running: TypeAlias = Callable[..., AbstractAsyncContextManager[MqttChannel]]


@pytest.fixture
def listening() -> Listening:
    """Return an opener of consumers that hear everything under `hedgewatch/`."""

    @asynccontextmanager
    async def opened(broker: Broker, version: int = 5) -> AsyncIterator[Ear]:
        ear = Ear()
        protocol = aiomqtt.ProtocolVersion.V5 if version == 5 else aiomqtt.ProtocolVersion.V311
        async with (
            aiomqtt.Client(broker.host, broker.port, protocol=protocol) as client,
            asyncio.TaskGroup() as group,
        ):
            await client.subscribe("hedgewatch/#", qos=1)
            task = group.create_task(ear.listen(client), name="ear")
            yield ear
            task.cancel()

    return opened


@pytest.fixture
def running() -> Running:
    """Return a runner of MQTT channels, connected to the broker given where it can be."""

    @asynccontextmanager
    async def opened(
        broker: Broker, clock: Any = None, *, wait: bool = True, obey: Any = None, **changes: Any
    ) -> AsyncIterator[MqttChannel]:
        settings = MqttSettings(
            host=broker.host, port=broker.port, **({"heartbeat_s": 0, "timeout_s": 2.0} | changes)
        )
        channel = MqttChannel(settings, "home", clock=clock or Brisk(), random=lambda: 0.5)
        if obey is not None:
            channel.listen(obey)
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(channel.run(stop), name="channel")
            if wait:
                await connected(channel)
            try:
                yield channel
            finally:
                stop.set()

    return opened


async def connected(channel: MqttChannel, *, is_it: bool = True) -> None:
    """Wait until the channel is connected, or is not."""
    async with asyncio.timeout(10):
        while channel.connected is not is_it:
            await _SYSTEM.sleep(0.005)


@pytest.fixture
def become_connected() -> Callable[..., Any]:
    return connected


@pytest.fixture
def brisk() -> Brisk:
    return Brisk()


@pytest.fixture
def expired_at() -> datetime:
    return AT + timedelta(hours=2)


@pytest.fixture
def proposal(make_message: Any) -> Alert:
    """Return an add that fires, with a ticket, void in two hours."""
    message = make_message(ticket=TICKET, expires_at=AT + timedelta(hours=2))
    alert: Alert = message.alert
    return alert
