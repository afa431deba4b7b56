"""USDC per WETH, as people say it, to and from the pool's own numbers."""

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from monitor.amm import sqrt_ratio_at_tick

Price = int | float | Decimal | Fraction
WETH_DECIMALS: Final = 18
USDC_DECIMALS: Final = 6
TICK_SPACING: Final = 60
EVERY_PRICE: Final = (Fraction(1, 10**60), Fraction(10**60))  # a full range's two ends
_MAX_TICK: Final = 887220  # the last usable one
_Q192: Final = 2**192
_LOG_TICK: Final = math.log(1.0001)


@dataclass(frozen=True, slots=True)
class Quote:
    """How this pool writes a price: which of its tokens is USDC."""

    usdc_is_token0: bool

    def raw(self, price: Price) -> Fraction:
        """Return raw token1 per raw token0, exactly; raise ValueError unless price > 0."""
        if not (math.isfinite(price) and price > 0):
            raise ValueError(f"a price must be finite and > 0, was {price}")
        usdc_per_wei = Fraction(price) * Fraction(10**USDC_DECIMALS, 10**WETH_DECIMALS)
        return 1 / usdc_per_wei if self.usdc_is_token0 else usdc_per_wei

    def sqrt_price_x96(self, price: Price) -> int:
        """Return the square root of the raw price, Q64.96, rounded down."""
        raw = self.raw(price)
        return math.isqrt(_Q192 * raw.numerator // raw.denominator)

    def price(self, sqrt_price_x96: int) -> Fraction:
        """Return USDC per WETH, exactly."""
        raw = Fraction(sqrt_price_x96 * sqrt_price_x96, _Q192)
        usdc_per_wei = 1 / raw if self.usdc_is_token0 else raw
        return usdc_per_wei * Fraction(10**WETH_DECIMALS, 10**USDC_DECIMALS)

    def ticks(self, price_lower: Price, price_upper: Price) -> tuple[int, int]:
        """Return (tick_lower, tick_upper), each at the usable tick nearest its price.

        The order of the prices does not matter; the two ticks differ by one
        spacing at least.
        """
        low, high = sorted(self._nearest(price) for price in (price_lower, price_upper))
        return low, max(high, low + TICK_SPACING)

    def edges(self, ticks: tuple[int, int]) -> tuple[Fraction, Fraction]:
        """Return the lower and the upper price of a range, USDC per WETH."""
        low, high = sorted(self.price(sqrt_ratio_at_tick(tick)) for tick in ticks)
        return low, high

    def _nearest(self, price: Price) -> int:
        # Near is enough: a spacing of 60 ticks is 0.6 %, a float is good to 1e-15.
        tick = round(math.log(self.raw(price)) / _LOG_TICK / TICK_SPACING) * TICK_SPACING
        return min(max(tick, -_MAX_TICK), _MAX_TICK)


def amounts_to_offer(
    sqrt_price_x96: int, ticks: tuple[int, int], liquidity: float
) -> tuple[int, int]:
    """Return raw (amount0, amount1) that buy this liquidity at this price, to about 1e-9.

    A float's precision on purpose: the position manager works out the exact
    liquidity from what it is offered.
    """
    spot = sqrt_price_x96 / 2**96
    low, high = (math.exp(tick * _LOG_TICK / 2) for tick in ticks)
    at = min(max(spot, low), high)
    return math.ceil(liquidity * (1 / at - 1 / high)), math.ceil(liquidity * (at - low))
