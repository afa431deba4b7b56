"""Tickets: what to trade for an add, a roll or a remove, what it costs and what it covers.

Each function gives a ticket, or the reason why there is none: a proposal goes
out either way.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from math import inf
from typing import Final, TypeAlias

from monitor.hedge.band import VOL_BAND
from monitor.hedge.caps import resized, sized
from monitor.hedge.contracts import Right, days_left, expired, kind_of, units
from monitor.hedge.cost_of_money import Money
from monitor.hedge.cover import Cover
from monitor.hedge.instruments import Instrument, Unit, unit_of
from monitor.hedge.legs import add_legs, spell_trade
from monitor.hedge.market import Market, shifted
from monitor.hedge.payoff import FUTURE_MARGIN, most_lost, payoff_of
from monitor.hedge.shock import SPIKES, Shock
from monitor.hedge.sizing import Desk, Size, Sized, risen, units_held
from monitor.hedge.trades import lots
from monitor.hedge.whole_lots import in_whole_lots
from monitor.hedge.worth import Holding, Worth, held, made_in_each, worth_of
from monitor.model.layer import PERPETUAL, Covers, Leg, Ticket

_FAR_OFF_DAYS: Final = 20
_SPIKE: Final = "a 2020-like spike"
_DECLARED: Final = f"margin of futures declared, {100 * FUTURE_MARGIN:.0f} % of notional"


Spiked: TypeAlias = tuple[Shock, float | str]
"""A spike, and what trades make in it, USD, or why that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a ticket is drawn up on. cover: the positions it is for.

    money: what their money costs. held: everything that already hedges them; own: of that, the
    layer's own.
    """

    market: Market
    at: datetime
    cover: Cover = field(default_factory=Cover)
    money: Money = field(default_factory=Money)
    held: tuple[Holding, ...] = ()
    own: tuple[Holding, ...] = ()


def draw_ticket(instrument: Instrument, size: Size, case: Case) -> Ticket | str:
    """Return the ticket of an add, or why there is none."""
    unit = unit_of(instrument, case.market, case.at, case.cover)
    if isinstance(unit, str):
        return unit
    desk = _desk(unit, instrument, case)
    found = sized(size, desk)
    if isinstance(found, str):
        return found
    legs, told = in_whole_lots(size, desk, found)
    if not legs:
        return f"{found.words}: less than one contract of any strike"
    ticket = trade(legs, case)
    if isinstance(ticket, str):
        return ticket
    return replace(
        _remarked(ticket, instrument, unit, case.at),
        sized=found.words,
        fee_share=_fee_share(ticket, case.cover),
        margin_usd=_perp_margin(legs, instrument, case) or ticket.margin_usd,
        warnings=(*found.warnings, *told, *ticket.warnings),
    )


def roll_ticket(
    legs: Sequence[Leg], instrument: Instrument, size: Size, case: Case
) -> Ticket | str:
    """Return the ticket that closes the live legs and opens as many units at its tenor.

    Fewer where caps, or what the positions may lose by now, allow no more.
    """
    live = [leg for leg in legs if not expired(leg.contract, case.at)]
    if not live:
        return "there is no live leg to roll"
    unit = unit_of(instrument, case.market, case.at, case.cover)
    if isinstance(unit, str):
        return unit
    opened = _opened(live, unit, instrument, size, case)
    if isinstance(opened, str):
        return opened
    bought, found = opened
    if {leg.contract for leg in live} == {leg.contract for leg in bought}:
        return "the layer holds what it would be rolled into"
    ticket = trade(add_legs(_closing(live), bought), case, holds=bought)
    if isinstance(ticket, str):
        return ticket
    return replace(
        _remarked(ticket, instrument, unit, case.at),
        sized=found.words,
        fee_share=_fee_share(ticket, case.cover),
        warnings=(*found.warnings, *ticket.warnings),
    )


def _opened(
    live: Sequence[Leg], unit: Unit, instrument: Instrument, size: Size, case: Case
) -> tuple[tuple[Leg, ...], Sized] | str:
    """Return what a roll opens in place of live legs, by its caps, or why nothing."""
    count = units_held(held(live), unit)
    count = float(round(count)) if unit.whole and count >= 1 else count
    if not count:
        return f"the layer holds no {instrument.kind} to roll"
    # What is closed by the roll hedges nothing after it.
    beside = (*case.held, *held(_closing(live)))
    desk = _desk(unit, instrument, replace(case, held=beside, own=()))
    found = resized(size, desk, count)
    if isinstance(found, str):
        return found
    legs, told = in_whole_lots(size, desk, found)
    if not legs:
        return f"{found.words}: less than one contract of any strike"
    return legs, replace(found, warnings=(*found.warnings, *told))


def _desk(unit: Unit, instrument: Instrument, case: Case) -> Desk:
    return Desk(
        unit=unit,
        market=case.market,
        at=case.at,
        cover=case.cover,
        money=case.money,
        held=case.held,
        own=case.own,
        leverage=instrument.leverage,
    )


def remove_ticket(legs: Sequence[Leg], case: Case, *, share: float = 1.0) -> Ticket | str:
    """Return the ticket that closes every live leg, or a share of each, at least one lot."""
    live = [leg for leg in legs if not expired(leg.contract, case.at)]
    if not live:
        return "there is no live leg to close"
    sold = _closing(live) if share >= 1 else part_of(_closing(live), share)
    drawn = trade(sold, case, gives_up=True)
    if isinstance(drawn, str):  # what is to be done is known, though not what it brings
        return f"{drawn}; to close: {', '.join(map(spell_trade, sold))}"
    return drawn


def part_of(legs: Sequence[Leg], share: float) -> tuple[Leg, ...]:
    """Return a share of each leg, at least one lot of it, never more than all."""
    kept = []
    for leg in legs:
        lot, whole = Decimal(kind_of(leg.contract).lot), abs(Decimal(leg.quantity))
        wanted = min(max(Decimal(lots(float(whole) * share, lot)), lot), whole)
        signed = wanted if leg.quantity > 0 else -wanted
        quantity = int(signed) if signed == signed.to_integral_value() else signed.normalize()
        kept.append(replace(leg, quantity=quantity))
    return tuple(kept)


def trade(
    legs: Sequence[Leg],
    case: Case,
    *,
    holds: Sequence[Leg] | None = None,
    gives_up: bool = False,
) -> Ticket | str:
    """Return a ticket of these trades, each at its exchange's quote or the model's price.

    holds: what is held after them, the trades themselves if not given: of it are told risks,
    cover and warnings. gives_up: the trades only close: what they cover no more is told.
    """
    traded = held(legs)
    found = worth_of(traded, case.market, case.at)
    if isinstance(found, str):
        return found
    ends = [
        worth_of(traded, shifted(case.market, shift), case.at) for shift in (-VOL_BAND, VOL_BAND)
    ]
    low, high = (found.outlay_usd if isinstance(end, str) else end.outlay_usd for end in ends)
    ticket = Ticket(
        legs=tuple(legs),
        prices=tuple(one.price for one in found.quotes),
        cost_usd=found.outlay_usd,
        cost_low_usd=low,
        cost_high_usd=high,
        priced_by=found.by,
        note=found.note,
    )
    if gives_up:
        closed = held(_closing(legs))
        covers = _covers(_in_spikes(closed, case), case)
        return replace(ticket, covers=replace(covers, given_up=True) if covers else None)
    if holds is None:
        return _with_outcome(ticket, legs, found, case)
    return _with_outcome(ticket, holds, worth_of(held(holds), case.market, case.at), case)


def _with_outcome(ticket: Ticket, legs: Sequence[Leg], worth: Worth | str, case: Case) -> Ticket:
    """Return the ticket with what legs, worth so much, may lose, cover and bind from now on."""
    cost = ticket.cost_usd if isinstance(worth, str) else worth.outlay_usd
    whole = inf if isinstance(worth, str) else worth.value_usd
    outcome = payoff_of(legs, cost)
    most = most_lost(legs, outlay_usd=cost, value_usd=whole)
    futures = 0.0 if isinstance(worth, str) else _futures_usd(legs, worth)
    carried = "" if isinstance(worth, str) else _carried(worth)
    spiked = _in_spikes(held(legs), case)
    return replace(
        ticket,
        note="; ".join(filter(None, (ticket.note, carried, _DECLARED if futures else ""))),
        max_loss_usd=None if most == inf else most,
        margin_usd=_margin(legs, most, futures),
        break_evens=outcome.break_evens if outcome else (),
        covers=_covers(spiked, case),
        warnings=_warnings(legs, spiked),
    )


def _carried(worth: Worth) -> str:
    """Return what perpetual futures bring or cost a day, in words; nothing where none is held."""
    if not worth.carry_note:
        return ""
    if worth.theta_usd is None:
        return f"what it carries is unknown: {worth.carry_note}"
    return f"{worth.carry_note}: {worth.theta_usd:+,.2f} USD a day"


def _in_spikes(traded: Sequence[Holding], case: Case) -> tuple[Spiked, ...]:
    """Return what trades make in two sizes of one spike, each above where the VIX is now."""
    spikes = [risen(spike, case.market) for spike in SPIKES]
    made = made_in_each(traded, case.market, spikes, at=case.at)
    return tuple(zip(spikes, made, strict=True))


def _covers(spiked: Sequence[Spiked], case: Case) -> Covers | None:
    """Return what trades make in each spike over what is lost in it."""
    shares, losses = [], []
    for spike, made in spiked:
        lost = case.cover.loss_usd(dict(spike.coins))
        if lost >= 0 or isinstance(made, str):
            return None
        shares.append(made / -lost)
        losses.append(lost)
    coins = {one.root for one in case.cover.held}
    told = f"{_SPIKE} ({' to '.join(_words(spike, coins) for spike, _ in spiked)})"
    return Covers(scenario=told, low=min(shares), high=max(shares), loss_usd=min(losses))


def _words(spike: Shock, coins: Collection[str]) -> str:
    """Return a shock in words, less the coins nothing covered is in."""
    told = {root: move for root, move in spike.coins.items() if root in coins}
    return replace(spike, coins=told).label


def _warnings(legs: Sequence[Leg], spiked: Sequence[Spiked]) -> tuple[str, ...]:
    """Return that legs lose in the spike they stand beside, where they do."""
    known = [made for _, made in spiked if not isinstance(made, str)]
    if not known or min(known) >= 0 or not any(kind_of(leg.contract).option for leg in legs):
        return ()
    worst = min(known)
    return (f"It loses in the same spike: {-worst:,.0f} USD (model).",)


def _margin(legs: Sequence[Leg], most: float, futures_usd: float) -> float | None:
    """Return an estimate of the cash bound: the most options can lose, a share of futures."""
    if futures_usd:
        return FUTURE_MARGIN * futures_usd
    return most if most != inf and all(kind_of(leg.contract).option for leg in legs) else None


def _futures_usd(legs: Sequence[Leg], worth: Worth) -> float:
    """Return the notional of legs that all are futures, bought and sold alike; else nothing."""
    if any(kind_of(leg.contract).right is not Right.FUTURE for leg in legs):
        return 0.0
    priced = zip(legs, worth.quotes, strict=True)
    return sum(abs(float(leg.quantity)) * one.usd for leg, one in priced)


def _perp_margin(legs: Sequence[Leg], instrument: Instrument, case: Case) -> float | None:
    """Return the collateral of a perpetual: its notional over the leverage asked for."""
    coin = case.market.coins.get(instrument.root)
    if coin is None or any(kind_of(leg.contract).right is not Right.PERP for leg in legs):
        return None
    coins = sum(abs(units(leg.quantity, leg.contract)) for leg in legs)
    return coins * coin.price / (instrument.leverage or 1.0)


def _far_off(instrument: Instrument, unit: Unit, at: datetime) -> str:
    expiry = unit.parts[0].contract.expiry
    if expiry == PERPETUAL:
        return ""
    days = days_left(expiry, at)
    if abs(days - instrument.dte) <= _FAR_OFF_DAYS:
        return ""
    return f"the nearest listed expiry is {days} days away, not {instrument.dte}"


def _remarked(ticket: Ticket, instrument: Instrument, unit: Unit, at: datetime) -> Ticket:
    """Return a ticket whose note tells an expiry far from the one asked for, and what is cut."""
    remarks = (ticket.note, _far_off(instrument, unit, at), unit.note)
    return replace(ticket, note="; ".join(filter(None, remarks)))


def _fee_share(ticket: Ticket, cover: Cover) -> float | None:
    return ticket.cost_usd / cover.fees_year_usd if cover.fees_year_usd else None


def _closing(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    return tuple(Leg(contract=leg.contract, quantity=-leg.quantity) for leg in legs)
