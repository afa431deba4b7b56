"""The strip against the position's own loss, and against figures worked out independently.

Fair prices in % of the position's value are those of Black-Scholes at a rate of zero.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge.il_strip import Range, Strip, il_strip, liquidity_of, strip_on

WIDE = Range(lower=1_500.0, upper=2_600.0, entry=2_000.0)
PRICES = np.linspace(50.0, 9_000.0, 17_901)


@st.composite
def ranges(draw: st.DrawFn) -> Range:
    lower = draw(st.floats(0.01, 5_000.0))
    upper = lower * draw(st.floats(1.02, 10.0))
    entry = lower + (upper - lower) * draw(st.floats(-0.2, 1.2))
    return Range(lower=lower, upper=upper, entry=entry if entry > 0 else lower / 2)


def prices_about(of: Range) -> np.ndarray:
    return np.geomspace(min(of.lower, of.entry) / 4, max(of.upper, of.entry) * 4, 501)


def worst(of: Range, strip: Strip) -> float:
    return float(np.max(np.abs(strip.payoff(PRICES) - of.loss(PRICES))) / of.value(of.entry))


@pytest.mark.parametrize(
    ("a_side", "percent"),
    [(1, 2.04), (2, 0.53), (3, 0.24), (5, 0.09), (10, 0.02)],
)
def test_its_error_is_within_what_such_a_strip_is_known_to_have(
    a_side: int, percent: float
) -> None:
    assert worst(WIDE, il_strip(WIDE, a_side)) * 100 <= percent


def test_five_strikes_a_side_unless_told() -> None:
    strip = il_strip(WIDE)
    assert strip.calls.tolist() == [False] * 5 + [True] * 5
    assert np.all(np.diff(strip.strikes) > 0)
    assert WIDE.lower < strip.strikes[0] < strip.strikes[-1] < WIDE.upper


def test_its_weights_are_the_density_s_mass() -> None:
    strip = il_strip(WIDE, 400)
    # Of many narrow cells, weight over width is the density itself.
    edges = np.concatenate(
        (np.linspace(1_500**0.5, 2_000**0.5, 401), np.linspace(2_000**0.5, 2_600**0.5, 401)[1:])
    )
    density = strip.weights / np.diff(edges**2)
    assert density == pytest.approx(0.5 * strip.strikes**-1.5, rel=1e-6)


@given(ranges(), st.integers(1, 12))
def test_it_never_pays_more_and_all_of_it_beyond_the_range(of: Range, a_side: int) -> None:
    prices, scale = prices_about(of), float(of.value(of.entry) + of.value(of.upper))
    short = of.loss(prices) - il_strip(of, a_side).payoff(prices)
    assert short.min() >= -1e-12 * scale * 10
    outside = (prices <= of.lower) | (prices >= of.upper)
    assert np.abs(short[outside]).max() <= 1e-11 * scale


@given(ranges(), st.floats(0.02, 0.2))
def test_on_listed_strikes_it_never_pays_less_and_exactly_at_each(of: Range, gap: float) -> None:
    listed = of.lower * (1 + gap) ** np.arange(-1, np.log(of.upper / of.lower) / np.log1p(gap) + 2)
    strip, scale = strip_on(of, listed), float(of.value(of.entry) + of.value(of.upper))
    over = strip.payoff(prices_about(of)) - of.loss(prices_about(of))
    assert over.min() >= -1e-6 * scale
    assert np.all(strip.weights > 0)
    assert strip.payoff(listed) == pytest.approx(of.loss(listed), abs=1e-6 * scale)


def test_on_round_strikes_a_hundred_apart() -> None:
    strip = strip_on(WIDE, np.arange(1_000.0, 3_001.0, 100.0))
    assert strip.strikes[~strip.calls].tolist() == [1_500.0, 1_600, 1_700, 1_800, 1_900, 2_000]
    assert strip.strikes[strip.calls].tolist() == [2_000, 2_100, 2_200, 2_300, 2_400, 2_500, 2_600]
    assert worst(WIDE, strip) * 100 <= 0.09


@pytest.mark.parametrize(
    "listed",
    [
        pytest.param([1_600.0, 2_000.0, 2_700.0], id="none below the range"),
        pytest.param([1_400.0, 2_000.0, 2_500.0], id="none above it"),
        pytest.param([1_400.0, 2_000.0, 2_000.0, 2_700.0], id="one twice"),
        pytest.param([2_000.0], id="one alone"),
    ],
)
def test_listed_strikes_that_do_not_reach_are_refused(listed: list[float]) -> None:
    with pytest.raises(ValueError, match="listed strikes"):
        strip_on(WIDE, np.array(listed))


@pytest.mark.parametrize(
    ("bounds", "sigma", "days", "percent"),
    [
        pytest.param((1_000, 4_000), 0.6, 7, 0.2945, id="by half and double, a week"),
        pytest.param((1_000, 4_000), 0.6, 30, 1.2605, id="by half and double, a month"),
        pytest.param((1_000, 4_000), 0.8, 30, 2.2368, id="by half and double, at 80 %"),
        pytest.param((1_500, 2_600), 0.6, 7, 0.6714, id="1500 to 2600, a week"),
        pytest.param((1_500, 2_600), 0.6, 30, 2.7708, id="1500 to 2600, a month"),
        pytest.param((1_500, 2_600), 0.8, 30, 4.6108, id="1500 to 2600, at 80 %"),
        pytest.param((1_600, 2_400), 0.6, 30, 3.4343, id="1600 to 2400, a month"),
        pytest.param((1_900, 2_100), 0.6, 7, 2.2878, id="1900 to 2100, a week"),
        pytest.param((1_900, 2_100), 0.8, 30, 8.0509, id="1900 to 2100, at 80 %"),
    ],
)
def test_the_fair_price_of_protection(
    bounds: tuple[float, float], sigma: float, days: int, percent: float
) -> None:
    of = Range(lower=bounds[0], upper=bounds[1], entry=2_000.0)
    cost = il_strip(of, 2_000).cost(2_000.0, sigma, years=days / 365)
    assert cost / float(of.value(2_000.0)) * 100 == pytest.approx(percent, abs=6e-5)


@pytest.mark.parametrize(("sigma", "days", "percent"), [(0.6, 7, 0.0863), (0.8, 30, 0.6554)])
def test_the_fair_price_of_protection_on_the_whole_curve(
    sigma: float, days: int, percent: float
) -> None:
    # Strikes beyond these cost nothing; of the whole curve a unit is worth 2√S.
    reach = Range(lower=100.0, upper=30_000.0, entry=2_000.0)
    cost = il_strip(reach, 4_000).cost(2_000.0, sigma, years=days / 365)
    assert cost / (2 * 2_000**0.5) * 100 == pytest.approx(percent, abs=6e-5)


def test_five_a_side_cost_nearly_what_the_whole_strip_does() -> None:
    few, many = (il_strip(WIDE, n).cost(2_000.0, 0.6, years=30 / 365) for n in (5, 2_000))
    assert few == pytest.approx(many, rel=0.02)
    assert few < many


def test_a_strike_s_own_volatility_may_be_given() -> None:
    strip = il_strip(WIDE)
    each = strip.cost(2_000.0, np.full(10, 0.6), years=0.1)
    assert each == strip.cost(2_000.0, 0.6, years=0.1)


def test_its_delta_is_the_slope_of_its_cost() -> None:
    strip = il_strip(WIDE)
    up, down = (strip.cost(price, 0.6, years=0.1) for price in (2_000.1, 1_999.9))
    assert strip.delta(2_000.0, 0.6, years=0.1) == pytest.approx((up - down) / 0.2, rel=1e-6)


def test_value_is_the_position_s_closed_form() -> None:
    # 2√S - S/√b - √a at 2000, for a thousand of liquidity; delta and gamma by difference.
    value = float(WIDE.value(2_000.0)) * 1_000
    assert value == pytest.approx(11_489.66, abs=0.005)
    up, mid, down = (float(WIDE.value(price)) for price in (2_001.0, 2_000.0, 1_999.0))
    assert (up - down) / 2 * 1_000 == pytest.approx(2.749066, abs=1e-5)
    assert (up - 2 * mid + down) * 1_000 == pytest.approx(-0.005590170, abs=1e-7)
    # The yearly loss to rebalancing at 80 %: half of (volatility * price)**2 times gamma.
    lost = 0.5 * (0.8 * 2_000) ** 2 * 0.005590170
    assert lost == pytest.approx(7_155.42, abs=0.01)
    assert lost / value == pytest.approx(0.6228, abs=5e-5)


def test_an_unmoved_price_has_lost_nothing_and_no_price_gains() -> None:
    assert WIDE.loss(2_000.0) == pytest.approx(0.0, abs=1e-12)
    assert np.all(WIDE.loss(PRICES) >= -1e-12)


@pytest.mark.parametrize(
    ("ratio", "price", "percent"),
    [(1.2, 0.9, -1.5907), (1.2, 1.1, -1.3020), (1.2, 1.5, -16.1822), (2, 4, -51.7157)],
)
def test_its_loss_is_the_published_one(ratio: float, price: float, percent: float) -> None:
    of = Range(lower=1 / ratio, upper=ratio, entry=1.0)
    holding = float(of.loss(price) + of.value(price))
    assert -float(of.loss(price)) / holding * 100 == pytest.approx(percent, abs=5e-5)


@pytest.mark.parametrize(
    "bounds", [(0.0, 1.0, 1.0), (2.0, 1.0, 1.5), (1.0, 2.0, 0.0), (1.0, float("inf"), 1.0)]
)
def test_a_range_that_cannot_be_is_refused(bounds: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="needs 0 < lower < upper"):
        Range(lower=bounds[0], upper=bounds[1], entry=bounds[2])


def test_a_strip_needs_strikes() -> None:
    with pytest.raises(ValueError, match="1 strike or more"):
        il_strip(WIDE, 0)


def test_exchanging_the_tokens_leaves_the_loss_what_it_is_worth() -> None:
    # In token0 at a price of token0 in token1: the loss in token1 over that price.
    lost = WIDE.inverted().loss(1 / PRICES)
    assert lost == pytest.approx(WIDE.loss(PRICES) / PRICES, abs=1e-12)


def test_liquidity_in_whole_coins() -> None:
    # One ETH and what dollars belong to it, [1500, 2600] at 2000: as the pool counts it.
    per_coin = 1 / 2_000**0.5 - 1 / 2_600**0.5
    raw = round(10**18 / (per_coin / 10 ** ((6 - 18) / 2)))
    assert liquidity_of(raw, 18, 6) * per_coin == pytest.approx(1.0)


def test_contracts_are_bought_by_the_lot() -> None:
    strip = il_strip(WIDE)
    exact = 50_000 * strip.weights
    bought = strip.contracts(50_000, lot=1.0)
    assert np.all(bought == np.round(bought))
    assert np.abs(bought - exact).max() <= 0.5
    assert np.abs(strip.contracts(50_000, lot=0.1) - exact).max() <= 0.05 + 1e-12


def test_a_strip_s_cost_five_points_off() -> None:
    strip = il_strip(WIDE)
    told = strip.cost_band(2_000.0, 0.6, years=0.1)
    assert told.low == pytest.approx(strip.cost(2_000.0, 0.55, years=0.1))
    assert told.mid == strip.cost(2_000.0, 0.6, years=0.1)
    assert told.high == pytest.approx(strip.cost(2_000.0, 0.65, years=0.1))
    quiet = strip.cost_band(2_000.0, 0.03, years=0.1)
    assert quiet.low == strip.cost(2_000.0, 0.01, years=0.1)
