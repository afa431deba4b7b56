"""What holds a size back: caps a rule file names, and never to cover more than can be lost."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from monitor.hedge.contracts import Right, kind_of
from monitor.hedge.payoff import most_lost
from monitor.hedge.perp import PerpShort
from monitor.hedge.room import limits, refused
from monitor.hedge.sizing import Desk, Size, Sized, asked_for, whole
from monitor.hedge.worth import Holding, worth_of
from monitor.model.layer import Leg

MAINTENANCE: Final = 0.01
"""Maintenance margin of a perpetual, a share of notional: declared, venues differ."""

MOST_LEVERAGE: Final = 50
"""The highest leverage there is: beyond, the margin put up is soon all maintenance."""

_LEAST: Final = 1e-9


def sized(size: Size, desk: Desk) -> Sized | str:
    """Return how many units to trade after every cap, or why none."""
    asked = asked_for(size, desk)
    capped = asked if isinstance(asked, str) else _capped(size, desk, asked)
    if isinstance(capped, str):
        return capped
    if size.over_hedge:
        return _warned(size, desk, capped)
    found = limits(size, desk)
    if isinstance(found, str):
        return found
    why = refused(found, [part.weight * capped.units for part in desk.unit.parts])
    return why or replace(capped, limits=found)


def _warned(size: Size, desk: Desk, asked: Sized) -> Sized:
    """Return a size that may cover more than is lost, with a warning where it does."""
    found = limits(replace(size, over_hedge=False), desk)
    if isinstance(found, str):
        return asked
    why = refused(found, [part.weight * asked.units for part in desk.unit.parts])
    told = why.partition("; ")[0]
    return replace(asked, warnings=(*asked.warnings, f"O{told[1:]}.")) if why else asked


def resized(size: Size, desk: Desk, count: float) -> Sized | str:
    """Return how many units of so many held may be held on: the most that every cap lets pass."""
    asked = Sized(units=count, words=f"as many as are held: {count:,.4g}")
    capped = _capped(size, desk, asked)
    if isinstance(capped, str):
        return capped
    if size.over_hedge:
        return _told(_warned(size, desk, capped), count)
    found = limits(size, desk)
    if isinstance(found, str):
        return found
    weights = [part.weight for part in desk.unit.parts]
    why = refused(found, [weight * capped.units for weight in weights])
    capped = replace(capped, limits=found)
    if not why:
        return _told(capped, count)
    units = whole(min(one.units(weights) for one in found), desk)
    if units <= _LEAST:
        return why
    words = f"{capped.words}; held to {units:,.4g}, more would be over-hedged"
    return _told(replace(capped, units=units, words=words), count)


def _told(found: Sized, count: float) -> Sized:
    """Return a roll's size, with a warning where it is of less than is held."""
    if found.units >= count - _LEAST:
        return found
    told = f"It rolls {found.units:,.4g} of {count:,.4g} held; the rest is only closed."
    return replace(found, warnings=(*found.warnings, told))


def _capped(size: Size, desk: Desk, asked: Sized) -> Sized | str:
    for cap in (_capital, _of_condors, _leverage):
        found = cap(size, desk, asked)
        if isinstance(found, str):
            return found
        asked = found
    units = whole(asked.units, desk)
    return f"{asked.words}: less than one" if units <= _LEAST else replace(asked, units=units)


def _capital(size: Size, desk: Desk, asked: Sized) -> Sized | str:
    """Hold the most that can be lost, of a perpetual its margin, to a share of what is covered.

    What the layer holds already counts in it.
    """
    if size.max_capital_share is None:
        return asked
    value = desk.cover.value_usd
    if not value:
        return desk.cover.why or "the size is unknown: what is covered has no value known"
    each, own = _at_risk(desk.one, desk), _at_risk(desk.own, desk)
    if isinstance(each, str) or isinstance(own, str):
        return each if isinstance(each, str) else str(own)
    left = size.max_capital_share * value - own
    cap = f"{100 * size.max_capital_share:.0f} % of the covered value at risk"
    return _at_most(asked, left / max(each, _LEAST), cap, own)


def _at_risk(holdings: Sequence[Holding], desk: Desk) -> float | str:
    """Return the most that holdings can lose from here on, USD, each expiry's own worst added."""
    worth = worth_of(holdings, desk.market, desk.at)
    if isinstance(worth, str):
        return worth
    groups: dict[tuple[str, date], list[tuple[Leg, float]]] = {}
    for (contract, n), one in zip(holdings, worth.quotes, strict=True):
        leg = Leg(contract=contract, quantity=Decimal(repr(n)))
        key = kind_of(contract).root, contract.expiry
        groups.setdefault(key, []).append((leg, n * one.usd))
    return sum(_most(group, desk) for group in groups.values())


def _most(group: Sequence[tuple[Leg, float]], desk: Desk) -> float:
    legs, values = [leg for leg, _ in group], [value for _, value in group]
    if all(kind_of(leg.contract).right is Right.PERP for leg in legs):
        return sum(map(abs, values)) / (desk.leverage or 1.0)
    outlay = sum(value for leg, value in group if kind_of(leg.contract).option)
    return most_lost(legs, outlay_usd=outlay, value_usd=sum(values))


def _of_condors(size: Size, desk: Desk, asked: Sized) -> Sized | str:
    """Hold the outlay, the layer's own included, to a share of the notional of the condors held."""
    if size.max_condor_share is None:
        return asked
    if not desk.money.condor_usd:
        return "no condor is held whose notional could carry it"
    worth = worth_of(desk.one, desk.market, desk.at)
    own = worth_of(desk.own, desk.market, desk.at)
    if isinstance(worth, str) or isinstance(own, str):
        return worth if isinstance(worth, str) else str(own)
    left = size.max_condor_share * desk.money.condor_usd - own.outlay_usd
    cap = f"{100 * size.max_condor_share:.0f} % of the condors' notional"
    return _at_most(asked, left / max(worth.outlay_usd, _LEAST), cap, own.outlay_usd)


def _leverage(size: Size, desk: Desk, asked: Sized) -> Sized | str:
    """Refuse a perpetual whose leverage or distance to liquidation is outside its limits."""
    contract = desk.unit.parts[0].contract
    if kind_of(contract).right is not Right.PERP:
        return asked
    leverage = desk.leverage or 1.0
    if size.max_leverage is not None and leverage > size.max_leverage:
        return f"leverage {leverage:g} is above the cap of {size.max_leverage:g}"
    coin = desk.market.coins[kind_of(contract).root]
    short = PerpShort(entry=coin.price, size=1.0, leverage=leverage, maintenance=MAINTENANCE)
    distance = short.liquidation_distance(coin.price)
    if size.min_distance is not None and distance < size.min_distance:
        return (
            f"at leverage {leverage:g} it is liquidated {100 * distance:.0f} % up, "
            f"nearer than {100 * size.min_distance:.0f} %"
        )
    told = f"liquidated at {short.liquidation_price:,.0f}, {100 * distance:.0f} % up, "
    told += f"at leverage {leverage:g}"
    return replace(asked, warnings=(*asked.warnings, told))


def _at_most(asked: Sized, most: float, cap: str, own_usd: float) -> Sized:
    """Return a size of no more units than a cap leaves beside what the layer holds of it."""
    if asked.units <= most:
        return asked
    held = f", {own_usd:,.0f} USD of it held" if own_usd else ""
    words = f"{asked.words}; capped at {cap}{held}"
    return replace(asked, units=most, words=words)
