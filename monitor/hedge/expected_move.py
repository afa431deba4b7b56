"""How far a price is expected to move by an expiry."""

from typing import Final

import numpy as np

from monitor.hedge.black76 import Floats, Numbers

_YEAR_DAYS: Final = 365


def expected_move(spot: Numbers, sigma: Numbers, *, days: Numbers) -> Floats:
    """Return one standard deviation to an expiry, in the unit of spot.

    spot * sigma * sqrt(days / 365); sigma: annual fraction; days: calendar days.
    """
    return np.asarray(np.multiply(spot, sigma) * np.sqrt(np.divide(days, _YEAR_DAYS)))
