"""Put-call parity: what a conversion, its reversal and a box lock in on one expiry.

Before fees. Hull, "Options, Futures, and Other Derivatives": call + K·e^(-rT) = put + S. Of
options in the coin, priced and settled in it, the coin is the money: underlying 1 and, for the
dollars of the strike are bought with a future at F, discount 1/F. Then
call - put + K/F - 1 is locked in whatever the coin settles at: the call and the put together pay
K/X - 1 coins at X, and K dollars of an inverse future bought at F pay K/F - K/X.
"""

from dataclasses import dataclass

import numpy as np

from monitor.hedge.black76 import Floats, Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """Prices of one strike and expiry at which each leg trades, all in the same money.

    For a conversion: call bid, put ask, underlying ask; for a reversal: call ask, put
    bid, underlying bid.
    """

    call: Numbers
    put: Numbers
    underlying: Numbers


def conversion(traded: Traded, strike: Numbers, *, discount: Numbers = 1.0) -> Floats:
    """Return the profit today of selling the call, buying the put and the underlying.

    A unit of underlying, before fees. discount: today's worth of one unit at expiry.
    """
    return np.asarray(
        np.subtract(traded.call, traded.put) + np.multiply(strike, discount) - traded.underlying
    )


def reversal(traded: Traded, strike: Numbers, *, discount: Numbers = 1.0) -> Floats:
    """Return the profit today of buying the call, selling the put and the underlying."""
    return -conversion(traded, strike, discount=discount)


def in_coin(call: Numbers, put: Numbers, forward: Numbers) -> tuple[Traded, Floats]:
    """Return prices and discount for options settled in the coin, as told above.

    call, put: coin; forward: USD a coin, at which the future of that expiry trades.
    """
    return Traded(call=call, put=put, underlying=1.0), np.divide(1.0, forward)


def box_cost(low: Traded, high: Traded) -> Floats:
    """Return what a box costs: the lower call and higher put bought, the others sold.

    It pays the width of its strikes at expiry, whatever happens. Negative is received. Bought at
    what each leg trades at: call ask and put bid of the lower strike, call bid and put
    ask of the higher.
    """
    return np.asarray(np.subtract(low.call, high.call) + np.subtract(high.put, low.put))


def box_rate(cost: Numbers, width: Numbers, years: Numbers) -> Floats:
    """Return the rate at which a box's cost grows to its width, continuous, an annual fraction.

    NaN where it costs nothing.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        grown = np.log(np.divide(width, cost))
        return np.asarray(np.where(np.greater(cost, 0), grown / years, np.nan))


def chain_discount(strikes: Floats, gaps: Floats) -> float:
    """Return the discount a chain implies: what a point more of strike takes off call less put.

    The median over pairs half the chain apart; strikes rising, two at least. A rate from
    elsewhere would make a profit of its difference at every strike far from the forward.
    """
    half = len(strikes) // 2
    rise = strikes[half:] - strikes[: len(strikes) - half]
    return -float(np.median((gaps[half:] - gaps[: len(gaps) - half]) / rise))


def synthetic_forward(strikes: Numbers, gaps: Numbers, *, discount: float = 1.0) -> float:
    """Return the forward a chain implies: the median over strikes of K + (call - put)/discount.

    gaps: call less put of each strike, at their middles; a wrong quote does not move a median.
    """
    return float(np.median(np.add(strikes, np.divide(gaps, discount))))
