"""Volatility out of a pool: what its price did, and what its fees pay for.

Variance adds up over time, so both are sums that can be kept, sampled and
subtracted; a volatility is the root of what a span adds, by the year.

Implied (after Lambert): vol = 2 φ √(volume / tick value), where the tick is as wide
as the fee is twice, 2 φ, as in the pools of 0.05, 0.3 and 1 %. Its value is
L √P φ and its fees are φ · volume, so vol² = 4 · fees / (L √P): fees for each unit of
liquidity, which is what fee growth counts, net of the protocol's part. It is also
the volatility at which LVR, L vol² √P / 4, takes just what the fees bring.
"""

import math
from datetime import timedelta
from typing import Final

_Q96: Final = 1 << 96
_Q128: Final = 1 << 128
_GROWTH: Final = (1 << 256) - 1
_YEAR: Final = timedelta(days=365)


def squared_return(sqrt_before_x96: int, sqrt_after_x96: int) -> float:
    """Return ln(price after / price before), squared."""
    return (2 * math.log(sqrt_after_x96 / sqrt_before_x96)) ** 2


def lvr_step(sqrt_before_x96: int, sqrt_after_x96: int) -> float:
    """Return what a unit of liquidity loses to rebalancing over one step, raw token1; >= 0.

    Holding the step's first amounts to its end is worth (√P' - √P)² / √P more than the
    curve's own, exactly; over small steps it adds up to vol² √P / 4 a year.
    """
    moved = (sqrt_after_x96 - sqrt_before_x96) / _Q96
    return moved * moved / (sqrt_before_x96 / _Q96)


def grown(before_x128: int, after_x128: int) -> int:
    """Return fee growth between two readings, Q128.128, modulo 2**256."""
    return (after_x128 - before_x128) & _GROWTH


def fee_variance(growth0_x128: int, growth1_x128: int, sqrt_price_x96: int) -> float:
    """Return the variance that fees of a span pay for: 4 · fees / √P for a unit of liquidity.

    growth0_x128, growth1_x128: what the pool's fee growth added in the span.
    """
    root = sqrt_price_x96 / _Q96
    return 4 * (growth0_x128 / _Q128 * root + growth1_x128 / _Q128 / root)


def annual(variance: float, over: timedelta) -> float:
    """Return the volatility of a span's variance, an annual fraction."""
    return math.sqrt(variance / (over / _YEAR))
