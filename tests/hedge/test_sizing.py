"""How much: every policy by hand arithmetic, every cap, and what is refused."""

import math
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from monitor.hedge.caps import sized
from monitor.hedge.cost_of_money import Money
from monitor.hedge.cover import Cover
from monitor.hedge.instruments import Part, Unit
from monitor.hedge.market import Market
from monitor.hedge.shock import Shock
from monitor.hedge.sizing import Desk, Size, Sized
from monitor.hedge.worth import Worth, worth_of
from monitor.model.layer import PERPETUAL
from monitor.model.quote import OptionQuote
from tests.hedge.markets import COVER, ETH, MARKET, NOW, POSITION, WIDE, contract, tenors

NEXT, WEEK = date(2026, 3, 27), date(2026, 3, 9)
PUT = contract("eth.put", NEXT, 1_700.0)
CALL = contract("vix.call", date(2026, 6, 17), 22.0)
PUTS = Unit(parts=(Part(contract=PUT, weight=1.0),))
CALLS = Unit(parts=(Part(contract=CALL, weight=1.0),))
SHORT = Unit(parts=(Part(contract=contract("eth.perp", PERPETUAL), weight=-1.0),))
CONDOR = Unit(
    parts=(
        Part(contract=contract("spxw.put", WEEK, 5_815.0), weight=1.0),
        Part(contract=contract("spxw.put", WEEK, 5_865.0), weight=-1.0),
        Part(contract=contract("spxw.call", WEEK, 6_135.0), weight=-1.0),
        Part(contract=contract("spxw.call", WEEK, 6_185.0), weight=1.0),
    )
)
FALL = Shock(coins={"eth": -0.30}, vix=45.0)
# The position's loss against holding at 1,400, below its range: L (S1 (1/√S0 - 1/√a) + √S0 - √a).
LOST = 1_000 * (
    1_400 * (1 / math.sqrt(2_000) - 1 / math.sqrt(1_500)) + math.sqrt(2_000) - math.sqrt(1_500)
)
# The ETH it holds at 2,000: L (1/√S - 1/√b).
COINS = 1_000 * (1 / math.sqrt(2_000) - 1 / math.sqrt(2_600))


def at(price: float) -> Market:
    """Return the market with the put quoted at a price in USD."""
    quote = OptionQuote(contract=PUT, source="deribit", as_of=NOW, mark=price / 2_000)
    return replace(MARKET, quotes={PUT: quote})


def desk(unit: Unit = PUTS, **more: Any) -> Desk:
    return Desk(**({"unit": unit, "market": MARKET, "at": NOW, "cover": COVER} | more))


def got(size: Size, on: Desk) -> Sized:
    found = sized(size, on)
    assert isinstance(found, Sized), found
    return found


def refused(size: Size, on: Desk) -> str:
    found = sized(size, on)
    assert isinstance(found, str), found
    return found


def worth(unit: Unit) -> Worth:
    found = worth_of([(one.contract, one.weight) for one in unit.parts], MARKET, NOW)
    assert isinstance(found, Worth)
    return found


def fixed(n: int = 4, **more: Any) -> Size:
    return Size(policy="fixed", contracts=n, over_hedge=True, **more)


def test_a_fixed_number_is_that_number() -> None:
    found = got(fixed(), desk())
    assert (found.units, found.words) == (4.0, "fixed: 4")
    # More than is lost is bought all the same where the file says so, and warned of.
    (told,) = found.warnings
    assert told.startswith("Over-hedged: with what is held it would make 1,150 USD at ETH")


def test_a_fee_budget_is_a_share_of_a_year_s_fees_and_says_the_price_over_cash_flow() -> None:
    # 0.25 * 4,000 = 1,000 a year; a put at 30 USD every 25 days is 438: two of them.
    found = got(Size(policy="fee_budget", beta=0.25), desk(market=at(30.0)))
    assert found.units == 2.0
    pcf = POSITION.value_usd / 4_000
    assert found.words == (
        f"fee budget: β 0.25 × 4,000 USD of fees a year, P/CF {pcf:,.1f} = 1,000; "
        "one unit, renewed every 25 d, costs 438"
    )


