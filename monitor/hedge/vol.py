"""The volatility VIX options are priced at where nobody quotes them: stated, never measured."""

from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import Final

_SHORTEST_DAYS: Final = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VolAssumption:
    """A stated volatility of VIX by time to expiry, annual fractions.

    sigma(d) = near * (d / near_days) ** -p, with p such that sigma(far_days) = far;
    d is never taken below 7 days. The near end is what Cboe's VVIX measures (30 days;
    its closes from 2007 to July 2026 average 93.9): pass its level / 100 to follow it,
    for in a spike it has stood above 200. The far end is our own assumption, as is one volatility
    for all strikes: real VIX calls above the forward cost more. Always label what
    rests on this as model. source: what the near end was taken from.
    """

    near: float = 0.95
    far: float = 0.60
    near_days: float = 30.0
    far_days: float = 220.0
    source: str = "stated vol"

    def __post_init__(self) -> None:
        if not (0 < self.near < float("inf") and 0 < self.far < float("inf")):
            raise ValueError(f"volatilities must be above zero, were {self.near}, {self.far}")
        if not 0 < self.near_days < self.far_days:
            raise ValueError(
                f"near_days must be below far_days, were {self.near_days}, {self.far_days}"
            )

    def at(self, days: float) -> float:
        """Return the volatility for so many days to expiry."""
        steepness = log(self.near / self.far) / log(self.far_days / self.near_days)
        return float(self.near * (max(days, _SHORTEST_DAYS) / self.near_days) ** -steepness)

    @property
    def label(self) -> str:
        """Return the assumption in words, for whatever is priced by it."""
        if self.near == self.far:
            return f"{self.source} {100 * self.near:.0f} %"
        return (
            f"{self.source} {100 * self.near:.0f} % at {self.near_days:.0f} d "
            f"to {100 * self.far:.0f} % at {self.far_days:.0f} d"
        )


@lru_cache(maxsize=64)
def of_vvix(vvix: float, *, source: str = "VVIX") -> VolAssumption:
    """Return the assumption with its near end at VVIX, index points, its decay kept."""
    stated = VolAssumption()
    near = vvix / 100
    return VolAssumption(near=near, far=near * stated.far / stated.near, source=source)


def flat(sigma: float) -> VolAssumption:
    """Return one volatility for every expiry, an annual fraction."""
    return VolAssumption(near=sigma, far=sigma)
