"""Put spreads on SPX by the model: a put bought, or sold, and another farther below."""

import numpy as np

from monitor.hedge.band import Band, band
from monitor.hedge.black_scholes import Underlying
from monitor.hedge.combination import Combination, model_prices
from monitor.hedge.expected_move import SPX_STEP, expected_move, strikes_outside
from monitor.hedge.iron_condor import SPX_MULTIPLIER
from monitor.hedge.skew import SkewedVol
from monitor.hedge.vertical import Vertical


def puts_by_move(
    spot: float, sigma: float, *, days: float, multiple: float = 1.0, wing: float
) -> tuple[float, float]:
    """Return the listed strikes of a spread below the expected move: the near one, the far one.

    sigma: annual fraction at the money; days: calendar days to expiry; wing: index points
    between the two. Raises ValueError when the far one would lie at zero or below.
    """
    move = expected_move(spot, sigma, days=days)
    near = float(strikes_outside(spot, move, multiple=multiple, step=SPX_STEP)[0])
    if near <= wing:
        raise ValueError(f"the wing of {wing} leaves no strike below {near}")
    return near, near - wing


def puts_of(bought: float, sold: float) -> Combination:
    """Return one spread as its options."""
    return Combination(
        strikes=np.array([bought, sold]),
        calls=np.array([False, False]),
        quantities=np.array([1.0, -1.0]),
    )


def model_put_spread(
    underlying: Underlying, bought: float, *, sold: float, vol: SkewedVol, years: float
) -> tuple[Vertical, Band]:
    """Return the spread at the model's cost, and that cost at volatility -+ 5 points.

    The higher strike bought is protection, for a debit; sold, an income, for a credit,
    which is a negative cost. Raises ValueError where the volatility has no put skew, or
    both strikes are the same.
    """
    held = puts_of(bought, sold)

    def cost(shift: float) -> float:
        prices = model_prices(held, underlying, vol=vol.shifted(shift), years=years)
        return float(prices @ held.quantities)

    costs = band(cost)
    spread = Vertical(
        bought=bought, sold=sold, cost=costs.mid, call=False, multiplier=SPX_MULTIPLIER
    )
    return spread, costs