def test_the_share_is_a_quarter_unless_told() -> None:
    given = got(Size(policy="fee_budget", beta=0.25), desk(market=at(30.0)))
    assert got(Size(policy="fee_budget"), desk(market=at(30.0))) == given


def test_what_may_be_bought_in_part_takes_the_whole_budget() -> None:
    part = Unit(parts=PUTS.parts, whole=False)
    size = Size(policy="fee_budget", beta=0.25, over_hedge=True)
    found = got(size, desk(part, market=at(30.0)))
    assert found.units == pytest.approx(1_000 / (30 * 365 / 25))


def test_a_premium_is_a_share_of_what_is_covered_spent_at_once() -> None:
    budget = 0.01 * POSITION.value_usd
    found = got(Size(policy="premium", share=0.01, over_hedge=True), desk(market=at(30.0)))
    assert found.units == math.floor(budget / 30)
    assert found.words == (
        f"premium: 1.00 % of {POSITION.value_usd:,.0f} USD = {budget:,.0f}; one costs 30"
    )


@pytest.mark.parametrize(
    ("above", "part"),
    [
        # 18 on 18 March, 19 on 15 April: 18.50 in 30 days from 2 March, half way between.
        pytest.param(18.5, 1.0, id="at the level it is whole"),
        pytest.param(18.49, 0.5, id="above it is half"),
    ],
)
def test_a_premium_is_halved_above_a_forward_vix(above: float, part: float) -> None:
    size = Size(policy="premium", share=0.01, half_above=above, over_hedge=True)
    found = got(size, desk(market=at(30.0)))
    assert found.units == math.floor(part * 0.01 * POSITION.value_usd / 30)
    assert ("half as VX 18.50 is above 18.49" in found.words) is (part < 1)


def test_a_premium_that_buys_no_contract_or_is_not_known_says_so() -> None:
    size = Size(policy="premium", share=0.01, half_above=30.0, over_hedge=True)
    dear = refused(size, desk(market=at(1_000.0)))
    assert dear.endswith("no contract, one costs 1,000")
    no_curve = replace(at(30.0), vix=replace(MARKET.vix, curve=None))
    assert "the VIX future of 30 days is not known" in refused(size, desk(market=no_curve))
    assert "value is not known" in refused(size, desk(cover=replace(COVER, value_usd=None)))
    assert "no premium" in refused(size, desk(CONDOR))


def test_a_share_of_the_loss_in_a_shock() -> None:
    # The loss of the position at ETH -30 % is by the closed form, the future's rise by hand.
    future = Unit(parts=(Part(contract=contract("vix.future", date(2026, 6, 17)), weight=1.0),))
    jump = 27_000 * math.exp(-4 * 107 / 365)
    held = replace(POSITION, liquidity=100 * POSITION.liquidity)
    cover = replace(COVER, held=(held,))
    found = got(Size(policy="il_share", share=0.5, shock=FALL), desk(future, cover=cover))
    assert found.units == math.floor(0.5 * 100 * LOST / jump)
    assert found.words == (
        f"IL share: 50 % of {100 * LOST:,.0f} USD lost at ETH −30 %, VIX 45; "
        f"one unit makes {jump:,.0f} (model)"
    )


def test_by_vega() -> None:
    each = worth(CALLS).vega_usd
    found = got(Size(policy="vega", vega_usd=50.0, over_hedge=True), desk(CALLS))
    assert found.units == math.floor(50 / each)
    assert refused(Size(policy="vega", vega_usd=50.0), desk(CONDOR)).startswith(
        "one unit has a vega of"
    )


