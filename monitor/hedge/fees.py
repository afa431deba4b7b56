"""What trading costs, one line a venue: declared, and to be checked against your own account."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from monitor.hedge.black76 import Floats, Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinFees:
    """Fees as fractions of the coin traded, a taker's. source: where they are published.

    option: of the underlying, at most option_cap of the premium. delivery: at expiry, of an option
    that pays. future, future_delivery: of its notional. future_spread: half of what the future's
    two sides are apart, declared, for option chains state its middle alone. base_usd: a trade.
    """

    option: float
    option_cap: float
    delivery: float
    future: float = 0.0
    future_delivery: float = 0.0
    future_spread: float = 0.0
    base_usd: float = 0.0
    source: str = "declared"

    def of_option(self, premium: Numbers) -> Floats:
        """Return the fee of trading options on one coin, in coin. premium: in coin."""
        return np.minimum(self.option, np.multiply(self.option_cap, premium))

    def of_future(self, coins: Numbers) -> Floats:
        """Return what a future held to delivery costs, spread included, for coins of notional."""
        each = self.future + self.future_delivery + self.future_spread
        return np.multiply(each, coins)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFees:
    """Fees in US dollars a contract: exchange's, clearing's and broker's together.

    future_points: half of what an index future's two sides are apart and its fees, points.
    """

    option_usd: float
    future_points: float
    source: str = "declared"


DERIBIT: Final = CoinFees(
    option=0.0003,
    option_cap=0.125,
    delivery=0.00015,
    future=0.0005,
    future_delivery=0.00025,
    future_spread=0.0001,
    source="https://support.deribit.com/hc/en-us/articles/25944746248989-Fees",
)
"""Delivery of options is capped by their value too, which is left out: it is the dearer guess."""

DERIVE: Final = CoinFees(option=0.0003, option_cap=0.125, delivery=0.0, base_usd=0.5)

CBOE: Final = IndexFees(option_usd=1.50, future_points=0.25)
"""Cboe's own fee for SPX, the OCC's and a broker's are about 1 to 1.5 USD a contract; a tick of
the E-mini is 0.25 points."""
