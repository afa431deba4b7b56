"""Questions, words and presses by Telegram: who may ask and who may act, and what is answered.

Whoever is not on the list, or speaks in another chat, gets silence: a refusal would
tell a stranger that there is something to be refused.
"""

import asyncio
import logging
from datetime import timedelta
from functools import partial
from typing import Final

from telegram import CallbackQuery, Chat, Message, Update, User

from monitor.channels.settings import CommandSettings, TelegramSettings
from monitor.channels.spoken import MisspokenError, is_word, typed
from monitor.channels.telegram import TelegramChannel
from monitor.channels.telegram_desk import Desk
from monitor.channels.telegram_listen import Listening
from monitor.channels.telegram_post import Place
from monitor.channels.telegram_presses import Presses
from monitor.clock import Clock
from monitor.errors import HedgewatchError

_log: Final = logging.getLogger(__name__)
_OLD: Final = timedelta(seconds=60)
"""Telegram keeps what was said while we were away. An answer after this long is noise, and
a trade may have been told of by another way since."""
_CHART: Final = "/chart"
_WHATIF: Final = "/whatif"
_NOT_ALLOWED: Final = "refused: you may ask here, and not tell: channel.telegram.commands.write"


class TelegramCommands:
    """Answers where it is asked. Raises ValueError in one sentence when a secret cannot be had."""

    def __init__(
        self, settings: TelegramSettings, channel: TelegramChannel, desk: Desk, *, clock: Clock
    ) -> None:
        self._given = settings.commands or CommandSettings()
        self._channel = channel
        self._desk = desk
        self._clock = clock
        self._presses = Presses(channel, desk, clock=clock)
        self.listening = Listening(settings, self._hear, clock=clock, deaf=self._deaf)
        self._owned_up = False

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop` is set."""
        await self.listening.run(stop)

    def _deaf(self, why: str) -> None:
        self._channel.later(partial(self._own_up, why))

    async def _own_up(self, why: str) -> None:
        """Say in the chat that nobody is heard there, and then that it is over."""
        if why:
            await self._channel.say(f"Commands and buttons are not heard now:\n{why}")
        elif self._owned_up:
            await self._channel.say("Commands and buttons are heard again")
        self._owned_up = bool(why)

    async def _hear(self, update: Update) -> None:
        if update.callback_query is not None:
            await self._pressed(update.callback_query)
        elif update.message is not None:
            await self._said(update.update_id, update.message)

    async def _pressed(self, query: CallbackQuery) -> None:
        """Do what a button says, however long ago it was pressed."""
        message = query.message
        if message is None or not self._known(query.from_user, message.chat):
            return
        if query.from_user.id in self._given.write:
            await self._presses.press(query, message)
        else:
            await self._presses.answer(query, _NOT_ALLOWED)

    async def _said(self, update: int, message: Message) -> None:
        if message.migrate_to_chat_id is not None and self._here(message.chat):
            self._channel.post.move(message.chat.id, message.migrate_to_chat_id)
        user = message.from_user
        if user is None or not _in_person(message) or not self._known(user, message.chat):
            return
        text = message.text or ""
        if not text.startswith("/"):
            return
        # In a group a command may carry the bot's name: /status@hedge_bot
        first, *rest = text.split(maxsplit=1)
        command, _, bot = first.lower().partition("@")
        if bot not in {"", (message.get_bot().username or "").lower()}:
            return
        late = self.listening.came_at() - message.date
        topic = message.message_thread_id if message.is_topic_message else None
        where = Place(chat=message.chat.id, topic=topic)
        if is_word(command):
            answer = await self._obeyed(update, message, late)
            # Who told of a trade must know what came of it.
            await self._channel.reply(lambda: self._channel.say(answer, where))
        elif late > _OLD:
            late_s = late // timedelta(seconds=1)
            _log.info("telegram: %s came %d s late and is passed over", command[:20], late_s)
        elif command == _CHART and self._desk.chart is not None:
            # Seconds of work, which nobody's press is to wait for.
            self._channel.later(partial(self._drawn, "".join(rest), where))
        else:
            await self._answer(command, "".join(rest), where)

    def _known(self, user: User, chat: Chat) -> bool:
        """Return whether a person on a list speaks where it is listened."""
        return user.id in self._given.heard and not user.is_bot and self._here(chat)

    def _here(self, chat: Chat) -> bool:
        places = {self._channel.home.chat, *self._given.chats}
        places |= {self._channel.post.present(place) for place in places}
        # A public group's name is known by Telegram however it is written.
        return bool({str(chat.id), f"@{chat.username}".lower()} & {str(p).lower() for p in places})

    async def _obeyed(self, update: int, message: Message, late: timedelta) -> str:
        """Run the errand of a message; return what came of it."""
        user = message.from_user
        assert user is not None
        if user.id not in self._given.write:
            return _NOT_ALLOWED
        # A bot's numbers may begin anew; together with the time they do not come again.
        name = f"telegram:{update}:{message.date:%Y%m%dT%H%M%S}"
        try:
            if late > _OLD and not self._desk.left(name):  # what comes again was taken in time
                return f"not taken: it came {_ago(late)} late; say it again if it still holds"
            return await self._done(message.text or "", name, _name(user))
        except MisspokenError as error:
            return f"refused: {error}"
        except Exception:  # noqa: BLE001 - told below
            _log.exception("a word by Telegram failed in an unforeseen way")
            return "failed, and may have been taken: see the log and the layer's journal"

    async def _done(self, text: str, name: str, by: str) -> str:
        word = typed(text).word(id=name, by=by, now=self._clock.now())
        return (await self._desk.obey(word)).text

    async def _answer(self, command: str, rest: str, where: Place) -> None:
        """Answer a question, with what is known when it is said."""

        async def say() -> None:
            table = command == _WHATIF and not rest
            await self._channel.say(await self._answered(command, rest), where, table=table)

        await self._channel.reply(say)

    async def _drawn(self, rest: str, where: Place) -> None:
        assert self._desk.chart is not None
        try:
            picture = await self._desk.chart(rest)
        except HedgewatchError as error:
            said = str(error)
            await self._channel.reply(lambda: self._channel.say(said, where))
        else:
            show = partial(self._channel.writer.show, picture, where)
            await self._channel.reply(show, doubles=False)

    async def _answered(self, command: str, rest: str) -> str:
        try:
            if command == _WHATIF:  # a book of many layers priced over and over: beside the loop
                return await asyncio.to_thread(self._desk.answer, command, rest)
            return self._desk.answer(command, rest)
        except Exception:  # noqa: BLE001 - told below
            # A question must not end the watching, and would be asked anew after a restart.
            _log.exception("answering %s failed in an unforeseen way", command)
            return f"{command} failed: see the log"


def _in_person(message: Message) -> bool:
    """Return whether whoever sent it said it: no channel, no anonymous admin, no other's words."""
    return message.sender_chat is None and message.forward_origin is None


def _ago(late: timedelta) -> str:
    minutes, seconds = divmod(late // timedelta(seconds=1), 60)
    return f"{minutes} minutes" if minutes > 1 else f"{60 * minutes + seconds} s"


def _name(user: User) -> str:
    return f"{user.username or user.id}@telegram"
