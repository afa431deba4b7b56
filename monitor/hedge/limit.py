"""One bound on how much is bought, linear in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

_NEARLY: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What one of each part of a unit makes, USD, how much all may make, and where."""

    each: tuple[float, ...]
    made: float
    most: float
    where: str

    def over(self, counts: Sequence[float]) -> bool:
        """Return whether so many of each part make more; what makes nothing is never over."""
        more = sum(one * n for one, n in zip(self.each, counts, strict=True))
        return more > 0 and self.made + more > self.most * (1 + _NEARLY) + _NEARLY

    def why(self, counts: Sequence[float]) -> str:
        """Return the refusal of so many of each part."""
        more = sum(one * n for one, n in zip(self.each, counts, strict=True))
        return (
            f"over-hedged: with what is held it would make {self.made + more:,.0f} USD "
            f"{self.where}, where {self.most:,.0f} is expected to be lost (model); "
            "`over_hedge = true` allows it"
        )

    def units(self, weights: Sequence[float]) -> float:
        """Return the most units of so many of each part."""
        each = sum(one * n for one, n in zip(self.each, weights, strict=True))
        return max(self.most - self.made, 0.0) / each if each > 0 else inf
