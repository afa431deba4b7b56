"""Signals of the market, the book and the daemon that the rules in force name, with their ages."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from monitor.alerts.figures import age, figure
from monitor.rules.surroundings import CHAIN_MAX_AGE
from monitor.rules.verdict import Value
from monitor.signals.catalogue import BY_NAME, Scope, Signal
from monitor.web.markup import Markup, Part, el, said
from monitor.web.seen import Seen
from monitor.web.words import ago, lasting, note, section, unknown

_SHOWN: Final = frozenset({Scope.MARKET, Scope.BOOK, Scope.SYSTEM})
_STEPS: Final = 20
_PARTS: Final = re.compile(r"[^._]+[._]?")


def signals(seen: Seen) -> Markup:
    """Return the section."""
    rows = [_row(seen, one) for one in named(seen)]
    head = el("tr", *(el("th", one, scope="col") for one in ("signal", "value", "age")))
    table = el("table", el("thead", head), el("tbody", *rows), class_="signals")
    return section(
        "signals",
        "Signals",
        table if rows else note("The rules in force name no signal of the market or the book."),
    )


def named(seen: Seen) -> Iterator[Signal]:
    """Yield what rules name or `[feeds]` asks for, by name; keyed families are of tickets alone."""
    names = {name for rule in seen.ground.rules for name in rule.when.names}
    names |= {n for rule in seen.ground.rules if rule.clear for n in rule.clear.names}
    # What the daemon knows of itself comes last.
    for name in sorted(names | set(seen.ground.order), key=lambda one: (one[:7] == "system.", one)):
        signal = BY_NAME.get(name)
        if signal is not None and signal.scope in _SHOWN and not signal.keyed:
            yield signal


def _row(seen: Seen, signal: Signal) -> Markup:
    value = seen.book.value(signal.name)
    limit = CHAIN_MAX_AGE if signal.scope is Scope.BOOK else signal.max_age
    dark = value.value is None
    beside = _why(signal, value) if dark else value.source or signal.source
    return el(
        "tr",
        el("th", el("code", *_breakable(signal.name)), el("small", said(beside)), scope="row"),
        el("td", _told(signal, value), class_="number"),
        el("td", _age(seen, value, limit), class_="age"),
        class_="unknown-row" if dark else None,
        data_key=f"signal:{signal.name}",
    )


def _told(signal: Signal, value: Value) -> Part:
    if value.value is None:
        return unknown()
    if signal.unit == "s":
        return lasting(figure(value.value, signal.unit))
    return f"{figure(value.value, signal.unit)}{' points' if signal.unit == 'points' else ''}"


def _why(signal: Signal, value: Value) -> str:
    note = value.note or "nothing tells it"
    return note.removeprefix(f"{signal.name}: ").removeprefix(f"{signal.name} ")


def _breakable(name: str) -> Iterator[Part]:
    """Yield a name that may be broken after its dots and underscores."""
    for part in _PARTS.findall(name):
        yield from (part, el("wbr"))


def _age(seen: Seen, value: Value, limit: timedelta | None) -> Part:
    if value.as_of is None:
        return "—"
    if value.as_of == seen.now:  # it is worked out as one looks
        return "now"
    told: list[Part] = [ago(value.as_of, seen.now)]
    if limit is not None:
        passed = value.age_s
        if passed is None:
            passed = (seen.now - value.as_of).total_seconds()
        told.append(el("small", f"limit {age(limit.total_seconds())}"))
        told.append(_bar(passed / limit.total_seconds(), unknown=value.value is None))
    return told


def _bar(share: float, *, unknown: bool) -> Markup:
    """Return how much of its longest age is used up, in steps, that it is not drawn anew always."""
    used = min(max(round(share * _STEPS), 0), _STEPS) * 100 // _STEPS
    state = "unknown" if unknown else "late" if share > 1 else "fresh"
    return el(
        "svg",
        el("rect", x="0", y="0", width="100", height="6", class_="track"),
        el("rect", x="0", y="0", width=f"{used}", height="6", class_=state),
        viewBox="0 0 100 6",
        preserveAspectRatio="none",
        class_="agebar",
        aria_hidden="true",
    )
