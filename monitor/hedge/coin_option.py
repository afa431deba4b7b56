"""Options settled in the coin they are written on, as Deribit's on ETH and BTC.

Premium and payoff are in coin. Black-76 on the forward (the future of that expiry), no
discounting; a price in coin is the price in dollars over the forward. The settlement price
is the index's average over the half hour before 08:00 UTC. Vectorised over numpy arrays;
forward, strike, settlement: USD a coin; sigma: annual fraction; years: of 365 days.
"""

import numpy as np

from monitor.hedge import black76
from monitor.hedge.black76 import Calls, Floats, Numbers


def price_coin(
    forward: Numbers, strike: Numbers, *, sigma: Numbers, years: Numbers, call: Calls = True
) -> Floats:
    """Return the model's price of an option on one coin, in coin."""
    worth = black76.price(forward, strike, sigma=sigma, years=years, call=call)
    return np.asarray(worth / forward)


def price_usd(
    forward: Numbers, strike: Numbers, *, sigma: Numbers, years: Numbers, call: Calls = True
) -> Floats:
    """Return the model's price of an option on one coin, USD, the coin taken at its forward."""
    return black76.price(forward, strike, sigma=sigma, years=years, call=call)


def payoff_coin(settlement: Numbers, strike: Numbers, *, call: Calls = True) -> Floats:
    """Return what an option pays at expiry, in coin.

    (settlement - strike) / settlement of a call, so always less than one coin; (strike -
    settlement) / settlement of a put, without bound as the coin falls; never below zero.
    """
    sign = np.where(call, 1.0, -1.0)
    gap = sign * np.subtract(settlement, strike)
    return np.asarray(np.maximum(gap, 0.0) / settlement)


def payoff_usd(settlement: Numbers, strike: Numbers, *, call: Calls = True) -> Floats:
    """Return the payoff in USD where the coin paid is sold at the settlement price."""
    return np.asarray(payoff_coin(settlement, strike, call=call) * settlement)


def break_even(
    premium_coin: Numbers, strike: Numbers, *, call: Calls = True, entry: Numbers | None = None
) -> Floats:
    """Return the settlement at which a bought option makes nothing, USD a coin.

    Counted in coin: strike / (1 - premium) of a call, strike / (1 + premium) of a put.
    entry: the coin's price in USD when the premium was paid, to count in dollars instead:
    strike + premium * entry of a call, strike - premium * entry of a put.
    """
    sign = np.where(call, 1.0, -1.0)
    if entry is not None:
        return np.asarray(strike + sign * np.multiply(premium_coin, entry))
    return np.asarray(strike / (1 - sign * premium_coin))


def delta(
    forward: Numbers, strike: Numbers, *, sigma: Numbers, years: Numbers, call: Calls = True
) -> Floats:
    """Return coins of the future that offset the price in USD: Black-76's forward delta."""
    return black76.delta(forward, strike, sigma=sigma, years=years, call=call)


def net_delta(
    forward: Numbers, strike: Numbers, *, sigma: Numbers, years: Numbers, call: Calls = True
) -> Floats:
    """Return coins of an inverse future that offset the price in coin: delta less price_coin.

    The premium is itself coin, which has been paid away: Deribit's "net transaction
    delta". The slope of price_coin by forward, times forward.
    """
    return np.asarray(
        delta(forward, strike, sigma=sigma, years=years, call=call)
        - price_coin(forward, strike, sigma=sigma, years=years, call=call)
    )


def implied_vol(
    premium_coin: Numbers, forward: Numbers, *, strike: Numbers, years: Numbers, call: Calls = True
) -> Floats:
    """Return the sigma whose price in coin is the premium; NaN where none is."""
    premium = np.multiply(premium_coin, forward)
    return black76.implied_vol(premium, forward, strike=strike, years=years, call=call)
