"""Indicators over closes, oldest first, one a session: as charts draw them.

Averages begin as StockCharts' do, with a simple mean. TA-Lib's MACD begins its shorter
average later, and so differs from charts for its first hundred sessions or so.

talipp is loaded when first asked: it brings all the indicators there are, and verbs that
only look would wait for them.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

RSI_PERIOD: Final = 14
MACD_PERIODS: Final = (12, 26, 9)
MACD_SESSIONS: Final = 34
"""How many closes the first histogram takes: 26 for the averages, 8 more for the signal."""
PIVOT_SIDE: Final = 5


class Apart(NamedTuple):
    """A number and its indicator turned apart: at which two pivots, and what that is called."""

    second: int
    first: int
    name: str


def rsi(closes: Sequence[float]) -> Sequence[float | None]:
    """Return Wilder's RSI (14) beside each close, None for the first 14; 100 without a loss."""
    from talipp.indicators import RSI  # noqa: PLC0415 - as above

    return tuple(RSI(RSI_PERIOD, list(closes)))


def macd_histogram(closes: Sequence[float]) -> Sequence[float | None]:
    """Return MACD (12, 26) less its signal (9) beside each close, None for the first 33."""
    from talipp.indicators import MACD  # noqa: PLC0415 - as above

    return tuple(one and one.histogram for one in MACD(*MACD_PERIODS, list(closes)))


def ema(values: Sequence[float], period: int) -> Sequence[float | None]:
    """Return the exponential mean beside each value, None before there are `period`."""
    from talipp.indicators import EMA  # noqa: PLC0415 - as above

    return tuple(EMA(period, list(values)))


def slope(values: Sequence[float]) -> float:
    """Return the least-squares slope through equally spaced values, a step; two at least."""
    middle = (len(values) - 1) / 2
    centred = [n - middle for n in range(len(values))]
    weighed = sum(x * value for x, value in zip(centred, values, strict=True))
    return weighed / sum(x * x for x in centred)


def pivots(values: Sequence[float], *, sign: int) -> Sequence[int]:
    """Return where values are highest of 5 to each side; lowest, where `sign` is -1.

    The first of equals counts. The newest 5 are no pivots yet: what follows may pass them.
    """
    heights = [sign * value for value in values]
    return [
        n
        for n in range(PIVOT_SIDE, len(heights) - PIVOT_SIDE)
        if heights[n] > max(heights[n - PIVOT_SIDE : n])
        and heights[n] >= max(heights[n + 1 : n + PIVOT_SIDE + 1])
    ]


def divergence(
    values: Sequence[float], index: Sequence[float | None], *, since: int
) -> Apart | None:
    """Return the newest divergence among the last two highs, and the last two lows, or None.

    index: the indicator beside each value. since: the first place a pivot may have.
    """
    found = [_apart(values, index, since, sign) for sign in (1, -1)]
    return max((one for one in found if one is not None), default=None)


def _apart(
    values: Sequence[float], index: Sequence[float | None], since: int, sign: int
) -> Apart | None:
    places = [n for n in pivots(values, sign=sign) if n >= since]
    if len(places) < 2:  # noqa: PLR2004 (it takes two to compare)
        return None
    first, second = places[-2:]
    before, after = index[first], index[second]
    if before is None or after is None:
        return None
    onwards = sign * (values[second] - values[first]) > 0
    back = sign * (after - before) < 0
    if not (onwards and back):
        return None
    return Apart(second=second, first=first, name="bearish" if sign > 0 else "bullish")
