"""How volatility is stated to differ by strike where nobody quotes it: declared, never measured."""

from dataclasses import dataclass, replace
from math import inf, log, sqrt
from typing import Final

import numpy as np

from monitor.hedge import black76
from monitor.hedge.black76 import Floats, Numbers

_LOWEST_VOL: Final = 0.01
_LEAST_YEARS: Final = 1e-6
_FARTHEST: Final = 3.0
_SLOPES: Final = (-0.2, 0.3)
_ROUNDS: Final = 200
_SAME: Final = 1e-13


@dataclass(frozen=True, slots=True, kw_only=True)
class Skew:
    """A volatility's relative rise for each standard deviation from the forward.

    below: for strikes below it; above: for strikes above. 0.2 is a volatility of 30
    become 36 one deviation out. Each in [-0.2, 0.3], within which a call costs less the
    higher its strike, and a put more, up to a deviation as wide as the forward; held flat
    beyond three deviations.
    """

    below: float
    above: float

    def __post_init__(self) -> None:
        low, high = _SLOPES
        if not (low <= self.below <= high and low <= self.above <= high):
            raise ValueError(
                f"slopes of a skew must lie in {low} to {high}, were {self.below}, {self.above}"
            )

    @property
    def label(self) -> str:
        """Return the slopes in words."""
        if not self.below and not self.above:
            return "no skew"
        sides = (("below", self.below), ("above", self.above))
        told = " and ".join(f"{100 * slope:+.0f} % {side}" for side, slope in sides if slope)
        return f"skew declared {told} the forward a deviation".replace("-", "−")


SPX_SKEW: Final = Skew(below=0.20, above=-0.08)
"""Our own assumption: puts cost more, calls a little less, as they have since 1987."""

VIX_SKEW: Final = Skew(below=0.0, above=0.20)
"""Our own assumption: calls above the forward cost more."""

COIN_SKEW: Final = Skew(below=0.06, above=0.03)
"""Our own assumption: wings on both sides cost more, puts the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkewedVol:
    """The volatility of one expiry by strike, annual fractions.

    at_forward: named by its source, for instance VVIX / 100 or VIX9D / 100. shift: added
    to every strike's. Always label what rests on this as model.
    """

    at_forward: float
    skew: Skew
    source: str
    shift: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.at_forward < float("inf"):
            raise ValueError(f"a volatility must be above zero, was {self.at_forward}")

    def at(self, forward: Numbers, strike: Numbers, *, years: Numbers) -> Floats:
        """Return the volatility of a strike, never below 1 %.

        at_forward * (1 + slope * deviations) + shift, the deviations being
        ln(strike / forward) / (at_forward * sqrt(years)).
        """
        spread = self.at_forward * np.sqrt(np.maximum(years, _LEAST_YEARS))
        away = np.clip(np.log(np.divide(strike, forward)) / spread, -_FARTHEST, _FARTHEST)
        slope = np.where(away < 0, self.skew.below, self.skew.above)
        return np.maximum(self.at_forward * (1 + slope * np.abs(away)) + self.shift, _LOWEST_VOL)

    def of_one(self, forward: float, strike: float, *, years: float) -> float:
        """Return what `at` does of one strike, on plain floats: twenty times as fast."""
        spread = self.at_forward * sqrt(max(years, _LEAST_YEARS))
        away = log(strike / forward) / spread if strike > 0 else -inf
        away = min(max(away, -_FARTHEST), _FARTHEST)
        slope = self.skew.below if away < 0 else self.skew.above
        return max(self.at_forward * (1 + slope * abs(away)) + self.shift, _LOWEST_VOL)

    def strike_for_delta(self, forward: float, delta: float, *, years: float) -> float:
        """Return the strike at which a call has this forward delta, in (0, 1).

        Each strike has its own volatility, so it is sought until it repeats. For a put of
        delta -d ask for 1 - d. Raises ValueError when delta is outside (0, 1).
        """
        if not 0 < delta < 1:
            raise ValueError(f"delta must lie between 0 and 1, was {delta}")
        strike = forward
        for _ in range(_ROUNDS):
            sigma = self.of_one(forward, strike, years=years)
            found = black76.strike_for_delta(forward, sigma, years=years, delta=delta)
            if abs(found - strike) <= _SAME * forward:
                return found
            strike = (strike + found) / 2
        return strike

    def shifted(self, by: float) -> "SkewedVol":
        """Return the same with every strike's volatility raised by an annual fraction."""
        return replace(self, shift=self.shift + by)

    @property
    def label(self) -> str:
        """Return the assumption in words, for whatever is priced by it."""
        return f"{self.source} {100 * self.at_forward:.1f} %, {self.skew.label}: model"
