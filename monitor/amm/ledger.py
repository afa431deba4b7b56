"""A position's cost basis, folded from its events.

The hodl leg is what holding would own: every deposit adds to it, every
withdrawal takes its share of liquidity out of it. What a withdrawal lost against
its share is booked as realised, at the withdrawal's own price, so the loss of
what stays in is never a gain and never counts what already left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction

from monitor.amm.amounts import Q192
from monitor.amm.ticks import sqrt_ratio_at_tick
from monitor.model.position import Basis, Flow, LiquidityEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """The fold so far. net0, net1: principal withdrawn less everything collected, raw."""

    liquidity: int = 0
    hodl0: int = 0
    hodl1: int = 0
    realised: int | None = 0
    net0: int = 0
    net1: int = 0
    opened_at: datetime | None = None


def fold(events: Sequence[LiquidityEvent], tick_lower: int, tick_upper: int) -> Basis | None:
    """Return the basis the events add up to, whatever order they come in.

    None when they cannot be the whole story: no deposit among them, or more
    liquidity withdrawn than there was. A withdrawal's share of the hodl leg is
    floored, so what stays is never understated; realised is floored too.
    """
    sums = _Sums()
    for event in sorted(events, key=lambda event: (event.block_number, event.log_index)):
        match event.flow:
            case Flow.INCREASE:
                sums = _increase(sums, event)
            case Flow.DECREASE:
                if event.liquidity > sums.liquidity:
                    return None
                sums = _decrease(sums, event, (tick_lower, tick_upper))
            case Flow.COLLECT:
                sums = replace(sums, net0=sums.net0 - event.amount0, net1=sums.net1 - event.amount1)
    if sums.opened_at is None:
        return None
    return Basis(
        liquidity=sums.liquidity,
        hodl0=sums.hodl0,
        hodl1=sums.hodl1,
        realised_token1=sums.realised,
        collected0=max(-sums.net0, 0),
        collected1=max(-sums.net1, 0),
        uncollected0=max(sums.net0, 0),
        uncollected1=max(sums.net1, 0),
        opened_at=sums.opened_at,
        source="events",
    )


def basis_from_entry(amount0: int, amount1: int, liquidity: int, at: datetime | None) -> Basis:
    """Return the basis of a position whose raw deposits a person stated in config."""
    return Basis(
        liquidity=liquidity,
        hodl0=amount0,
        hodl1=amount1,
        realised_token1=0,
        collected0=0,
        collected1=0,
        opened_at=at,
        source="config",
    )


def _increase(sums: _Sums, event: LiquidityEvent) -> _Sums:
    return replace(
        sums,
        liquidity=sums.liquidity + event.liquidity,
        hodl0=sums.hodl0 + event.amount0,
        hodl1=sums.hodl1 + event.amount1,
        opened_at=sums.opened_at or event.at,
    )


def _decrease(sums: _Sums, event: LiquidityEvent, ticks: tuple[int, int]) -> _Sums:
    if event.liquidity == 0:
        return sums
    share = Fraction(event.liquidity, sums.liquidity)
    lost = _lost(event, (share * sums.hodl0, share * sums.hodl1), ticks)
    return replace(
        sums,
        liquidity=sums.liquidity - event.liquidity,
        hodl0=sums.hodl0 - int(share * sums.hodl0),
        hodl1=sums.hodl1 - int(share * sums.hodl1),
        realised=None if sums.realised is None or lost is None else sums.realised + lost,
        net0=sums.net0 + event.amount0,
        net1=sums.net1 + event.amount1,
    )


def _lost(
    event: LiquidityEvent, held: tuple[Fraction, Fraction], ticks: tuple[int, int]
) -> int | None:
    """Return value(withdrawn) - value(its share of the hodl leg), raw token1, floored, <= 0."""
    gap0 = event.amount0 - held[0]
    gap1 = event.amount1 - held[1]
    if gap0 == 0:
        return min(int(gap1 // 1), 0)  # no token0 to price
    price = _price_x192(event, ticks)
    if price is None:
        return None
    # A price inferred from floored amounts is a hair off, and a hair is no gain.
    return min(int((gap0 * price / Q192 + gap1) // 1), 0)


def _price_x192(event: LiquidityEvent, ticks: tuple[int, int]) -> Fraction | None:
    """Return token1 per token0 in raw units times 2**192, stated or inferred.

    Inferred from whichever amount has more digits; out of range the amounts say
    only on which side the price was, and the answer is None.
    """
    if event.sqrt_price_x96 is not None:
        return Fraction(event.sqrt_price_x96**2)
    if event.amount0 == 0 or event.amount1 == 0:
        return None
    lower, upper = sqrt_ratio_at_tick(ticks[0]), sqrt_ratio_at_tick(ticks[1])
    if event.amount1 >= event.amount0:
        root = lower + Fraction(event.amount1 << 96, event.liquidity)
    else:
        root = 1 / (Fraction(1, upper) + Fraction(event.amount0, event.liquidity << 96))
    return root * root