def test_by_the_positions_delta() -> None:
    size = Size(policy="delta", share=0.5, over_hedge=True)
    part = replace(SHORT, whole=False)
    assert got(size, desk(part)).units == pytest.approx(0.5 * COINS)
    short = ((SHORT.parts[0].contract, -0.2),)
    less = got(size, desk(part, held=short))
    assert less.units == pytest.approx(0.5 * COINS - 0.2)
    assert "-0.2 held" in less.words
    assert "less than one" in refused(size, desk(part, held=((short[0][0], -COINS),)))
    assert "does not offset" in refused(
        size, desk(Unit(parts=(Part(contract=SHORT.parts[0].contract, weight=1.0),)))
    )


def test_caps_take_away_and_say_so() -> None:
    # The condor loses at most 50 points less its credit; a tenth of the value may be at risk.
    lose = 5_000 + worth(CONDOR).outlay_usd
    many = replace(COVER, value_usd=200_000.0)
    found = got(fixed(9, max_capital_share=0.10), desk(CONDOR, cover=many))
    assert found.units == math.floor(20_000 / lose)
    assert found.words == "fixed: 9; capped at 10 % of the covered value at risk"


def test_futures_are_capped_by_their_whole_price_and_perpetuals_by_their_margin() -> None:
    # June's future stands at 20, a point a thousand dollars; a tenth of 500,000 may be at risk.
    future = Unit(parts=(Part(contract=contract("vix.future", date(2026, 6, 17)), weight=1.0),))
    rich = replace(COVER, value_usd=500_000.0)
    assert got(fixed(9, max_capital_share=0.10), desk(future, cover=rich)).units == 2
    sold = Unit(parts=(replace(future.parts[0], weight=-1.0),))
    assert "less than one" in refused(fixed(9, max_capital_share=0.10), desk(sold, cover=rich))
    # A coin of 2,000 at leverage 4 binds 500: a tenth of 50,000 is ten.
    some = desk(SHORT, cover=replace(COVER, value_usd=50_000.0), leverage=4.0)
    assert got(fixed(99, max_capital_share=0.10), some).units == pytest.approx(10.0)


def test_what_cannot_lose_is_not_capped_by_its_loss() -> None:
    # Bought for less than nothing: quotes that cross.
    free = OptionQuote(contract=CONDOR.parts[1].contract, source="cboe", as_of=NOW, mark=90.0)
    market = replace(MARKET, quotes={free.contract: free})
    many = replace(COVER, value_usd=1e6)
    assert got(fixed(3, max_capital_share=0.1), desk(CONDOR, cover=many, market=market)).units == 3


def test_hedges_are_held_to_a_share_of_the_condors() -> None:
    money = Money(condor_usd=586_500.0)
    found = got(fixed(100, max_condor_share=0.01), desk(CALLS, money=money))
    assert found.units == math.floor(5_865 / worth(CALLS).outlay_usd)
    assert refused(fixed(9, max_condor_share=0.01), desk(CALLS)).startswith("no condor is held")


def test_leverage_and_distance_to_liquidation() -> None:
    # Entry * (1 + 1/3) / 1.01: 32 % up at leverage 3, 48.5 % at 2.
    assert refused(fixed(1, max_leverage=2.0), desk(SHORT, leverage=3.0)) == (
        "leverage 3 is above the cap of 2"
    )
    assert "liquidated 32 % up, nearer than 40 %" in refused(
        fixed(1, min_distance=0.40), desk(SHORT, leverage=3.0)
    )
    assert got(fixed(1, min_distance=0.40), desk(SHORT, leverage=2.0)).units == 1.0


def test_over_hedging_is_refused_unless_allowed() -> None:
    many = Size(policy="fixed", contracts=40, shock=FALL)
    told = refused(many, desk())
    assert told.startswith("over-hedged: with what is held it would make")
    assert f"where {LOST:,.0f} is expected to be lost" in told
    assert got(replace(many, over_hedge=True), desk()).units == 40.0


