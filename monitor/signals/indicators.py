"""Indicators over closes, oldest first, one a session: as charts draw them.

Averages begin as StockCharts' do, with a simple mean. TA-Lib's MACD begins its shorter
average later, and so differs from charts for its first hundred sessions or so.

talipp is loaded when first asked: it brings all the indicators there are, and verbs that
only look would wait for them.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

RSI_PERIOD: Final = 14
MACD_PERIODS: Final = (12, 26, 9)
MACD_SESSIONS: Final = 34
"""How many closes the first histogram takes: 26 for the averages, 8 more for the signal."""
PIVOT_SIDE: Final = 5
STANDS: Final = 20
"""How many sessions a divergence stands, that in which it is confirmed counted."""


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


def macd_line(closes: Sequence[float]) -> Sequence[float | None]:
    """Return EMA12 less EMA26 beside each close, None for the first 25."""
    fast, slow = (ema(closes, period) for period in MACD_PERIODS[:2])
    return tuple(
        None if one is None or other is None else one - other
        for one, other in zip(fast, slow, strict=True)
    )


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
    """Return the newest divergence that stands, of two successive highs or lows, or None.

    index: the indicator beside each value. since: the first place a pivot may have. One
    ends once a value lies beyond its second pivot, and 20 sessions after it is confirmed.
    """
    found = [_apart(values, index, since, sign) for sign in (1, -1)]
    return max((one for one in found if one is not None), default=None)


def _apart(
    values: Sequence[float], index: Sequence[float | None], since: int, sign: int
) -> Apart | None:
    places = [n for n in pivots(values, sign=sign) if n >= since]
    for first, second in reversed(tuple(pairwise(places))):
        before, after = index[first], index[second]
        if before is None or after is None or not _stands(values, second, sign):
            continue
        onwards = sign * (values[second] - values[first]) > 0
        back = sign * (after - before) < 0
        if onwards and back:
            return Apart(second=second, first=first, name="bearish" if sign > 0 else "bullish")
    return None


def _stands(values: Sequence[float], second: int, sign: int) -> bool:
    """Say whether what was confirmed after a pivot is neither passed by nor out of date."""
    passed = any(sign * (value - values[second]) > 0 for value in values[second + 1 :])
    return not passed and len(values) - (second + PIVOT_SIDE) <= STANDS
