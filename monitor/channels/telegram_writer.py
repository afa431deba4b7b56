"""What a bot puts into a chat: texts, pictures, and other texts in place of what it said."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from telegram import InlineKeyboardMarkup, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest

from monitor.channels.telegram_buttons import keyboard
from monitor.channels.telegram_pins import Pin
from monitor.channels.telegram_post import Chat, Place, Post
from monitor.logs import redact

_log: Final = logging.getLogger(__name__)
_UNREADABLE: Final = "can't parse entities"
_UNCHANGED: Final = "message is not modified"
_NO_TOPIC: Final = ("message thread not found", "topic_closed", "topic_deleted")
T = TypeVar("T")
_NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A message. html: the same marked up, tried first where it is given. quiet: without a sound.

    name: what it is called in the log.
    """

    text: str
    html: str | None = None
    name: str = ""
    quiet: bool = True
    buttons: InlineKeyboardMarkup | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A chart as PNG, with what stands beneath it."""

    png: bytes
    caption: str


class Writer:
    """Every call waits its turn at the post, and raises as `Post.hand_in` does."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._bot = post.bot

    async def put(self, sheet: Sheet, place: Place) -> Pin:
        """Return the message that was sent."""

        async def put(chat: Chat) -> Pin:
            return await _in_topic(partial(self._sent, sheet, chat), place.topic)

        return await self._post.hand_in(place.chat, put)

    async def show(self, picture: Picture, place: Place, *, reply: int = 0) -> None:
        """Send a picture, without a sound. reply: to which message, 0 for none."""
        to = ReplyParameters(reply, allow_sending_without_reply=True) if reply else None

        def send(chat: Chat, topic: int | None) -> Awaitable[Message]:
            return self._bot.send_photo(
                chat,
                photo=picture.png,
                caption=picture.caption or None,
                message_thread_id=topic,
                disable_notification=True,
                reply_parameters=to,
            )

        await self._post.hand_in(
            place.chat, lambda chat: _in_topic(partial(send, chat), place.topic)
        )

    async def rewrite(self, pin: Pin, html: str) -> None:
        """Put another text and the buttons that are left on a message."""
        edit = partial(
            self._bot.edit_message_text,
            text=html,
            message_id=pin.message,
            parse_mode=ParseMode.HTML,
            link_preview_options=_NO_PREVIEW,
            reply_markup=keyboard(pin.slips),
        )
        await self._post.mend(pin.chat, lambda chat: _unless_same(edit(chat_id=chat)))

    async def strip(self, pin: Pin) -> None:
        """Leave no buttons on a message but those that are left."""
        edit = partial(
            self._bot.edit_message_reply_markup,
            message_id=pin.message,
            reply_markup=keyboard(pin.slips),
        )
        await self._post.mend(pin.chat, lambda chat: _unless_same(edit(chat_id=chat)))

    async def _sent(self, sheet: Sheet, chat: Chat, topic: int | None) -> Pin:
        """Send; without the markup where Telegram cannot read it."""
        send = partial(
            self._bot.send_message,
            chat_id=chat,
            message_thread_id=topic,
            disable_notification=sheet.quiet,
            link_preview_options=_NO_PREVIEW,
            reply_markup=sheet.buttons,
        )
        if sheet.html is not None:
            try:
                return _pin(chat, await send(text=sheet.html, parse_mode=ParseMode.HTML))
            except BadRequest as error:
                if _UNREADABLE not in error.message.lower():
                    raise
                said = redact(error.message)
                _log.warning("telegram: %s goes as plain text: %s", sheet.name, said)
        return _pin(chat, await send(text=sheet.text))


async def _in_topic(send: Callable[[int | None], Awaitable[T]], topic: int | None) -> T:
    """Send into a topic; where that is closed or gone, into the group's general one."""
    try:
        return await send(topic)
    except BadRequest as error:
        if topic is None or error.message.lower() not in _NO_TOPIC:
            raise
        said = redact(error.message)
        _log.warning("telegram: topic %d takes nothing (%s): told to the group", topic, said)
    return await send(None)


def _pin(chat: Chat, sent: Message) -> Pin:
    """Return what to find a message by: a press on it names its chat by number."""
    number = chat if isinstance(chat, int) else sent.chat.id
    return Pin(chat=number, message=sent.message_id, slips=())


async def _unless_same(edit: Awaitable[object]) -> None:
    """Await an edit; that there was nothing to change is no fault."""
    try:
        await edit
    except BadRequest as error:
        if _UNCHANGED not in error.message.lower():
            raise
