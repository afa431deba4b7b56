import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge import black76
from monitor.hedge.skew import SPX_SKEW, VIX_SKEW, Skew, SkewedVol

skews = st.builds(Skew, below=st.floats(-0.2, 0.3), above=st.floats(-0.2, 0.3))


def vol(level: float = 0.16, skew: Skew = SPX_SKEW) -> SkewedVol:
    return SkewedVol(at_forward=level, skew=skew, source="VIX")


def test_puts_of_an_index_cost_more_and_calls_less() -> None:
    # One deviation of a quarter at 16 % is 8 %.
    strikes = 100.0 * np.exp([-0.08, 0.0, 0.08])
    assert vol().at(100.0, strikes, years=0.25) == pytest.approx([0.192, 0.16, 0.1472])


def test_calls_on_the_vix_cost_more_and_puts_as_the_forward() -> None:
    strikes = 18.0 * np.exp([-0.45, 0.0, 0.45])
    found = vol(0.9, VIX_SKEW).at(18.0, strikes, years=0.25)
    assert found == pytest.approx([0.9, 0.9, 1.08])


def test_beyond_three_deviations_it_is_held_flat() -> None:
    far = vol().at(100.0, np.array([100 * np.exp(-0.24), 20.0, 1.0]), years=0.25)
    assert far == pytest.approx(np.full(3, 0.256))


def test_a_shift_moves_every_strike_and_leaves_no_volatility_below_one_percent() -> None:
    strikes = np.array([90.0, 100.0, 110.0])
    level, raised = vol(), vol().shifted(0.05)
    gap = raised.at(100.0, strikes, years=0.25) - level.at(100.0, strikes, years=0.25)
    assert gap == pytest.approx(np.full(3, 0.05))
    assert vol(0.03).shifted(-0.05).at(100.0, strikes, years=0.25).tolist() == [0.01] * 3


@given(skews, st.floats(0.05, 2.0), st.floats(0.02, 1.0))
def test_of_a_higher_strike_no_call_costs_more_and_no_put_less(
    skew: Skew, level: float, spread: float
) -> None:
    years = (spread / level) ** 2
    strikes = 100.0 * np.exp(spread * np.linspace(-5, 5, 401))
    sigma = vol(level, skew).at(100.0, strikes, years=years)
    calls = black76.price(100.0, strikes, sigma=sigma, years=years)
    puts = black76.price(100.0, strikes, sigma=sigma, years=years, call=False)
    assert np.all(np.diff(calls) <= 1e-12)
    assert np.all(np.diff(puts) >= -1e-12)


def test_it_names_its_source_its_slopes_and_the_model() -> None:
    assert vol().label == (
        "VIX 16.0 %, skew declared +20 % below and −8 % above the forward a deviation: model"
    )


@pytest.mark.parametrize("slopes", [(-0.3, 0.0), (0.0, 0.4), (float("nan"), 0.0)])
def test_a_skew_that_would_be_arbitrage_is_refused(slopes: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="slopes of a skew"):
        Skew(below=slopes[0], above=slopes[1])


@pytest.mark.parametrize("level", [0.0, -0.1, float("inf"), float("nan")])
def test_a_volatility_that_cannot_be_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="above zero"):
        vol(level)


@given(skews, st.floats(0.05, 2.0), st.floats(0.02, 1.0), st.floats(0.02, 0.98))
def test_the_strike_for_a_delta_has_it_at_its_own_volatility(
    skew: Skew, level: float, spread: float, delta: float
) -> None:
    years, stated = (spread / level) ** 2, vol(level, skew)
    strike = stated.strike_for_delta(100.0, delta, years=years)
    sigma = stated.at(100.0, strike, years=years)
    found = black76.delta(100.0, strike, sigma=sigma, years=years)
    assert found == pytest.approx(delta, abs=1e-9)
