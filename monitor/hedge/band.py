"""What a number is at the stated volatility, and with the volatility five points off."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

VOL_BAND: Final = 0.05
"""How far the low and high of a model price's volatility lie from the stated one: 5 points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A model's number at the stated volatility, and at 5 points less and more.

    Low is at the low volatility: of what was sold it may be the better number.
    """

    low: float
    mid: float
    high: float


def band(number: Callable[[float], float]) -> Band:
    """Return the band of a number told for a shift of the volatility, an annual fraction."""
    return Band(low=number(-VOL_BAND), mid=number(0.0), high=number(VOL_BAND))
