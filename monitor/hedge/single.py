"""One option on plain floats: what `black_scholes` works out over arrays, many times sooner.

A book is marked option by option, where an array of one costs more than the arithmetic.
Units are those of `black_scholes`.
"""

from dataclasses import dataclass
from math import erfc, exp, log, nan, pi, sqrt
from typing import Final

from monitor.hedge import black_scholes
from monitor.hedge.black_scholes import Underlying
from monitor.model.swift import swift

_HIGHEST_SIGMA: Final = 20.0
_DUST: Final = 1e-15
_SAME: Final = 1e-14
_ROUNDS: Final = 200
_YEAR_DAYS: Final = 365
_ROOT_HALF: Final = sqrt(0.5)
_ROOT_TURN: Final = sqrt(2 * pi)


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """One option's price and sensitivities, as `black_scholes.price` and `Greeks` have them."""

    price: float
    delta: float
    gamma: float
    vega: float
    theta_day: float


_single: Final = swift(Single)


def carry(of: Underlying, years: float) -> tuple[float, float, float]:
    """Return the forward, the discount and the dividends' discount, of one underlying."""
    rate, dividend = float(of.rate), float(of.dividend)
    forward = float(of.spot) * exp((rate - dividend) * years)
    return forward, exp(-rate * years), exp(-dividend * years)


def single(of: Underlying, strike: float, *, sigma: float, years: float, call: bool) -> Single:
    """Return one option's price and sensitivities; some NaN or infinite without time left."""
    spread = sigma * sqrt(years)
    if not (spread > 0 and strike > 0):
        return _at_the_edge(of, strike, sigma=sigma, years=years, call=call)
    forward, discount, held = carry(of, years)
    spot, sign = float(of.spot), 1.0 if call else -1.0
    d1 = log(forward / strike) / spread + spread / 2
    density = held * _pdf(d1)
    first, second = _cdf(sign * d1), _cdf(sign * (d1 - spread))
    delta, owed = sign * held * first, sign * strike * discount * second
    waning = -spot * density * sigma / (2 * sqrt(years))
    return _single(
        price=discount * max(sign * (forward * first - strike * second), 0.0),
        delta=delta,
        gamma=density / (spot * spread),
        vega=spot * density * sqrt(years),
        theta_day=float(waning + of.dividend * spot * delta - of.rate * owed) / _YEAR_DAYS,
    )


def implied_vol(
    premium: float, forward: float, *, strike: float, years: float, call: bool
) -> float:
    """Return the sigma whose price is the undiscounted premium, NaN where none is.

    As `black76.implied_vol`, and of its out-of-the-money twin too.
    """
    over = premium - max((forward - strike) * (1 if call else -1), 0.0)
    if not (years > 0 and over > max(_DUST * premium, 0.0)):
        return nan
    most = _HIGHEST_SIGMA * sqrt(years)
    if not _time_value(forward, strike, most)[0] > over:
        return nan
    return _spread_of(over, forward, strike, most) / sqrt(years)


def _spread_of(over: float, forward: float, strike: float, most: float) -> float:
    """Return sigma * sqrt(years) below `most` at which so much is paid above intrinsic value.

    Newton on the price's logarithm, which is concave, from the price's inflexion (Manaster and
    Koehler, 1982); where it leaves the bracket or a tail has run dry, the bracket is halved.
    """
    low, high = 0.0, most
    spread = max(sqrt(2 * abs(log(forward / strike))), over * _ROOT_TURN / forward)
    for _ in range(_ROUNDS):
        if not low < spread < high:
            spread = (low + high) / 2
        worth, slope = _time_value(forward, strike, spread)
        low, high = (low, spread) if worth > over else (spread, high)
        if not (worth > 0 and slope > 0):
            spread = high
            continue
        step = log(worth / over) * worth / slope
        spread -= step
        if abs(step) <= _SAME * spread or high - low <= _SAME * high:
            break
    return min(max(spread, low), high)


def _time_value(forward: float, strike: float, spread: float) -> tuple[float, float]:
    """Return the out-of-the-money option's price, and its slope by the spread."""
    sign = 1.0 if strike >= forward else -1.0
    d1 = log(forward / strike) / spread + spread / 2
    gap = forward * _cdf(sign * d1) - strike * _cdf(sign * (d1 - spread))
    return max(sign * gap, 0.0), forward * _pdf(d1)


def _cdf(x: float) -> float:
    return erfc(-x * _ROOT_HALF) / 2


def _pdf(x: float) -> float:
    return exp(-x * x / 2) / _ROOT_TURN


def _at_the_edge(
    of: Underlying, strike: float, *, sigma: float, years: float, call: bool
) -> Single:
    worth = black_scholes.price(of, strike, sigma=sigma, years=years, call=call)
    greeks = black_scholes.greeks(of, strike, sigma=sigma, years=years, call=call)
    return Single(
        price=float(worth),
        delta=float(greeks.delta),
        gamma=float(greeks.gamma),
        vega=float(greeks.vega),
        theta_day=float(greeks.theta_day),
    )
