"""Realised volatility by three estimators: fractions a year, of prices above 0."""

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean
from typing import Final

from monitor.model.reading import Bar

_FOUR_LN_2: Final = 4 * math.log(2)
_ALPHA: Final = 1.34
"""Yang and Zhang's: the weight that makes the estimator's own variance least is 0.34 in this."""


def close_to_close(closes: Sequence[float], year: int) -> float:
    """Return the sample standard deviation of log returns, a year.

    closes: three at least. year: how many of their steps make one.
    """
    returns = [math.log(after / before) for before, after in pairwise(closes)]
    return math.sqrt(_variance(returns) * year)


def parkinson(bars: Sequence[Bar], year: int) -> float:
    """Return Parkinson's estimate (1980), from each bar's highest and lowest alone.

    Assumes a price that does not drift; low by the moves between quotes nobody saw.
    """
    squares = fmean(math.log(bar.high / bar.low) ** 2 for bar in bars)
    return math.sqrt(squares / _FOUR_LN_2 * year)


def yang_zhang(bars: Sequence[Bar], year: int) -> float:
    """Return Yang and Zhang's estimate (2000): drift and opening jumps do not disturb it.

    bars: three at least; of the first only the close is used.
    """
    jumps = [math.log(bar.open / before.close) for before, bar in pairwise(bars)]
    moves = [math.log(bar.close / bar.open) for bar in bars[1:]]
    within = fmean(_rogers_satchell(bar) for bar in bars[1:])
    n = len(moves)
    k = (_ALPHA - 1) / (_ALPHA + (n + 1) / (n - 1))
    return math.sqrt((_variance(jumps) + k * _variance(moves) + (1 - k) * within) * year)


def _variance(moves: Sequence[float]) -> float:
    """Return the sample variance; the library's is of exact fractions, and ten times slower."""
    mean = fmean(moves)
    return math.fsum((move - mean) ** 2 for move in moves) / (len(moves) - 1)


def _rogers_satchell(bar: Bar) -> float:
    up, down = math.log(bar.high / bar.open), math.log(bar.low / bar.open)
    move = math.log(bar.close / bar.open)
    return up * (up - move) + down * (down - move)
