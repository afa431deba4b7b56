"""Uniswap v3's arithmetic in exact integers: ticks, amounts, fees, and the loss against holding.

Ticks are plain ints; square-root prices are Q64.96; amounts are raw token units;
fee growth is Q128.128 modulo 2**256. Floors like a burn unless told to ceil.
"""

from monitor.amm.amounts import amounts_for_liquidity
from monitor.amm.fee_growth import fee_growth_inside, uncollected_fees
from monitor.amm.loss import impermanent_loss
from monitor.amm.ticks import sqrt_ratio_at_tick, tick_at_sqrt_ratio

__all__ = [
    "amounts_for_liquidity",
    "fee_growth_inside",
    "impermanent_loss",
    "sqrt_ratio_at_tick",
    "tick_at_sqrt_ratio",
    "uncollected_fees",
]
