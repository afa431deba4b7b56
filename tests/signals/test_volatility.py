"""Realised volatility against algebra, other formulas, and prices whose volatility is known."""

import math
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from monitor.model.reading import Bar
from monitor.signals.volatility import close_to_close, parkinson, yang_zhang

MONDAY = date(2026, 3, 2)


def bar(open_: float, high: float, low: float, close: float, n: int = 0) -> Bar:
    day = MONDAY + timedelta(days=n)
    at = datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC)
    return Bar(day=day, open=open_, high=high, low=low, close=close, at=at)


def test_close_to_close_by_hand() -> None:
    # Returns of +u and −u by turns, n = 20: mean 0, so the sample variance is u²·20/19.
    closes = [100.0, *(101.0, 100.0) * 10]
    up = math.log(1.01)
    assert close_to_close(closes, 252) == pytest.approx(up * math.sqrt(20 / 19 * 252))


def test_close_to_close_against_another_formula() -> None:
    closes = 100 * np.exp(np.cumsum(np.random.default_rng(3).normal(0.001, 0.02, 31)))
    r = np.diff(np.log(closes))
    expected = math.sqrt(((r * r).sum() - r.sum() ** 2 / 30) / 29 * 365)
    assert close_to_close([float(one) for one in closes], 365) == pytest.approx(expected)


def test_a_steady_rise_has_no_volatility() -> None:
    assert close_to_close([1.1**n for n in range(21)], 252) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("ratio", [1.001, 1.05, 2.0])
def test_parkinson_of_a_constant_range(ratio: float) -> None:
    bars = [bar(100, 100 * ratio, 100, 100, n) for n in range(30)]
    expected = math.log(ratio) / math.sqrt(4 * math.log(2)) * math.sqrt(365)
    assert parkinson(bars, 365) == pytest.approx(expected)


def test_parkinson_takes_the_mean_of_squares() -> None:
    bars = [bar(100, 110, 100, 100), bar(100, 100, 100, 100)]
    expected = math.log(1.1) / math.sqrt(8 * math.log(2))
    assert parkinson(bars, 1) == pytest.approx(expected)


def test_yang_zhang_by_algebra() -> None:
    # In logs, of the day before's close c: n = 2, k = 0.34 / (1.34 + 3/1) = 17/217.
    # Day 1 opens +0.02, moves +0.01 with high +0.03 and low −0.01 of its opening.
    # Day 2 opens −0.02, moves −0.03 with high +0.01 and low −0.04 of its opening.
    # so² = (0.02² + 0.02²)/1 = 0.0008; sc²: 0.01 and −0.03 about −0.01: 0.0008.
    # srs²: 0.03·0.02 + 0.01·0.02 = 0.0008, and 0.01·0.04 + 0.04·0.01 = 0.0008; mean 0.0008.
    # All three are equal, so whatever k: 0.0008 + 0.0008 (k + 1 − k) = 0.0016.
    def one(before: float, jump: float, move: float, high: float, low: float) -> Bar:
        begin = before + jump
        logs = (begin, begin + high, begin + low, begin + move)
        return bar(*(100 * math.exp(log) for log in logs))

    bars = [bar(90, 120, 80, 100), one(0, 0.02, 0.01, 0.03, -0.01)]
    bars.append(one(0.03, -0.02, -0.03, 0.01, -0.04))
    assert yang_zhang(bars, 1) == pytest.approx(0.04)


def test_yang_zhang_against_its_formula_written_out() -> None:
    random = np.random.default_rng(5)
    bars, last = [], 100.0
    for n in range(31):
        path = last * np.exp(np.cumsum(random.normal(0, 0.01, 48)))
        first = last * math.exp(random.normal(0, 0.01))
        path[0] = first
        last = float(path[-1])
        bars.append(bar(float(first), float(path.max()), float(path.min()), last, n))
    o, h, lo, c = (
        np.array([getattr(b, f) for b in bars]) for f in ("open", "high", "low", "close")
    )
    jump, move = np.log(o[1:] / c[:-1]), np.log(c[1:] / o[1:])
    up, down = np.log(h[1:] / o[1:]), np.log(lo[1:] / o[1:])
    k = 0.34 / (1.34 + 31 / 29)
    inner = np.mean(up * (up - move) + down * (down - move))
    total = np.var(jump, ddof=1) + k * np.var(move, ddof=1) + (1 - k) * inner
    assert yang_zhang(bars, 365) == pytest.approx(math.sqrt(total * 365))


def test_the_weight_of_yang_and_zhang() -> None:
    # Day moves alone: no jumps, and high and low at the ends of each day, so no inner variance.
    # Moves +m, −m, +m: k = 0.34 / (1.34 + 4/2) and variance m²·(4/3).
    up = math.exp(0.02)
    bars = [bar(1, 1, 1, 1), bar(1, up, 1, up), bar(up, up, 1, 1), bar(1, up, 1, up)]
    k = 0.34 / 3.34
    assert yang_zhang(bars, 1) == pytest.approx(math.sqrt(k * 0.02**2 * 4 / 3))


def test_all_three_find_a_known_volatility() -> None:
    random = np.random.default_rng(11)
    sigma, steps, days = 0.6, 1440, 400
    bars, last = [], 2000.0
    for n in range(days):
        path = last * np.exp(np.cumsum(random.normal(0, sigma / math.sqrt(365 * steps), steps)))
        bars.append(bar(last, max(last, path.max()), min(last, path.min()), float(path[-1]), n))
        last = float(path[-1])
    assert close_to_close([b.close for b in bars], 365) == pytest.approx(sigma, rel=0.12)
    assert parkinson(bars, 365) == pytest.approx(sigma, rel=0.06)
    assert yang_zhang(bars, 365) == pytest.approx(sigma, rel=0.06)
