"""Legs as people write and read them: `vix.call 2027-03-17 29 +4 @2.85`."""

import math
from collections.abc import Iterable
from datetime import date
from typing import Final

from monitor.hedge.contracts import FUTURE, MULTIPLIERS
from monitor.model.layer import Contract, Fill, Leg

_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"
_OPTION_PARTS: Final = 4
_MOST: Final = 1_000_000
"""Contracts of one trade: above what all of VIX trades on most days it is a slip of the keys."""
_FUTURE_PARTS: Final = 3


def parse_leg(text: str) -> Fill:
    """Read one traded leg: kind, expiry, strike (not for a future), signed quantity, @price.

    The price may be left out. Raises ValueError with a sentence naming the part at fault.
    """
    parts = text.split()
    price = _price(text, parts.pop()[1:]) if parts and parts[-1].startswith("@") else None
    kind = parts[0] if parts else ""
    if kind not in MULTIPLIERS:
        raise _fault(text, f"the kind {kind!r} is none of {', '.join(MULTIPLIERS)}")
    wanted = _FUTURE_PARTS if kind == FUTURE else _OPTION_PARTS
    if len(parts) != wanted:
        raise _fault(text, f"a {kind} leg reads {_form(kind)!r}")
    strike = 0.0 if kind == FUTURE else _positive(text, "strike", parts[2])
    contract = Contract(kind=kind, expiry=_expiry(text, parts[1]), strike=strike)
    return Fill(contract=contract, quantity=_quantity(text, parts[-1]), price=price)


def format_leg(leg: Leg) -> str:
    """Return the leg as `parse_leg` reads it, without a price."""
    return f"{_format_contract(leg.contract)} {leg.quantity:+d}"


def format_fill(fill: Fill) -> str:
    """Return the fill as `parse_leg` reads it, with its price where it has one."""
    price = "" if fill.price is None else f" @{fill.price:.12g}"
    return f"{_format_contract(fill.contract)} {fill.quantity:+d}{price}"


def tell_fill(fill: Fill) -> str:
    """Return the fill in few columns: `+4 VIX 17Mar27 29C @2.85`, `-2 VX 17Mar27`."""
    contract, day = fill.contract, fill.contract.expiry
    when = f"{day.day}{_MONTHS[3 * day.month - 3 : 3 * day.month]}{day:%y}"
    price = "" if fill.price is None else f" @{fill.price:.2f}"
    if contract.kind == FUTURE:
        return f"{fill.quantity:+d} VX {when}{price}"
    right = contract.kind.rpartition(".")[2][0].upper()
    return f"{fill.quantity:+d} VIX {when} {contract.strike:g}{right}{price}"


def spell_leg(leg: Leg) -> str:
    """Return the leg for people: `4 × VIX 17 Mar 2027 29 call`; a sold one begins with `sell`."""
    sold = "sell " if leg.quantity < 0 else ""
    return f"{sold}{abs(leg.quantity)} × {spell_contract(leg.contract)}"


def spell_contract(contract: Contract) -> str:
    """Return the contract for people: `VIX 17 Mar 2027 29 call`, `VX 17 Mar 2027 future`."""
    day = contract.expiry
    when = f"{day.day} {_MONTHS[3 * day.month - 3 : 3 * day.month]} {day.year}"
    if contract.kind == FUTURE:
        return f"VX {when} future"
    return f"VIX {when} {contract.strike:g} {contract.kind.rpartition('.')[2]}"


def add_legs(legs: Iterable[Leg], traded: Iterable[Leg | Fill]) -> tuple[Leg, ...]:
    """Return the legs after trades: quantities of one contract add up, none left is no leg."""
    held: dict[Contract, int] = {}
    for leg in (*legs, *traded):
        held[leg.contract] = held.get(leg.contract, 0) + leg.quantity
    kept = (Leg(contract=contract, quantity=n) for contract, n in held.items() if n)
    return tuple(sorted(kept, key=lambda leg: _order(leg.contract)))


def turned_short(before: Iterable[Leg], after: Iterable[Leg]) -> tuple[Leg, ...]:
    """Return the legs sold that were held before: more of them was sold than there was."""
    held = {leg.contract for leg in before if leg.quantity > 0}
    return tuple(leg for leg in after if leg.quantity < 0 and leg.contract in held)


def _order(contract: Contract) -> tuple[date, str, float]:
    return contract.expiry, contract.kind, contract.strike


def _format_contract(contract: Contract) -> str:
    strike = "" if contract.kind == FUTURE else f" {contract.strike:.12g}"
    return f"{contract.kind} {contract.expiry.isoformat()}{strike}"


def _form(kind: str) -> str:
    strike = "" if kind == FUTURE else " 29"
    return f"{kind} 2027-03-17{strike} +4 @2.85"


def _fault(text: str, reason: str) -> ValueError:
    return ValueError(f"leg {text!r}: {reason}")


def _expiry(text: str, part: str) -> date:
    try:
        return date.fromisoformat(part)
    except ValueError:
        raise _fault(text, f"the expiry {part!r} is no date like 2027-03-17") from None


def _quantity(text: str, part: str) -> int:
    if part[:1] not in {"+", "-"}:
        raise _fault(text, f"the quantity {part!r} needs its sign: +4 bought, -4 sold")
    digits = part[1:].lstrip("0")
    if not (digits.isascii() and digits.isdigit()):
        raise _fault(text, f"the quantity {part!r} is no whole number of contracts")
    if len(digits) > len(str(_MOST)) or int(digits) > _MOST:
        raise _fault(text, f"the quantity {part[:20]!r} is above {_MOST:,} contracts")
    return int(part)


def _price(text: str, part: str) -> float:
    try:
        price = float(part)
    except ValueError:
        price = math.nan
    if not 0 <= price < math.inf:
        raise _fault(text, f"the price '@{part}' is no amount of index points like @2.85")
    return price


def _positive(text: str, name: str, part: str) -> float:
    try:
        number = float(part)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise _fault(text, f"the {name} {part!r} is no number of index points above zero")
    return number
