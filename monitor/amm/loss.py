"""Impermanent loss: value over holding, minus one; fees are never in it."""

import math


def impermanent_loss(price_ratio: float) -> float:
    """Return a full-range position's value over its HODL value, minus one.

    price_ratio: price now / price at entry, token1 per token0; a pure number.
    Result: fraction in [-1, 0], fees excluded; -0.05 is 5 % behind holding.
    Raises ValueError unless price_ratio is finite and > 0.
    """
    if not 0 < price_ratio < math.inf:
        raise ValueError(f"price_ratio must be finite and > 0, was {price_ratio}")
    # Same as 2√r/(1+r) - 1, which cancels to zero near r = 1.
    loss = -((math.sqrt(price_ratio) - 1) ** 2) / (1 + price_ratio)
    return max(loss, -1.0)  # rounding may pass the bound by one ulp


def loss_fraction(value: int, hodl: int) -> float | None:
    """Return value / hodl - 1 of one position at one price; None where nothing is held.

    Both as `value_x192` counts them, so that only the result is rounded, once.
    Never above zero when value is the principal and hodl what went in.
    """
    return (value - hodl) / hodl if hodl > 0 else None
