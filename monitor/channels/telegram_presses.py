"""What becomes of a button that was pressed: a word, an answer, and a message that says who."""

import logging
from collections import OrderedDict
from datetime import datetime
from html import escape
from typing import Final

from telegram import CallbackQuery, InlineKeyboardMarkup, MaybeInaccessibleMessage, Message
from telegram.error import TelegramError

from monitor.alerts.alert import AlertState
from monitor.alerts.figures import moment
from monitor.channels.spoken import Answer, MisspokenError, Outcome
from monitor.channels.telegram import TelegramChannel
from monitor.channels.telegram_buttons import (
    Deed,
    Press,
    Slip,
    left_after,
    left_without,
    read_press,
    void,
    word_of,
)
from monitor.channels.telegram_desk import Desk, Told
from monitor.channels.telegram_errors import SHAPELESS
from monitor.channels.telegram_pins import Pin
from monitor.channels.telegram_post import Place
from monitor.clock import Clock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.logs import redact
from monitor.model.observation import Word

_log: Final = logging.getLogger(__name__)
_LONGEST: Final = 200
"""Telegram's longest answer to a press."""
_SHORT: Final = 60
_REMEMBERED: Final = 100
_ENDED: Final = {
    AlertState.FILLED: "is done",
    AlertState.RESOLVED: "is over",
    AlertState.EXPIRED: "is void",
    AlertState.RETRACTED: "is taken back",
}
"""After these a button that could not be taken away in time books no trade a second time."""
_DONE: Final = {
    Deed.ACK: "acked",
    Deed.FILLED: "filled",
    Deed.SNOOZE: "snoozed",
    Deed.SKIP: "skipped",
}


class Presses:
    """Does what the buttons of one channel's messages say."""

    def __init__(self, channel: TelegramChannel, desk: Desk, *, clock: Clock) -> None:
        self._channel = channel
        self._desk = desk
        self._clock = clock
        # What was added to a message: two people's presses show both, whichever text they saw.
        self._added: OrderedDict[tuple[int, int], list[str]] = OrderedDict()

    async def press(self, query: CallbackQuery, message: MaybeInaccessibleMessage) -> None:
        """Do it, and answer, whatever comes of it."""
        press, now = read_press(query.data), self._clock.now()
        try:
            told = self._desk.told(press.alert, press.event) if press else None
            if press is None or told is None:
                raise Permanent("what this button is of is not remembered")
            word = word_of(press, told.alert, by=_by(query), now=now, query=query.id)
            # What was taken before it was over is answered as it was taken.
            over = "" if self._desk.left(word.id) else _over(told, now)
        except HedgewatchError as error:
            await self.answer(query, f"nothing done: {error}")
        except MisspokenError as error:
            await self.answer(query, f"refused: {error}")
        else:
            if over:
                instead = "; tell a trade by /fill" if press.deed is Deed.FILLED else ""
                await self.answer(query, f"nothing done: {press.alert} {over}{instead}")
                await self._show(message, left_without(_markup(message), press), "")
            else:
                await self._do(press, word, query, message)

    async def _do(
        self, press: Press, word: Word, query: CallbackQuery, message: MaybeInaccessibleMessage
    ) -> None:
        done = await self._done(word)
        await self.answer(query, done.text)
        if done.outcome in {Outcome.REFUSED, Outcome.UNKNOWN}:
            return
        who = query.from_user.username or query.from_user.full_name
        at = moment(word.observed_at, word.observed_at)
        stamp = "" if done.repeat else f"{press.alert} {_DONE[press.deed]} by {who}, {at}"
        await self._show(message, left_after(_markup(message), press), stamp)
        if press.deed is Deed.FILLED and not done.repeat:
            booked, where = _booked(done, word), _place(message)
            await self._channel.reply(lambda: self._channel.say(booked, where))

    async def answer(self, query: CallbackQuery, text: str) -> None:
        """End a button's waiting; one that waited too long for that is no fault."""
        short = redact(text)[:_LONGEST]
        try:
            await query.answer(short, show_alert=len(short) > _SHORT)
        except (TelegramError, *SHAPELESS) as error:
            _log.info("telegram: a press is not answered: %s", redact(str(error)))

    async def _done(self, word: Word) -> Answer:
        try:
            return await self._desk.obey(word)
        except Exception:  # noqa: BLE001 - told below
            _log.exception("a press by Telegram failed in an unforeseen way")
            text = "failed, and may have been taken: see the log and the layer's journal"
            return Answer(outcome=Outcome.UNKNOWN, text=text)

    async def _show(
        self, message: MaybeInaccessibleMessage, left: tuple[Slip, ...], stamp: str
    ) -> None:
        """Put on a message who did it, and take off the buttons that have no sense any more."""
        pin = Pin(chat=message.chat.id, message=message.message_id, slips=left)
        self._channel.pins.pin(pin)
        if not isinstance(message, Message) or message.text is None:
            return  # too old to be seen: what was done is done
        self._added_to(message, stamp)

        async def rewrite() -> None:
            await self._channel.writer.rewrite(self._channel.pins.now(pin), self._stamped(message))

        try:
            await rewrite()
        except Permanent as error:
            if stamp:  # too long by that line, or gone
                await self._channel.say(stamp, _place(message))
            else:
                _log.info("telegram: a message stays as it is: %s", redact(str(error)))
        except Transient:
            self._channel.later(lambda: self._channel.insist(rewrite))

    def _added_to(self, message: Message, stamp: str) -> None:
        """Remember a line that is added to a message."""
        added = self._added.setdefault((message.chat.id, message.message_id), [])
        self._added.move_to_end((message.chat.id, message.message_id))
        while len(self._added) > _REMEMBERED:
            self._added.popitem(last=False)
        if stamp:
            added.append(escape(stamp))  # quotes too, as python-telegram-bot gives them back

    def _stamped(self, message: Message) -> str:
        """Return a message's text with every line added to it so far."""
        added = self._added.get((message.chat.id, message.message_id), [])
        text = message.text_html
        missing = [one for one in added if one not in text]
        return "\n".join((text if not missing else f"{text}\n", *missing))


def _booked(done: Answer, word: Word) -> str:
    """Return what was booked, how its price is told, and how it is taken back."""
    layer = word.layer if word.scope == "book" else f"{word.layer} position {word.scope}"
    mends = f"/correct {layer} ENTRY LEG @PRICE\n/undo {layer} takes it back"
    return f"{done.text}\n{mends}"


def _markup(message: MaybeInaccessibleMessage) -> InlineKeyboardMarkup | None:
    return message.reply_markup if isinstance(message, Message) else None


def _by(query: CallbackQuery) -> str:
    return f"{query.from_user.username or query.from_user.id}@telegram"


def _over(told: Told, now: datetime) -> str:
    """Return since when a proposal is one no more; empty while it still is one."""
    void_at = told.alert.expires_at
    if void_at is not None and void(told.alert, now):
        return f"became void at {moment(void_at, now)}"
    what = _ENDED.get(told.last.state)
    return f"{what} since {moment(told.last.at, now)}" if what else ""


def _place(message: MaybeInaccessibleMessage) -> Place:
    in_topic = isinstance(message, Message) and message.is_topic_message
    topic = message.message_thread_id if isinstance(message, Message) and in_topic else None
    return Place(chat=message.chat.id, topic=topic)
