"""What a name that rules may use is."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Kind(StrEnum):
    """The type of a signal's value."""

    NUMBER = "number"
    BOOL = "bool"
    TEXT = "text"


class Scope(StrEnum):
    """What a signal speaks of, and so which rules may name it.

    MARKET, BOOK and SYSTEM are open to every rule; POOL to rules over a pool or
    a position; POSITION to rules over a position; LAYER to rules of a layer.
    """

    MARKET = "market"
    BOOK = "book"
    SYSTEM = "system"
    POOL = "pool"
    POSITION = "position"
    LAYER = "layer"


class Hours(StrEnum):
    """The calendar in which a reading grows old."""

    ALWAYS = "24/7"
    CBOE_VIX = "cboe vix"
    XNYS_CLOSE = "xnys close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One name. max_age: in open time of `hours`; None for what is computed here.

    meaning: one short line. definition: the formula, and what is in it and what not.
    choices: every word a text may be, where that is known. keyed: a family with one
    reading a key (`vx.settle` has one an expiry), which pricing uses and no rule names.
    """

    name: str
    kind: Kind = Kind.NUMBER
    unit: str
    scope: Scope
    meaning: str
    source: str
    hours: Hours = Hours.ALWAYS
    max_age: timedelta | None = None
    windows: bool = False
    choices: tuple[str, ...] = ()
    keyed: bool = False
    definition: str = ""


def computed(
    name: str, unit: str, meaning: str, *, kind: Kind = Kind.NUMBER, windows: bool = False
) -> Signal:
    """Return a name worked out here; its scope is what it begins with."""
    scope = Scope(name.partition(".")[0])
    return Signal(
        name=name,
        kind=kind,
        unit=unit,
        scope=scope,
        meaning=meaning,
        source="computed",
        windows=windows,
    )