def test_what_is_held_counts_in_it() -> None:
    one = Size(policy="fixed", contracts=1, shock=FALL)
    assert got(one, desk()).units == 1.0
    assert refused(one, desk(held=((PUT, 40.0),))).startswith("over-hedged")
    # Of what loses in the shock more may be held than that.
    assert got(one, desk(CONDOR)).units == 1.0


@pytest.mark.parametrize(
    ("money", "factor", "told"),
    [
        (Money(wacc=0.05, fee_apr=0.20), 0.75, "(1 − WACC 5.0% / fee APR 20.0%) = 0.75"),
        (Money(wacc=-0.01, fee_apr=0.20), 1.0, "= 1.00"),
    ],
)
def test_the_ratio_is_what_the_fees_leave_after_the_money_s_cost(
    money: Money, factor: float, told: str
) -> None:
    found = got(fixed(100, adjust="wacc"), desk(money=money))
    assert found.units == 100 * factor
    assert told in found.words


def test_a_ratio_tells_where_its_figures_are_from() -> None:
    notes = {"wacc": "own 100% at 5.00% (CAPM)", "differential": "supply 1.00% − borrow 5.00%"}
    money = Money(wacc=0.05, fee_apr=0.20, differential=0.04, notes=notes)
    told = got(fixed(100, adjust="wacc"), desk(money=money)).words
    assert told.endswith("= 0.75; WACC: own 100% at 5.00% (CAPM)")
    told = got(fixed(100, adjust="differential"), desk(money=money)).words
    assert told.endswith("= 0.997; differential: supply 1.00% − borrow 5.00%")


def test_fees_that_are_not_known_are_told_as_such() -> None:
    money = Money(wacc=0.05, notes={"wacc": "own 100% at 5.00% (CAPM)"})
    told = refused(fixed(100, adjust="wacc"), desk(money=money))
    assert told == "the size is unknown: a year's fee income is not known yet"
    told = refused(fixed(100, adjust="wacc"), desk(money=replace(money, fee_apr=0.0)))
    assert told.startswith("the money costs 5.0% a year, fees bring 0.0%: nothing is left")


@pytest.mark.parametrize("size", [Size(policy="fee_budget"), Size(policy="vega", vega_usd=50.0)])
def test_what_is_worth_next_to_nothing_has_no_size(size: Size) -> None:
    calm = replace(MARKET, coins={"eth": replace(ETH, vols=tenors(0.02))})
    told = refused(size, desk(PUTS, market=calm))
    assert told.endswith("one is worth next to nothing, no size can be told")


def test_money_that_costs_all_the_fees_leaves_no_hedge() -> None:
    told = refused(fixed(100, adjust="wacc"), desk(money=Money(wacc=0.25, fee_apr=0.20)))
    assert told == "the money costs 25.0% a year, fees bring 20.0%: nothing is left to hedge with"


def test_a_hedge_is_tailed_by_the_differential() -> None:
    # exp(-0.04 * 25 / 365) = 0.99726 of a thousand is 997.
    found = got(fixed(1_000, adjust="differential"), desk(money=Money(differential=0.04)))
    assert found.units == 997.0
    assert "exp(−differential 4.0% × 0.07 y) = 0.997" in found.words


@pytest.mark.parametrize("held", [0, 1, 3, 5])
def test_a_cap_holds_the_layer_s_own_legs_and_what_is_added_together(held: int) -> None:
    # Puts at 30 USD, and a twentieth of 3,000 USD: five of them in all.
    covered = replace(COVER, value_usd=3_000.0)
    own = ((PUT, float(held)),) if held else ()
    asked = fixed(10, max_capital_share=0.05)
    on = desk(market=at(30.0), cover=covered, held=own, own=own)
    if held == 5:
        assert refused(asked, on).endswith("150 USD of it held: less than one")
    else:
        assert got(asked, on).units == 5 - held
    # A quarter of a percent of a condor's notional of 60,000 USD is 150 USD.
    money = Money(condor_usd=60_000.0)
    on = desk(market=at(30.0), cover=covered, held=own, own=own, money=money)
    found = sized(fixed(10, max_condor_share=0.0025), on)
    assert isinstance(found, str) if held == 5 else found.units == 5 - held


