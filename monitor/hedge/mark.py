"""What a layer's legs are worth now, by the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.hedge.contracts import days_left, expired, multiplier
from monitor.hedge.market import Market, Quote, grounds, quote
from monitor.model.layer import Leg

__all__ = ["Mark", "Market", "mark"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The live legs of a layer, valued.

    value_usd: signed, what selling them would bring. extrinsic_usd: the part of it
    above intrinsic value. Both None where a price is not to be had, and then the
    note says why. dte: calendar days to the nearest live expiry, known regardless.
    """

    value_usd: float | None
    extrinsic_usd: float | None
    dte: float
    priced_by: str = "model"
    note: str = ""


def mark(legs: Sequence[Leg], market: Market, at: datetime) -> Mark | None:
    """Return the mark of legs that still trade; None when there is none.

    Legs past their last trading await settlement: they are left out, and the
    note says how many. A future counts at its whole worth, as its fill does.
    """
    live = [leg for leg in legs if not expired(leg.contract, at)]
    if not live:
        return None
    dte = float(min(days_left(leg.contract.expiry, at) for leg in live))
    quotes = [(leg, quote(leg.contract, market, at)) for leg in live]
    if missing := [q for _, q in quotes if isinstance(q, str)]:
        return Mark(value_usd=None, extrinsic_usd=None, dte=dte, note=missing[0])
    priced = [(leg, q) for leg, q in quotes if isinstance(q, Quote)]
    note = grounds([q for _, q in priced], market)
    if gone := len(legs) - len(live):
        note += f"; {gone} expired leg{'s' if gone > 1 else ''} left out, awaiting settlement"
    return Mark(
        value_usd=sum(_usd(leg, q.price) for leg, q in priced),
        extrinsic_usd=sum(_usd(leg, q.price - q.intrinsic) for leg, q in priced),
        dte=dte,
        note=note,
    )


def _usd(leg: Leg, points: float) -> float:
    return leg.quantity * points * multiplier(leg.contract)
