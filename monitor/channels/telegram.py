"""Alerts, and answers, to a Telegram chat through the Bot API.

Telegram cannot be asked whether a message arrived: a send without an answer is
ambiguous, and its repeat says that it may be one.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from telegram import LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, RetryAfter, TelegramError

from monitor.alerts.page import digest, fitting
from monitor.alerts.render import plain, telegram_html
from monitor.channels.port import Message
from monitor.channels.settings import TelegramSettings, chat_id
from monitor.channels.telegram_bot import open_bot
from monitor.channels.telegram_errors import (
    SHAPELESS,
    misshapen,
    retry_after,
    shapeless,
    tellable,
    verdict,
)
from monitor.clock import Clock
from monitor.errors import Transient
from monitor.logs import redact
from monitor.rules.pack import Severity

__all__ = ["TelegramChannel", "TelegramSettings"]

_log: Final = logging.getLogger(__name__)
_UNREADABLE: Final = "can't parse entities"
_BETWEEN: Final = timedelta(seconds=1)
_GROUP_SPAN: Final = timedelta(minutes=1)
_GROUP_MESSAGES: Final = 20
_NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)


class Pacing:
    """Telegram's limits to one chat: one message a second, and twenty a minute to a group."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent: deque[datetime] = deque(maxlen=_GROUP_MESSAGES)

    def wait(self, *, group: bool) -> timedelta:
        """Return how long the next message must wait."""
        if not self._sent:
            return timedelta(0)
        now = self._clock.now()
        free = self._sent[-1] + _BETWEEN
        if group and len(self._sent) == _GROUP_MESSAGES:
            free = max(free, self._sent[0] + _GROUP_SPAN)
        # A clock set back must not hold alerts for as long as it was set.
        return min(max(free - now, timedelta(0)), _GROUP_SPAN)

    def count(self) -> None:
        """Take note of a message sent now."""
        self._sent.append(self._clock.now())


class TelegramChannel:
    """Sends to one chat. Raises ValueError in one sentence when a secret cannot be had."""

    name = "telegram"

    def __init__(self, settings: TelegramSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._chat = chat_id(settings.chat)
        self._bot, self._request = open_bot(settings)
        self._pacing = Pacing(clock)
        self._turn = asyncio.Lock()
        self._silent_until: datetime | None = None

    def __repr__(self) -> str:
        return f"TelegramChannel({self._settings.token})"

    async def check(self) -> None:
        """Return once Telegram knows the bot; raise as `send` does where it does not."""
        try:
            await self._told(self._bot.get_me)
        except Transient as error:
            raise misshapen(self._bot.token, token=self._settings.token) or error from None

    async def send(self, message: Message) -> None:
        """Return once Telegram has the message.

        Raises Transient, ambiguous when it may have arrived and refused when the token
        will not do, or Permanent when the chat or the message itself never will.
        """
        await self.send_all([message])

    def holds(self, messages: Sequence[Message]) -> int:
        """Return how many of some messages, from the first on, fit into one."""
        return fitting([telegram_html(one) for one in messages])

    async def send_all(self, messages: Sequence[Message]) -> None:
        """Send alerts as one message; as `send` else."""
        await self._told(lambda: self._deliver(messages))

    async def say(self, text: str) -> None:
        """Send a plain text; raise as `send` does. It waits its turn among the alerts."""
        await self._told(lambda: self._post(text, None, quiet=True))

    async def _told(self, delivery: Callable[[], Awaitable[object]]) -> None:
        """Await a delivery in its turn, its failures as verdicts."""
        async with self._turn:
            try:
                await self._wait_for_turn()
                await delivery()
            except TelegramError as error:
                if isinstance(error, RetryAfter):
                    self._silent_until = self._clock.now() + retry_after(error)
                raise verdict(
                    error, token=self._settings.token, timeout_s=self._settings.timeout_s
                ) from tellable(error)
            except SHAPELESS as error:
                raise shapeless(error) from None

    async def close(self) -> None:
        """Close the connection."""
        await self._request.shutdown()

    async def _wait_for_turn(self) -> None:
        now = self._clock.now()
        if self._silent_until is not None and now < self._silent_until:
            raise Transient(
                f"Telegram asked for silence until {self._silent_until:%H:%M:%S} UTC",
                retry_after=self._silent_until - now,
            )
        wait = self._pacing.wait(group=isinstance(self._chat, int) and self._chat < 0)
        if wait > _BETWEEN:
            raise Transient("Telegram takes 20 messages a minute for a group", retry_after=wait)
        if wait:
            await self._clock.sleep(wait.total_seconds())

    async def _deliver(self, messages: Sequence[Message]) -> None:
        """Send; follow a chat that moved, and drop markup that Telegram cannot read."""
        quiet = all(one.alert.severity is Severity.INFO for one in messages)
        marked = digest([telegram_html(one) for one in messages])
        try:
            await self._post(marked, ParseMode.HTML, quiet=quiet)
        except ChatMigrated as error:
            self._chat = error.new_chat_id
            _log.warning(
                "telegram: the group became a supergroup; set channel.telegram.chat to %d",
                error.new_chat_id,
            )
            await self._post(marked, ParseMode.HTML, quiet=quiet)
        except BadRequest as error:
            if _UNREADABLE not in error.message.lower():
                raise
            told = ", ".join(one.alert.id for one in messages)
            _log.warning("telegram: alert %s goes as plain text: %s", told, redact(error.message))
            await self._post(digest([plain(one) for one in messages]), None, quiet=quiet)

    async def _post(self, text: str, mode: ParseMode | None, *, quiet: bool) -> None:
        self._pacing.count()
        await self._bot.send_message(
            self._chat,
            text,
            parse_mode=mode,
            message_thread_id=self._settings.topic,
            disable_notification=quiet,
            link_preview_options=_NO_PREVIEW,
        )
