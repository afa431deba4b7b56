"""A person's words as typed on a phone, or as a program sends them; and what comes of them."""

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import takewhile
from typing import Annotated, ClassVar, Final, TypeAlias

from pydantic import ConfigDict, Field

from monitor.alerts.matcher import read_matcher
from monitor.hedge.legs import parse_leg
from monitor.model.layer import Fill
from monitor.model.observation import Verb, Word
from monitor.rules.durations import parse_duration, parse_instant

_ALERT: Final = re.compile(r"[0-9A-Fa-f]{6}")
_BOOK: Final = "book"
_OF_ALERTS: Final = frozenset({Verb.ACK, Verb.SNOOZE, Verb.UNSILENCE})
_LASTING: Final = frozenset({Verb.SNOOZE, Verb.SILENCE})
_NOTED: Final = frozenset({Verb.CASH, Verb.SILENCE})
_WITH_LEGS: Final = frozenset({Verb.FILL, Verb.CLOSE, Verb.ROLL, Verb.CORRECT})
_WITH_ENTRY: Final = frozenset({Verb.UNDO, Verb.CORRECT})
_TIMED: Final = frozenset({Verb.FILL, Verb.CLOSE, Verb.ROLL, Verb.CASH})
_POSITION: Final = "position"
_AT: Final = "at"
_USD: Final = re.compile(r"[+-][0-9]{1,12}(\.[0-9]{1,8})?")
FORMS: Final = {
    Verb.FILL: "/fill L2 vix.call 2027-03-17 29 +4 @2.85",
    Verb.CLOSE: "/close L2, or with the legs closed",
    Verb.ROLL: "/roll L2 vix.call 2026-12-16 29 -4 @0.40; vix.call 2027-03-17 29 +4 @2.85",
    Verb.UNDO: "/undo L2, or with the number of an entry",
    Verb.CORRECT: "/correct L2 3 vix.call 2027-03-17 29 +4 @2.75",
    Verb.CASH: "/cash P -12.50 funding, or received +12.50",
    Verb.ACK: "/ack A17F3C",
    Verb.SNOOZE: "/snooze A17F3C 1h",
    Verb.SILENCE: "/silence pack=lp_range severity=info,warning 4h moving the range",
    Verb.UNSILENCE: "/unsilence 3F9A21",
}

LATE: Final = "/fill L2 at 2026-03-27T08:00Z …: done then; so too /close, /roll, /cash"
"""What tells of a trade that was done some time ago."""


