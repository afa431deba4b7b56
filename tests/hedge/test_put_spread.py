import numpy as np
import pytest

from monitor.hedge import black_scholes
from monitor.hedge.black_scholes import Underlying
from monitor.hedge.combination import net_greeks
from monitor.hedge.put_spread import model_put_spread, puts_by_move, puts_of
from monitor.hedge.skew import SPX_SKEW, Skew, SkewedVol

INDEX = Underlying(spot=6_000.0, rate=0.04, dividend=0.013)
VOL = SkewedVol(at_forward=0.16, skew=SPX_SKEW, source="VIX")
YEARS = 30 / 365


def test_strikes_lie_below_the_expected_move() -> None:
    # By hand: 6000 * 0.16 * sqrt(30 / 365) = 275.2; one and a half of it 412.8.
    assert puts_by_move(6_000.0, 0.16, days=30, wing=100.0) == (5_720.0, 5_620.0)
    assert puts_by_move(6_000.0, 0.16, days=30, multiple=1.5, wing=100.0) == (5_585.0, 5_485.0)


def test_a_wing_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="leaves no strike"):
        puts_by_move(100.0, 0.3, days=30, wing=95.0)


def test_it_costs_the_difference_of_its_puts_each_at_its_own_volatility() -> None:
    spread, cost = model_put_spread(INDEX, 5_720.0, sold=5_620.0, vol=VOL, years=YEARS)
    near, far = (
        float(
            black_scholes.price(
                INDEX,
                strike,
                sigma=VOL.at(INDEX.forward(YEARS), strike, years=YEARS),
                years=YEARS,
                call=False,
            )
        )
        for strike in (5_720.0, 5_620.0)
    )
    assert spread.cost == cost.mid == pytest.approx(near - far)
    assert cost.low < cost.mid < cost.high
    assert spread.max_loss_usd() == pytest.approx(cost.mid * 100)
    assert spread.max_profit_usd() == pytest.approx((100 - cost.mid) * 100)
    assert spread.break_even() == pytest.approx(5_720 - cost.mid)


def test_sold_it_is_the_same_turned_round() -> None:
    bought, debit = model_put_spread(INDEX, 5_720.0, sold=5_620.0, vol=VOL, years=YEARS)
    sold, credit = model_put_spread(INDEX, 5_620.0, sold=5_720.0, vol=VOL, years=YEARS)
    assert credit.mid == pytest.approx(-debit.mid)
    assert sold.max_profit_usd() == pytest.approx(float(bought.max_loss_usd()))
    assert sold.margin_usd() == pytest.approx(float(bought.max_profit_usd()))
    assert sold.break_even() == pytest.approx(float(bought.break_even()))


def test_bought_it_gains_as_the_index_falls_and_volatility_rises() -> None:
    net = net_greeks(puts_of(5_720.0, 5_620.0), INDEX, vol=VOL, years=YEARS)
    assert -1 < net.delta < 0 < net.vega
    assert net.theta_day < 0
    assert np.isfinite(net.rho)


def test_a_flat_volatility_prices_no_spread() -> None:
    flat = SkewedVol(at_forward=0.16, skew=Skew(below=0.0, above=0.0), source="VIX")
    with pytest.raises(ValueError, match="need a put skew"):
        model_put_spread(INDEX, 5_720.0, sold=5_620.0, vol=flat, years=YEARS)
