"""Uncollected fees from fee growth, modulo 2**256 as the contracts count.

Fee growth is Q128.128 raw token per unit of liquidity. It wraps, so a single
value means nothing (it may look negative or enormous); only differences do.
"""

from typing import Final

from monitor.model.pool import PoolState
from monitor.model.position import Position

_GROWTH: Final = (1 << 256) - 1
_OWED: Final = (1 << 128) - 1


def fee_growth_inside(
    tick: int, growth_global_x128: int, *, lower: tuple[int, int], upper: tuple[int, int]
) -> int:
    """Return one token's fee growth inside a range, Q128.128, modulo 2**256.

    tick: slot0's own. lower, upper: each edge as (tick, fee growth outside it).
    """
    tick_lower, outside_lower = lower
    tick_upper, outside_upper = upper
    below = outside_lower if tick >= tick_lower else growth_global_x128 - outside_lower
    above = outside_upper if tick < tick_upper else growth_global_x128 - outside_upper
    return (growth_global_x128 - below - above) & _GROWTH


def uncollected_fees(
    liquidity: int, growth_inside_x128: int, *, growth_inside_last_x128: int, tokens_owed: int = 0
) -> int:
    """Return what a collect would pay of one token, raw, rounded down, modulo 2**128.

    tokens_owed: as `positions()` has it; after a decrease it holds principal too,
    and so does the result. Without liquidity only tokens_owed counts: the ticks
    may be cleared and their growth mean nothing.
    """
    grown = (growth_inside_x128 - growth_inside_last_x128) & _GROWTH
    return (tokens_owed + (grown * liquidity >> 128)) & _OWED


def position_owed(pool: PoolState, position: Position) -> tuple[int, int]:
    """Return raw (token0, token1) a collect would pay this position at this block."""
    if not position.earns_fees:
        return position.tokens_owed0, position.tokens_owed1
    inside0, inside1 = _growths_inside(pool, position)
    liquidity = position.liquidity
    grown0 = (inside0 - position.fee_growth_inside0_last_x128) & _GROWTH
    grown1 = (inside1 - position.fee_growth_inside1_last_x128) & _GROWTH
    return (
        (position.tokens_owed0 + (grown0 * liquidity >> 128)) & _OWED,
        (position.tokens_owed1 + (grown1 * liquidity >> 128)) & _OWED,
    )


def _growths_inside(pool: PoolState, position: Position) -> tuple[int, int]:
    """Return both tokens' fee growth inside the range, before it is wrapped.

    What `fee_growth_inside` comes to for each of the three places a price can be in.
    """
    lower, upper = position.lower, position.upper
    if pool.tick < position.tick_lower:
        return (
            lower.fee_growth_outside0_x128 - upper.fee_growth_outside0_x128,
            lower.fee_growth_outside1_x128 - upper.fee_growth_outside1_x128,
        )
    if pool.tick >= position.tick_upper:
        return (
            upper.fee_growth_outside0_x128 - lower.fee_growth_outside0_x128,
            upper.fee_growth_outside1_x128 - lower.fee_growth_outside1_x128,
        )
    outside0 = lower.fee_growth_outside0_x128 + upper.fee_growth_outside0_x128
    outside1 = lower.fee_growth_outside1_x128 + upper.fee_growth_outside1_x128
    return pool.fee_growth_global0_x128 - outside0, pool.fee_growth_global1_x128 - outside1
