"""Tickets: what to trade for an add, a roll or a remove, and what it costs by the model.

Each function gives a ticket, or the reason why there is none: a proposal goes
out either way.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from math import floor
from typing import Final, Protocol

from monitor.hedge import black76
from monitor.hedge.band import VOL_BAND
from monitor.hedge.contracts import (
    CALL,
    FUTURE,
    MULTIPLIERS,
    days_left,
    expired,
    multiplier,
    years_left,
)
from monitor.hedge.legs import add_legs
from monitor.hedge.market import Market, Quote, grounds, quote, shifted, sigma
from monitor.model.layer import Contract, Leg, Ticket

FEE_BUDGET: Final = "fee_budget"
_YEAR_DAYS: Final = 365
_GRID_SPLIT: Final = 20.0
_FAR_OFF_DAYS: Final = 20


class Instrument(Protocol):
    """What a rule file says a layer is made of. delta: forward delta, its sign disregarded."""

    @property
    def kind(self) -> str: ...
    @property
    def dte(self) -> int: ...
    @property
    def delta(self) -> float | None: ...
    @property
    def strike(self) -> float | None: ...


class Size(Protocol):
    """How many contracts a rule file asks for: `fixed` or `fee_budget`."""

    @property
    def policy(self) -> str: ...
    @property
    def contracts(self) -> int | None: ...
    @property
    def beta(self) -> float | None: ...


def draw_ticket(
    instrument: Instrument,
    size: Size,
    *,
    market: Market,
    at: datetime,
    fee_income_usd: float | None = None,
) -> Ticket | str:
    """Return the ticket of an add, or why there is none.

    fee_income_usd: a year's fees of what the layer covers; None is unknown.
    """
    contract = pick_contract(instrument, market, at)
    if isinstance(contract, str):
        return contract
    priced = quote(contract, market, at)
    if isinstance(priced, str):
        return priced
    contracts = _contracts(size, contract, priced.price, at, fee_income_usd)
    if isinstance(contracts, str):
        return contracts
    ticket = trade((Leg(contract=contract, quantity=contracts),), market=market, at=at)
    if isinstance(ticket, str):
        return ticket
    return _with_share(ticket, _far_off(instrument, contract, at), fee_income_usd)


def roll_ticket(
    legs: Sequence[Leg], instrument: Instrument, *, market: Market, at: datetime
) -> Ticket | str:
    """Return the ticket that closes the live legs and opens as many at the instrument's tenor."""
    live = [leg for leg in legs if not expired(leg.contract, at)]
    if not live:
        return "there is no live leg to roll"
    contract = pick_contract(instrument, market, at)
    if isinstance(contract, str):
        return contract
    contracts = sum(leg.quantity for leg in live if leg.contract.kind == instrument.kind)
    if contracts == 0:
        return f"the layer holds no {instrument.kind} to roll"
    if all(leg.contract == contract for leg in live):
        return "the layer holds what it would be rolled into"
    opened = Leg(contract=contract, quantity=contracts)
    return trade(add_legs(_closing(live), (opened,)), market=market, at=at)


def remove_ticket(legs: Sequence[Leg], *, market: Market, at: datetime) -> Ticket | str:
    """Return the ticket that closes every live leg."""
    live = [leg for leg in legs if not expired(leg.contract, at)]
    return trade(_closing(live), market=market, at=at) if live else "there is no live leg to close"


def trade(legs: Sequence[Leg], *, market: Market, at: datetime) -> Ticket | str:
    """Return a ticket of these trades at the model's prices, or why they have none."""
    markets = (market, shifted(market, -VOL_BAND), shifted(market, VOL_BAND))
    columns = [[quote(leg.contract, each, at) for leg in legs] for each in markets]
    quotes = [[q for q in column if isinstance(q, Quote)] for column in columns]
    if len(quotes[0]) < len(legs):
        return next(q for q in columns[0] if isinstance(q, str))
    mid, low, high = (
        sum(
            leg.quantity * q.price * multiplier(leg.contract)
            for leg, q in zip(legs, column, strict=True)
        )
        for column in quotes
    )
    return Ticket(
        legs=tuple(legs),
        prices=tuple(q.price for q in quotes[0]),
        cost_usd=mid,
        cost_low_usd=low,
        cost_high_usd=high,
        priced_by="model",
        note=grounds(quotes[0], market),
    )


