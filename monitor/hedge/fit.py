"""How well a hedge's driver has tracked the loss of what it is to cover, week by week.

Weekly IL is that of a position's own shape, centred anew on each week's first price: what
such a position lost in such a week, whenever it was opened. Told as elsewhere, <= 0, so that
a hedge whose driver rises where it is lost has a correlation below zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from monitor.hedge.black76 import Floats, Numbers
from monitor.hedge.il_strip import Range

LEAST_WEEKS: Final = 12
"""Fewer weeks than this tell nothing."""

CALM_VIX: Final = 30.0
"""The method makes its claim above it; up to it is calm."""

MUCH_BETTER: Final = 0.1
"""By how much of R² another driver must track better to be named."""

_WIDEST: Final = 1e6
_STILL: Final = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """What IL came to on a driver. corr: of weekly IL, <= 0, on the driver's rises."""

    corr: float
    weeks: int

    @property
    def r2(self) -> float:
        """Return the share of its variance that the driver explains."""
        return self.corr * self.corr

    @property
    def use(self) -> float:
        """Return R², 0 where the driver rises in the weeks without a loss: no hedge then."""
        return self.r2 if self.corr < 0 else 0.0


def width_of(lower: float, upper: float) -> float:
    """Return how far a range reaches from its middle, times and divided by, from its two ends.

    A full range's ends lie beyond what floats tell apart: past a million it is one.
    """
    return float(min((upper / lower) ** 0.5, _WIDEST))


def weekly_il(width: float, ratios: Numbers) -> Floats:
    """Return IL of a range [1 / width, width] entered at 1, for each price at a week's end.

    Fractions <= 0, fees excluded. width: above 1.
    """
    shape = Range(lower=1 / width, upper=width, entry=1.0)
    lost = np.maximum(shape.loss(ratios), 0.0)
    return np.asarray(-lost / (shape.value(ratios) + lost))


def tracked(il: Floats, rises: Floats) -> Tracked | str:
    """Return how IL went with a driver over the same weeks, or why that is not known.

    Weeks of which either is not a number are left out.
    """
    known = np.isfinite(il) & np.isfinite(rises)
    lost, rose = il[known], rises[known]
    weeks = len(lost)
    if weeks < LEAST_WEEKS:
        return f"{weeks} of {LEAST_WEEKS} weeks are known"
    across, up = rose - rose.mean(), lost - lost.mean()
    spread = float(np.sqrt((across @ across) * (up @ up)))
    if spread <= _STILL:
        return f"it has not moved in {weeks} weeks"
    return Tracked(corr=float(np.clip(across @ up / spread, -1.0, 1.0)), weeks=weeks)


def calm_share(il: Floats, vix: Floats) -> float | None:
    """Return the share of IL that fell in weeks that ended with the VIX at 30 or less.

    None where fewer than 12 weeks are known, or nothing was lost.
    """
    known = np.isfinite(il) & np.isfinite(vix)
    lost, ends = il[known], vix[known]
    whole = float(lost.sum())
    if len(lost) < LEAST_WEEKS or whole >= 0:
        return None
    return float(lost[ends <= CALM_VIX].sum()) / whole


def weighted(ils: Sequence[Floats], weights: Sequence[float]) -> Floats:
    """Return the IL of several positions together, by what each is worth."""
    total = sum(weights)
    return np.asarray(sum(il * (weight / total) for il, weight in zip(ils, weights, strict=True)))
