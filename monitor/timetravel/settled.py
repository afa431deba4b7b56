"""What expired legs settle at in a replay: a model, for what the exchanges fixed is not had.

VIX and SPX options settle on the next morning's opening quotations. Here what is written on VIX
settles at what the future of that very expiry did on the session before, never at spot VIX, which
can be points away: 75.91 on 17 March 2020 where the future was at 68.83. SPX options settle at
the last close known, coins at their last price. Nothing later is looked at.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Final

from monitor.calendars.sessions import sessions_back
from monitor.feeds.new_york import new_york_day
from monitor.hedge.contracts import Right, kind_of, last_trading, multiplier
from monitor.hedge.curve import VixCurve
from monitor.hedge.market import Market
from monitor.model.layer import Contract, Fill, LayerState, Leg
from monitor.model.observation import Verb, Word

OUT: Final = timedelta(minutes=30)
"""So long after the last trade of a contract that day's close is out."""

WORDS: Final = (
    "expired VIX legs settle as their own future did the evening before, others at the last"
    " close known"
)

_DAY: Final = timedelta(days=1)


def due(layers: Iterable[LayerState], at: datetime) -> bool:
    """Return whether any leg awaits a settlement that can be told by now."""
    return any(_due(leg, at) for layer in layers for leg in layer.legs)


def settlements(layers: Iterable[LayerState], market: Market, at: datetime) -> Iterator[Word]:
    """Yield what closes the legs that are due; a layer one of whose levels is unknown waits."""
    for layer in layers:
        gone = [leg for leg in layer.legs if _due(leg, at)]
        paid = [paid_usd(leg.contract, market) for leg in gone]
        if not gone or None in paid:
            continue
        yield Word(
            id=f"settled:{layer.layer}:{layer.scope}:{at.isoformat()}",
            verb=Verb.CLOSE,
            observed_at=at,
            by="settlement",
            layer=layer.layer,
            scope=layer.scope,
            fills=tuple(
                Fill(contract=leg.contract, quantity=-leg.quantity, price=usd, in_usd=True)
                for leg, usd in zip(gone, paid, strict=True)
            ),
        )


def paid_usd(contract: Contract, market: Market) -> float | None:
    """Return what one contract pays at the level it settles at, USD; None until that is known."""
    kind = kind_of(contract)
    level = _level(contract, market)
    if level is None:
        return None
    over = level - contract.strike
    paid = {Right.CALL: max(over, 0.0), Right.PUT: max(-over, 0.0)}.get(kind.right, level)
    return paid * multiplier(contract)


def _level(contract: Contract, market: Market) -> float | None:
    root = kind_of(contract).root
    if root == "vix":
        return _of_its_future(contract.expiry, market.vix.curve)
    if root == "spx":
        return market.spx.spot if market.spx else None
    coin = market.coins.get(root)
    return coin.price if coin else None


def _of_its_future(expiry: date, curve: VixCurve | None) -> float | None:
    """Return what the future of an expiry settled at on its eve; None where that is not out."""
    if curve is None or new_york_day(curve.as_of) != sessions_back(expiry - _DAY, 0):
        return None
    return dict(curve.settlements).get(expiry)


def _due(leg: Leg, at: datetime) -> bool:
    ends = last_trading(leg.contract)
    return at >= ends and at - ends >= OUT
