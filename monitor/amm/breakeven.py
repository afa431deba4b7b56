"""Prices at which the fees earned so far have gone into the loss against holding.

All fees so far, those of what has been withdrawn too, against all that was lost: what is
in at the price asked about, and what withdrawals have lost at theirs.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from monitor.amm.ticks import sqrt_ratio_at_tick

_Q96: Final = 1 << 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """A range's liquidity, and fees less hodl leg and less what was lost, in each token, raw.

    The gain at a price P is value(P) + surplus0 · P + surplus1: concave in P.
    """

    tick_lower: int
    tick_upper: int
    liquidity: int
    surplus0: int
    surplus1: int


def break_even(stake: Stake) -> tuple[float | None, float | None]:
    """Return the (lower, upper) price, raw token1 a raw token0, between which fees outweigh loss.

    None on the side where they outweigh it at every price, or on both where they never do:
    `outweighs` tells these apart.
    """
    roots = sorted(set(_roots(stake)))
    if not roots:
        return None, None
    if len(roots) == 1:
        (only,) = roots
        rising = _gain(stake, only * (1 + 1e-6)) > _gain(stake, only * (1 - 1e-6))
        return (only**2, None) if rising else (None, only**2)
    return roots[0] ** 2, roots[-1] ** 2


def outweighs(stake: Stake, sqrt_price_x96: int) -> bool:
    """Return whether the fees are more than the loss at a price."""
    return _gain(stake, sqrt_price_x96 / _Q96) > 0


def _edges(stake: Stake) -> tuple[float, float]:
    lower = sqrt_ratio_at_tick(stake.tick_lower) / _Q96
    return lower, sqrt_ratio_at_tick(stake.tick_upper) / _Q96


def _gain(stake: Stake, root: float) -> float:
    lower, upper = _edges(stake)
    inside = min(max(root, lower), upper)
    held0 = stake.liquidity * (1 / inside - 1 / upper)
    held1 = stake.liquidity * (inside - lower)
    return (held0 + stake.surplus0) * root * root + held1 + stake.surplus1


def _roots(stake: Stake) -> Iterator[float]:
    """Yield square-root prices at which the gain is nothing, piece by piece of its curve."""
    lower, upper = _edges(stake)
    held = stake.liquidity
    # Below: all is token0. Inside: 2 L s less both ends. Above: all is token1.
    below0 = held * (1 / lower - 1 / upper) + stake.surplus0
    for square, constant, least, most in (
        (below0, float(stake.surplus1), 0.0, lower),
        (float(stake.surplus0), held * (upper - lower) + stake.surplus1, upper, math.inf),
    ):
        if square and constant / square < 0:
            root = math.sqrt(-constant / square)
            if least < root <= most:
                yield root
    for root in _quadratic(stake.surplus0 - held / upper, held, stake.surplus1 - held * lower):
        if lower < root <= upper:
            yield root


def _quadratic(square: float, half: float, constant: float) -> Iterator[float]:
    """Yield the solutions of square s² + 2 half s + constant = 0."""
    inside = half * half - square * constant
    if inside < 0:
        return
    # The sum without cancellation; its partner by Vieta.
    sum_ = half + math.sqrt(inside)
    if square:
        yield -sum_ / square
    if sum_:
        yield -constant / sum_
