"""A perpetual future sold short: what it offsets, what it earns or pays, where it is liquidated."""

import math
from dataclasses import dataclass
from typing import Final

_YEAR_HOURS: Final = 8760.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PerpShort:
    """A short of `size` coins at `entry` USD a coin, isolated margin, before fees.

    leverage: notional over the collateral put up, > 0. maintenance: the share of notional
    below which it is liquidated, in [0, 1). inverse: margined and settled in the coin, in
    contracts of fixed USD; else in dollars. Raises ValueError outside these ranges, or
    where it would be liquidated as it opens.
    """

    entry: float
    size: float
    leverage: float
    maintenance: float
    inverse: bool = False

    def __post_init__(self) -> None:
        named = {"entry": self.entry, "size": self.size, "leverage": self.leverage}
        if bad := [f"{name} {value}" for name, value in named.items() if not 0 < value < math.inf]:
            raise ValueError(f"a short needs numbers above zero, had {', '.join(bad)}")
        if not 0 <= self.maintenance < 1:
            raise ValueError(f"maintenance must lie in [0, 1), was {self.maintenance}")
        if self.leverage * self.maintenance >= 1:
            raise ValueError(
                f"leverage {self.leverage} leaves no margin over maintenance {self.maintenance}"
            )

    @property
    def delta(self) -> float:
        """Return coins held by it: -1 a coin sold, whatever the price, margin aside."""
        return -self.size

    @property
    def collateral_usd(self) -> float:
        """Return the margin put up, USD at entry; of an inverse one that many dollars of coin."""
        return self.entry * self.size / self.leverage

    @property
    def liquidation_price(self) -> float:
        """Return the price at which the margin left is the maintenance, USD a coin.

        entry * (1 + 1/leverage) / (1 + maintenance); of an inverse one
        entry * (1 - maintenance) / (1 - 1/leverage), and infinite up to leverage 1.
        """
        share = 1 / self.leverage
        if not self.inverse:
            return self.entry * (1 + share) / (1 + self.maintenance)
        if share >= 1:
            return math.inf
        return self.entry * (1 - self.maintenance) / (1 - share)

    def liquidation_distance(self, price: float) -> float:
        """Return how far the price may rise until liquidation, a fraction of it.

        0.25 is 25 % up; negative once passed; infinite where nothing liquidates it.
        """
        return self.liquidation_price / price - 1

    def profit_usd(self, price: float) -> float:
        """Return what it made at a price, USD; the coin an inverse one pays, sold at that price."""
        return (self.entry - price) * self.size

    def funding_usd(self, price: float, rate_year: float) -> float:
        """Return what a year's funding brings at a price, USD; negative when paid.

        rate_year: as `funding_year` gives it; a short receives while it is positive. An
        inverse one pays on its fixed dollars, whatever the price.
        """
        return rate_year * self.size * (self.entry if self.inverse else price)


def funding_year(rate: float, hours: float) -> float:
    """Return a funding rate paid every so many hours as an annual fraction, not compounded.

    0.0001 every 8 hours is 0.1095 a year. Raises ValueError unless hours is above zero.
    """
    if not 0 < hours < math.inf:
        raise ValueError(f"hours must be above zero, was {hours}")
    return rate * _YEAR_HOURS / hours
