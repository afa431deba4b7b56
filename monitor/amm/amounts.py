"""What a position's liquidity is worth in tokens, and tokens in each other; exact integers."""

from typing import Final

from monitor.amm.ticks import sqrt_ratio_at_tick

Q192: Final = 1 << 192


def amounts_for_liquidity(
    sqrt_price_x96: int,
    tick_lower: int,
    tick_upper: int,
    liquidity: int,
    *,
    round_up: bool = False,
) -> tuple[int, int]:
    """Return raw (amount0, amount1) of a position's principal at a price.

    sqrt_price_x96: slot0's own, Q64.96, never one derived from a tick.
    round_up: False floors as a burn pays; True ceils as a mint charges.
    Raises ValueError for an inverted or empty range, negative liquidity, or a
    price that is not above zero.
    """
    if tick_lower >= tick_upper:
        raise ValueError(f"tick_lower must be below tick_upper, were {tick_lower}, {tick_upper}")
    return amounts_between(
        sqrt_price_x96,
        sqrt_ratio_at_tick(tick_lower),
        sqrt_ratio_at_tick(tick_upper),
        liquidity,
        round_up=round_up,
    )


def amounts_between(
    sqrt_price_x96: int,
    sqrt_lower_x96: int,
    sqrt_upper_x96: int,
    liquidity: int,
    *,
    round_up: bool = False,
) -> tuple[int, int]:
    """Return raw (amount0, amount1) of liquidity between two square-root prices, Q64.96."""
    if liquidity < 0:
        raise ValueError(f"liquidity must not be negative, was {liquidity}")
    if sqrt_price_x96 <= 0:
        raise ValueError(f"sqrt_price_x96 must be above zero, was {sqrt_price_x96}")
    if round_up:
        return _charged(sqrt_price_x96, sqrt_lower_x96, sqrt_upper_x96, liquidity)
    # token0 lies above the price, token1 below it. The contract rounds token0 after
    # each of its two divisions, which for integers comes to rounding once.
    if sqrt_price_x96 <= sqrt_lower_x96:
        width = sqrt_upper_x96 - sqrt_lower_x96
        return (liquidity << 96) * width // sqrt_upper_x96 // sqrt_lower_x96, 0
    if sqrt_price_x96 < sqrt_upper_x96:
        scaled0 = (liquidity << 96) * (sqrt_upper_x96 - sqrt_price_x96)
        scaled1 = liquidity * (sqrt_price_x96 - sqrt_lower_x96)
        return scaled0 // sqrt_upper_x96 // sqrt_price_x96, scaled1 >> 96
    return 0, liquidity * (sqrt_upper_x96 - sqrt_lower_x96) >> 96


def value_x192(amount0: int, amount1: int, sqrt_price_x96: int) -> int:
    """Return raw tokens counted in raw token1, times 2**192; exact.

    Comparing or subtracting two such values at one price loses nothing; so
    does dividing one by another.
    """
    return amount0 * sqrt_price_x96 * sqrt_price_x96 + (amount1 << 192)


def _charged(
    sqrt_price_x96: int, sqrt_lower_x96: int, sqrt_upper_x96: int, liquidity: int
) -> tuple[int, int]:
    inside = min(max(sqrt_price_x96, sqrt_lower_x96), sqrt_upper_x96)
    scaled0 = (liquidity << 96) * (sqrt_upper_x96 - inside)
    scaled1 = liquidity * (inside - sqrt_lower_x96)
    return _ceil(_ceil(scaled0, sqrt_upper_x96), inside), _ceil(scaled1, 1 << 96)


def _ceil(number: int, divisor: int) -> int:
    return -(-number // divisor)
