"""How well a driver tracked IL, against figures worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge.fit import Tracked, calm_share, tracked, weekly_il, weighted, width_of

TWELVE = np.arange(12.0)


@pytest.mark.parametrize(
    ("width", "ratio", "il"),
    [
        pytest.param(1e6, 4.0, -0.2, id="a full range at four times loses a fifth"),
        pytest.param(1e6, 0.25, -0.2, id="and at a quarter the same"),
        pytest.param(4.0, 1.0, 0.0, id="an unmoved price loses nothing"),
        # x4 range: L = 1 holds 1 - 1/2 coins and 1 - 1/2 dollars: HODL at 4 is 2.5; the
        # position has sold everything for 2 - 1/2 = 1.5 dollars.
        pytest.param(4.0, 4.0, -0.4, id="at the upper edge it is all dollars"),
        # Beyond it stays 1.5 while holding is worth 0.5 * 9 + 0.5 = 5.
        pytest.param(4.0, 9.0, -0.7, id="and beyond no longer moves"),
        # At 1/4 it is all coins: 2 - 1/2 = 1.5 of them, worth 0.375; HODL 0.125 + 0.5.
        pytest.param(4.0, 0.25, -0.4, id="at the lower edge it is all coins"),
    ],
)
def test_weekly_il_of_a_shape(width: float, ratio: float, il: float) -> None:
    assert float(weekly_il(width, ratio)) == pytest.approx(il, abs=2e-3 if width > 10 else 1e-12)


@given(st.floats(1.001, 1e6), st.floats(0.01, 100.0))
def test_il_is_never_a_gain_and_the_same_for_a_move_and_its_inverse(w: float, ratio: float) -> None:
    il = float(weekly_il(w, ratio))
    assert -1 <= il <= 0
    assert il == pytest.approx(float(weekly_il(w, 1 / ratio)), abs=1e-9)


def test_a_range_of_every_price_is_as_wide_as_floats_tell() -> None:
    assert width_of(100.0, 144.0) == pytest.approx(1.2)
    assert width_of(1e-60, 1e60) == 1e6


def test_a_driver_in_step_explains_all_and_one_out_of_step_nothing() -> None:
    il = -TWELVE / 100
    found = tracked(il, 3 * TWELVE)
    assert isinstance(found, Tracked)
    assert (found.corr, found.weeks) == (pytest.approx(-1.0), 12)
    assert found.r2 == found.use == pytest.approx(1.0)
    wrong = tracked(il, -TWELVE)
    assert isinstance(wrong, Tracked)
    assert (wrong.r2, wrong.use) == (pytest.approx(1.0), 0.0)


def test_a_correlation_by_hand() -> None:
    # y = 0, -1 six times over and x = 0, 1, 1, 0 three times: no covariance at all. With the
    # last x a 1: cov = -1/24 (of 12), var x = 7/12 * 5/12, var y = 1/4.
    y, x = np.array([0.0, -1.0] * 6), np.array([0.0, 1.0, 1.0, 0.0] * 3)
    flat = tracked(y, x)
    assert isinstance(flat, Tracked)
    assert flat.corr == pytest.approx(0.0, abs=1e-12)
    x[-1] = 1.0
    bent = tracked(y, x)
    assert isinstance(bent, Tracked)
    assert bent.corr == pytest.approx(-(1 / 24) / math.sqrt(7 / 12 * 5 / 12 / 4))


def test_fewer_than_twelve_weeks_tell_nothing_and_say_how_many_there_are() -> None:
    gappy = np.where(TWELVE == 3, np.nan, TWELVE)
    assert tracked(-TWELVE, gappy) == "11 of 12 weeks are known"
    assert calm_share(-TWELVE, gappy) is None
    assert tracked(-TWELVE, np.zeros(12)) == "it has not moved in 12 weeks"


@given(st.lists(st.tuples(st.floats(-1, 0), st.floats(0, 50)), min_size=12, max_size=60))
def test_r2_is_a_share_and_knows_no_units(weeks: list[tuple[float, float]]) -> None:
    il, rise = (np.array(one) for one in zip(*weeks, strict=True))
    found = tracked(il, rise)
    if isinstance(found, Tracked):
        assert 0 <= found.use <= found.r2 <= 1
        again = tracked(il * 7, rise * 8)
        assert isinstance(again, Tracked)
        assert again.corr == pytest.approx(found.corr, abs=1e-9)


def test_the_share_of_the_loss_in_calm_weeks() -> None:
    il, vix = np.full(12, -0.01), np.array([30.0] * 9 + [30.01] * 3)
    assert calm_share(il, vix) == pytest.approx(0.75)
    assert calm_share(np.zeros(12), vix) is None


def test_a_book_loses_what_its_positions_lose_by_their_value() -> None:
    ils = [np.array([-0.10, 0.0]), np.array([-0.02, -0.04])]
    assert weighted(ils, [1.0, 3.0]) == pytest.approx([-0.04, -0.03])
