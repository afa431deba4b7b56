"""Black-Scholes-Merton: options on an index that pays a continuous dividend yield.

Source: Merton, "Theory of Rational Option Pricing" (1973); the same as Black-76 on
the forward, discounted, which is how it is computed here. Vectorised over numpy
arrays. Prices are the model's. spot, strike: index points; sigma: annual fraction;
years: to expiry, of 365 days; call: one answer, or one for each option.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from monitor.hedge import black76, normal
from monitor.hedge.black76 import Calls, Floats, Numbers

_YEAR_DAYS: Final = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Underlying:
    """What an option is written on. rate, dividend: continuous, annual fractions."""

    spot: Numbers
    rate: Numbers = 0.0
    dividend: Numbers = 0.0

    def forward(self, years: Numbers) -> Floats:
        """Return the price agreed now for delivery then, index points."""
        carry = np.subtract(self.rate, self.dividend)
        return np.asarray(np.multiply(self.spot, np.exp(carry * years)))

    def discount(self, years: Numbers) -> Floats:
        """Return what one unit paid then is worth now."""
        return np.asarray(np.exp(-np.multiply(self.rate, years)))

    def dividend_discount(self, years: Numbers) -> Floats:
        """Return how much of the index bought now grows, dividends put back, to one unit then."""
        return np.asarray(np.exp(-np.multiply(self.dividend, years)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeks:
    """Sensitivities of prices in index points.

    delta, gamma: for one point of spot. vega, rho: for one whole unit of sigma, of rate.
    theta_year: as time passes, nothing else moving; theta_day: a 365th of it.
    """

    delta: Floats
    gamma: Floats
    vega: Floats
    theta_year: Floats
    theta_day: Floats
    rho: Floats


def price(
    underlying: Underlying, strike: Numbers, *, sigma: Numbers, years: Numbers, call: Calls = True
) -> Floats:
    """Return the price; where sigma or years is zero, the forward's intrinsic value, discounted."""
    forward = underlying.forward(years)
    worth = black76.price(forward, strike, sigma=sigma, years=years, call=call)
    return np.asarray(underlying.discount(years) * worth)


def greeks(
    underlying: Underlying, strike: Numbers, *, sigma: Numbers, years: Numbers, call: Calls = True
) -> Greeks:
    """Return every sensitivity. Needs sigma and years above zero: else some are NaN or infinite."""
    forward, sign = underlying.forward(years), np.where(call, 1.0, -1.0)
    discount, held = underlying.discount(years), underlying.dividend_discount(years)
    spread = np.multiply(sigma, np.sqrt(years))
    with np.errstate(divide="ignore", invalid="ignore"):
        d1 = np.log(forward / strike) / spread + spread / 2
        density = held * normal.pdf(d1)
        gamma = density / np.multiply(underlying.spot, spread)
        waning = -np.multiply(underlying.spot, density) * sigma / (2 * np.sqrt(years))
    delta = sign * held * normal.cdf(sign * d1)
    owed = sign * np.multiply(strike, discount) * normal.cdf(sign * (d1 - spread))
    theta = waning + underlying.dividend * underlying.spot * delta - underlying.rate * owed
    return Greeks(
        delta=np.asarray(delta),
        gamma=np.asarray(gamma),
        vega=np.asarray(np.multiply(underlying.spot, density) * np.sqrt(years)),
        theta_year=np.asarray(theta),
        theta_day=np.asarray(theta / _YEAR_DAYS),
        rho=np.asarray(owed * years),
    )


def implied_vol(
    premium: Numbers,
    underlying: Underlying,
    *,
    strike: Numbers,
    years: Numbers,
    call: Calls = True,
) -> Floats:
    """Return the sigma whose price is the premium paid today.

    NaN where none is: at or below the discounted intrinsic value of the forward, at or
    above the price no volatility reaches, or beyond 2000 % a year.
    """
    return black76.implied_vol(
        premium / underlying.discount(years),
        underlying.forward(years),
        strike=strike,
        years=years,
        call=call,
    )


def strike_for_delta(
    underlying: Underlying, delta: Numbers, *, sigma: Numbers, years: Numbers, call: Calls = True
) -> Floats:
    """Return the strike at which an option has this spot delta; its sign is disregarded.

    NaN outside (0, exp(-dividend * years)), which no option's delta leaves.
    K = F * exp(sigma**2 * years / 2 - d1 * sigma * sqrt(years)), d1 being N^-1 of the
    undiscounted delta for a call, and less N^-1 of it for a put.
    """
    share = np.abs(delta) / underlying.dividend_discount(years)
    d1 = np.where(call, 1.0, -1.0) * normal.quantile(share)
    spread = np.multiply(sigma, np.sqrt(years))
    return np.asarray(underlying.forward(years) * np.exp(spread * spread / 2 - d1 * spread))
