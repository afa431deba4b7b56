"""Put-call parity: what a conversion and its reversal lock in on one strike and expiry.

Before fees. Hull, "Options, Futures, and Other Derivatives": call + K·e^(-rT) = put + S.
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
