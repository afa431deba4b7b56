"""The catalogue: every name a rule may use, with its unit, scope, source and age limit."""

from datetime import timedelta
from typing import Final

from monitor.model.layer import LayerStatus
from monitor.signals.catalogue_lp import LP_SIGNALS
from monitor.signals.signal import Hours, Kind, Scope, Signal
from monitor.signals.signal import computed as _own

__all__ = ["BY_NAME", "SIGNALS", "Hours", "Kind", "Scope", "Signal"]

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
    *LP_SIGNALS,
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
