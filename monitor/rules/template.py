"""Texts of alerts with values in them: `VIX {vix:.1f}, IL {book.il:.2%}`.

A place holds one name and perhaps one of Python's format specs, checked against
the name's type when the file is loaded; `{{` and `}}` are braces. Nothing is
looked up inside a value: a dot is part of the name.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Final

from monitor.rules.checker import unknown_name
from monitor.rules.syntax import RuleError, all_told
from monitor.rules.verdict import Scalar
from monitor.signals.catalogue import Kind, Scope, Signal


def _text(
    name: str, scope: Scope, meaning: str, *, kind: Kind = Kind.TEXT, unit: str = ""
) -> Signal:
    return Signal(name=name, kind=kind, unit=unit, scope=scope, meaning=meaning, source="computed")


def _usd(name: str, meaning: str) -> Signal:
    return _text(name, Scope.LAYER, meaning, kind=Kind.NUMBER, unit="usd")


TEXT_NAMES: Final = {
    signal.name: signal
    for signal in (
        _text("ticket.legs", Scope.LAYER, "what to trade: `4 x VIX 17 Mar 2027 29 call`"),
        _usd("ticket.cost_usd", "cash to pay, negative to receive"),
        _usd("ticket.cost_low_usd", "the same with vol 5 points lower"),
        _usd("ticket.cost_high_usd", "the same with vol 5 points higher"),
        _text("ticket.note", Scope.LAYER, "what the ticket's numbers rest on"),
        _text("ticket.priced_by", Scope.LAYER, "`model` or the quote's source"),
        _text("layer.title", Scope.LAYER, "the layer's title in its rule file"),
        _text("position.label", Scope.POSITION, "the position as people say it"),
        _text("pool.pair", Scope.POOL, "the pool's pair: `WETH/USDC`"),
        _text("system.blind_chains", Scope.SYSTEM, "the chains that cannot be read: `base`"),
        _text("vix_age", Scope.MARKET, "age of the last VIX in open time: `15 m`"),
    )
}


MAX_CHARS: Final = 2_000
UNKNOWN: Final = "unknown"

_PART: Final = re.compile(r"\{\{|\}\}|\{(?P<inside>[^{}]*)\}|[{}]|[^{}]+")
_NUMBER_SPEC: Final = re.compile(
    r"(?P<sign>[-+ ]?)(?P<rest>0?\d{0,2},?(?:\.\d{1,2})?[fFeEgG%])", re.ASCII
)
_TEXT_SPEC: Final = re.compile(r"[<>^]?\d{0,2}(?:\.\d{1,3})?s?", re.ASCII)
_MINUS: Final = re.compile(r"(?<!e)-", re.IGNORECASE)
_SHARES: Final = frozenset({"fraction", "ratio"})


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value goes. spec: as `format` takes it, empty for the plain form."""

    name: str
    spec: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A checked text with `{name:spec}` places. names: what it needs."""

    text: str
    names: frozenset[str]
    _parts: tuple[str | _Place, ...] = field(repr=False, compare=False)

    def render(self, lookup: Callable[[str], Scalar | None]) -> str:
        """Return the text with its values; what is unknown reads `unknown`."""
        return "".join(
            part if isinstance(part, str) else _rendered(lookup(part.name), part.spec)
            for part in self._parts
        )


def compile_template(
    text: str, names: Mapping[str, Signal], *, closed: Mapping[str, str] | None = None
) -> Template:
    """Return the checked template; `names` as for rules, to which TEXT_NAMES are added.

    closed: names that exist but not for this text, each with the reason.
    Raises RuleError with the first fault and its column, and the others after it.
    """
    if len(text) > MAX_CHARS:
        raise RuleError(f"a text has at most {MAX_CHARS:,} characters", MAX_CHARS + 1)
    known = {**names, **TEXT_NAMES}
    parts: list[str | _Place] = []
    faults: list[RuleError] = []
    for match in _PART.finditer(text):
        inside = match["inside"]
        if inside is not None:
            try:
                parts.append(_place(inside, match.start() + 2, known, closed or {}))
            except RuleError as fault:
                faults.append(fault)
        elif match.group() in {"{", "}"}:
            sign = match.group()
            reason = f"this {sign} has no partner; write {sign}{sign} for a brace"
            faults.append(RuleError(reason, match.start() + 1))
        else:
            parts.append({"{{": "{", "}}": "}"}.get(match.group(), match.group()))
    if faults:
        raise all_told(faults)
    asked = frozenset(part.name for part in parts if isinstance(part, _Place))
    return Template(text=text, names=asked, _parts=tuple(parts))


def _place(
    inside: str, column: int, known: Mapping[str, Signal], closed: Mapping[str, str]
) -> _Place:
    name, colon, spec = inside.partition(":")
    if not name:
        raise RuleError("a name is missing between the braces", column)
    if name in closed:
        raise RuleError(f"{name} {closed[name]}", column)
    signal = known.get(name)
    if signal is None:
        raise RuleError(unknown_name(name, known), column)
    if signal.keyed:
        raise RuleError(f"{name} is a family of values; a text cannot name it", column)
    if not colon:
        return _Place(name, "")
    return _Place(name, _spec(signal, spec, column + len(name) + 1))


def _spec(signal: Signal, spec: str, column: int) -> str:
    """Return the spec as `format` takes it; raises RuleError where it does not fit the type."""
    if signal.kind is Kind.BOOL:
        raise RuleError(f"{signal.name} is yes or no and takes no format", column)
    if signal.kind is Kind.TEXT:
        if not spec or not _TEXT_SPEC.fullmatch(spec):
            raise RuleError(
                f"{spec[:40]!r} does not format a text such as {signal.name}; leave it out", column
            )
        return spec
    match = _NUMBER_SPEC.fullmatch(spec)
    if match is None:
        raise RuleError(f"{spec[:40]!r} does not format a number; write .1f, +.2% or ,.0f", column)
    if spec.endswith("%") and signal.unit not in _SHARES:
        raise RuleError(
            f"{signal.name} is in {signal.unit}, not a fraction: % would multiply it by 100", column
        )
    # "z" keeps a rounded-away minus from reading -0.0.
    return f"{match['sign']}z{match['rest']}"


def _rendered(value: Scalar | None, spec: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return format(value, spec) if not spec or spec[-1] not in "fFeEgG%" else value
    if value is None or not isfinite(value):
        return UNKNOWN
    told = format(float(value), spec or ".10g")
    # As all else that people read: `−28.3 %`.
    return _MINUS.sub("−", told).replace("%", " %")
