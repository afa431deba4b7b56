"""Fakes of ports that never come back, to see that somebody notices."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from monitor.channels.port import Message
from monitor.errors import Transient
from monitor.model.observation import Snapshot


@dataclass(slots=True)
class StuckChannel:
    """A channel that has lost its timeout: once `stuck`, a send lasts until it is `freed`."""

    name: str = "stuck"
    stuck: bool = True
    freed: asyncio.Event = field(default_factory=asyncio.Event)
    sent: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        if self.stuck:
            await self.freed.wait()
        self.sent.append(message)


@dataclass(slots=True)
class StuckReader:
    """A chain's reader that, once `stuck`, does not even end when it is cut off."""

    stuck: bool = True
    freed: asyncio.Event = field(default_factory=asyncio.Event)

    async def snapshot(self, observed_at: datetime) -> Snapshot | None:
        """Return nothing new; when stuck, not before it is freed."""
        del observed_at
        while self.stuck and not self.freed.is_set():
            try:
                await self.freed.wait()
            except asyncio.CancelledError:
                continue  # the fault this fake is for
        raise Transient("nothing was read")
