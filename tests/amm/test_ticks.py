"""Figures: Uniswap/v3-core test/__snapshots__/TickMath.spec.ts.snap, test/TickMath.spec.ts and
test/UniswapV3Pool.spec.ts at commit d8b1c635; Uniswap/v3-sdk encodeSqrtRatioX96 tests at 4e16fe8.
"""

from fractions import Fraction
from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.amm import sqrt_ratio_at_tick, tick_at_sqrt_ratio
from monitor.amm.ticks import MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK

SQRT_RATIO_AT_TICK = [
    (-887272, 4295128739),
    (-887271, 4295343490),
    (-738203, 7409801140451),
    (-500000, 1101692437043807371),
    (-250000, 295440463448801648376846),
    (-150000, 43836292794701720435367485),
    (-50000, 6504256538020985011912221507),
    (-5000, 61703726247759831737814779831),
    (-4000, 64867181785621769311890333195),
    (-3000, 68192822843687888778582228483),
    (-2500, 69919044979842180277688105136),
    (-1000, 75364347830767020784054125655),
    (-500, 77272108795590369356373805297),
    (-250, 78244023372248365697264290337),
    (-100, 78833030112140176575862854579),
    (-50, 79030349367926598376800521322),
    (0, 79228162514264337593543950336),
    (50, 79426470787362580746886972461),
    (100, 79625275426524748796330556128),
    (250, 80224679980005306637834519095),
    (500, 81233731461783161732293370115),
    (1000, 83290069058676223003182343270),
    (2500, 89776708723587163891445672585),
    (3000, 92049301871182272007977902845),
    (4000, 96768528593268422080558758223),
    (5000, 101729702841318637793976746270),
    (50000, 965075977353221155028623082916),
    (150000, 143194173941309278083010301478497),
    (250000, 21246587762933397357449903968194344),
    (500000, 5697689776495288729098254600827762987878),
    (738203, 847134979253254120489401328389043031315994541),
    (887271, 1461373636630004318706518188784493106690254656249),
    (887272, 1461446703485210103287273052203988822378723970342),
]
TICK_AT_SQRT_RATIO = [
    (4295128739, -887272),
    (79228162514264337593543, -276325),
    (79228162514264337593543950, -138163),
    (9903520314283042199192993792, -41591),
    (28011385487393069959365969113, -20796),
    (56022770974786139918731938227, -6932),
    (79228162514264337593543950336, 0),
    (112045541949572279837463876454, 6931),
    (224091083899144559674927752909, 20795),
    (633825300114114700748351602688, 41590),
    (79228162514264337593543950336000, 138162),
    (79228162514264337593543950336000000, 276324),
    (1461446703485210103287273052203988822378723970341, 887271),
]
ticks = st.integers(MIN_TICK, MAX_TICK)


@pytest.mark.parametrize(("tick", "ratio"), SQRT_RATIO_AT_TICK)
def test_a_tick_has_the_contract_s_own_square_root_price(tick: int, ratio: int) -> None:
    assert sqrt_ratio_at_tick(tick) == ratio


@pytest.mark.parametrize(("ratio", "tick"), TICK_AT_SQRT_RATIO)
def test_a_price_has_the_contract_s_own_tick(ratio: int, tick: int) -> None:
    assert tick_at_sqrt_ratio(ratio) == tick


def test_a_boundary_price_has_the_upper_tick_although_slot0_may_say_the_lower() -> None:
    slot0_tick, sqrt_price_x96 = -24082, 23768044760938258284793355980
    assert tick_at_sqrt_ratio(sqrt_price_x96) == -24081 == slot0_tick + 1
    assert sqrt_ratio_at_tick(-24081) == sqrt_price_x96


@given(st.integers(MIN_TICK, MAX_TICK - 1))
def test_a_tick_survives_the_way_to_a_price_and_back(tick: int) -> None:
    assert tick_at_sqrt_ratio(sqrt_ratio_at_tick(tick)) == tick


@given(st.integers(MIN_TICK + 1, MAX_TICK - 1))
def test_one_below_a_tick_s_price_belongs_to_the_tick_before(tick: int) -> None:
    assert tick_at_sqrt_ratio(sqrt_ratio_at_tick(tick) - 1) == tick - 1


@given(st.integers(MIN_TICK, MAX_TICK - 1))
def test_prices_rise_with_ticks(tick: int) -> None:
    assert sqrt_ratio_at_tick(tick) < sqrt_ratio_at_tick(tick + 1)


@given(st.integers(MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1))
def test_a_price_lies_between_its_tick_and_the_next(ratio: int) -> None:
    tick = tick_at_sqrt_ratio(ratio)
    assert sqrt_ratio_at_tick(tick) <= ratio < sqrt_ratio_at_tick(tick + 1)


@given(st.integers(-200_000, 200_000))
def test_the_square_root_price_is_that_of_the_power_itself(tick: int) -> None:
    # An independent road: 1.0001**tick in exact fractions, its root by isqrt.
    power = Fraction(10001, 10000) ** (tick % 1000)
    coarse = Fraction(sqrt_ratio_at_tick(tick - tick % 1000), 1 << 96)
    exact = power * coarse * coarse
    root = isqrt((exact.numerator << 192) // exact.denominator)
    assert sqrt_ratio_at_tick(tick) == pytest.approx(root, rel=1e-12)


@given(ticks)
def test_mirrored_ticks_multiply_to_one(tick: int) -> None:
    product = Fraction(sqrt_ratio_at_tick(tick) * sqrt_ratio_at_tick(-tick), 1 << 192)
    assert float(product) == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize("tick", [MIN_TICK - 1, MAX_TICK + 1])
def test_a_tick_the_contract_refuses_is_refused(tick: int) -> None:
    with pytest.raises(ValueError, match=str(tick)):
        sqrt_ratio_at_tick(tick)


@pytest.mark.parametrize("ratio", [0, MIN_SQRT_RATIO - 1, MAX_SQRT_RATIO])
def test_a_price_the_contract_refuses_is_refused(ratio: int) -> None:
    with pytest.raises(ValueError, match=str(ratio)):
        tick_at_sqrt_ratio(ratio)
