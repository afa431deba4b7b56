"""Black-76 for options on a forward: price, sensitivities, implied volatility, strike for a delta.

Everything is vectorised over numpy arrays and undiscounted: multiply by the
discount factor for a price paid today. forward, strike: the same unit (index
points); sigma: annual fraction (0.95); years: to expiry, of 365 days.
"""

import math
from statistics import NormalDist
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitor.hedge import normal

Floats: TypeAlias = NDArray[np.float64]
Numbers: TypeAlias = float | Floats
Calls: TypeAlias = bool | NDArray[np.bool_]
"""Whether an option is a call: one answer for all, or one each."""

_HIGHEST_SIGMA: Final = 20.0
_HALVINGS: Final = 64
_DUST: Final = 1e-15
_YEAR_DAYS: Final = 365


def price(
    forward: Numbers, strike: Numbers, *, sigma: Numbers, years: Numbers, call: Calls = True
) -> Floats:
    """Return the undiscounted price; its intrinsic value where sigma or years is zero."""
    sign = np.where(call, 1.0, -1.0)
    d1, d2 = _d(forward, strike, sigma, years)
    return _worth(forward, strike, d1, d2, sign)


def delta(
    forward: Numbers, strike: Numbers, *, sigma: Numbers, years: Numbers, call: Calls = True
) -> Floats:
    """Return the forward delta: N(d1) of a call, N(d1) - 1 of a put."""
    d1, _ = _d(forward, strike, sigma, years)
    sign = np.where(call, 1.0, -1.0)
    return np.asarray(sign * normal.cdf(sign * d1))


def gamma(forward: Numbers, strike: Numbers, *, sigma: Numbers, years: Numbers) -> Floats:
    """Return the delta's change for one point of the forward, alike for call and put.

    NaN or infinite without time or volatility, where a delta jumps.
    """
    d1, _ = _d(forward, strike, sigma, years)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(normal.pdf(d1) / (np.multiply(forward, sigma) * np.sqrt(years)))


def vega(forward: Numbers, strike: Numbers, *, sigma: Numbers, years: Numbers) -> Floats:
    """Return the price's change for one whole unit of sigma, alike for call and put."""
    d1, _ = _d(forward, strike, sigma, years)
    return np.asarray(np.multiply(forward, normal.pdf(d1)) * np.sqrt(years))


def theta(forward: Numbers, strike: Numbers, *, sigma: Numbers, years: Numbers) -> Floats:
    """Return the price's change a year as time passes, <= 0, alike for call and put."""
    d1, _ = _d(forward, strike, sigma, years)
    return np.asarray(-np.multiply(forward, normal.pdf(d1)) * sigma / (2 * np.sqrt(years)))


def theta_day(forward: Numbers, strike: Numbers, *, sigma: Numbers, years: Numbers) -> Floats:
    """Return the price's change a calendar day: `theta` / 365."""
    return theta(forward, strike, sigma=sigma, years=years) / _YEAR_DAYS


def rho(
    forward: Numbers, strike: Numbers, *, sigma: Numbers, years: Numbers, call: Calls = True
) -> Floats:
    """Return the change of the discounted price for one whole unit of rate, at a rate of zero.

    The forward is held; -years * price. Times the discount factor at another rate.
    """
    return np.asarray(
        -np.asarray(years) * price(forward, strike, sigma=sigma, years=years, call=call)
    )


def implied_vol(
    premium: Numbers, forward: Numbers, *, strike: Numbers, years: Numbers, call: Calls = True
) -> Floats:
    """Return the sigma whose price is the undiscounted premium.

    NaN where none is: at or below intrinsic value, at or above the forward (a
    put's strike), or beyond 2000 % a year.
    """
    premium, forward, strike, years = np.broadcast_arrays(
        *(np.asarray(x, dtype=float) for x in (premium, forward, strike, years))
    )
    # Solve for the out-of-the-money twin: its price is all time value.
    over = np.maximum(
        premium - np.maximum((forward - strike) * np.where(call, 1.0, -1.0), 0.0), 0.0
    )
    over = np.where(over > _DUST * premium, over, 0.0)  # less is the rounding of the premium
    sign = np.where(strike >= forward, 1.0, -1.0)
    low, high = np.zeros_like(over), np.full_like(over, _HIGHEST_SIGMA)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = _worth(forward, strike, *_d(forward, strike, middle, years), sign) > over
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    solved = (over > 0) & (high < _HIGHEST_SIGMA) & (years > 0)
    return np.asarray(np.where(solved, (low + high) / 2, np.nan))


def strike_for_delta(forward: float, sigma: float, *, years: float, delta: float) -> float:
    """Return the strike at which a call has this forward delta, in (0, 1).

    forward * exp(sigma**2 * years / 2 - N^-1(delta) * sigma * sqrt(years)): a half
    delta lies above the forward. For a put of delta -d ask for 1 - d.
    """
    spread = sigma * math.sqrt(years)
    return forward * math.exp(spread * spread / 2 - NormalDist().inv_cdf(delta) * spread)


def _d(forward: Numbers, strike: Numbers, sigma: Numbers, years: Numbers) -> tuple[Floats, Floats]:
    spread = np.multiply(sigma, np.sqrt(years))
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.log(np.divide(forward, strike))
        d1 = np.where(spread > 0, distance / spread + spread / 2, np.sign(distance) * np.inf)
    d1 = np.nan_to_num(d1, nan=0.0, posinf=np.inf, neginf=-np.inf)  # at the money, no time left
    return d1, d1 - spread


def _worth(forward: Numbers, strike: Numbers, d1: Floats, d2: Floats, sign: Numbers) -> Floats:
    """Return forward's part less strike's; sign: 1 for a call, -1 for a put."""
    gap = np.multiply(forward, normal.cdf(sign * d1)) - np.multiply(strike, normal.cdf(sign * d2))
    return np.asarray(np.maximum(np.multiply(sign, gap), 0.0))
