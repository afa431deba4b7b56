"""How a position's worth answers to the price: delta, gamma, LVR rate, capital efficiency.

Principal alone, fees apart. Floats: these are slopes and ratios. Liquidity counts
as in range by slot0's tick, as the fees do.
"""

from typing import Final

from monitor.amm.amounts import value_x192
from monitor.model.pool import Pool, PoolState
from monitor.model.position import Position

Q96: Final = 1 << 96
_DAYS_A_YEAR: Final = 365


def delta(pool: Pool, amount0: int, amount1: int) -> float:
    """Return d(value in quote) / d(price), in whole base tokens.

    It is the base token held: along the curve what is sold is paid at the price, so
    the holdings' own change drops out. amount0, amount1: the principal, raw.
    """
    if pool.quote == 1:
        return float(amount0 / int(10**pool.token0.decimals))
    return float(amount1 / int(10**pool.token1.decimals))


def gamma(state: PoolState, position: Position) -> float:
    """Return d(delta) / d(price), whole base tokens for a whole quote token's rise; <= 0.

    -L / (2 P^1.5) in range, 0 outside. Where the base is token1, P is its inverse.
    """
    if not in_range(state, position):
        return 0.0
    root = state.sqrt_price_x96 / Q96
    base, quote = state.pool.token0.decimals, state.pool.token1.decimals
    if state.pool.quote == 0:
        root, base, quote = 1 / root, quote, base
    return -position.liquidity / (2 * root**3) * 10.0 ** (quote - 2 * base)


def lvr_per_day(state: PoolState, position: Position, volatility: float) -> float:
    """Return what rebalancing gains over the position in a day, raw token1; >= 0.

    L vol² √P / 4 in range, 0 outside. volatility: vol, an annual fraction.
    """
    if not in_range(state, position):
        return 0.0
    root = state.sqrt_price_x96 / Q96
    return position.liquidity * volatility**2 * root / 4 / _DAYS_A_YEAR


def capital_efficiency(
    state: PoolState, position: Position, amount0: int, amount1: int
) -> float | None:
    """Return how much more a full-range position of this depth would have to hold.

    2 L √P / value; 0 out of range, where there is no depth; None for an empty position.
    """
    value = value_x192(amount0, amount1, state.sqrt_price_x96)
    if not value:
        return None
    if not in_range(state, position):
        return 0.0
    return 2 * position.liquidity * state.sqrt_price_x96 * Q96 / value


def in_range(state: PoolState, position: Position) -> bool:
    """Return whether the position's liquidity is in use, by slot0's tick."""
    return position.tick_lower <= state.tick < position.tick_upper
