"""The yearly rate of dated cash flows."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge.xirr import earned, xirr

START = datetime(2021, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)


def yearly(*amounts: float) -> list[tuple[datetime, float]]:
    return [(START + n * YEAR, amount) for n, amount in enumerate(amounts)]


@pytest.mark.parametrize(
    ("amounts", "rate"),
    [
        pytest.param((-100, 39, 59, 55, 20), 0.2809484, id="numpy-financial's first example"),
        pytest.param((-100, 0, 0, 74), -0.0954958, id="numpy-financial's second"),
        pytest.param((-100, 110), 0.10, id="ten per cent"),
        pytest.param((-100, -5, 0), -1.0, id="all of it lost"),
        pytest.param((100, -110), 0.10, id="what is borrowed at ten per cent"),
    ],
)
def test_the_published_rates(amounts: tuple[float, ...], rate: float) -> None:
    assert xirr(yearly(*amounts)) == pytest.approx(rate, abs=5e-8)


def test_days_are_counted_over_365() -> None:
    # Microsoft's own example of XIRR: 37.33625335 %.
    dates = [(2008, 1, 1), (2008, 3, 1), (2008, 10, 30), (2009, 2, 15), (2009, 4, 1)]
    amounts = [-10_000, 2_750, 4_250, 3_250, 2_750]
    flows = [
        (datetime(*day, tzinfo=UTC), amount) for day, amount in zip(dates, amounts, strict=True)
    ]
    assert xirr(flows) == pytest.approx(0.3733625335, abs=1e-8)


@given(
    st.floats(0.01, 1e6),
    st.lists(st.floats(0.01, 1e6), min_size=1, max_size=8),
)
def test_it_is_the_one_positive_root_of_the_polynomial(paid: float, back: list[float]) -> None:
    # Algebra's way: with x = 1/(1+r), -paid + b1 x + b2 x² … has one root above nought.
    roots = np.roots([*reversed(back), -paid])
    real = roots[np.abs(roots.imag) < 1e-9 * np.abs(roots)].real
    (x,) = real[real > 0]
    found = xirr(yearly(-paid, *back))
    if isinstance(found, str):
        assert not 1e-6 < x < 1e6
    else:
        assert 1 / (1 + found) == pytest.approx(x, rel=1e-6)


def test_several_rates_are_said_and_none_is_picked() -> None:
    # -100 (1 - 1.1 x)(1 - 1.3 x): 10 % and 30 % both fit.
    told = xirr(yearly(-100, 240, -143))
    assert told == "2 rates fit, for its cash flows turned their sign 2 times"


def test_several_turns_with_one_rate_have_it() -> None:
    # -100 (1 - 1.1 x)(1 + x²) = -100 + 110 x - 100 x² + 110 x³: 10 % alone is real.
    assert xirr(yearly(-100, 110, -100, 110)) == pytest.approx(0.10)


@pytest.mark.parametrize(
    ("flows", "reason"),
    [
        pytest.param([], "on balance no cash came or went", id="nothing"),
        pytest.param(
            [(START, -100.0), (START, 100.0), (START + YEAR, 0.0)],
            "on balance no cash came or went",
            id="there and back in an instant",
        ),
        pytest.param(yearly(-100, -5), "all cash went one way", id="only paid"),
        pytest.param(
            [(START, -100.0), (START + timedelta(hours=9), 0.0)],
            "all cash went one way",
            id="lost, but young",
        ),
        pytest.param(yearly(-1, 3, -2.5), "no yearly rate fits", id="no real root"),
        pytest.param(
            [(START, -100.0), (START + timedelta(days=30), 1300.0)],
            "beyond a million-fold a year",  # 13 ** (365 / 30) is 3.6e13
            id="thirteen times in a month",
        ),
        pytest.param(
            [(START, -100.0), (START + timedelta(hours=9), 90.0)], "younger than a day", id="young"
        ),
    ],
)
def test_where_there_is_no_rate_the_reason_is_said(
    flows: list[tuple[datetime, float]], reason: str
) -> None:
    told = xirr(flows)
    assert isinstance(told, str)
    assert reason in told


@pytest.mark.parametrize(
    ("amounts", "rate"),
    [
        pytest.param((-100, 110), 0.10, id="laid out"),
        pytest.param((-100, -5, 0), -1.0, id="lost"),
        # 20 - 120 x + 110 x² with x = 1/1.1: 20 - 109.09 + 90.91 is 1.82; its roots are 0.2053 and
        # 0.8856, a loan's 387 % and the 12.9 % that the 120 laid out after it earned.
        pytest.param((20, -120, 110), "2 rates fit", id="a credit first, and both rates in reach"),
        pytest.param((100, -110), "a cost and no yield", id="bought back for more"),
        pytest.param((100, -30), "a cost and no yield", id="bought back for less"),
        pytest.param((100, 10), "all cash went one way", id="a credit kept"),
    ],
)
def test_a_credit_earns_no_rate(amounts: tuple[float, ...], rate: float | str) -> None:
    found = earned(yearly(*amounts))
    if isinstance(rate, str):
        assert isinstance(found, str)
        assert rate in found
    else:
        assert found == pytest.approx(rate)


def test_a_credit_taken_in_with_what_is_laid_out_leaves_its_rate() -> None:
    # A condor's 20 five minutes before calls' 120: it is 100 that is laid out, near enough.
    flows = [
        (START, 20.0), (START + timedelta(minutes=5), -120.0), (START + YEAR, 110.0),
    ]  # fmt: skip
    assert earned(flows) == pytest.approx(0.10, abs=1e-4)
