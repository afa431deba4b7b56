"""RSI, MACD and divergence against a published sheet, another library, and algebra."""

from fractions import Fraction

import numpy as np
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

from monitor.signals.indicators import (
    divergence,
    ema,
    macd_histogram,
    macd_line,
    pivots,
    rsi,
    slope,
)

# StockCharts ChartSchool, the sheet beside its article on the relative strength index.
SHEET_CLOSES = (
    *(44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826),
    *(45.8931, 46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439),
    *(46.2122, 46.2521, 45.7137, 46.4515, 45.7835, 45.3548, 44.0288, 44.1783, 44.2181, 44.5672),
    *(43.4205, 42.6628, 43.1314),
)
SHEET_RSI = (
    *(70.5328, 66.3186, 66.5498, 69.4063, 66.3552, 57.9749, 62.9296, 63.2571, 56.0593, 62.3771),
    *(54.7076, 50.4228, 39.9898, 41.4605, 41.8689, 45.4632, 37.3040, 33.0795, 37.7730),
)


def walk(count: int, seed: int = 1) -> list[float]:
    steps = np.random.default_rng(seed).normal(0, 0.01, count)
    return [float(one) for one in 100 * np.exp(np.cumsum(steps))]


def test_rsi_is_that_of_the_published_sheet() -> None:
    found = rsi(SHEET_CLOSES)
    assert list(found[:14]) == [None] * 14
    assert [round(one, 4) for one in found[14:] if one is not None] == list(SHEET_RSI)


@pytest.mark.parametrize(
    ("step", "expected"),
    [pytest.param(1.0, 100.0, id="nothing lost"), pytest.param(-1.0, 0.0, id="nothing gained")],
)
def test_rsi_at_its_ends(step: float, expected: float) -> None:
    assert rsi([100 + n * step for n in range(15)])[-1] == expected


def test_rsi_equals_another_library_on_a_long_walk() -> None:
    closes = walk(600)
    theirs = talib.RSI(np.array(closes), 14)[14:]
    assert rsi(closes)[14:] == pytest.approx(list(theirs), abs=1e-9)


def test_macd_equals_another_library_once_the_beginnings_have_faded() -> None:
    closes = walk(700)
    _, _, theirs = talib.MACD(np.array(closes), 12, 26, 9)
    ours = macd_histogram(closes)
    assert list(ours[-100:]) == pytest.approx(list(theirs[-100:]), abs=1e-9)
    assert ours[33] is not None
    assert abs(ours[33] - theirs[33]) > 1e-4, "they begin their shorter average elsewhere"


def seeded(values: list[Fraction], period: int) -> list[Fraction]:
    """Exact: the mean of the first `period`, then 2/(period + 1) of each value after."""
    means = [sum(values[:period], Fraction(0)) / period]
    weight = Fraction(2, period + 1)
    for value in values[period:]:
        means.append(means[-1] + weight * (value - means[-1]))
    return means


def test_macd_begins_with_simple_means() -> None:
    # 112 first, 100 ever after: the shorter mean begins at 101 on the 12th close, the longer
    # at 100 + 12/26 on the 26th, and the signal is the mean of the nine differences from there.
    closes = [112.0, *[100.0] * 34]
    short = [Fraction(11, 13) ** (n - 12) for n in range(26, 36)]
    long = [Fraction(12, 26) * Fraction(25, 27) ** (n - 26) for n in range(26, 36)]
    lines = [a - b for a, b in zip(short, long, strict=True)]
    signal = sum(lines[:9], Fraction(0)) / 9
    found = macd_histogram(closes)
    assert found[:33] == (None,) * 33
    assert found[33] == pytest.approx(float(lines[8] - signal), abs=1e-12)
    after = signal + Fraction(1, 5) * (lines[9] - signal)
    assert found[34] == pytest.approx(float(lines[9] - after), abs=1e-12)


def test_the_line_of_macd_begins_with_simple_means() -> None:
    found = macd_line([112.0, *[100.0] * 26])
    assert found[:25] == (None,) * 25
    exact = [
        Fraction(11, 13) ** (n - 12) - Fraction(12, 26) * Fraction(25, 27) ** (n - 26)
        for n in (26, 27)
    ]
    assert found[25:] == pytest.approx([float(one) for one in exact], abs=1e-12)


def test_macd_of_a_jump_on_the_day_it_begins() -> None:
    # 27 more on the 34th close: 27·2/13 − 27·2/27 = 28/13, of which the signal has a ninth.
    found = macd_histogram([*[100.0] * 33, 127.0])
    assert found[33] == pytest.approx(28 / 13 * 8 / 9)


