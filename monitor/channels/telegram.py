"""Alerts, and answers, to a Telegram chat through the Bot API.

Telegram cannot be asked whether a message arrived: a send without an answer is
ambiguous, and its repeat says that it may be one.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from html import escape
from typing import Final

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.page import cut, digest, fitting
from monitor.alerts.render import plain, telegram_html
from monitor.channels.port import Message
from monitor.channels.settings import TelegramSettings, chat_id
from monitor.channels.telegram_buttons import keyboard, slips_of
from monitor.channels.telegram_errors import misshapen
from monitor.channels.telegram_pins import Pin, Pins
from monitor.channels.telegram_post import Place, Post
from monitor.channels.telegram_writer import Picture, Sheet, Writer
from monitor.clock import Clock
from monitor.errors import HedgewatchError, Transient
from monitor.logs import redact
from monitor.model.layer import Action
from monitor.rules.pack import Severity

__all__ = ["TelegramChannel", "TelegramSettings"]

_log: Final = logging.getLogger(__name__)
_MOST_CHORES: Final = 100
_CHORE: Final = "a picture, a button or an answer, and no alert,"
_TRIES: Final = 5
_FIRST_WAIT_S: Final = 1.0

_Chores = asyncio.Queue[Callable[[], Awaitable[None]]]
Painter = Callable[[Alert], Awaitable[Picture | None]]
"""Draws what an alert is about; None where nothing can be drawn."""


class TelegramChannel:
    """Sends to one chat. Raises ValueError in one sentence when a secret cannot be had.

    home: where alerts go. paint: draws what goes with an add. pins: which messages have buttons.
    """

    name = "telegram"

    def __init__(self, settings: TelegramSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self.home = Place(chat=chat_id(settings.chat), topic=settings.topic)
        self.post = Post(settings, clock=clock)
        self.writer = Writer(self.post)
        self.pins = Pins()
        self.paint: Painter | None = None
        self._asks = settings.commands is not None and bool(settings.commands.heard)
        self._bot = self.post.bot
        self._chores, self._answers = _Chores(_MOST_CHORES), _Chores(_MOST_CHORES)

    def __repr__(self) -> str:
        return f"TelegramChannel({self._settings.token})"

    def remember(self, pins: Pins) -> None:
        """Go on with what an earlier run remembered."""
        self.pins = pins
        for chat, to in pins.moved.items():
            self.post.move(chat, to)
        self.post.on_move = pins.move

    async def check(self) -> None:
        """Return once Telegram knows the bot; raise as `send` does where it does not."""
        try:
            await self.post.ask(self._bot.get_me)
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
        return fitting([telegram_html(one, asks=self._asks) for one in messages])

    async def send_all(self, messages: Sequence[Message]) -> None:
        """Send alerts as one message; as `send` else."""
        alerts = [one.alert for one in messages]
        given = self._settings.commands
        # None where nobody may press one.
        slips = slips_of(alerts, self._clock.now()) if given is not None and given.write else ()
        sheet = Sheet(
            text=digest([plain(one, asks=self._asks) for one in messages]),
            html=digest([telegram_html(one, asks=self._asks) for one in messages]),
            name=f"alert {', '.join(one.id for one in alerts)}",
            quiet=all(one.quiet or one.alert.severity is Severity.INFO for one in messages),
            buttons=keyboard(slips),
        )
        sent = await self.writer.put(sheet, self.home)
        self._follow_up(alerts, replace(sent, slips=slips))

    async def say(
        self, text: str, where: Place | None = None, *, table: bool = False, loud: bool = False
    ) -> None:
        """Send a plain text; raise as `send` does. It waits its turn among the alerts.

        What is too long for a message goes without its end. table: its columns are to stand
        beneath each other. loud: it makes a sound.
        """
        text = cut(redact(text))
        html = f"<pre>{escape(text, quote=False)}</pre>" if table else None
        sheet = Sheet(text=text, html=html, name="an answer", quiet=not loud)
        await self.writer.put(sheet, where or self.home)

    async def do_chores(self, stop: asyncio.Event) -> None:
        """Send pictures and take buttons away until `stop` is set: what no alert waits for.

        Answers that wait have a queue of their own, so that no crowd of pictures drops one.
        """
        async with asyncio.TaskGroup() as group:
            works = [
                group.create_task(_work_off(self._chores), name=f"{self.name} chores"),
                group.create_task(_work_off(self._answers), name=f"{self.name} answers"),
            ]
            await stop.wait()
            for work in works:
                work.cancel()

    def later(self, chore: Callable[[], Awaitable[None]]) -> None:
        """Leave something to `do_chores`; the oldest goes where there is too much of it."""
        # Of buttons a press finds out for itself what is void.
        _leave(self._chores, chore)

    async def insist(self, say: Callable[[], Awaitable[None]], *, doubles: bool = True) -> None:
        """Say something again and again for a while; raise as `send` does once that is over.

        doubles: whether it is also said again where it may have arrived.
        """
        for tries in range(_TRIES):
            try:
                await say()
            except Transient as error:
                hopeless = error.refused or tries == _TRIES - 1
                if hopeless or (error.ambiguous and not doubles):
                    raise
                wait = error.retry_after or timedelta(seconds=_FIRST_WAIT_S * 2.0**tries)
                await self._clock.sleep(wait.total_seconds())
            else:
                return

    async def reply(self, say: Callable[[], Awaitable[None]], *, doubles: bool = True) -> None:
        """Say; where it has to be said again, no other word and no press waits for that.

        doubles: whether it is also said again where it may have arrived.
        """
        try:
            await say()
        except Transient as error:
            if error.refused or (error.ambiguous and not doubles):
                raise
            _leave(self._answers, partial(self.insist, say, doubles=doubles))

    async def close(self) -> None:
        """Close the connection."""
        await self.post.close()

    def _follow_up(self, alerts: Sequence[Alert], sent: Pin) -> None:
        """Leave for later what goes with a message that has arrived."""
        ids = frozenset(one.id for one in alerts)
        # Whatever is said of an alert next, the buttons under what was said before are void.
        for pin in self.pins.of(ids):
            self.later(partial(self._strip, pin, ids))
        self.pins.pin(sent)
        for alert in alerts:
            if alert.action is Action.ADD and alert.state is AlertState.FIRING:
                self.later(partial(self._illustrate, alert, sent.message))

    async def _strip(self, pin: Pin, alerts: frozenset[str]) -> None:
        """Take the buttons of some alerts off a message."""
        known = self.pins.now(pin).slips
        left = replace(pin, slips=tuple(one for one in known if one.alert not in alerts))
        self.pins.pin(left)
        await self.writer.strip(left)

    async def _illustrate(self, alert: Alert, reply: int) -> None:
        picture = await self.paint(alert) if self.paint else None
        if picture is not None:
            await self.writer.show(picture, self.home, reply=reply)


def _leave(chores: _Chores, chore: Callable[[], Awaitable[None]]) -> None:
    if chores.full():
        chores.get_nowait()
    chores.put_nowait(chore)


async def _work_off(chores: _Chores) -> None:
    while True:
        chore = await chores.get()
        try:
            await chore()
        except HedgewatchError as error:
            _log.info("telegram: %s is left: %s", _CHORE, redact(str(error)))
        except Exception:  # noqa: BLE001 - no alert depends on it, and so no run ends by it
            _log.exception("telegram: %s failed in an unforeseen way", _CHORE)
