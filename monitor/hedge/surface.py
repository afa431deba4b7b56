"""Implied volatility at one delta and one time to expiry, out of a venue's own prices."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import log, sqrt
from statistics import NormalDist
from typing import Final

import numpy as np

from monitor.hedge.black76 import Floats
from monitor.hedge.implied import between
from monitor.hedge.single import implied_vol

MONTH_YEARS: Final = 30 / 365
_LEAST: Final = 2
_APART: Final = 0.25
"""Two strikes further apart in delta tell nothing of what lies between: a smile is no line."""

_FARTHEST: Final = 0.1
"""Options of less delta are the ends of a smile: what lies beyond is not worked out."""

_SOUND: Final = (0.03, 5.0)
"""Volatilities beyond are of a price in another unit, or of no market."""

_STANDARD: Final = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Out-of-the-money options of one expiry: calls from the forward up, puts below.

    premiums: undiscounted, in the forward's money; NaN where a side is missing.
    """

    strikes: Floats
    premiums: Floats
    forward: float
    years: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Smile:
    """Volatilities of one expiry by calls' forward deltas, rising; at least two."""

    deltas: Floats
    vols: Floats

    def at(self, delta: float) -> float | None:
        """Return the volatility at a call's forward delta, in (0, 1); a put's of -d is 1 - d.

        Linear in delta between the two strikes around it; None beyond the ends, and where
        those two lie too far apart.
        """
        above = int(np.searchsorted(self.deltas, delta))
        if above == len(self.deltas) or delta < self.deltas[0]:
            return None
        if self.deltas[above] > delta and self.deltas[above] - self.deltas[above - 1] > _APART:
            return None
        return float(np.interp(delta, self.deltas, self.vols))


def smile_of(strip: Strip) -> Smile | None:
    """Return what a strip's premiums imply; None where fewer than two imply anything."""
    rows = range(len(strip.strikes))
    middle = int(np.searchsorted(strip.strikes, strip.forward))
    found = sorted([*_wing(strip, rows[middle:]), *_wing(strip, rows[:middle][::-1])])
    if len(found) < _LEAST:
        return None
    deltas, vols = np.array(found).T
    return Smile(deltas=deltas, vols=vols)


def _wing(strip: Strip, rows: Iterable[int]) -> Iterator[tuple[float, float]]:
    """Yield calls' deltas and volatilities from the forward outward, as far as anyone asks."""
    for n in rows:
        strike = float(strip.strikes[n])
        vol = implied_vol(
            float(strip.premiums[n]),
            strip.forward,
            strike=strike,
            years=strip.years,
            call=strike >= strip.forward,
        )
        if not _SOUND[0] <= vol <= _SOUND[1]:  # nor is NaN
            continue
        spread = vol * sqrt(strip.years)
        delta = _STANDARD.cdf(log(strip.forward / strike) / spread + spread / 2)
        yield delta, vol
        if not _FARTHEST < delta < 1 - _FARTHEST:
            return


def vol_in(known: Mapping[float, float], years: float = MONTH_YEARS) -> float | None:
    """Return the volatility at a time, by volatilities at times; None beyond the ends.

    Total variance is linear in time.
    """
    before = max((one for one in known if one <= years), default=None)
    after = min((one for one in known if one >= years), default=None)
    if before is None or after is None:
        return None
    return between((before, known[before]), (after, known[after]), years)


def vega_a_point(forward: float, delta: float, years: float = MONTH_YEARS) -> float:
    """Return what a volatility point brings an option of a call's delta, in the forward's money."""
    return forward * _STANDARD.pdf(_STANDARD.inv_cdf(delta)) * sqrt(years) / 100
