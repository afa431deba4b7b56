"""Implied volatility at one delta and one time to expiry, out of a venue's own prices."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Final

import numpy as np

from monitor.hedge import black76
from monitor.hedge.black76 import Floats
from monitor.hedge.implied import between

MONTH_YEARS: Final = 30 / 365
_LEAST: Final = 2
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

        Linear in delta between the two strikes around it; None beyond the ends.
        """
        if not self.deltas[0] <= delta <= self.deltas[-1]:
            return None
        return float(np.interp(delta, self.deltas, self.vols))


def smile_of(strip: Strip) -> Smile | None:
    """Return what a strip's premiums imply; None where fewer than two imply anything."""
    calls = strip.strikes >= strip.forward
    vols = black76.implied_vol(
        strip.premiums, strip.forward, strike=strip.strikes, years=strip.years, call=calls
    )
    sound = np.isfinite(vols)
    if sound.sum() < _LEAST:
        return None
    strikes, vols = strip.strikes[sound], vols[sound]
    deltas = black76.delta(strip.forward, strikes, sigma=vols, years=strip.years)
    order = np.argsort(deltas)
    return Smile(deltas=deltas[order], vols=vols[order])


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
