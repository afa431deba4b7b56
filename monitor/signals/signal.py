"""What a name that rules may use is."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from monitor.calendars.hours import Hours


class Kind(StrEnum):
    """The type of a signal's value."""

    NUMBER = "number"
    BOOL = "bool"
    TEXT = "text"


class Scope(StrEnum):
    """What a signal speaks of, and so which rules may name it.

    MARKET, BOOK and SYSTEM are open to every rule; CHAIN and POOL to rules over a pool
    or a position; POSITION to rules over a position; LAYER to rules of a layer.
    """

    MARKET = "market"
    CHAIN = "chain"
    BOOK = "book"
    SYSTEM = "system"
    POOL = "pool"
    POSITION = "position"
    LAYER = "layer"


class Evidence(StrEnum):
    """What stands behind a number."""

    CHAIN = "chain"
    QUOTE = "quote"
    OFFICIAL = "official"
    PUBLISHED = "published"
    MODEL = "model"
    PROXY = "proxy"
    CLAIM = "claim"
    TYPED = "typed"
    OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plausible:
    """The open-ended range (above, up_to] outside which a value is no value."""

    above: float
    up_to: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One name. max_age: in open time of `hours`; None for what is computed here.

    meaning: one short line. definition: the formula, and what is in it and what not.
    choices: every word a text may be, where that is known. keyed: a family with one
    reading a key (`vx.settle` has one an expiry), which pricing uses and no rule names.

    source: the providers, the first asked first, or `computed`. cadence: how often there
    is something new. evidence: what stands behind it. inputs: the market's names it is
    computed from, which are read where it is asked for; a name of the market is unknown
    while one of its inputs is. bars: how many sessions' first, highest, lowest and last
    value are kept. plausible: outside of it a value is refused. frozen_after: a value that
    repeats for so long in open time, however newly stamped, is not believed.
    informational: why no shipped rule uses it, empty where one does.
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
    cadence: str = ""
    evidence: Evidence = Evidence.OWN
    inputs: tuple[str, ...] = ()
    bars: int = 0
    plausible: Plausible | None = None
    frozen_after: timedelta | None = None
    informational: str = ""

    @property
    def providers(self) -> tuple[str, ...]:
        """Return who is asked for it, in order; nobody for what is computed here."""
        return () if self.source == "computed" else tuple(self.source.split(", "))


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
