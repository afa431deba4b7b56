"""What hedges are priced by: a curve, a stated volatility, the listed expiries."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from monitor.hedge import black76
from monitor.hedge.contracts import CALL, FUTURE, days_left, years_left
from monitor.hedge.curve import VixCurve
from monitor.hedge.vol import VolAssumption
from monitor.model.layer import Contract

_LOWEST_VOL: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The volatility market as known at one instant.

    vix: spot, index points, told but never priced by. curve: None while no
    settlement is known. expiries: the listed monthly ones, rising.
    vol_shift: added to the stated volatility, an annual fraction (0.05 is 5 points).
    """

    vix: float | None = None
    curve: VixCurve | None = None
    vol: VolAssumption = field(default_factory=VolAssumption)
    expiries: tuple[date, ...] = ()
    vol_shift: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """One contract by the model, index points. note: the forward it rests on."""

    price: float
    intrinsic: float
    note: str


def shifted(market: Market, vol: float) -> Market:
    """Return the market with its volatility raised by an annual fraction."""
    return replace(market, vol_shift=market.vol_shift + vol)


def sigma(market: Market, expiry: date, at: datetime) -> float:
    """Return the volatility for an expiry, annual fraction, at least 1 %."""
    return max(market.vol.at(days_left(expiry, at)) + market.vol_shift, _LOWEST_VOL)


def quote(contract: Contract, market: Market, at: datetime) -> Quote | str:
    """Return the model's price of a contract, or why there is none.

    Undiscounted Black-76 on the forward of the contract's own expiry: three
    months' interest is well inside the error of the stated volatility.
    """
    forward = market.curve.forward(contract.expiry) if market.curve else None
    if forward is None:
        return "no settlement of VIX futures is known"
    if contract.kind == FUTURE:
        note = f"VX future {forward.value:.2f}, {forward.note}"
        return Quote(price=forward.value, intrinsic=forward.value, note=note)
    call = contract.kind == CALL
    price = black76.price(
        forward.value,
        contract.strike,
        sigma=sigma(market, contract.expiry, at),
        years=years_left(contract.expiry, at),
        call=call,
    )
    gap = forward.value - contract.strike
    return Quote(
        price=float(price),
        intrinsic=max(gap if call else -gap, 0.0),
        note=f"VIX forward {forward.value:.2f}, {forward.note}",
    )


def grounds(quotes: Sequence[Quote], market: Market) -> str:
    """Return what prices rest on, each thing once: the forwards, then the stated volatility."""
    notes = dict.fromkeys(each.note for each in quotes)
    return "; ".join((*notes, market.vol.label))
