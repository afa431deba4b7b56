"""The catalogue: every name a rule may use, with its unit, scope, source and age limit."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from monitor.model.layer import LayerStatus


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


def _own(
    name: str, unit: str, meaning: str, *, kind: Kind = Kind.NUMBER, windows: bool = False
) -> Signal:
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


_QUOTED = timedelta(minutes=35)  # the free feed lags 15 to 20 minutes
_TWO_SESSIONS = timedelta(days=2)  # `xnys close` counts a day for each session

SIGNALS: Final = (
    Signal(
        name="vix",
        unit="points",
        scope=Scope.MARKET,
        meaning="Cboe Volatility Index, last published",
        source="cboe, yahoo",
        hours=Hours.CBOE_VIX,
        max_age=_QUOTED,
        windows=True,
    ),
    Signal(
        name="dvol.eth",
        unit="points",
        scope=Scope.MARKET,
        meaning="Deribit's 30-day ETH volatility index",
        source="deribit",
        max_age=timedelta(minutes=5),
        windows=True,
    ),
    Signal(
        name="vx.settle",
        unit="points",
        scope=Scope.MARKET,
        meaning="daily settlement of the VIX future that expires on the key's date",
        source="cboe_settlement",
        hours=Hours.XNYS_CLOSE,
        max_age=_TWO_SESSIONS,
        keyed=True,
    ),
    Signal(
        name="vix_age_s",
        unit="s",
        scope=Scope.MARKET,
        source="computed",
        meaning="age of the last VIX, counting only time in which VIX is published",
    ),
    _own("pool.price", "quote per base", "pool price in the pair's quote direction", windows=True),
    _own(
        "position.il", "fraction", "value without fees over holding, minus one; <= 0", windows=True
    ),
    _own("position.value_usd", "usd", "principal plus uncollected fees", windows=True),
    _own("position.fees_usd", "usd", "uncollected fees"),
    _own("position.in_range", "bool", "tick_lower <= slot0.tick < tick_upper", kind=Kind.BOOL),
    _own("position.out_of_range_s", "s", "seconds since the price left the range; 0 inside"),
    _own(
        "position.distance_lower",
        "fraction",
        "how far the price may fall before the lower edge; < 0 below it",
    ),
    _own(
        "position.distance_upper",
        "fraction",
        "how far the price may rise before the upper edge; < 0 above it",
    ),
    _own("book.il", "fraction", "IL of all positions together, in USD", windows=True),
    _own("book.value_usd", "usd", "value of all positions together", windows=True),
    _own("book.positions", "count", "positions watched"),
    Signal(
        name="layer.state",
        kind=Kind.TEXT,
        unit="state",
        scope=Scope.LAYER,
        source="computed",
        meaning="off, proposed, on, roll_due, remove_due or expired",
        choices=tuple(LayerStatus),
    ),
    _own("layer.dte", "days", "days to the layer's nearest expiry"),
    _own("layer.extrinsic_left", "fraction", "extrinsic value now over that at entry (model)"),
    _own("layer.value_usd", "usd", "mark of the layer's legs (model)"),
    _own(
        "layer.orphaned",
        "bool",
        "the position it protects is burned or empty",
        kind=Kind.BOOL,
    ),
    _own("system.poll_age_s", "s", "seconds since the last good snapshot, worst chain"),
    _own(
        "system.feed_age_s",
        "s",
        "worst excess of a feed's age over its limit, in session; 0 when fresh",
    ),
    _own("system.outbox_age_s", "s", "age of the oldest undelivered alert; 0 when none"),
    _own("system.dead_letters", "count", "alerts given up on since the last look"),
    _own("system.rule_errors", "count", "rules whose last evaluation failed"),
)
BY_NAME: Final = {signal.name: signal for signal in SIGNALS}
