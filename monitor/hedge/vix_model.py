"""VIX options and futures by the model: Black-76 on the future of the same expiry.

Undiscounted, as three months' interest is well inside the error of the stated volatility.
A VIX option settles on the opening auction (VRO) of its expiry, at which the future of
that expiry settles too: so the future is its forward, and spot VIX is not.
"""

from dataclasses import dataclass
from typing import Final

from monitor.hedge import black76
from monitor.hedge.band import Band, band
from monitor.hedge.skew import VIX_SKEW, Skew, SkewedVol
from monitor.hedge.vertical import Vertical
from monitor.hedge.vol import VolAssumption

OPTION_MULTIPLIER: Final = 100
"""USD an index point of one option."""

FUTURE_MULTIPLIER: Final = 1000
"""USD an index point of one future."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VixOption:
    """One option by the model. price: index points. delta: of the future, not of spot VIX.

    gamma: of that delta for a point of the future; vega: points for one whole unit of
    volatility; theta_day: points a calendar day, <= 0.
    """

    strike: float
    call: bool
    price: Band
    delta: float
    gamma: float
    vega: float
    theta_day: float

    @property
    def break_even(self) -> float:
        """Return the settlement at which a bought one makes nothing, index points."""
        return self.strike + (self.price.mid if self.call else -self.price.mid)

    @property
    def max_loss_usd(self) -> float:
        """Return what a bought one can lose, USD: its price."""
        return self.price.mid * OPTION_MULTIPLIER


@dataclass(frozen=True, slots=True, kw_only=True)
class VixFuture:
    """One future bought at a price, index points: delta 1, no vega, no theta of its own."""

    price: float

    @property
    def max_loss_usd(self) -> float:
        """Return what a bought one loses should the VIX settle at zero, USD."""
        return self.price * FUTURE_MULTIPLIER

    def profit_usd(self, settlement: float) -> float:
        """Return what a bought one made at a settlement, USD."""
        return (settlement - self.price) * FUTURE_MULTIPLIER


def vix_vol(stated: VolAssumption, days: float, *, skew: Skew = VIX_SKEW) -> SkewedVol:
    """Return the volatility of an expiry by strike: the stated term decay, a declared call skew.

    days: calendar days to expiry.
    """
    return SkewedVol(at_forward=stated.at(days), skew=skew, source=f"VIX vol at {days:.0f} d")


def model_option(
    forward: float, strike: float, *, vol: SkewedVol, years: float, call: bool = True
) -> VixOption:
    """Return an option on the future of its expiry. years: above zero, of 365 days."""
    sigma = vol.at(forward, strike, years=years)
    return VixOption(
        strike=strike,
        call=call,
        price=band(lambda shift: _price(forward, strike, vol.shifted(shift), years, call)),
        delta=float(black76.delta(forward, strike, call=call, sigma=sigma, years=years)),
        gamma=float(black76.gamma(forward, strike, sigma=sigma, years=years)),
        vega=float(black76.vega(forward, strike, sigma=sigma, years=years)),
        theta_day=float(black76.theta_day(forward, strike, sigma=sigma, years=years)),
    )


def call_spread(
    forward: float, bought: float, *, sold: float, vol: SkewedVol, years: float
) -> tuple[Vertical, Band]:
    """Return the spread at the model's cost, and that cost at volatility -+ 5 points.

    bought, sold: strikes, index points. The cost is negative, a credit, where the sold
    strike is the lower. Raises ValueError when both are the same.
    """

    def cost(shift: float) -> float:
        shifted = vol.shifted(shift)
        return _price(forward, bought, shifted, years) - _price(forward, sold, shifted, years)

    costs = band(cost)
    spread = Vertical(
        bought=bought, sold=sold, cost=costs.mid, call=True, multiplier=OPTION_MULTIPLIER
    )
    return spread, costs


def _price(forward: float, strike: float, vol: SkewedVol, years: float, call: bool = True) -> float:
    sigma = vol.at(forward, strike, years=years)
    return float(black76.price(forward, strike, sigma=sigma, years=years, call=call))
