"""What the prices of one expiry's options imply: its forward, and its volatility by strike.

Strikes and prices in the same points, volatility an annual fraction, years of 365 days.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from monitor.hedge import black76
from monitor.hedge.black76 import Floats

_NEAR: Final = 12
_LEAST: Final = 4
_DISCOUNT: Final = (0.9, 1.02)
_HIGHEST: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The middle prices of the call and the put of one strike; None where one is not quoted."""

    strike: float
    call: float | None
    put: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Smile:
    """Implied volatility by strike, from the options out of the money; strikes rise."""

    forward: float
    years: float
    strikes: Floats
    vols: Floats

    def at_forward(self) -> float:
        """Return the volatility at the forward, linear between the strikes around it."""
        return float(np.interp(self.forward, self.strikes, self.vols))

    def at_call_delta(self, delta: float) -> float | None:
        """Return the volatility where a call has this forward delta, in (0, 1).

        A put's delta of -d is a call's of 1 - d. None where no two strikes lie around it.
        """
        deltas = black76.delta(self.forward, self.strikes, sigma=self.vols, years=self.years)
        falls = np.flatnonzero((deltas[:-1] >= delta) & (deltas[1:] < delta))
        if not falls.size:
            return None
        # Where a crooked quote makes several, the one nearest the forward.
        place = min(falls, key=lambda n: abs(self.strikes[n] - self.forward))
        share = (deltas[place] - delta) / (deltas[place] - deltas[place + 1])
        return float(self.vols[place] + share * (self.vols[place + 1] - self.vols[place]))


def smile_of(pairs: Sequence[Pair], years: float) -> Smile | None:
    """Return the smile of an expiry; None where its quotes are too few to have one."""
    forward, discount = _forward(pairs)
    if forward is None or years <= 0:
        return None
    quoted = [
        (pair.strike, price, pair.strike >= forward)
        for pair in sorted(pairs, key=lambda one: one.strike)
        if (price := pair.call if pair.strike >= forward else pair.put) is not None
    ]
    strikes, prices, calls = (np.array(column) for column in zip(*quoted, strict=True))
    vols = np.where(
        calls,
        black76.implied_vol(prices / discount, forward, strike=strikes, years=years),
        black76.implied_vol(prices / discount, forward, strike=strikes, years=years, call=False),
    )
    sound = np.isfinite(vols) & (vols < _HIGHEST)
    strikes, vols = strikes[sound], vols[sound]
    if len(strikes) < _LEAST or not strikes[0] <= forward <= strikes[-1]:
        return None
    return Smile(forward=forward, years=years, strikes=strikes, vols=vols)


def between(near: tuple[float, float], far: tuple[float, float], years: float) -> float:
    """Return the volatility at a time between two, each (years, volatility).

    Total variance, volatility squared times years, is linear between them.
    """
    (near_years, near_vol), (far_years, far_vol) = near, far
    if far_years == near_years:
        return near_vol
    share = (years - near_years) / (far_years - near_years)
    low, high = near_vol**2 * near_years, far_vol**2 * far_years
    return math.sqrt((low + share * (high - low)) / years)


def _forward(pairs: Sequence[Pair]) -> tuple[float | None, float]:
    """Return the forward and the discount factor by put-call parity.

    call - put = discount · (forward - strike), a line through the strikes at which both
    cost nearly the same.
    """
    gaps = [(p.strike, p.call - p.put) for p in pairs if p.call is not None and p.put is not None]
    near = sorted(gaps, key=lambda one: abs(one[1]))[:_NEAR]
    if len(near) < _LEAST:
        return None, 1.0
    strikes, differences = (np.array(column) for column in zip(*near, strict=True))
    slope, level = np.polyfit(strikes - strikes[0], differences, 1)
    discount = -float(slope)
    if not _DISCOUNT[0] <= discount <= _DISCOUNT[1]:
        return None, 1.0
    return float(strikes[0] + level / discount), discount
