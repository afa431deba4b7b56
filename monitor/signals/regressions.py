"""How one return answers to another: beta over weeks, and beta with its curvature over sessions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.calendars.sessions import is_session, sessions_back
from monitor.signals.bars import Bars

_TERMS: Final = 3
_ALIKE: Final = 1e-9
"""Returns whose regressors differ by no more than this share tell no slope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What r = a + b m + c m² came to, by least squares.

    beta: b, convexity: c, each with its standard error. sessions: returns it rests on.
    as_of: when the last of its values was true.
    """

    beta: float
    beta_se: float
    convexity: float
    convexity_se: float
    sessions: int
    as_of: datetime


def slope(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Return covariance over variance of x; None where x does not vary."""
    if max(x) == min(x):
        return None
    across, up = np.asarray(x) - np.mean(x), np.asarray(y) - np.mean(y)
    return float(across @ up) / float(across @ across)


@lru_cache(maxsize=64)
def fit(proxy: Bars, index: Bars, most: int, least: int) -> Fit | str:
    """Return how a proxy's day returns answer to an index's, or why that is not known.

    Over the index's newest sessions, as many as `most`; those that either lacks are left
    out. least: fewer returns than this tell nothing.
    """
    closes = {bar.day: bar.close for bar in proxy.bars}
    r, m, last = list[float](), list[float](), None
    # Cboe's daily file has rows on holidays.
    traded = [bar for bar in index.bars if is_session(bar.day)]
    for before, bar in pairwise(traded[-most - 1 :]):
        known = before.day in closes and bar.day in closes
        if known and sessions_back(bar.day, 1) == before.day:
            r.append(math.log(closes[bar.day] / closes[before.day]))
            m.append(math.log(bar.close / before.close))
            last = bar
    if last is None or len(r) < least:
        return f"{len(r)} of {least} sessions known of both"
    solved = quadratic(np.asarray(m), np.asarray(r))
    if solved is None:
        return "the index has hardly moved"
    (_, beta, convexity), (_, beta_se, convexity_se) = solved
    return Fit(
        beta=beta,
        beta_se=beta_se,
        convexity=convexity,
        convexity_se=convexity_se,
        sessions=len(r),
        as_of=last.at,
    )


def quadratic(
    m: NDArray[np.float64], r: NDArray[np.float64]
) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Return a, b and c of r = a + b m + c m², and the standard error of each.

    By QR, for m² is small beside m. The errors are those of equal, independent
    residuals, with as many degrees of freedom as there are returns but three. None
    where m takes fewer than three values.
    """
    terms = np.column_stack((np.ones_like(m), m, m * m))
    scale = np.linalg.norm(terms, axis=0)
    if not scale.all() or len(m) <= _TERMS:
        return None
    q, upper = np.linalg.qr(terms / scale)
    if abs(np.diag(upper)).min() < _ALIKE:
        return None
    found = np.linalg.solve(upper, q.T @ r)
    rest = r - terms / scale @ found
    inverse = np.linalg.inv(upper)
    errors = np.sqrt((inverse * inverse).sum(axis=1) * (rest @ rest) / (len(m) - _TERMS))
    return tuple((found / scale).tolist()), tuple((errors / scale).tolist())
