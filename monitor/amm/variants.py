"""Other people's "impermanent loss", each by its own name; `loss` has the declared one."""

from dataclasses import dataclass
from typing import Final

from monitor.amm.amounts import Q192, value_x192
from monitor.amm.loss import impermanent_loss
from monitor.amm.ticks import sqrt_ratio_at_tick
from monitor.model.position import Basis, Position

_Q96: Final = 1 << 96
_CLOSE: Final = 1_000
"""The two tokens' answers may lie a thousandth of the square-root price apart."""

_ROUNDED: Final = 4
"""Raw units by which deposited amounts may be off: ceiled, and floored by withdrawals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What the variants compare: value, fees and hodl as `value_x192` counts them now.

    value: the principal; fees: owed and collected; hodl: the tokens put in and still in.
    entered: what those tokens were worth at entry, in raw (token0, token1), None where it
    is not known. root, root_then: square-root prices now and at the one entry.
    """

    value: int
    fees: int
    hodl: int
    entered: tuple[float, float] | None
    root: int
    root_then: int | None


def entry_root(position: Position, basis: Basis) -> int | None:
    """Return the square-root price of the entry, Q64.96, told by the amounts put in.

    Each token tells it by itself, and where the two differ there was more than one
    entry: None. None too for a deposit out of range, which tells only the side.
    """
    lower, upper = sqrt_ratio_at_tick(position.tick_lower), sqrt_ratio_at_tick(position.tick_upper)
    held = basis.liquidity
    if not (held and basis.hodl0 and basis.hodl1):
        return None
    by1 = lower + (basis.hodl1 << 96) // held
    wide = held << 96
    by0 = wide * upper // (wide + basis.hodl0 * upper)
    dust = _ROUNDED * (_Q96 // held + by0 * by0 // wide + 2)
    if abs(by1 - by0) > min(by0, by1) // _CLOSE + dust:
        return None
    return by1 if basis.hodl1 >= basis.hodl0 else by0


def holdings(
    position: Position, sqrt_price_x96: int, *, amounts: tuple[int, int], fees: tuple[int, int]
) -> Holdings | None:
    """Return what to compare; None where the basis is unknown or not this liquidity's.

    amounts: the principal; fees: owed and not collected; both raw.
    """
    basis = position.basis
    if basis is None or basis.liquidity != position.liquidity or not basis.liquidity:
        return None
    then = entry_root(position, basis)
    earned = fees[0] + basis.collected0, fees[1] + basis.collected1
    return Holdings(
        value=value_x192(*amounts, sqrt_price_x96),
        fees=value_x192(*earned, sqrt_price_x96),
        hodl=value_x192(basis.hodl0, basis.hodl1, sqrt_price_x96),
        entered=_entered(basis, then),
        root=sqrt_price_x96,
        root_then=then,
    )


def _entered(basis: Basis, then: int | None) -> tuple[float, float] | None:
    """Return the worth at entry of what is still in, raw, in token0 and in token1.

    By the one entry's price; where there were several and nothing was withdrawn or
    given, by what each deposit was worth at its own.
    """
    if then is not None:
        worth = value_x192(basis.hodl0, basis.hodl1, then)
        return worth / (then * then), worth / Q192
    whole = not (basis.withdrawn0 or basis.withdrawn1 or basis.gifted0 or basis.gifted1)
    if whole and basis.paid_token0 and basis.paid_token1:
        return float(basis.paid_token0), float(basis.paid_token1)
    return None


def textbook_loss(held: Holdings) -> float | None:
    """Return 2 √k / (1 + k) - 1 for the price ratio k: a full range's loss, not this one's."""
    return impermanent_loss((held.root / held.root_then) ** 2) if held.root_then else None


def loss_of_initial(held: Holdings, quote: int) -> float | None:
    """Return (value - hodl) / value at entry, in the quote token; fees left out."""
    if held.entered is None:
        return None
    return _raw(held, held.value - held.hodl, quote) / held.entered[quote]


def against_deposited(held: Holdings) -> float:
    """Return (value + fees) / hodl - 1."""
    return (held.value + held.fees - held.hodl) / held.hodl


def against_all_in(held: Holdings, token: int) -> float | None:
    """Return (value + fees) / what all went in as this one token - 1, at the entry's price."""
    if held.entered is None:
        return None
    return _raw(held, held.value + held.fees, token) / held.entered[token] - 1


def _raw(held: Holdings, worth: int, token: int) -> float:
    return worth / (held.root * held.root) if token == 0 else worth / Q192
