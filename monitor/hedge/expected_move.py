"""How far a price is expected to move by an expiry, and the strikes outside of it."""

from typing import Final

import numpy as np

from monitor.hedge.black76 import Floats, Numbers

_YEAR_DAYS: Final = 365
SPX_STEP: Final = 5.0
"""Index points from one listed SPX strike to the next, near the money."""


def expected_move(spot: Numbers, sigma: Numbers, *, days: Numbers) -> Floats:
    """Return one standard deviation to an expiry, in the unit of spot.

    spot * sigma * sqrt(days / 365); sigma: annual fraction; days: calendar days.
    """
    return np.asarray(np.multiply(spot, sigma) * np.sqrt(np.divide(days, _YEAR_DAYS)))


def strikes_outside(
    spot: Numbers, move: Numbers, *, multiple: Numbers = 1.0, step: float = SPX_STEP
) -> tuple[Floats, Floats]:
    """Return the listed put strike and call strike `multiple` moves from spot.

    Rounded outwards to the step, so that neither lies inside the move. The put's is at
    least one step.
    """
    reach = np.multiply(multiple, move)
    put = np.floor((spot - reach) / step) * step
    call = np.ceil((spot + reach) / step) * step
    return np.asarray(np.maximum(put, step)), np.asarray(call)
