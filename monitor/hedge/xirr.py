"""The yearly rate that dated cash flows earn: XIRR, actual/365.

Where the flows turn their sign once there is one rate and it is found; where they turn
more often there may be several, and then it is said that there are, not which.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import expm1, log1p
from typing import Final, TypeAlias

import numpy as np

from monitor.hedge.black76 import Floats

Flow: TypeAlias = tuple[datetime, float]
"""When, and how much: paid negative, received positive."""

YOUNG: Final = timedelta(days=1)
"""Over less than this nothing is told by the year."""

_YEAR: Final = timedelta(days=365)
_FURTHEST: Final = 14.0
"""How far ln(1 + rate) is looked for: from -99.9999 % a year to a million-fold."""
_BEYOND: Final = "its rate is beyond a million-fold a year, or all is lost"
_BORROWED: Final = "cash came in before any went out: its rate would be a cost and no yield"
_A_LITTLE: Final = 1e-6
_GRID: Final = 4001
_HALVINGS: Final = 80


def xirr(flows: Sequence[Flow]) -> float | str:
    """Return the rate a year at which the flows are worth nothing today, a fraction; or why none.

    -0.3 is a loss of 30 % a year; -1.0 where all that was paid is worth nothing at the end.
    """
    if _all_lost(flows):
        return -1.0
    told = _by_day(flows)
    turns = _turns([amount for _, amount in told])
    if not turns:
        went = "all cash went one way" if told else "on balance no cash came or went"
        return f"{went}: there is no rate"
    first, last = told[0][0], told[-1][0]
    if last - first < YOUNG:
        return "it is younger than a day"
    years, amounts = _table(told)
    # One turn of the sign means one rate (Descartes): no need to look for more.
    found = _roots(years, amounts, 2 if turns == 1 else _GRID)
    if not found:
        return _BEYOND if turns == 1 else "no yearly rate fits its cash flows"
    if len(found) > 1:
        return f"{len(found)} rates fit, for its cash flows turned their sign {turns} times"
    return expm1(found[0])


def earned(flows: Sequence[Flow]) -> float | str:
    """Return the yearly rate that cash laid out has earned; or why there is none.

    As `xirr`, but no rate that is what cash taken in has cost: a condor's, sold for a credit, is
    above nought where it was bought back for more, and it lost.
    """
    told = _by_day(flows)
    years, amounts = _table(told)
    if told and told[0][1] > 0 and _turns(amounts.tolist()) == 1:
        return _BORROWED
    found = xirr(flows)
    if isinstance(found, str) or found <= -1:
        return found
    # What is laid out is worth less the more it is asked to earn.
    below = _worth(np.array([log1p(found) - _A_LITTLE]), years, amounts)[0]
    return found if below > 0 else _BORROWED


def _all_lost(flows: Sequence[Flow]) -> bool:
    """Return whether cash was only paid, and what came of it in the end was told: nothing."""
    told = sorted(flows, key=lambda flow: flow[0])
    if not any(amount for _, amount in told) or any(amount > 0 for _, amount in told):
        return False
    return not told[-1][1] and told[-1][0] - told[0][0] >= YOUNG


def _by_day(flows: Sequence[Flow]) -> list[Flow]:
    """Return the flows in order of time, those of one instant together, noughts left out."""
    told: dict[datetime, float] = {}
    for at, amount in sorted(flows, key=lambda flow: flow[0]):
        told[at] = told.get(at, 0.0) + amount
    return [(at, amount) for at, amount in told.items() if amount]


def _table(told: Sequence[Flow]) -> tuple[Floats, Floats]:
    """Return the years since the first flow, and the amounts."""
    years = np.array([(at - told[0][0]) / _YEAR for at, _ in told])
    return years, np.array([amount for _, amount in told])


def _turns(amounts: Sequence[float]) -> int:
    return sum(a * b < 0 for a, b in pairwise(amounts))


def _roots(years: Floats, amounts: Floats, points: int) -> list[float]:
    """Return every ln(1 + rate) at which the flows are worth nothing, as a grid shows them."""
    grid = np.linspace(-_FURTHEST, _FURTHEST, points)
    signs = np.sign(_worth(grid, years, amounts))
    found = [float(at) for at in grid[signs == 0]]
    turns = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    return found + [_halved(float(grid[n]), float(grid[n + 1]), years, amounts) for n in turns]


def _halved(low: float, high: float, years: Floats, amounts: Floats) -> float:
    below = _worth(np.array([low]), years, amounts)[0]
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _worth(np.array([middle]), years, amounts)[0] * below > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _worth(logs: Floats, years: Floats, amounts: Floats) -> Floats:
    """Return what flows are worth, each scaled by its largest factor: only the sign is asked."""
    powers = -np.outer(logs, years)
    powers -= powers.max(axis=1, keepdims=True)
    return np.asarray(np.exp(powers) @ amounts)
