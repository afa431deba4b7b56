"""Other people's "impermanent loss", each by its own name; `loss` has the declared one.

What compares with everything put in counts everything that came of it: a withdrawal moves
tokens from inside to outside and changes no figure by itself, and a top-up counts on both
sides. Withdrawn tokens count at the price now, as in Revert's "pool PnL". Fees collected
and put back are neither put in anew nor taken out.
"""

from dataclasses import dataclass
from typing import Final

from monitor.amm.amounts import Q192, value_x192
from monitor.amm.loss import impermanent_loss
from monitor.amm.ticks import sqrt_ratio_at_tick
from monitor.model.position import Basis, Position

_Q96: Final = 1 << 96
_CLOSE: Final = 1_000_000
"""The two tokens' answers may lie a millionth of the square-root price apart.

Two deposits at prices half a percent apart lie further, whatever their range.
"""

_CLOSE_STATED: Final = 1_000
"""A person states an entry's amounts rounded."""

_ROUNDED: Final = 4
"""Raw units by which deposited amounts may be off: ceiled, and floored by withdrawals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What the variants compare: value, fees and hodl as `value_x192` counts them now.

    value: the principal; fees: owed and collected; hodl: the tokens put in and still in.
    entered: what those tokens were worth at entry, in raw (token0, token1), None where it
    is not known.
    put_in: all tokens ever put in but gifts and compounded fees; come_to: what there is
    for them, inside or withdrawn, fees included. paid: what those put in were worth as
    they were, in raw (token0, token1), each None where it is not known.
    root, root_then: square-root prices now and at the one entry.
    """

    value: int
    fees: int
    hodl: int
    entered: tuple[float, float] | None
    put_in: int
    come_to: int
    paid: tuple[float | None, float | None]
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
    close = _CLOSE_STATED if basis.source == "config" else _CLOSE
    if abs(by1 - by0) > min(by0, by1) // close + dust:
        return None
    # Of amounts no pool has ever taken the price may come to nothing at all.
    return (by1 if basis.hodl1 >= basis.hodl0 else by0) or None


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
    value = value_x192(*amounts, sqrt_price_x96)
    earned = fees[0] + basis.collected0, fees[1] + basis.collected1
    all_fees = value_x192(*earned, sqrt_price_x96)
    own = _own(basis)
    outside = basis.withdrawn0 - basis.compounded0, basis.withdrawn1 - basis.compounded1
    return Holdings(
        value=value,
        fees=all_fees,
        hodl=value_x192(basis.hodl0, basis.hodl1, sqrt_price_x96),
        entered=_entered(basis, then),
        put_in=value_x192(*own, sqrt_price_x96),
        come_to=value + all_fees + value_x192(*outside, sqrt_price_x96),
        paid=_paid(basis, own, then),
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


def _own(basis: Basis) -> tuple[int, int]:
    """Return what was put in but gifts and compounded fees, raw."""
    return (
        basis.deposited0 - basis.gifted0 - basis.compounded0,
        basis.deposited1 - basis.gifted1 - basis.compounded1,
    )


def _paid(
    basis: Basis, own: tuple[int, int], then: int | None
) -> tuple[float | None, float | None]:
    """Return what the owner's tokens were worth when they went in, raw, in either token.

    By the one entry's price, or by what each deposit was worth at its own.
    """
    if then is not None:
        worth = value_x192(*own, then)
        return worth / (then * then), worth / Q192
    return (
        _less(basis.paid_token0, basis.compounded_token0),
        _less(basis.paid_token1, basis.compounded_token1),
    )


def _less(paid: int | None, put_back: int | None) -> float | None:
    return None if paid is None or put_back is None else float(paid - put_back)


def textbook_loss(held: Holdings) -> float | None:
    """Return 2 √k / (1 + k) - 1 for the price ratio k: a full range's loss, not this one's."""
    return impermanent_loss((held.root / held.root_then) ** 2) if held.root_then else None


def loss_of_initial(held: Holdings, quote: int) -> float | None:
    """Return (value - hodl) / value at entry, in the quote token; fees left out."""
    if held.entered is None or not held.entered[quote]:
        return None
    return _raw(held, held.value - held.hodl, quote) / held.entered[quote]


def against_deposited(held: Holdings) -> float | None:
    """Return (value + fees + withdrawn - put in) / put in, all now; None for nothing put in."""
    return (held.come_to - held.put_in) / held.put_in if held.put_in > 0 else None


def against_all_in(held: Holdings, token: int) -> float | None:
    """Return (value + fees + withdrawn) now / all put in as this one token then - 1.

    None where a price of back then is not known, or nothing was put in.
    """
    paid = held.paid[token]
    if paid is None or paid <= 0:
        return None
    return _raw(held, held.come_to, token) / paid - 1


def _raw(held: Holdings, worth: int, token: int) -> float:
    return worth / (held.root * held.root) if token == 0 else worth / Q192
