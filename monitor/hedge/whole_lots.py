"""Units in whole lots: rounded, and what was rounded up taken back where it is too much."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from monitor.hedge.contracts import kind_of
from monitor.hedge.limit import Limit
from monitor.hedge.room import counted, refused, side_empty
from monitor.hedge.sizing import Desk, Size, Sized, is_strip
from monitor.hedge.trades import legs_of
from monitor.hedge.worth import worth_of
from monitor.model.layer import Leg, Quantity

_NEARLY: Final = 1e-9


def in_whole_lots(size: Size, desk: Desk, found: Sized) -> tuple[tuple[Leg, ...], tuple[str, ...]]:
    """Return the legs of a size in whole lots, and what speaks against them.

    Of a strip each strike is rounded to the nearest lot; while they cost more than a budget
    or a cap allows, or make more than may be made, the one rounded up most is rounded down.
    """
    legs = legs_of(desk.unit, found.units)
    if not is_strip(desk.unit):
        return legs, ()
    too_much = _measure(size, desk, found)
    exact = {part.contract: part.weight * found.units for part in desk.unit.parts}
    while too_much(legs):
        up = [leg for leg in legs if float(leg.quantity) > exact[leg.contract] + _NEARLY]
        if not up:
            break
        most = max(up, key=lambda leg: float(leg.quantity) - exact[leg.contract])
        legs = tuple(one for leg in legs if (one := _less(leg) if leg is most else leg) is not None)
    told = side_empty(legs, desk)
    return legs, (told,) if told and legs else ()


def _measure(size: Size, desk: Desk, found: Sized) -> Callable[[Sequence[Leg]], bool]:
    """Return what tells whether legs are more than the exact size was allowed to be."""
    bounds = [*found.limits]
    worth = worth_of(desk.one, desk.market, desk.at)
    priced = size.policy == "fee_budget" or size.max_capital_share or size.max_condor_share
    if priced and not isinstance(worth, str):
        each = tuple(one.usd for one in worth.quotes)
        most = worth.outlay_usd * found.units
        bounds.append(Limit(each=each, made=0.0, most=most, where="to buy"))
    return lambda legs: bool(refused(bounds, counted(legs, desk)))


def _less(leg: Leg) -> Leg | None:
    """Return a leg with one lot less; None of the last."""
    quantity = Decimal(leg.quantity) - Decimal(kind_of(leg.contract).lot)
    if not quantity:
        return None
    whole: Quantity = int(quantity) if quantity == quantity.to_integral_value() else quantity
    return replace(leg, quantity=whole)
