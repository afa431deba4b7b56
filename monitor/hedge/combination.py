"""Options of one expiry held together: payoff, the model's price, net sensitivities."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.hedge import black_scholes
from monitor.hedge.black76 import Floats, Numbers
from monitor.hedge.black_scholes import Greeks, Underlying
from monitor.hedge.skew import SkewedVol


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Combination:
    """One row an option. quantities: bought positive, sold negative."""

    strikes: Floats
    calls: NDArray[np.bool_]
    quantities: Floats

    def payoff(self, settlement: Numbers) -> Floats:
        """Return what all options pay at expiry, points, for each settlement."""
        gap = np.subtract.outer(np.asarray(settlement, dtype=float), self.strikes)
        return np.asarray(np.maximum(np.where(self.calls, gap, -gap), 0.0) @ self.quantities)


def model_prices(
    held: Combination, underlying: Underlying, *, vol: SkewedVol, years: float
) -> Floats:
    """Return the model's price of each option of an index, points.

    Black-Scholes at each strike's own volatility. Raises ValueError where the skew does
    not raise puts: one volatility for all strikes sells wings of an index too cheap.
    """
    sigma = _sigma(held, underlying, vol, years)
    return black_scholes.price(underlying, held.strikes, sigma=sigma, years=years, call=held.calls)


def net_greeks(
    held: Combination, underlying: Underlying, *, vol: SkewedVol, years: float
) -> Greeks:
    """Return the sum of the options' sensitivities by quantity, each at its own volatility.

    The volatility is held while the spot moves. Raises ValueError as `model_prices` does.
    """
    sigma = _sigma(held, underlying, vol, years)
    each = black_scholes.greeks(underlying, held.strikes, sigma=sigma, years=years, call=held.calls)
    return Greeks(
        delta=np.asarray(each.delta @ held.quantities),
        gamma=np.asarray(each.gamma @ held.quantities),
        vega=np.asarray(each.vega @ held.quantities),
        theta_year=np.asarray(each.theta_year @ held.quantities),
        theta_day=np.asarray(each.theta_day @ held.quantities),
        rho=np.asarray(each.rho @ held.quantities),
    )


def _sigma(held: Combination, underlying: Underlying, vol: SkewedVol, years: float) -> Floats:
    if vol.skew.below <= 0:
        raise ValueError(f"wings of an index need a put skew above zero, was {vol.skew.below}")
    return vol.at(underlying.forward(years), held.strikes, years=years)