def test_an_exponential_mean_by_hand() -> None:
    values = [Fraction(n * n % 17) for n in range(60)]
    exact = [float(one) for one in seeded(values, 19)]
    found = ema([float(one) for one in values], 19)
    assert found[:18] == (None,) * 18
    assert list(found[18:]) == pytest.approx(exact)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param((3.0, 5.0, 7.0, 9.0), 2.0, id="a line has its own"),
        pytest.param((1.0, 3.0, 2.0, 4.0), 0.8, id="sum of x·y over sum of x²: 4 / 5"),
        pytest.param((4.0, 4.0), 0.0, id="level"),
    ],
)
def test_slope(values: tuple[float, ...], expected: float) -> None:
    assert slope(values) == pytest.approx(expected)


def peaks(*tops: float, low: float = 100.0) -> list[float]:
    """Return closes that rise to each top over six sessions and fall back over six."""
    return [
        low,
        *(
            low + (top - low) * height / 6
            for top in tops
            for height in (*range(1, 7), 5, 4, 3, 2, 1, 0)
        ),
    ]


def test_a_pivot_is_the_highest_of_five_sessions_to_each_side() -> None:
    closes = peaks(110.0, 112.0)
    assert pivots(closes, sign=1) == [6, 18]
    assert pivots(closes, sign=-1) == [12]
    assert pivots(closes[:12], sign=1) == [6], "five sessions later it is known"
    assert pivots(closes[:11], sign=1) == [], "four sessions later it is not"


def test_what_is_passed_on_the_fifth_session_is_no_pivot() -> None:
    closes = [1.0, 2.0, 3.0, 4.0, 5.0, 9.0, 4.0, 3.0, 4.0, 5.0, 8.0]
    assert pivots(closes, sign=1) == [5]
    assert pivots([*closes[:-1], 9.5], sign=1) == []
    assert pivots([9.5, *closes[1:]], sign=1) == [], "nor what was as high five sessions before"


def test_of_equal_closes_the_first_is_the_pivot() -> None:
    level = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
    assert pivots(level, sign=1) == [5]
    assert pivots([5.0] * 30, sign=1) == []


HIGHS = peaks(110.0, 112.0)
LOWS = [200 - one for one in HIGHS]


def beside(first: float, second: float) -> list[float | None]:
    """Return an indicator that has one value at the first pivot and another at the second."""
    return [first if n == 6 else second if n == 18 else 50.0 for n in range(len(HIGHS))]


@pytest.mark.parametrize(
    ("closes", "index", "expected"),
    [
        pytest.param(HIGHS, beside(72, 65), "bearish", id="highs rise, the indicator falls"),
        pytest.param(HIGHS, beside(65, 72), None, id="both rise"),
        pytest.param(HIGHS, beside(70, 70), None, id="the indicator is where it was"),
        pytest.param(peaks(112, 110), beside(72, 65), None, id="both fall"),
        pytest.param(peaks(110, 110), beside(72, 65), None, id="the highs are equal"),
        pytest.param(LOWS, beside(28, 35), "bullish", id="lows fall, the indicator rises"),
        pytest.param(LOWS, beside(35, 28), None, id="both fall, at lows"),
    ],
)
def test_divergence(closes: list[float], index: list[float | None], expected: str | None) -> None:
    found = divergence(closes, index, since=0)
    assert (found and found.name) == expected
    assert found is None or (found.first, found.second) == (6, 18)


def test_a_lower_high_does_not_end_a_divergence_and_a_higher_close_does() -> None:
    lower, higher = peaks(110, 112, 106), [*peaks(110, 112), *peaks(112.5)[1:7]]
    for closes, expected in ((lower, (6, 18)), (higher, None)):
        index = [*beside(72, 65), *[50.0] * (len(closes) - len(HIGHS))]
        found = divergence(closes, index, since=0)
        assert (found and (found.first, found.second)) == expected


def test_a_pivot_out_of_reach_does_not_count() -> None:
    assert divergence(HIGHS, beside(72, 65), since=6) is not None
    assert divergence(HIGHS, beside(72, 65), since=7) is None


def test_of_two_divergences_the_newer_is_told() -> None:
    closes = [*peaks(110, 112), *(100 - one for one in (1, 2, 3, 4, 5, 4, 3, 2, 1, 0, 0))]
    lows, highs = pivots(closes, sign=-1), pivots(closes, sign=1)
    index: list[float | None] = [50.0] * len(closes)
    for place, value in zip((*lows[-2:], *highs[-2:]), (28.0, 35.0, 72.0, 65.0), strict=True):
        index[place] = value
    found = divergence(closes, index, since=0)
    assert found is not None
    assert (found.name, found.second) == ("bullish", lows[-1])
    assert lows[-1] > highs[-1]


@given(st.lists(st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0]), min_size=11, max_size=60))
def test_a_pivot_stays_one_whatever_follows(closes: list[float]) -> None:
    whole = set(pivots(closes, sign=1))
    for end in range(11, len(closes)):
        assert set(pivots(closes[:end], sign=1)) == {n for n in whole if n + 5 < end}
