"""Which messages have buttons, and which groups moved: what Telegram cannot be asked for."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from monitor.channels.telegram_buttons import Deed, Slip
from monitor.channels.telegram_post import Chat
from monitor.errors import HedgewatchError
from monitor.logs import redact

_log: Final = logging.getLogger(__name__)
_MOST: Final = 200
"""Messages whose buttons are remembered; of older ones a press still finds out for itself."""
_MOVED: Final = "moved"
_MESSAGE: Final = "message"

Keep = Callable[[str, str | None], None]
"""Keeps a short text under a name over a restart; None drops it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One message with buttons."""

    chat: Chat
    message: int
    slips: tuple[Slip, ...]


def _forget(_name: str, _text: str | None) -> None:
    """Keep nothing."""


class Pins:
    """The messages with buttons, the oldest first. known: what `keep` was given in earlier runs.

    look: tells that of all who keep, now, where others do besides.
    """

    def __init__(
        self,
        known: Mapping[str, str] | None = None,
        keep: Keep = _forget,
        look: Callable[[], Mapping[str, str]] | None = None,
    ) -> None:
        self._keep = keep
        self._look = look
        self._pins: dict[str, Pin] = {}
        self.moved: dict[Chat, int] = {}
        self._take(known or {})
        self._look_again()

    def pin(self, pin: Pin) -> None:
        """Remember a message's buttons, or that it has none left."""
        name = _name(pin)
        if not pin.slips:
            if self._pins.pop(name, None):
                self._note(name, None)
            return
        self._pins[name] = pin
        self._note(name, _written(pin))
        while len(self._pins) > _MOST:
            oldest = next(iter(self._pins))
            del self._pins[oldest]
            self._note(oldest, None)

    def of(self, alerts: Iterable[str]) -> tuple[Pin, ...]:
        """Return the messages that have buttons of any of these alerts."""
        ids = set(alerts)
        self._look_again()
        return tuple(
            pin for pin in self._pins.values() if any(slip.alert in ids for slip in pin.slips)
        )

    def now(self, pin: Pin) -> Pin:
        """Return a message with the buttons it has by now."""
        self._look_again()
        known = self._pins.get(_name(pin))
        return known or replace(pin, slips=())

    def move(self, chat: Chat, to: int) -> None:
        """Remember that a group became a supergroup."""
        self.moved[chat] = to
        self._note(f"{_MOVED}:{chat}", str(to))

    def _note(self, name: str, text: str | None) -> None:
        """Keep it if that can be: a message that has arrived is not sent again for its buttons."""
        try:
            self._keep(name, text)
        except HedgewatchError as error:
            _log.info("telegram: a message's buttons are not remembered: %s", redact(str(error)))

    def _look_again(self) -> None:
        """Take what others remember; where that cannot be told, what is known stays."""
        if self._look is None:
            return
        try:
            known = self._look()
        except HedgewatchError as error:
            _log.info("telegram: which messages have buttons is not told: %s", redact(str(error)))
        else:
            self._pins.clear()
            self._take(known)

    def _take(self, known: Mapping[str, str]) -> None:
        for name, text in sorted(known.items(), key=lambda one: _number(one[0])):
            # What another release wrote is passed over.
            with suppress(ValueError, TypeError, KeyError):
                self._read(name, text)

    def _read(self, name: str, text: str) -> None:
        kind, _, rest = name.partition(":")
        if kind == _MOVED:
            self.moved[_chat(rest)] = int(text)
        elif kind == _MESSAGE:
            chat, _, message = rest.rpartition(":")
            slips = tuple(
                Slip(alert=alert, event=event, deeds=tuple(map(Deed, deeds)), named=any(named))
                for alert, event, deeds, *named in json.loads(text)
            )
            self._pins[name] = Pin(chat=_chat(chat), message=int(message), slips=slips)


def _name(pin: Pin) -> str:
    return f"{_MESSAGE}:{pin.chat}:{pin.message}"


def _written(pin: Pin) -> str:
    # What is named is told only where it is so: earlier releases read three values.
    told = ([one.alert, one.event, list(one.deeds), *([1] * one.named)] for one in pin.slips)
    return json.dumps(list(told))


def _chat(text: str) -> Chat:
    return text if text.startswith("@") else int(text)


def _number(name: str) -> int:
    """Return a message's number, by which it is older or newer than others."""
    last = name.rpartition(":")[2]
    return int(last) if last.isascii() and last.isdigit() else 0
