"""Legs as people write and read them: `vix.call 2027-03-17 29 +4 @2.85`."""

import math
import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Final

from monitor.hedge.contracts import KINDS, Kind, Right
from monitor.model.layer import PERPETUAL, BookedCash, Contract, Fill, Leg, Quantity

_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"
_MOST: Final = 1_000_000
"""Contracts of one trade: above what all of VIX trades on most days it is a slip of the keys."""
_YEARS: Final = (1990, 2049)
"""The years whose holidays the calendars know; the sentinel of perpetuals lies beyond them."""
_DEAREST: Final = 1e9
"""Prices and strikes above it are slips of the keys, and their sums may be infinite."""
_USD: Final = "usd"
_NUMBER: Final = re.compile(r"\d+(\.\d{1,6})?", re.ASCII)


def parse_leg(text: str) -> Fill:
    """Read one traded leg: kind, expiry, strike, signed quantity, @price.

    A future has no strike, a perpetual future neither strike nor expiry. The price is the
    exchange's own: index points, coin of a coin-settled option; `@126.5usd` is one contract
    in US dollars. It may be left out. Raises ValueError with a sentence naming the part at fault.
    """
    parts = text.split()
    price, in_usd = (
        _price(text, parts.pop()[1:]) if parts and parts[-1].startswith("@") else (None, False)
    )
    kind = parts[0] if parts else ""
    if kind not in KINDS:
        raise _fault(text, f"the kind {kind!r} is none of {', '.join(KINDS)}")
    what = KINDS[kind]
    if len(parts) != _parts(what):
        raise _fault(text, f"a {kind} leg reads {_form(kind)!r}")
    strike = _positive(text, "strike", parts[2]) if what.option else 0.0
    expiry = PERPETUAL if what.right is Right.PERP else _expiry(text, parts[1])
    contract = Contract(kind=kind, expiry=expiry, strike=strike)
    quantity = _quantity(text, parts[-1], what)
    return Fill(contract=contract, quantity=quantity, price=price, in_usd=in_usd)


def format_leg(leg: Leg) -> str:
    """Return the leg as `parse_leg` reads it, without a price."""
    return f"{_format_contract(leg.contract)} {signed(leg.quantity)}"


def format_fill(fill: Fill) -> str:
    """Return the fill as `parse_leg` reads it, with its price where it has one."""
    price = "" if fill.price is None else f" @{fill.price:.12g}{_USD if fill.in_usd else ''}"
    return f"{_format_contract(fill.contract)} {signed(fill.quantity)}{price}"


def tell_fill(fill: Fill) -> str:
    """Return the fill in few columns: `+4 VIX 17Mar27 29C @2.85`, `-2 VX 17Mar27`."""
    contract, what = fill.contract, KINDS[fill.contract.kind]
    price = ""
    if fill.price is not None:
        digits = 4 if what.in_coin and not fill.in_usd else 2
        price = f" @{fill.price:.{digits}f}{' USD' if fill.in_usd else ''}"
    head = f"{signed(fill.quantity)} {what.ticker}"
    if what.right is Right.PERP:
        return f"{head} PERP{price}"
    day = contract.expiry
    when = f"{day.day}{_MONTHS[3 * day.month - 3 : 3 * day.month]}{day:%y}"
    strike = f" {contract.strike:g}{what.right[0].upper()}" if what.option else ""
    return f"{head} {when}{strike}{price}"


def signed(quantity: Quantity) -> str:
    """Return a quantity with its sign and no needless noughts: `+4`, `-0.25`."""
    text = f"{quantity:f}" if isinstance(quantity, Decimal) else str(quantity)
    return text if text.startswith("-") else f"+{text}"


def count(quantity: Quantity) -> str:
    """Return a quantity without its sign."""
    return signed(quantity)[1:]


def spell_leg(leg: Leg) -> str:
    """Return the leg for people: `4 × VIX 17 Mar 2027 29 call`; a sold one begins with `sell`."""
    sold = "sell " if leg.quantity < 0 else ""
    return f"{sold}{count(leg.quantity)} × {spell_contract(leg.contract)}"


def spell_trade(leg: Leg) -> str:
    """Return a leg as an order: `buy 4 × VIX 17 Mar 2027 29 call`."""
    verb = "buy" if leg.quantity > 0 else "sell"
    return f"{verb} {count(leg.quantity)} × {spell_contract(leg.contract)}"


def spell_day(day: date) -> str:
    """Return a day for people: `17 Mar 2027`."""
    return f"{day.day} {_MONTHS[3 * day.month - 3 : 3 * day.month]} {day.year}"


def spell_contract(contract: Contract) -> str:
    """Return the contract for people: `VIX 17 Mar 2027 29 call`, `ETH perpetual future`."""
    what, day = KINDS[contract.kind], contract.expiry
    if what.right is Right.PERP:
        return f"{what.ticker} perpetual future"
    when = spell_day(day)
    strike = f" {contract.strike:g}" if what.option else ""
    return f"{what.ticker} {when}{strike} {what.right}"