def pick_contract(instrument: Instrument, market: Market, at: datetime) -> Contract | str:
    """Return the listed contract nearest to what the instrument asks for, or why there is none.

    The monthly expiry nearest to its days (the later of two equally near); the
    strike at its forward delta under the stated volatility, on the listed grid.
    """
    if instrument.kind not in MULTIPLIERS:
        return f"{instrument.kind} cannot be priced: known are {', '.join(MULTIPLIERS)}"
    expiry = _nearest_expiry(instrument, market, at)
    if expiry is None:
        return "no listed expiry of VIX contracts is known"
    strike = _strike(instrument, expiry, market, at)
    if isinstance(strike, str):
        return strike
    return Contract(kind=instrument.kind, expiry=expiry, strike=strike)


def listed_strike(exact: float) -> float:
    """Return the nearest listed strike: steps of 0.5 below 20, of 1 from 20 on, at least 0.5.

    A simplification: Cboe lists fewer strikes far from the money and far in time.
    """
    step = 0.5 if exact < _GRID_SPLIT else 1.0
    return max(floor(exact / step + 0.5) * step, 0.5)


def _strike(instrument: Instrument, expiry: date, market: Market, at: datetime) -> float | str:
    if instrument.kind == FUTURE:
        return 0.0
    if instrument.strike is not None:
        return instrument.strike
    delta = abs(instrument.delta or 0.0)
    if not 0 < delta < 1:
        return f"{instrument.kind} needs a strike, or a delta between 0 and 1"
    forward = market.curve.forward(expiry) if market.curve else None
    if forward is None:
        return "no settlement of VIX futures is known"
    exact = black76.strike_for_delta(
        forward.value,
        sigma(market, expiry, at),
        years=years_left(expiry, at),
        delta=delta if instrument.kind == CALL else 1 - delta,
    )
    return listed_strike(exact)


def _nearest_expiry(instrument: Instrument, market: Market, at: datetime) -> date | None:
    live = [
        expiry
        for expiry in market.expiries
        if not expired(Contract(kind=instrument.kind, expiry=expiry, strike=0.0), at)
    ]
    if not live:
        return None
    return min(live, key=lambda day: (abs(days_left(day, at) - instrument.dte), -day.toordinal()))


def _contracts(
    size: Size, contract: Contract, price: float, at: datetime, fee_income_usd: float | None
) -> int | str:
    if size.policy != FEE_BUDGET:
        return size.contracts or f"size {size.policy!r} names no number of contracts"
    if contract.kind == FUTURE:
        return "a future has no premium for a fee budget to pay"
    if fee_income_usd is None:
        return "the size is unknown: a year's fee income is not known yet"
    budget = (size.beta or 0.0) * fee_income_usd
    yearly = yearly_premium_usd(contract, price, at)
    if budget < yearly or yearly <= 0:
        return (
            f"the budget of {budget:,.0f} USD a year holds no contract: "
            f"one, renewed every {days_left(contract.expiry, at)} days, costs {yearly:,.0f}"
        )
    return floor(budget / yearly)


def yearly_premium_usd(contract: Contract, price: float, at: datetime) -> float:
    """Return the premium of holding one contract for a year, bought anew at each expiry."""
    tenor = max(days_left(contract.expiry, at), 1)
    return price * multiplier(contract) * _YEAR_DAYS / tenor


def _far_off(instrument: Instrument, contract: Contract, at: datetime) -> str:
    days = days_left(contract.expiry, at)
    if abs(days - instrument.dte) <= _FAR_OFF_DAYS:
        return ""
    return f"the nearest listed expiry is {days} days away, not {instrument.dte}"


def _with_share(ticket: Ticket, remark: str, fee_income_usd: float | None) -> Ticket:
    return replace(
        ticket,
        note=f"{ticket.note}; {remark}" if remark else ticket.note,
        fee_share=ticket.cost_usd / fee_income_usd if fee_income_usd else None,
    )


def _closing(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    return tuple(Leg(contract=leg.contract, quantity=-leg.quantity) for leg in legs)
