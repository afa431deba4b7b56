"""Legs together, and in a shock: sums of what each leg is by itself, by QuantLib where priced."""

import math
from dataclasses import replace
from datetime import date

import pytest
import QuantLib

from monitor.hedge.quote import Quote, quote
from monitor.hedge.shock import Shock, shocked
from monitor.hedge.skew import Skew
from monitor.hedge.worth import Holding, made_in, worth_of
from monitor.model.layer import PERPETUAL
from monitor.model.quote import OptionQuote
from tests.hedge.markets import ETH, MARKET, NOW, VIX, contract, years

JUNE, NEXT = date(2026, 6, 17), date(2026, 3, 27)
CONDOR: list[Holding] = [
    (contract("spxw.put", date(2026, 3, 9), 5_800.0), 1.0),
    (contract("spxw.put", date(2026, 3, 9), 5_850.0), -1.0),
    (contract("spxw.call", date(2026, 3, 9), 6_150.0), -1.0),
    (contract("spxw.call", date(2026, 3, 9), 6_200.0), 1.0),
]
MIXED: list[Holding] = [
    *CONDOR,
    (contract("vix.call", JUNE, 22.0), 4.0),
    (contract("vix.future", JUNE), 1.0),
    (contract("eth.put", NEXT, 1_700.0), 2.5),
    (contract("eth.perp", PERPETUAL), -0.75),
]


COIN = replace(ETH, funding=0.1095, funding_note="funding +10.95% a year, binance")
FUNDED = replace(MARKET, coins={**MARKET.coins, "eth": COIN})


def by_itself(holding: Holding) -> Quote:
    found = quote(holding[0], FUNDED, NOW)
    assert isinstance(found, Quote)
    return found


def test_legs_of_every_root_add_up_each_by_its_own() -> None:
    found = worth_of(MIXED, FUNDED, NOW)
    assert not isinstance(found, str)
    each = [(n, by_itself((what, n))) for what, n in MIXED]
    assert found.value_usd == pytest.approx(sum(n * one.usd for n, one in each))
    # Futures are no outlay: a VX future is 20,000 dollars, the short perpetual -1,500.
    assert found.outlay_usd == pytest.approx(found.value_usd - 20_000 + 1_500)
    assert found.vega_usd == pytest.approx(sum(n * one.vega_usd for n, one in each))
    assert found.theta_usd == pytest.approx(sum(n * (one.theta_usd or 0.0) for n, one in each))
    assert found.carry_note == "funding +10.95% a year, binance"
    assert set(found.delta) == {"spx", "vix", "eth"}
    assert found.delta["eth"] == pytest.approx(2.5 * each[6][1].delta - 0.75)
    assert found.by == "model"


def test_a_condor_earns_by_time_and_loses_by_volatility() -> None:
    found = worth_of(CONDOR, MARKET, NOW)
    assert not isinstance(found, str)
    assert found.outlay_usd < 0
    assert found.theta_usd is not None
    assert found.vega_usd < 0 < found.theta_usd
    assert found.gamma["spx"] < 0


def test_a_short_perpetual_earns_its_funding_beside_what_time_takes() -> None:
    bare, both = worth_of(MIXED[:-1], FUNDED, NOW), worth_of(MIXED, FUNDED, NOW)
    assert not isinstance(bare, str)
    assert not isinstance(both, str)
    assert bare.theta_usd is not None
    # 10.95 % a year of 0.75 coins at 2,000 dollars is 0.45 a day.
    assert both.theta_usd == pytest.approx(bare.theta_usd + 0.45)
    assert bare.carry_note == ""


def test_a_funding_that_is_not_known_leaves_the_day_without_and_the_value_as_it_is() -> None:
    found, funded = worth_of(MIXED, MARKET, NOW), worth_of(MIXED, FUNDED, NOW)
    assert not isinstance(found, str)
    assert not isinstance(funded, str)
    assert found.theta_usd is None
    assert found.carry_note == "its funding is not known"
    assert found.value_usd == pytest.approx(funded.value_usd)


def test_one_leg_without_a_price_leaves_the_whole_without() -> None:
    assert worth_of(MIXED, replace(MARKET, coins={}), NOW) == "the price of ETH is not known"


def test_in_a_shock_a_put_makes_what_quantlib_says_before_and_after() -> None:
    level = Skew(below=0.0, above=0.0)
    market = replace(MARKET, coins={"eth": replace(ETH, skew=level)})
    shock = Shock(coins={"eth": -0.30}, coin_vol=0.20)

    def priced(forward: float, sigma: float) -> float:
        time = years("eth", NEXT)
        put = QuantLib.PlainVanillaPayoff(QuantLib.Option.Put, 1_700.0)
        return QuantLib.BlackCalculator(put, forward, sigma * math.sqrt(time), 1.0).value()

    made = made_in([(contract("eth.put", NEXT, 1_700.0), 3.0)], market, shock, at=NOW)
    assert made == pytest.approx(3 * (priced(1_400.0, 0.80) - priced(2_000.0, 0.60)), rel=1e-9)


def test_a_short_perpetual_makes_the_fall() -> None:
    made = made_in(
        [(contract("eth.perp", PERPETUAL), -2.0)], MARKET, Shock(coins={"eth": -0.3}), at=NOW
    )
    assert made == pytest.approx(2 * 600.0)


def test_a_vix_future_takes_a_jump_less_the_farther_it_is() -> None:
    # By hand: 27 points from 18 to 45, times exp(-4 * 107 / 365), a thousand dollars each.
    made = made_in([(contract("vix.future", JUNE), 1.0)], MARKET, Shock(coins={}, vix=45.0), at=NOW)
    assert made == pytest.approx(27_000 * math.exp(-4 * 107 / 365))


def test_the_index_falls_half_a_percent_for_a_point_of_vix_unless_told() -> None:
    fell = shocked(MARKET, Shock(coins={}, vix=45.0), NOW).spx
    assert fell is not None
    assert fell.spot == pytest.approx(6_000 * (1 - 0.005 * 27))
    told = shocked(MARKET, Shock(coins={}, vix=45.0, spx=-0.20), NOW).spx
    assert told is not None
    assert told.spot == pytest.approx(4_800.0)


def test_without_a_spot_vix_what_a_jump_does_is_unknown() -> None:
    market = replace(MARKET, vix=replace(VIX, spot=None))
    made = made_in([(contract("vix.future", JUNE), 1.0)], market, Shock(coins={}, vix=45.0), at=NOW)
    assert made == "how far it is to VIX 45 is unknown: the VIX is not known"


def test_quotes_are_no_part_of_a_shock() -> None:
    put = contract("eth.put", NEXT, 1_700.0)
    dear = OptionQuote(contract=put, source="deribit", as_of=NOW, mark=0.5)
    quoted = replace(MARKET, quotes={put: dear})
    shock = Shock(coins={"eth": -0.30})
    assert made_in([(put, 1.0)], quoted, shock, at=NOW) == made_in(
        [(put, 1.0)], MARKET, shock, at=NOW
    )


def test_a_shock_in_words() -> None:
    assert Shock(coins={"eth": -0.30}, vix=45.0, spx=-0.1).label == "ETH −30 %, VIX 45, SPX −10 %"
