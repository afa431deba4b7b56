"""The condor of macroption.com/iron-condor-payoff; its figures by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge import black_scholes
from monitor.hedge.black_scholes import Underlying
from monitor.hedge.combination import model_prices, net_greeks
from monitor.hedge.expected_move import expected_move, strikes_outside
from monitor.hedge.iron_condor import (
    CondorStrikes,
    IronCondor,
    condor_credit,
    model_condor,
    strikes_by_delta,
    strikes_by_move,
)
from monitor.hedge.skew import SPX_SKEW, Skew, SkewedVol

MACROPTION = CondorStrikes(long_put=45.0, short_put=50.0, short_call=55.0, long_call=60.0)
VOL = SkewedVol(at_forward=0.16, skew=SPX_SKEW, source="VIX9D")
INDEX = Underlying(spot=6_000.0, rate=0.04, dividend=0.013)


def condor(strikes: tuple[float, float, float, float], credit: float) -> IronCondor:
    long_put, short_put, short_call, long_call = strikes
    return IronCondor(
        strikes=CondorStrikes(
            long_put=long_put, short_put=short_put, short_call=short_call, long_call=long_call
        ),
        credit=credit,
    )


def test_the_figures_of_a_published_condor() -> None:
    credit = condor_credit((0.78, 2.21, 2.32, 1.01))
    sold = IronCondor(strikes=MACROPTION, credit=credit)
    assert credit == pytest.approx(2.74)
    assert np.array(sold.break_evens()) == pytest.approx([47.26, 57.74])
    assert sold.max_profit_usd() == pytest.approx(274)
    assert sold.max_loss_usd() == pytest.approx(226)
    assert sold.margin_usd() == pytest.approx(226)


def test_the_wider_wing_makes_the_margin() -> None:
    sold = condor((40.0, 50.0, 55.0, 60.0), 2.0)
    assert sold.margin_usd() == pytest.approx(10 * 100 - 200)


def test_a_side_that_cannot_lose_has_no_break_even() -> None:
    low, high = condor((49.0, 50.0, 55.0, 60.0), 2.0).break_evens()
    assert np.isnan(low)
    assert high == 57.0


@given(
    st.lists(st.integers(1, 400), min_size=4, max_size=4, unique=True).map(sorted),
    st.floats(0.1, 0.9),
)
def test_the_extremes_are_those_of_the_payoff(strikes: list[int], share: float) -> None:
    puts, calls = strikes[1] - strikes[0], strikes[3] - strikes[2]
    low, short, over, high = map(float, strikes)
    sold = condor((low, short, over, high), share * min(puts, calls))
    # The profit is straight between the strikes, so its extremes are at them.
    made = sold.profit_usd(np.array([0.0, *strikes, 500.0]))
    assert made.max() == pytest.approx(float(sold.max_profit_usd()))
    assert made.min() == pytest.approx(-float(sold.max_loss_usd()))
    assert sold.profit_usd(np.array(sold.break_evens())) == pytest.approx([0, 0], abs=1e-9)
    paid = sold.strikes.combination().payoff(np.arange(0.0, 500.0, 7.0))
    assert sold.profit_usd(np.arange(0.0, 500.0, 7.0)) == pytest.approx(
        (np.asarray(sold.credit) + paid) * 100
    )


def test_rows_of_condors_are_figured_as_they_would_be_one_by_one() -> None:
    rows = IronCondor(
        strikes=CondorStrikes(
            long_put=np.array([45.0, 40.0]),
            short_put=np.array([50.0, 50.0]),
            short_call=55.0,
            long_call=60.0,
        ),
        credit=np.array([2.74, 2.0]),
    )
    assert rows.max_loss_usd() == pytest.approx([226.0, 800.0])
    assert rows.break_evens()[0] == pytest.approx([47.26, 48.0])


@pytest.mark.parametrize(
    "strikes",
    [(50.0, 50.0, 55.0, 60.0), (45.0, 56.0, 55.0, 60.0), (45.0, 50.0, 60.0, 60.0)],
)
def test_strikes_that_do_not_rise_are_refused(strikes: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="must rise"):
        condor(strikes, 1.0)


def test_the_expected_move_is_one_deviation() -> None:
    # By hand: 6000 * 0.16 * sqrt(7 / 365) = 132.95.
    assert expected_move(6_000.0, 0.16, days=7) == pytest.approx(132.945, abs=1e-3)


@given(st.floats(1_000.0, 9_000.0), st.floats(0.05, 0.8), st.floats(1, 60), st.floats(0.7, 1.5))
def test_short_strikes_are_listed_and_never_inside_the_move(
    spot: float, sigma: float, days: float, multiple: float
) -> None:
    move = expected_move(spot, sigma, days=days)
    put, call = strikes_outside(spot, move, multiple=multiple)
    assert put % 5 == call % 5 == 0
    assert spot - multiple * move - 5 < put <= spot - multiple * move
    assert spot + multiple * move <= call < spot + multiple * move + 5


def test_a_condor_by_the_expected_move() -> None:
    strikes = strikes_by_move(6_000.0, 0.16, days=7, wing=50.0)
    found = (strikes.long_put, strikes.short_put, strikes.short_call, strikes.long_call)
    assert found == (5_815.0, 5_865.0, 6_135.0, 6_185.0)


def test_a_wing_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="leaves no strike"):
        strikes_by_move(100.0, 0.5, days=30, wing=90.0)


def test_a_condor_by_the_deltas_cboe_s_cndr_has() -> None:
    strikes = strikes_by_delta(INDEX, 0.20, long=0.05, vol=VOL, years=30 / 365)
    held = strikes.combination()
    sigma = VOL.at(INDEX.forward(30 / 365), held.strikes, years=30 / 365)
    deltas = black_scholes.greeks(
        INDEX, held.strikes, sigma=sigma, years=30 / 365, call=held.calls
    ).delta
    # Strikes are five points apart, which is a few thousandths of delta.
    assert deltas == pytest.approx([-0.05, -0.20, 0.20, 0.05], abs=0.003)
    assert np.all(held.strikes % 5 == 0)
    # The skew puts the puts farther off than the calls.
    assert 6_000 - held.strikes[1] > held.strikes[2] - 6_000


@pytest.mark.parametrize(("short", "long"), [(0.05, 0.20), (0.2, 0.0), (0.2, 0.2), (1.2, 0.1)])
def test_deltas_that_make_no_condor_are_refused(short: float, long: float) -> None:
    with pytest.raises(ValueError, match="delta must lie"):
        strikes_by_delta(INDEX, short, long=long, vol=VOL, years=30 / 365)


def test_the_model_s_condor_loses_by_a_rise_of_volatility_and_earns_by_time() -> None:
    strikes = strikes_by_move(6_000.0, 0.16, days=30, wing=50.0)
    sold, told = model_condor(strikes, INDEX, vol=VOL, years=30 / 365)
    held = strikes.combination()
    prices = model_prices(held, INDEX, vol=VOL, years=30 / 365)
    assert sold.credit == told.mid == pytest.approx(-float(prices @ held.quantities))
    assert 0 < told.low < told.mid < told.high  # to buy it back costs more
    net = net_greeks(held, INDEX, vol=VOL, years=30 / 365)
    assert net.vega < 0 < net.theta_day
    assert net.gamma < 0
    assert abs(net.delta) < 0.1


def test_net_vega_is_the_slope_of_the_price_by_a_shift_of_every_volatility() -> None:
    held = strikes_by_move(6_000.0, 0.16, days=30, wing=50.0).combination()

    def worth(shift: float) -> float:
        prices = model_prices(held, INDEX, vol=VOL.shifted(shift), years=30 / 365)
        return float(prices @ held.quantities)

    slope = (worth(1e-4) - worth(-1e-4)) / 2e-4
    net = net_greeks(held, INDEX, vol=VOL, years=30 / 365)
    assert net.vega == pytest.approx(slope, rel=1e-5)


def test_a_flat_volatility_prices_no_wings() -> None:
    flat = SkewedVol(at_forward=0.16, skew=Skew(below=0.0, above=0.0), source="VIX")
    with pytest.raises(ValueError, match="need a put skew"):
        model_condor(MACROPTION, Underlying(spot=52.5), vol=flat, years=0.1)
