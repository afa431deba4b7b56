"""The standard normal distribution over numpy arrays, to the last digits, tails included."""

import math
from statistics import NormalDist
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Numbers: TypeAlias = float | Floats

_ERFC: Final = np.frompyfunc(math.erfc, 1, 1)
_QUANTILE: Final = np.frompyfunc(NormalDist().inv_cdf, 1, 1)


def cdf(x: Numbers) -> Floats:
    """Return the share below x, in [0, 1]."""
    # erfc keeps its digits in the far tail, where 1 + erf would have lost them.
    return np.asarray(_ERFC(np.asarray(x) * -math.sqrt(0.5)), dtype=np.float64) / 2


def pdf(x: Numbers) -> Floats:
    """Return the density at x."""
    x = np.asarray(x, dtype=np.float64)
    return np.asarray(np.exp(-x * x / 2) / math.sqrt(2 * math.pi))


def quantile(share: Numbers) -> Floats:
    """Return the x below which this share lies; NaN outside (0, 1)."""
    share = np.asarray(share, dtype=np.float64)
    inside = (share > 0) & (share < 1)
    found = np.asarray(_QUANTILE(np.where(inside, share, 0.5)), dtype=np.float64)
    return np.asarray(np.where(inside, found, np.nan))
