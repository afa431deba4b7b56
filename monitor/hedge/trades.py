"""From units of an instrument to legs in lots that trade."""

from decimal import ROUND_HALF_EVEN, Decimal

from monitor.hedge.contracts import kind_of
from monitor.hedge.instruments import Unit
from monitor.model.layer import Leg, Quantity


def legs_of(unit: Unit, units: float, *, exact: bool = False) -> tuple[Leg, ...]:
    """Return the legs of so many units, each to the nearest lot; those of none are left out.

    exact: not rounded, for what is only to be reckoned with.
    """
    legs = []
    for part in unit.parts:
        wanted = part.weight * units
        lot = Decimal(kind_of(part.contract).lot)
        quantity = Decimal(repr(wanted)) if exact else lots(wanted, lot)
        if quantity:
            legs.append(Leg(contract=part.contract, quantity=quantity))
    return tuple(legs)


def lots(wanted: float, lot: Decimal) -> Quantity:
    """Return a number of contracts to the nearest lot; an int where it is whole."""
    count = (Decimal(repr(wanted)) / lot).to_integral_value(ROUND_HALF_EVEN)
    found = count * lot
    return int(found) if found == found.to_integral_value() else found.normalize()