def test_a_condor_that_is_held_counts_by_what_it_can_lose() -> None:
    each = worth(CONDOR)
    # 50 points wide, less the credit; a cap of just two and a half of them.
    risk = 5_000.0 + each.outlay_usd
    covered = replace(COVER, value_usd=2.5 * risk / 0.10)
    own = tuple((part.contract, part.weight) for part in CONDOR.parts)
    asked = fixed(4, max_capital_share=0.10)
    assert got(asked, desk(CONDOR, cover=covered)).units == 2.0
    assert got(asked, desk(CONDOR, cover=covered, held=own, own=own)).units == 1.0


def test_both_adjustments_apply_one_after_the_other() -> None:
    money = Money(wacc=0.05, fee_apr=0.20, differential=0.04)
    # 0.75 of a thousand, and exp(-0.04 * 25 / 365) = 0.99726 of that: 747.9.
    found = got(fixed(1_000, adjust="both"), desk(money=money))
    assert found.units == 747.0
    assert found.words.index("WACC 5.0%") < found.words.index("differential 4.0%")
    told = refused(fixed(1_000, adjust="both"), desk(money=replace(money, differential=None)))
    assert told == "the size is unknown: the differential is not known"


@pytest.mark.parametrize(
    ("size", "on", "why"),
    [
        pytest.param(
            Size(policy="fee_budget"),
            desk(cover=replace(COVER, fees_year_usd=None)),
            "a year's fee income is not known yet",
            id="no fees known",
        ),
        pytest.param(
            Size(policy="fee_budget"),
            desk(market=at(30.0), cover=replace(COVER, fees_year_usd=1_000.0)),
            "the budget of 250 USD a year holds no contract: one, renewed every 25 days, costs 438",
            id="too small",
        ),
        pytest.param(
            Size(policy="fee_budget"), desk(CONDOR), "no premium for a fee budget", id="a credit"
        ),
        pytest.param(
            Size(policy="il_share", share=0.5, shock=FALL),
            desk(cover=Cover(why="no position is in its scope")),
            "no position is in its scope",
            id="nothing to cover",
        ),
        pytest.param(
            Size(policy="il_share", share=0.5, shock=FALL),
            desk(CONDOR),
            "it makes nothing at ETH −30 %, VIX 45",
            id="what loses too",
        ),
        pytest.param(
            fixed(adjust="wacc"),
            desk(money=Money(notes={"wacc": "lp.debt_usd is not set"})),
            "the size is unknown: lp.debt_usd is not set",
            id="no cost of money",
        ),
        pytest.param(
            fixed(adjust="differential"), desk(), "the differential is not known", id="no rates"
        ),
        pytest.param(
            fixed(1, max_capital_share=0.001), desk(CONDOR), "less than one", id="a cap below one"
        ),
        pytest.param(
            fixed(1, max_capital_share=0.1),
            desk(CONDOR, cover=Cover()),
            "what is covered has no value known",
            id="a share of what is not known",
        ),
        pytest.param(
            Size(policy="delta"),
            desk(SHORT, cover=Cover()),
            "no covered position holds ETH",
            id="no coins",
        ),
    ],
)
def test_a_size_that_is_not_known_says_why(size: Size, on: Desk, why: str) -> None:
    assert why in refused(size, on)


def test_the_position_s_figures_are_the_closed_forms() -> None:
    assert -POSITION.loss_usd(-0.30) == pytest.approx(LOST)
    assert POSITION.coins() == pytest.approx(COINS)
    assert POSITION.value_usd == pytest.approx(1_000 * float(WIDE.value(2_000.0)))
