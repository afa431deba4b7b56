"""What of a run talks with people by Telegram."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from monitor.app.asked import Asked
from monitor.app.daemon import Daemon
from monitor.app.errands import Errands
from monitor.app.parts import Parts
from monitor.app.telegram_desk import Charts, desk_of
from monitor.channels.telegram import TelegramChannel


def phone(
    parts: Parts, daemon: Daemon
) -> Iterator[tuple[str, Callable[[asyncio.Event], Coroutine[Any, Any, None]]]]:
    """Yield what is to run until a stop, by name: chores, and hearing where anybody may speak."""
    given = parts.settings.channel.telegram
    for channel in parts.channels:
        if given is None or not isinstance(channel, TelegramChannel):
            continue
        charts = Charts(daemon, lambda: parts.course.marks, parts.clock.now)
        channel.paint = charts.of_alert
        yield "telegram chores", channel.do_chores
        if given.commands is not None and given.commands.heard:
            # A third of a second, for those alone who have commands on.
            from monitor.channels.telegram_commands import TelegramCommands  # noqa: PLC0415

            asked = Asked(daemon, now=parts.clock.now, tells=bool(given.commands.write))
            errands = Errands(parts.store.inbox, clock=parts.post)
            desk = desk_of(daemon, asked, errands, charts)
            yield "telegram commands", TelegramCommands(given, channel, desk, clock=parts.post).run
