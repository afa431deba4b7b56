"""A channel and its commands against the local Bot API server, until each batch was taken."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.channels.settings import CommandSettings, TelegramSettings
from monitor.channels.telegram import TelegramChannel
from monitor.channels.telegram_commands import TelegramCommands
from monitor.channels.telegram_desk import Desk
from monitor.clock import SystemClock
from tests.channels.bot_server import AT, CHAT, OWNER, TOKEN, BotApi, serving


class Story:
    """A clock that stands at the story's moment; sleeping on it costs a moment, and is noted.

    holds: a minute and more lasts until the test has moved the time.
    """

    lead = timedelta(minutes=1)

    def __init__(self) -> None:
        self.time = AT
        self.slept = set[float]()
        self.holds = False

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.add(seconds)
        until = self.time + timedelta(seconds=seconds)
        while self.holds and seconds >= self.lead.total_seconds() and self.time < until:
            await SystemClock().sleep(0.001)
        await SystemClock().sleep(min(seconds, 0.01))


@dataclass(kw_only=True)
class Rig:
    api: BotApi
    channel: TelegramChannel
    commands: TelegramCommands
    clock: Story

    async def settled(self) -> None:
        """Wait until every batch was taken and worked on."""
        async with asyncio.timeout(10):
            await self.api.idle.wait()


@asynccontextmanager
async def rigged(
    tmp_path: Path,
    *batches: Any,
    desk: Desk,
    server: dict[str, Any] | None = None,
    **changes: Any,
) -> AsyncIterator[Rig]:
    """Run commands until every batch was taken.

    changes: to the lists, or to the settings; `idle=False` not to wait.
    """
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    idle = changes.pop("idle", True)
    lists = {key: changes.pop(key) for key in ("read", "write", "chats") if key in changes}
    clock = Story()
    async with serving(*batches, **({"now": clock.now} | (server or {}))) as api:
        settings = TelegramSettings(
            token=f"file:{tmp_path}/token",
            base_url=api.url,
            commands=CommandSettings(**{"read": (OWNER,)} | lists),
            **{"chat": CHAT, "timeout_s": 2.0} | changes,
        )
        channel = TelegramChannel(settings, clock=clock)
        commands = TelegramCommands(settings, channel, desk, clock=clock)
        rig = Rig(api=api, channel=channel, commands=commands, clock=clock)
        stop = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(channel.do_chores(stop), name="chores")
                group.create_task(commands.run(stop), name="commands")
                if idle:
                    await rig.settled()
                yield rig
                stop.set()
        finally:
            await channel.close()
