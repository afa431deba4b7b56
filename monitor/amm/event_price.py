"""The price at which tokens went into a position or came out of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from monitor.amm.amounts import Q192
from monitor.amm.ticks import sqrt_ratio_at_tick
from monitor.model.position import Flow, LiquidityEvent

# The amounts of an event are rounded to one unit, so that a price inferred from so many
# is right to two parts in a thousand million.
_TELLING: Final = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Two amounts counted in one raw token each, floored; None while no price is known."""

    token0: int | None
    token1: int | None


def in_order(events: Sequence[LiquidityEvent]) -> list[LiquidityEvent]:
    """Return events as the chain has them."""
    return sorted(events, key=lambda event: (event.block_number, event.log_index))


def event_prices(
    events: Sequence[LiquidityEvent], tick_lower: int, tick_upper: int
) -> list[Fraction | None]:
    """Return each event's price, raw token1 per raw token0, in the order given.

    What a deposit or a withdrawal tells by its own amounts, where they are large enough
    to tell it; else the pool's price after the block; else what the amounts hint at; else
    what another event of the same transaction, or of the same block, tells; else None.
    Out of range the amounts say only on which side the price was.
    """
    bounds = sqrt_ratio_at_tick(tick_lower), sqrt_ratio_at_tick(tick_upper)
    own = [_own(event, bounds) for event in events]
    near: dict[str | int, Fraction] = {}
    for event, price in zip(events, own, strict=True):
        if price is not None:
            near.setdefault(event.block_number, price)
            if event.transaction:
                near.setdefault(event.transaction, price)
    return [
        near.get(event.transaction, near.get(event.block_number)) if price is None else price
        for event, price in zip(events, own, strict=True)
    ]


def counted(amount0: int | Fraction, amount1: int | Fraction, price: Fraction | None) -> Counted:
    """Return two raw amounts counted in either token; what needs no price needs none."""
    if price is None:
        token0 = int(amount0 // 1) if amount1 == 0 else None
        token1 = int(amount1 // 1) if amount0 == 0 else None
        return Counted(token0=token0, token1=token1)
    return Counted(
        token0=int((amount0 + amount1 / price) // 1), token1=int((amount0 * price + amount1) // 1)
    )


def _own(event: LiquidityEvent, bounds: tuple[int, int]) -> Fraction | None:
    told = event.sqrt_price_x96
    inside = event.flow is not Flow.COLLECT and event.liquidity and event.amount0 and event.amount1
    if inside and (told is None or max(event.amount0, event.amount1) >= _TELLING):
        root = _root(event, bounds)
        return root * root / Q192
    return None if told is None else Fraction(told * told, Q192)


def _root(event: LiquidityEvent, bounds: tuple[int, int]) -> Fraction:
    """Return the square root of the price, Q64.96, from whichever amount has more digits."""
    lower, upper = bounds
    if event.amount1 >= event.amount0:
        root = lower + Fraction(event.amount1 << 96, event.liquidity)
    else:
        root = 1 / (Fraction(1, upper) + Fraction(event.amount0, event.liquidity << 96))
    # A unit of rounding may lead a hair out of the range.
    return min(max(root, Fraction(lower)), Fraction(upper))
