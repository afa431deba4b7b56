"""VIX structures by the model. The strikes of a half delta: by hand in test_black76."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge import black76
from monitor.hedge.skew import Skew
from monitor.hedge.vix_model import (
    VixFuture,
    call_spread,
    model_option,
    vix_vol,
)
from monitor.hedge.vol import VolAssumption, flat

NO_SKEW = Skew(below=0.0, above=0.0)
YEARS = 30 / 365


def test_an_option_is_black_76_on_its_future_at_the_strike_s_own_volatility() -> None:
    vol = vix_vol(VolAssumption(), 30)
    sigma = float(vol.at(18.0, 25.0, years=YEARS))
    option = model_option(18.0, 25.0, vol=vol, years=YEARS)
    assert sigma > 0.95
    assert option.price.mid == black76.price(18.0, 25.0, sigma=sigma, years=YEARS)
    assert option.price.low == black76.price(18.0, 25.0, sigma=sigma - 0.05, years=YEARS)
    assert option.price.high == black76.price(18.0, 25.0, sigma=sigma + 0.05, years=YEARS)
    assert option.delta == black76.delta(18.0, 25.0, sigma=sigma, years=YEARS)
    assert option.vega == black76.vega(18.0, 25.0, sigma=sigma, years=YEARS)
    assert option.theta_day == black76.theta_day(18.0, 25.0, sigma=sigma, years=YEARS) < 0
    assert option.break_even == 25.0 + option.price.mid
    assert option.max_loss_usd == option.price.mid * 100


def test_the_declared_skew_makes_calls_dearer_and_leaves_the_forward() -> None:
    with_skew, without = vix_vol(flat(0.9), 30), vix_vol(flat(0.9), 30, skew=NO_SKEW)
    dear, plain = (
        model_option(18.0, 25.0, vol=vol, years=YEARS).price.mid for vol in (with_skew, without)
    )
    assert dear > plain
    assert with_skew.at(18.0, 18.0, years=YEARS) == without.at(18.0, 18.0, years=YEARS) == 0.9


def test_the_stated_volatility_decays_with_the_term_and_says_so() -> None:
    near, far = vix_vol(VolAssumption(), 30), vix_vol(VolAssumption(), 220)
    assert near.at_forward == pytest.approx(0.95)
    assert far.at_forward == pytest.approx(0.60)
    assert far.label == (
        "VIX vol at 220 d 60.0%, declared skew +0% below and +20% above the forward "
        "a deviation: model"
    )


def test_a_put_breaks_even_below_its_strike() -> None:
    put = model_option(18.0, 16.0, vol=vix_vol(flat(0.9), 30), years=YEARS, call=False)
    assert put.break_even == 16.0 - put.price.mid
    assert -1 < put.delta < 0


def test_a_call_spread_costs_the_difference_of_its_calls() -> None:
    vol = vix_vol(VolAssumption(), 30)
    spread, cost = call_spread(18.0, 20.0, sold=30.0, vol=vol, years=YEARS)
    bought, sold = (model_option(18.0, k, vol=vol, years=YEARS).price.mid for k in (20.0, 30.0))
    assert spread.cost == cost.mid == bought - sold
    assert spread.max_loss_usd() == pytest.approx(cost.mid * 100)
    assert spread.max_profit_usd() == pytest.approx((10 - cost.mid) * 100)
    assert spread.break_even() == pytest.approx(20 + cost.mid)
    assert cost.low < cost.mid < cost.high


def test_a_future_is_worth_a_thousand_dollars_a_point() -> None:
    future = VixFuture(price=18.5)
    assert future.profit_usd(40.0) == 21_500.0
    assert future.profit_usd(0.0) == -future.max_loss_usd == -18_500.0


@given(st.floats(10.0, 60.0), st.floats(0.05, 0.95), st.floats(7, 250))
def test_the_strike_for_a_delta_has_it_under_the_skew(
    forward: float, delta: float, days: float
) -> None:
    vol, years = vix_vol(VolAssumption(), days), days / 365
    strike = vol.strike_for_delta(forward, delta, years=years)
    assert model_option(forward, strike, vol=vol, years=years).delta == pytest.approx(
        delta, abs=1e-9
    )


@pytest.mark.parametrize(
    ("forward", "sigma", "days", "strike"), [(18, 0.95, 30, 18.68), (19, 0.60, 220, 21.18)]
)
def test_without_skew_a_half_delta_is_the_published_one(
    forward: float, sigma: float, days: int, strike: float
) -> None:
    vol = vix_vol(flat(sigma), days, skew=NO_SKEW)
    found = vol.strike_for_delta(forward, 0.5, years=days / 365)
    assert found == pytest.approx(strike, abs=0.005)


@pytest.mark.parametrize("delta", [0.0, 1.0, -0.5])
def test_a_delta_no_call_has_is_refused(delta: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        vix_vol(flat(0.9), 30).strike_for_delta(18.0, delta, years=YEARS)
