"""An MQTT consumer that drops repeats by their key, and knows how many there were."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiomqtt


@dataclass(slots=True)
class Listener:
    """Events in order of first arrival. copies: how often each key came."""

    events: list[dict[str, Any]] = field(default_factory=list)
    copies: dict[str, int] = field(default_factory=dict)

    def take(self, payload: bytes) -> None:
        """Keep an event unless its key is known."""
        event = json.loads(payload)
        key = event["idem"]
        if key not in self.copies:
            self.events.append(event)
        self.copies[key] = self.copies.get(key, 0) + 1

    @property
    def repeats(self) -> int:
        """Return how many messages came more than once."""
        return sum(count - 1 for count in self.copies.values())


@asynccontextmanager
async def listening(host: str, port: int, topic: str) -> AsyncIterator[Listener]:
    """Subscribe, at least once, for the length of the block."""
    heard = Listener()
    client = aiomqtt.Client(host, port, identifier="hedgewatch-listener")
    async with client, asyncio.TaskGroup() as group:
        await client.subscribe(topic, qos=1)
        task = group.create_task(_hear(client, heard), name="listener")
        yield heard
        task.cancel()


async def _hear(client: aiomqtt.Client, heard: Listener) -> None:
    async for message in client.messages:
        assert isinstance(message.payload, bytes)
        heard.take(message.payload)
