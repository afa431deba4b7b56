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

Floats: TypeAlias = NDArray[np.float64]
Numbers: TypeAlias = float | Floats

_ERFC: Final = np.frompyfunc(math.erfc, 1, 1)
_HIGHEST_SIGMA: Final = 20.0
_HALVINGS: Final = 64


def price(
    forward: Numbers, strike: Numbers, *, sigma: Numbers, years: Numbers, call: bool = True
) -> Floats:
    """Return the undiscounted price; its intrinsic value where sigma or years is zero."""
    sign = 1.0 if call else -1.0
    d1, d2 = _d(forward, strike, sigma, years)
    return _worth(forward, strike, d1, d2, sign)


def delta(
    forward: Numbers, strike: Numbers, *, sigma: Numbers, years: Numbers, call: bool = True
) -> Floats:
    """Return the forward delta: N(d1) of a call, N(d1) - 1 of a put."""
    d1, _ = _d(forward, strike, sigma, years)
    return _cdf(d1) if call else -_cdf(-d1)


def vega(forward: Numbers, strike: Numbers, *, sigma: Numbers, years: Numbers) -> Floats:
    """Return the price's change for one whole unit of sigma, alike for call and put."""
    d1, _ = _d(forward, strike, sigma, years)
    return np.asarray(np.multiply(forward, _pdf(d1)) * np.sqrt(years))


def theta(forward: Numbers, strike: Numbers, *, sigma: Numbers, years: Numbers) -> Floats:
    """Return the price's change a year as time passes, <= 0, alike for call and put."""
    d1, _ = _d(forward, strike, sigma, years)
    return np.asarray(-np.multiply(forward, _pdf(d1)) * sigma / (2 * np.sqrt(years)))


def implied_vol(
    premium: Numbers, forward: Numbers, *, strike: Numbers, years: Numbers, call: bool = True
) -> Floats:
    """Return the sigma whose price is the undiscounted premium.

    NaN where none is: at or below intrinsic value, at or above the forward (a
    put's strike), or beyond 2000 % a year.
    """
    premium, forward, strike, years = np.broadcast_arrays(
        *(np.asarray(x, dtype=float) for x in (premium, forward, strike, years))
    )
    # Solve for the out-of-the-money twin: its price is all time value.
    over = np.maximum(premium - np.maximum((forward - strike) * (1 if call else -1), 0.0), 0.0)
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
    gap = np.multiply(forward, _cdf(sign * d1)) - np.multiply(strike, _cdf(sign * d2))
    return np.asarray(np.maximum(np.multiply(sign, gap), 0.0))


def _cdf(x: Numbers) -> Floats:
    # erfc keeps its digits in the far tail, where 1 + erf would have lost them.
    return np.asarray(_ERFC(np.asarray(x) * -math.sqrt(0.5)), dtype=np.float64) / 2


def _pdf(x: Floats) -> Floats:
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