def add_legs(legs: Iterable[Leg], traded: Iterable[Leg | Fill]) -> tuple[Leg, ...]:
    """Return the legs after trades: quantities of one contract add up, none left is no leg."""
    held: dict[Contract, Quantity] = {}
    for leg in (*legs, *traded):
        held[leg.contract] = held.get(leg.contract, 0) + leg.quantity
    kept = (Leg(contract=contract, quantity=n) for contract, n in held.items() if n)
    return tuple(sorted(kept, key=lambda leg: _order(leg.contract)))


def reduces(held: Iterable[Leg], traded: Leg) -> bool:
    """Return whether a trade only takes away from a leg held."""
    legs = {leg.contract: float(leg.quantity) for leg in held}
    had, n = legs.get(traded.contract, 0.0), float(traded.quantity)
    return had * n < 0 and abs(n) <= abs(had)


def spell_cash(booked: BookedCash) -> str:
    """Return money that came or went without a trade in words: `+12.50 USD (funding)`."""
    return f"{booked.usd:+,.2f} USD{f' ({booked.note})' if booked.note else ''}"


def turned_short(before: Iterable[Leg], after: Iterable[Leg]) -> tuple[Leg, ...]:
    """Return the legs sold that were held before: more of them was sold than there was."""
    held = {leg.contract for leg in before if leg.quantity > 0}
    return tuple(leg for leg in after if leg.quantity < 0 and leg.contract in held)


def opposite(legs: Iterable[Leg], held: Iterable[Leg]) -> tuple[Leg, ...]:
    """Return of what is held the legs in whose contracts these lean the other way."""
    signs = {leg.contract: leg.quantity > 0 for leg in legs}
    return tuple(
        one for one in held if signs.get(one.contract, one.quantity > 0) != (one.quantity > 0)
    )


def _order(contract: Contract) -> tuple[date, str, float]:
    return contract.expiry, contract.kind, contract.strike


def _format_contract(contract: Contract) -> str:
    what = KINDS[contract.kind]
    expiry = "" if what.right is Right.PERP else f" {contract.expiry.isoformat()}"
    strike = f" {contract.strike:.12g}" if what.option else ""
    return f"{contract.kind}{expiry}{strike}"


def _parts(what: Kind) -> int:
    """Return how many words a leg of a kind has, its price aside."""
    return 4 if what.option else 2 if what.right is Right.PERP else 3


def _form(kind: str) -> str:
    what = KINDS[kind]
    expiry = "" if what.right is Right.PERP else " 2027-03-17"
    strike = f" {_STRIKES[what.root]}" if what.option else ""
    return f"{kind}{expiry}{strike} {_EXAMPLES.get(kind) or _EXAMPLES[what.root]}"


_STRIKES: Final = {"vix": "29", "spx": "6400", "eth": "1800", "btc": "60000"}
_EXAMPLES: Final = {
    "vix": "+4 @2.85",
    "spx": "-1 @12.40",
    "eth": "+5 @0.0525",
    "btc": "+0.5 @0.031",
    "eth.perp": "-2.5 @2412.5",
    "btc.perp": "-0.05 @61250",
}


def _fault(text: str, reason: str) -> ValueError:
    return ValueError(f"leg {text!r}: {reason}")


def _expiry(text: str, part: str) -> date:
    try:
        day = date.fromisoformat(part)
    except ValueError:
        raise _fault(text, f"the expiry {part!r} is no date like 2027-03-17") from None
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise _fault(text, f"the expiry {part!r} is not in the years {_YEARS[0]} to {_YEARS[1]}")
    return day


def _quantity(text: str, part: str, what: Kind) -> Quantity:
    if part[:1] not in {"+", "-"}:
        raise _fault(text, f"the quantity {part!r} needs its sign: +4 bought, -4 sold")
    digits, lot = part[1:], Decimal(what.lot)
    if not _NUMBER.fullmatch(digits) or not digits.strip("0."):
        raise _fault(text, f"the quantity {part[:40]!r} is no {_counted(lot)}")
    if len(digits.lstrip("0").partition(".")[0]) > len(str(_MOST)) or Decimal(digits) > _MOST:
        raise _fault(text, f"the quantity {part[:20]!r} is above {_MOST:,} contracts")
    number = Decimal(digits)
    if number % lot:
        raise _fault(text, f"the quantity {part[:40]!r} is no {_counted(lot)}")
    number = -number if part[0] == "-" else number
    return int(number) if number == number.to_integral_value() else number.normalize()


def _counted(lot: Decimal) -> str:
    return "whole number of contracts" if lot == 1 else f"multiple of {lot} contracts"


def _price(text: str, part: str) -> tuple[float, bool]:
    """Return a price, and whether it is of one contract in US dollars."""
    in_usd = part.lower().endswith(_USD)
    try:
        price = float(part[: -len(_USD)] if in_usd else part)
    except ValueError:
        price = math.nan
    if not 0 <= price < math.inf:
        raise _fault(text, f"the price '@{part}' is no amount like @2.85 or @126.5usd")
    if price > _DEAREST:
        raise _fault(text, f"the price '@{part}' is above {_DEAREST:,.0f}")
    return price, in_usd


def _positive(text: str, name: str, part: str) -> float:
    try:
        number = float(part)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise _fault(text, f"the {name} {part!r} is no number above zero")
    if number > _DEAREST:
        raise _fault(text, f"the {name} {part!r} is above {_DEAREST:,.0f}")
    return number
