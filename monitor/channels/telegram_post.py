"""One bot's way out: in turn, no faster than Telegram allows, after chats that move."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias, TypeVar

from telegram.error import ChatMigrated, RetryAfter, TelegramError

from monitor.channels.settings import TelegramSettings
from monitor.channels.telegram_bot import open_bot
from monitor.channels.telegram_errors import SHAPELESS, retry_after, shapeless, tellable, verdict
from monitor.clock import Clock
from monitor.errors import Transient

_log: Final = logging.getLogger(__name__)
_BETWEEN: Final = timedelta(seconds=1)
_GROUP_SPAN: Final = timedelta(minutes=1)
_GROUP_MESSAGES: Final = 20
T = TypeVar("T")
Chat: TypeAlias = int | str
"""A chat's number, or the `@name` of a public one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a message goes. topic: the thread of a forum group, None for its general one."""

    chat: Chat
    topic: int | None = None


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


class Post:
    """Sends for one bot. Raises ValueError in one sentence when its token cannot be had."""

    def __init__(self, settings: TelegramSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self.bot, self._request = open_bot(settings)
        self._pacing: dict[Chat, Pacing] = {}
        self._turn = asyncio.Lock()
        self._silent_until: datetime | None = None
        self._moved: dict[Chat, int] = {}
        self.on_move: Callable[[Chat, int], None] = lambda _old, _new: None

    def present(self, chat: Chat) -> Chat:
        """Return a chat's number as it is now: a group that became a supergroup has another."""
        return self._moved.get(chat, chat)

    def move(self, chat: Chat, to: int) -> None:
        """Take note that a group became a supergroup; the operator is told, once."""
        if self._moved.get(chat) == to:
            return
        self._moved[chat] = to
        _log.warning("telegram: the group became a supergroup; set channel.telegram.chat to %d", to)
        self.on_move(chat, to)

    async def hand_in(self, chat: Chat, delivery: Callable[[Chat], Awaitable[T]]) -> T:
        """Await a delivery to a chat in its turn, its failures as verdicts.

        delivery: is given the chat's present number; once more where that turns out to be
        another. Raises Transient, ambiguous when it may have arrived and refused when the
        token will not do, or Permanent.
        """
        async with self._turn:
            return await self.ask(lambda: self._followed(chat, delivery))

    async def mend(self, chat: Chat, edit: Callable[[Chat], Awaitable[T]]) -> T:
        """Await a change to a message of this very chat; raise as `hand_in` does.

        Where the chat became another, the same number is another message there.
        """
        async with self._turn:
            return await self.ask(lambda: self._unfollowed(chat, edit))

    async def ask(self, question: Callable[[], Awaitable[T]]) -> T:
        """Await what no chat has to be spared of; raise as `hand_in` does."""
        try:
            return await question()
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

    async def _unfollowed(self, chat: Chat, edit: Callable[[Chat], Awaitable[T]]) -> T:
        await self._wait_for_turn(chat)
        return await edit(chat)

    async def _followed(self, chat: Chat, delivery: Callable[[Chat], Awaitable[T]]) -> T:
        where = self.present(chat)
        await self._wait_for_turn(where)
        try:
            return await delivery(where)
        except ChatMigrated as error:
            self.move(chat, error.new_chat_id)
            self._paced(error.new_chat_id).count()
            return await delivery(error.new_chat_id)

    def _paced(self, chat: Chat) -> Pacing:
        return self._pacing.setdefault(chat, Pacing(self._clock))

    async def _wait_for_turn(self, chat: Chat) -> None:
        now = self._clock.now()
        if self._silent_until is not None and now < self._silent_until:
            raise Transient(
                f"Telegram asked for silence until {self._silent_until:%H:%M:%S} UTC",
                retry_after=self._silent_until - now,
            )
        pacing = self._paced(chat)
        wait = pacing.wait(group=isinstance(chat, int) and chat < 0)
        if wait > _BETWEEN:
            raise Transient("Telegram takes 20 messages a minute for a group", retry_after=wait)
        if wait:
            await self._clock.sleep(wait.total_seconds())
        pacing.count()