class Outcome(StrEnum):
    """What came of a word.

    WAITS: it is kept, and the daemon has not come to it yet. UNKNOWN: something failed.
    """

    TAKEN = "taken"
    REFUSED = "refused"
    WAITS = "waits"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person is told of a word. repeat: a word of this id was left here before."""

    outcome: Outcome
    text: str
    repeat: bool = False


Errand: TypeAlias = Callable[[Word], Awaitable[Answer]]
"""Leaves a word in the inbox, and returns once it is known what came of it."""

Text = Annotated[str, Field(max_length=200)]


class MisspokenError(ValueError):
    """A word that cannot be understood. key: the part at fault."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """The parts of a word before they are read.

    position: None for a layer of the whole book. traded_at: when a trade told late was done, as
    `2026-03-27T08:00Z`. usd, note: of a CASH. span: of a SNOOZE or a SILENCE, as `1h`.
    matchers: of a SILENCE, each as `pack=lp_range`; its note says why.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    verb: Verb
    layer: Text = ""
    legs: Annotated[tuple[Text, ...], Field(max_length=40)] = ()
    position: Text | None = None
    entry: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = 0
    traded_at: Text = ""
    usd: Annotated[float, Field(strict=True, allow_inf_nan=False)] = 0.0
    note: Text = ""
    alert: Text = ""
    span: Text = ""
    matchers: Annotated[tuple[Text, ...], Field(max_length=8)] = ()

    def word(self, *, id: str, by: str, now: datetime) -> Word:  # noqa: A002 - the word's own
        """Return the word; raise MisspokenError with a sentence that names what is wrong."""
        for key in self._astray():
            raise MisspokenError(key, f"{self.verb} takes no {key}")
        for key, text in (("layer", self.layer), ("position", self.position), ("note", self.note)):
            if text and not text.isprintable():
                raise MisspokenError(key, f"{key} is to be plain text on one line, was {text!r}")
        if self.verb is Verb.SILENCE:
            return self._silence(id, by, now)
        if self.verb in _OF_ALERTS:
            until = _until(self.span, now) if self.verb is Verb.SNOOZE else None
            alert = _alert(self.alert)
            return Word(id=id, verb=self.verb, observed_at=now, by=by, alert=alert, until=until)
        if not self.layer:
            raise MisspokenError("layer", f"{self.verb} of which layer? {FORMS[self.verb]}")
        if self.verb is Verb.CASH and not self.usd:
            raise MisspokenError("usd", f"cash of how many US dollars? {FORMS[self.verb]}")
        return Word(
            id=id,
            verb=self.verb,
            observed_at=now,
            by=by,
            layer=self.layer,
            scope=self.position or _BOOK,
            fills=self._fills(),
            entry=self.entry,
            traded_at=_instant(self.traded_at) if self.traded_at else None,
            cash_usd=self.usd,
            note=self.note,
        )

    def _silence(self, name: str, by: str, now: datetime) -> Word:
        try:
            read_matcher(self.matchers)
        except ValueError as error:
            raise MisspokenError("matchers", str(error)) from None
        return Word(
            id=name,
            verb=self.verb,
            observed_at=now,
            by=by,
            until=_until(self.span, now),
            matchers=self.matchers,
            note=self.note,
        )

    def _fills(self) -> tuple[Fill, ...]:
        """Return the legs read; a close may have none, a correction has one."""
        if self.verb is Verb.CORRECT and len(self.legs) != 1:
            raise MisspokenError("legs", f"a correction has one leg: {FORMS[self.verb]}")
        if self.verb in {Verb.FILL, Verb.ROLL} and not self.legs:
            raise MisspokenError("legs", f"{self.verb} of what? {FORMS[self.verb]}")
        return tuple(_leg(number, text) for number, text in enumerate(self.legs))

    def _astray(self) -> Iterator[str]:
        """Yield the parts given that have no meaning beside the verb."""
        of_alerts = self.verb in _OF_ALERTS
        yield from _given(("alert", self.alert), takes=of_alerts)
        yield from _given(("span", self.span), takes=self.verb in _LASTING)
        yield from _given(("matchers", self.matchers), takes=self.verb is Verb.SILENCE)
        of_alerts = of_alerts or self.verb is Verb.SILENCE
        yield from _given(("layer", self.layer), takes=not of_alerts)
        yield from _given((_POSITION, self.position), takes=not of_alerts)
        yield from _given(("legs", self.legs), takes=self.verb in _WITH_LEGS)
        yield from _given(("entry", self.entry), takes=self.verb in _WITH_ENTRY)
        yield from _given(("traded_at", self.traded_at), takes=self.verb in _TIMED)
        yield from _given(("usd", self.usd), takes=self.verb is Verb.CASH)
        yield from _given(("note", self.note), takes=self.verb in _NOTED)


def typed(text: str) -> Spoken:
    """Read a command such as `/fill L2 vix.call 2027-03-17 29 +4 @2.85; …`.

    Several legs are parted by `;`, a layer per position has `position ID` after its name, and
    what was done some time ago `at 2026-03-27T08:00Z` after that.
    Raises MisspokenError in one sentence.
    """
    name, *rest = text.split()
    verb = Verb(name.partition("@")[0].lower().removeprefix("/"))
    if any(word.startswith("/") for word in rest):
        raise MisspokenError("verb", "one command a message")
    if verb is Verb.SILENCE:
        return _of_silence(rest)
    if verb in _OF_ALERTS:
        return _of_alert(verb, rest)
    layer, position, rest = _of_layer(verb, rest)
    traded_at, rest = _when(verb, rest)
    if verb is Verb.CASH:
        usd, note = _money(rest)
        return Spoken(
            verb=verb, layer=layer, position=position, traded_at=traded_at, usd=usd, note=note
        )
    entry = 0
    if verb in _WITH_ENTRY and rest and rest[0].isascii() and rest[0].isdigit():
        entry, rest = int(rest[0][:7]), rest[1:]
    if verb is Verb.CORRECT and not entry:
        raise MisspokenError("entry", f"correct which entry? {FORMS[verb]}")
    legs = tuple(leg for part in " ".join(rest).split(";") if (leg := part.strip()))
    if verb is Verb.UNDO and legs:
        raise MisspokenError("entry", f"undo takes no more than an entry's number: {FORMS[verb]}")
    return Spoken(
        verb=verb, layer=layer, legs=legs, position=position, entry=entry, traded_at=traded_at
    )


