"""The catalogue: every name a rule may use, with its unit, scope, source and age limit."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import accumulate
from typing import Final

from monitor.model.layer import LayerStatus
from monitor.signals.catalogue_chain import CHAIN_SIGNALS
from monitor.signals.catalogue_computed import COMPUTED_SIGNALS
from monitor.signals.catalogue_delta import DELTA_SIGNALS, PARITY_SIGNALS
from monitor.signals.catalogue_fit import FIT_SIGNALS
from monitor.signals.catalogue_hedge import HEDGE_SIGNALS
from monitor.signals.catalogue_lp import LP_SIGNALS
from monitor.signals.catalogue_market import MARKET_SIGNALS
from monitor.signals.catalogue_quotes import QUOTES
from monitor.signals.catalogue_statistics import STATISTICS
from monitor.signals.catalogue_use import with_reasons
from monitor.signals.signal import Kind, Scope, Signal
from monitor.signals.signal import computed as _own

__all__ = ["BY_NAME", "SIGNALS", "Kind", "Scope", "Signal"]

_LINES: Final = (
    *MARKET_SIGNALS,
    *STATISTICS,
    *QUOTES,
    *COMPUTED_SIGNALS,
    Signal(
        name="vix_age_s",
        unit="s",
        scope=Scope.MARKET,
        source="computed",
        meaning="age of the last VIX, counting only time in which VIX is published",
    ),
    *CHAIN_SIGNALS,
    *LP_SIGNALS,
    *HEDGE_SIGNALS,
    *DELTA_SIGNALS,
    *PARITY_SIGNALS,
    _own("book.il", "fraction", "IL of all positions together, in USD", windows=True),
    _own("book.value_usd", "usd", "value of all positions together", windows=True),
    _own("book.positions", "count", "positions watched"),
    replace(
        _own("book.wacc", "fraction", "what the book's money costs a year, its hedge included"),
        definition="(E/A) · r + (D/A) · b + h: A book.value_usd + lp.idle_usd, D lp.debt_usd at b"
        " lp.debt_rate or, where nobody typed it, rates.usdc_borrow, E = A - D, h"
        " lp.hedge_cost_usd or else -365 · book.theta_usd, over A, r capm.cost_of_equity or,"
        " where that is unknown, rates.usdc_supply",
        inputs=(
            *("lp.debt_usd", "lp.debt_rate", "lp.idle_usd", "lp.hedge_cost_usd"),
            *("eth.price", "spx.price", "rates.risk_free", "equity.erp"),
            *("aave.supply", "aave.borrow"),
        ),
    ),
    replace(
        _own("book.pcf", "ratio", "price over cash flow: its value over a year's fees"),
        definition="book.value_usd / Σ (a year's fees at the pace of what is in now)",
    ),
    replace(
        _own("book.quick_ratio", "ratio", "what can be paid at once over what is owed"),
        definition="(quote tokens worth 0.95 to 1.05 USD + fees + lp.idle_usd) / (lp.debt_usd +"
        " lp.due_usd); unknown where nothing is owed",
        inputs=("lp.idle_usd", "lp.debt_usd", "lp.due_usd"),
    ),
    *FIT_SIGNALS,
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
    _own("layer.rungs", "count", "rungs of the layer's ladder taken since it was opened"),
    _own("system.poll_age_s", "s", "seconds since the last good snapshot, worst chain"),
    _own("system.unread", "count", "watches and positions the newest snapshots could not read"),
    _own("system.entries_unknown", "count", "positions with liquidity whose deposits are unknown"),
    _own(
        "system.feed_age_s",
        "s",
        "worst excess of a feed's age, or of its repeating one value, over its limit, in session; 0"
        " when fresh",
    ),
    _own("system.outbox_age_s", "s", "age of the oldest undelivered alert; 0 when none"),
    _own("system.up_s", "s", "seconds since this run of the daemon began"),
    _own("system.refused_channels", "count", "channels that do not let us in: a wrong token"),
    _own("system.dead_letters", "count", "alerts given up on and not sent once more"),
    _own("system.rule_errors", "count", "rules whose last evaluation failed"),
)
SIGNALS: Final = tuple(with_reasons(_LINES))


def _by_name(signals: Iterable[Signal]) -> Mapping[str, Signal]:
    """Return signals by name; raises ValueError where one is another's dotted prefix."""
    found = {signal.name: signal for signal in signals}
    for name in found:
        for upper in accumulate(name.split("."), "{}.{}".format):
            if upper != name and upper in found:
                raise ValueError(f"{upper} cannot be a signal beside {name}")
    if len(found) < len(SIGNALS):
        raise ValueError("two signals have one name")
    return found


BY_NAME: Final = _by_name(SIGNALS)
