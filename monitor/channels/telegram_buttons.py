"""The buttons under an alert: what they say to Telegram, and which are there.

A button names the very event it stands under, so that a press on an old message is never
taken for a later proposal of the same alert at another price.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from monitor.alerts.alert import Alert, AlertState
from monitor.channels.spoken import MisspokenError
from monitor.model.layer import Action, Fill
from monitor.model.observation import Verb, Word
from monitor.rules.pack import Severity

SNOOZE: Final = timedelta(hours=1)
_OPEN: Final = frozenset({AlertState.FIRING, AlertState.REPEAT})
_DATA: Final = re.compile(r"a:([0-9A-F]{6}):([0-9a-f]{8}):(ack|filled|snooze|skip)")
_TRADES: Final = {Action.ADD: Verb.FILL, Action.ROLL: Verb.ROLL, Action.REMOVE: Verb.CLOSE}


class Deed(StrEnum):
    """What a button does."""

    ACK = "ack"
    FILLED = "filled"
    SNOOZE = "snooze"
    SKIP = "skip"


NAMES: Final = {
    Deed.ACK: "Ack",
    Deed.FILLED: "Filled",
    Deed.SNOOZE: "Snooze 1 h",
    Deed.SKIP: "Skip",
}
_ENDS: Final = {
    Deed.ACK: frozenset({Deed.ACK, Deed.SNOOZE}),
    Deed.FILLED: frozenset(Deed),
    Deed.SNOOZE: frozenset[Deed](),
    Deed.SKIP: frozenset(Deed),
}
"""Which buttons there is no sense in after each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """An alert's buttons. event: a digest of the event they stand under.

    named: whether they carry the alert's id, because their message tells of others too.
    """

    alert: str
    event: str
    deeds: tuple[Deed, ...]
    named: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """What a button that was pressed says."""

    alert: str
    event: str
    deed: Deed


def event_of(idem: str) -> str:
    """Return the eight characters a button names an event by."""
    return hashlib.sha256(idem.encode()).hexdigest()[:8]


def slips_of(alerts: Sequence[Alert], now: datetime) -> tuple[Slip, ...]:
    """Return the buttons of what can still be acted on: each proposal, and what is critical.

    alerts: all that one message tells of.
    """
    named = len(alerts) > 1
    return tuple(
        Slip(alert=alert.id, event=event_of(alert.idem), deeds=deeds, named=named)
        for alert in alerts
        if alert.state in _OPEN and not void(alert, now) and (deeds := _deeds(alert))
    )


def _deeds(alert: Alert) -> tuple[Deed, ...]:
    """Return what can be done about an alert; the rest has no buttons, for each costs an edit."""
    if alert.action is Action.NOTIFY:
        return (Deed.ACK, Deed.SNOOZE) if alert.severity is Severity.CRITICAL else ()
    return tuple(deed for deed in Deed if deed is not Deed.FILLED or alert.ticket is not None)


def void(alert: Alert, now: datetime) -> bool:
    """Return whether a proposal's time is over."""
    return alert.expires_at is not None and now >= alert.expires_at


def keyboard(slips: Sequence[Slip]) -> InlineKeyboardMarkup | None:
    """Return the buttons of one message."""
    rows = [row for slip in slips for row in _rows(slip)]
    return InlineKeyboardMarkup(rows) if rows else None


def _rows(slip: Slip) -> Iterator[list[InlineKeyboardButton]]:
    row = [
        InlineKeyboardButton(
            f"{NAMES[deed]} {slip.alert}" if slip.named else NAMES[deed],
            callback_data=f"a:{slip.alert}:{slip.event}:{deed.value}",
        )
        for deed in slip.deeds
    ]
    wide = 2 if slip.named else len(row)
    for first in range(0, len(row), wide or 1):
        yield row[first : first + wide]


def read_press(data: str | None) -> Press | None:
    """Return what a button says; None where it is none of ours."""
    found = _DATA.fullmatch(data or "")
    return Press(alert=found[1], event=found[2], deed=Deed(found[3])) if found else None


def left_after(markup: InlineKeyboardMarkup | None, press: Press) -> tuple[Slip, ...]:
    """Return what is left of a message's buttons once one was pressed."""
    return _without(markup, press, _ENDS[press.deed])


def left_without(markup: InlineKeyboardMarkup | None, press: Press) -> tuple[Slip, ...]:
    """Return what is left of a message's buttons without those of the proposal pressed."""
    return _without(markup, press, frozenset(Deed))


def _without(
    markup: InlineKeyboardMarkup | None, press: Press, ended: frozenset[Deed]
) -> tuple[Slip, ...]:
    kept: dict[tuple[str, str], list[Deed]] = {}
    named = False
    for row in markup.inline_keyboard if markup else ():
        for button in row:
            one = read_press(str(button.callback_data))
            if one is None:
                continue
            named = named or button.text != NAMES[one.deed]
            mine = (one.alert, one.event) == (press.alert, press.event)
            if not (mine and one.deed in ended):
                kept.setdefault((one.alert, one.event), []).append(one.deed)
    return tuple(
        Slip(alert=alert, event=event, deeds=tuple(deeds), named=named)
        for (alert, event), deeds in kept.items()
    )


def word_of(press: Press, alert: Alert, *, by: str, now: datetime, query: str) -> Word:
    """Return what a press says, under an id that makes a second one the same word.

    alert: the event the button stood under. query: Telegram's name for the press; only a
    snooze may be said again. Raises MisspokenError for a proposal without a ticket.
    """
    if press.deed is Deed.SNOOZE:
        name = f"telegram:button:{query}"
        return Word(
            id=name, verb=Verb.SNOOZE, observed_at=now, by=by, alert=alert.id, until=now + SNOOZE
        )
    # Of an alert's episode, not of one message: a reminder has buttons of its own.
    name = f"telegram:button:{alert.id}:{alert.since:%Y%m%dT%H%M%S}:{press.deed}"
    if press.deed is not Deed.FILLED:
        note = "skipped" if press.deed is Deed.SKIP else ""
        return Word(id=name, verb=Verb.ACK, observed_at=now, by=by, alert=alert.id, note=note)
    if alert.ticket is None or alert.layer is None or alert.action not in _TRADES:
        raise MisspokenError("legs", f"{alert.id} has no ticket: tell the trade by /fill")
    return Word(
        id=name,
        verb=_TRADES[alert.action],
        observed_at=now,
        by=by,
        layer=alert.layer,
        scope=alert.scope,
        # At which price is for the person to tell: the ticket's is a model's, or a quote's.
        fills=tuple(
            Fill(contract=leg.contract, quantity=leg.quantity) for leg in alert.ticket.legs
        ),
    )