def is_word(command: str) -> bool:
    """Return whether a command such as `/fill` says something, and asks nothing."""
    return command.removeprefix("/") in {verb.value for verb in Verb}


def _of_alert(verb: Verb, rest: Sequence[str]) -> Spoken:
    asked = 2 if verb is Verb.SNOOZE else 1
    if len(rest) != asked:
        raise MisspokenError("alert", f"{verb} reads {FORMS[verb]}")
    return Spoken(verb=verb, alert=rest[0], span="".join(rest[1:]))


def _of_silence(rest: Sequence[str]) -> Spoken:
    """Read labels, then a span, then why."""
    matchers = tuple(takewhile(lambda one: "=" in one, rest))
    if not rest[len(matchers) :]:
        raise MisspokenError("span", f"for how long? {FORMS[Verb.SILENCE]}")
    span, *why = rest[len(matchers) :]
    return Spoken(verb=Verb.SILENCE, matchers=matchers, span=span, note=" ".join(why))


def _of_layer(verb: Verb, rest: list[str]) -> tuple[str, str | None, list[str]]:
    if not rest:
        raise MisspokenError("layer", f"{verb} of which layer? {FORMS[verb]}")
    layer, *rest = rest
    if not rest or rest[0].lower() != _POSITION:
        return layer, None, rest
    if rest[1:]:
        return layer, rest[1], rest[2:]
    raise MisspokenError(_POSITION, "position needs its key after it, as in position 1:0x…:4471")


def _when(verb: Verb, rest: list[str]) -> tuple[str, list[str]]:
    """Return when it was done and what follows; an empty text where that is not said."""
    if verb not in _TIMED or not rest or rest[0].lower() != _AT:
        return "", rest
    if rest[1:]:
        return rest[1], rest[2:]
    raise MisspokenError("traded_at", "at needs an instant after it, as in at 2026-03-27T08:00Z")


def _money(rest: list[str]) -> tuple[float, str]:
    """Return an amount in US dollars and what it was."""
    if not rest:
        raise MisspokenError("usd", f"cash of how many US dollars? {FORMS[Verb.CASH]}")
    if not _USD.fullmatch(rest[0]):
        reason = f"{rest[0][:20]!r} is no amount with its sign: received +12.50, paid -12.50"
        raise MisspokenError("usd", reason)
    return float(rest[0]), " ".join(rest[1:])


def _given(part: tuple[str, object], *, takes: bool) -> Iterator[str]:
    name, value = part
    if value and not takes:
        yield name


def _leg(number: int, text: str) -> Fill:
    try:
        return parse_leg(text)
    except ValueError as error:
        raise MisspokenError(f"legs[{number}]", str(error)) from None


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise MisspokenError("traded_at", str(error)) from None


def _alert(text: str) -> str:
    if not _ALERT.fullmatch(text):
        reason = f"{text!r} is no alert: it is six characters of 0-9 and A-F, as in A17F3C"
        raise MisspokenError("alert", reason)
    return text.upper()


def _until(text: str, now: datetime) -> datetime:
    try:
        return now + parse_duration(text)
    except OverflowError:
        raise MisspokenError("span", f"{text[:20]!r} ends past every calendar") from None
    except ValueError as error:
        raise MisspokenError("span", str(error)) from None
