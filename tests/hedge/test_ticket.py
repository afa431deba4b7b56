"""Tickets: which contract, how many, at what cost, or why none."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge import worth
from monitor.hedge.cover import Cover
from monitor.hedge.curve import VixCurve
from monitor.hedge.il_strip import Range
from monitor.hedge.instruments import Instrument as AnyInstrument
from monitor.hedge.instruments import Unit, unit_of
from monitor.hedge.market import Market, VixMarket
from monitor.hedge.sizing import Size as AnySize
from monitor.hedge.skew import Skew
from monitor.hedge.strikes import listed_strike
from monitor.hedge.ticket import Case, draw_ticket, remove_ticket, roll_ticket, trade
from monitor.hedge.vol import flat
from monitor.model.layer import PERPETUAL, Contract, Leg, Ticket
from monitor.model.quote import OptionQuote
from tests.hedge import markets

NOW = datetime(2020, 2, 14, 21, 15, tzinfo=UTC)
# CFE settlements of 14 February 2020, by the expiry of each month's contract.
SETTLEMENTS = (
    (date(2020, 2, 19), 14.425),
    (date(2020, 3, 18), 15.425),
    (date(2020, 4, 15), 16.125),
    (date(2020, 5, 20), 16.325),
    (date(2020, 6, 17), 16.725),
    (date(2020, 7, 22), 16.975),
    (date(2020, 8, 19), 16.975),
    (date(2020, 9, 16), 17.225),
)
EXPIRIES = tuple(day for day, _ in SETTLEMENTS)
LEVEL = Skew(below=0.0, above=0.0)
VIX = VixMarket(
    curve=VixCurve(settlements=SETTLEMENTS, as_of=NOW),
    vol=flat(0.80),
    skew=LEVEL,
    expiries=EXPIRIES,
)
CASE = Case(market=Market(vix=VIX), at=NOW)


def instrument(
    kind: str = "vix.call", dte: int = 110, delta: float | None = 0.50, strike: float | None = None
) -> AnyInstrument:
    return AnyInstrument(kind=kind, dte=dte, delta=delta, strike=strike)


def size(contracts: int | None = 4) -> AnySize:
    return AnySize(policy="fixed", contracts=contracts)


def on(vix: VixMarket, at: datetime = NOW) -> Case:
    return Case(market=Market(vix=vix), at=at)


def earning(income: float | None) -> Case:
    return replace(CASE, cover=Cover(fees_year_usd=income))


def picked(of: AnyInstrument, case: Case = CASE) -> Contract:
    unit = unit_of(of, case.market, case.at, case.cover)
    assert isinstance(unit, Unit), unit
    (part,) = unit.parts
    return part.contract


BUDGET = AnySize(policy="fee_budget", beta=0.25)


def drawn(result: Ticket | str) -> Ticket:
    assert isinstance(result, Ticket), result
    return result


def test_an_add_takes_the_nearest_expiry_and_the_listed_strike_of_its_delta() -> None:
    ticket = drawn(draw_ticket(instrument(), size(), CASE))
    # 110 days from 14 February is 3 June: 17 June is 14 days off, 20 May is 14 days off;
    # the later wins. 16.725 * exp(0.8**2 / 2 * 0.339 years) = 18.64, on the half-point grid 18.5.
    expected = Contract(kind="vix.call", expiry=date(2020, 6, 17), strike=18.5)
    assert ticket.legs == (Leg(contract=expected, quantity=4),)
    assert ticket.cost_usd == pytest.approx(ticket.prices[0] * 400)
    assert ticket.priced_by == "model"
    assert "settlement of 17 Jun 2020" in ticket.note
    assert "stated vol 80 %" in ticket.note


@pytest.mark.parametrize(
    ("dte", "expiry"),
    [
        pytest.param(30, date(2020, 3, 18), id="33 days for 30"),
        pytest.param(110, date(2020, 6, 17), id="124 days for 110, as near as 96"),
        pytest.param(220, date(2020, 9, 16), id="215 days for 220"),
        pytest.param(1, date(2020, 2, 19), id="the one about to expire still trades"),
    ],
)
def test_the_expiry_is_the_listed_one_nearest_in_days(dte: int, expiry: date) -> None:
    assert picked(instrument(dte=dte)).expiry == expiry


def test_an_expiry_nearer_than_what_it_must_have_at_least_is_passed_over() -> None:
    # 1 March: 18 March is 17 days away and 15 April 45. The nearer to 30 is the nearer one, which a
    # layer that rolls at 21 days would have to roll as soon as it is bought.
    march = on(VIX, datetime(2020, 3, 1, 15, 0, tzinfo=UTC))
    assert picked(instrument(dte=30), march).expiry == date(2020, 3, 18)
    for least, expiry in ((17, date(2020, 3, 18)), (18, date(2020, 4, 15))):
        assert picked(replace(instrument(dte=30), least_dte=least), march).expiry == expiry
    result = draw_ticket(replace(instrument(dte=300), least_dte=299), size(), march)
    assert result == "no listed expiry of VIX contracts is 299 days away or more"


def test_an_expiry_past_its_last_trading_is_not_listed() -> None:
    eve = datetime(2020, 2, 18, 22, 0, tzinfo=UTC)
    assert picked(instrument(dte=1), on(VIX, eve)).expiry == date(2020, 3, 18)


def test_an_expiry_far_from_the_wanted_one_is_told_of() -> None:
    short = replace(VIX, expiries=EXPIRIES[:2])
    ticket = drawn(draw_ticket(instrument(), size(), on(short)))
    assert ticket.note.endswith("the nearest listed expiry is 33 days away, not 110")


def test_a_strip_that_quotes_cut_short_says_so() -> None:
    wide = Range(lower=1_000.0, upper=4_000.0, entry=2_000.0)
    rows = [
        markets.contract(kind, markets.COIN_DAYS[1], float(strike))
        for kind in ("eth.put", "eth.call")
        for strike in range(1_400, 2_801, 50)
    ]
    quotes = {
        one: OptionQuote(contract=one, source="deribit", as_of=markets.NOW, mark=0.01)
        for one in rows
    }
    case = Case(
        market=replace(markets.MARKET, quotes=quotes),
        at=markets.NOW,
        cover=replace(markets.COVER, held=(replace(markets.POSITION, range=wide),)),
    )
    strip, half = AnyInstrument(kind="eth.strip", dte=25), AnySize(policy="il_share", share=0.5)
    told = "; options are quoted from 1,400 to 2,800 only: what is lost beyond is not covered"
    assert drawn(draw_ticket(strip, half, case)).note.endswith(told)
    near = [
        Leg(contract=markets.contract(kind, markets.COIN_DAYS[0], strike), quantity=3)
        for kind, strike in (("eth.put", 1_800.0), ("eth.call", 2_200.0))
    ]
    assert drawn(roll_ticket(near, strip, half, case)).note.endswith(told)


def test_more_volatility_costs_a_buyer_more() -> None:
    ticket = drawn(draw_ticket(instrument(), size(), CASE))
    assert ticket.cost_low_usd < ticket.cost_usd < ticket.cost_high_usd
    fixed = instrument(strike=18.5, delta=None)
    lower = drawn(draw_ticket(fixed, size(), on(replace(VIX, vol=flat(0.75)))))
    assert lower.cost_usd == pytest.approx(ticket.cost_low_usd)


def call_at(strike: float) -> Contract:
    return Contract(kind="vix.call", expiry=date(2020, 6, 17), strike=strike)


@pytest.mark.parametrize(
    ("exact", "listed"),
    [
        (0.1, 0.5),
        (14.2, 14.0),
        (14.25, 14.5),
        (18.64, 18.5),
        (19.8, 20.0),
        (20.4, 20.0),
        (41.7, 42.0),
    ],
)
def test_strikes_are_half_points_below_twenty_and_points_above(exact: float, listed: float) -> None:
    assert listed_strike(call_at(exact), CASE.market) == listed


@given(st.floats(0.5, 200))
def test_a_listed_strike_is_within_half_a_step(exact: float) -> None:
    step = 0.5 if exact < 20 else 1.0
    assert abs(listed_strike(call_at(exact), CASE.market) - exact) <= step / 2


def test_a_put_of_a_quarter_delta_lies_below_the_forward() -> None:
    assert picked(instrument(kind="vix.put", delta=0.25)).strike < 16.725


def test_a_future_is_bought_at_its_settlement_and_costs_no_premium() -> None:
    future = instrument(kind="vix.future", dte=30, delta=None)
    ticket = drawn(draw_ticket(future, size(2), CASE))
    assert ticket.prices == (15.425,)
    assert ticket.cost_usd == ticket.cost_low_usd == ticket.cost_high_usd == 0.0


def test_a_future_bought_loses_its_price_at_most_and_binds_a_declared_share() -> None:
    ticket = drawn(draw_ticket(instrument(kind="vix.future", dte=30, delta=None), size(2), CASE))
    # Two of 15.425, each point a thousand dollars.
    assert ticket.max_loss_usd == pytest.approx(30_850.0)
    assert ticket.margin_usd == pytest.approx(0.30 * 30_850.0)
    assert ticket.note.endswith("margin of futures declared, 30 % of notional")


def test_a_future_sold_has_no_bound_but_a_margin() -> None:
    sold = Leg(contract=Contract(kind="vix.future", expiry=EXPIRIES[1], strike=0.0), quantity=-2)
    ticket = drawn(trade([sold], CASE))
    assert ticket.max_loss_usd is None
    assert ticket.margin_usd == pytest.approx(0.30 * 30_850.0)


def test_a_fee_budget_buys_what_it_can_renew_for_a_year() -> None:
    one = drawn(draw_ticket(instrument(), size(1), CASE))
    yearly = one.cost_usd * 365 / 124  # 17 June is 124 days away
    income = 3.5 * yearly / 0.25
    enough = drawn(draw_ticket(instrument(), BUDGET, earning(income)))
    assert enough.legs[0].quantity == 3
    assert enough.sized.startswith("fee budget: β 0.25 ×")
    assert enough.fee_share == pytest.approx(3 * one.cost_usd / income)


@pytest.mark.parametrize(
    ("asked", "income", "reason"),
    [
        pytest.param(BUDGET, None, "fee income is not known", id="fees unknown"),
        pytest.param(BUDGET, 40.0, "holds no contract", id="fees too small for one"),
        pytest.param(BUDGET, 0.0, "holds no contract", id="no fees at all"),
        pytest.param(size(None), None, "names no number", id="a size without a number"),
    ],
)
def test_an_add_without_a_size_says_why(asked: AnySize, income: float | None, reason: str) -> None:
    result = draw_ticket(instrument(), asked, earning(income))
    assert isinstance(result, str)
    assert reason in result


@pytest.mark.parametrize(
    ("of", "case", "reason"),
    [
        pytest.param(instrument(), on(replace(VIX, curve=None)), "no settlement", id="no curve"),
        pytest.param(
            instrument(), on(replace(VIX, expiries=())), "no listed expiry", id="no calendar"
        ),
        pytest.param(instrument(delta=None), CASE, "no strike has a delta", id="no delta"),
        pytest.param(instrument("spx.put", 30), CASE, "no listed expiry", id="another market"),
        pytest.param(instrument("eth.put", 30), CASE, "no listed expiry", id="a coin"),
    ],
)
def test_an_add_that_cannot_be_priced_says_why(of: AnyInstrument, case: Case, reason: str) -> None:
    result = draw_ticket(of, size(), case)
    assert isinstance(result, str)
    assert reason in result


HELD = (Leg(contract=Contract(kind="vix.call", expiry=date(2020, 3, 18), strike=16.0), quantity=4),)


def test_a_roll_sells_what_is_held_and_buys_as_many_further_out() -> None:
    ticket = drawn(roll_ticket(HELD, instrument(), size(), CASE))
    assert ticket.legs == (
        Leg(contract=HELD[0].contract, quantity=-4),
        Leg(contract=Contract(kind="vix.call", expiry=date(2020, 6, 17), strike=18.5), quantity=4),
    )
    sold, bought = ticket.prices
    assert ticket.cost_usd == pytest.approx(400 * (bought - sold))
    assert ticket.fee_share is None
    known = drawn(roll_ticket(HELD, instrument(), size(), earning(1_000.0)))
    assert known.fee_share == pytest.approx(ticket.cost_usd / 1_000.0)


def test_a_morning_s_puts_roll_into_an_evening_s_and_count_in_a_top_up() -> None:
    held = (Leg(contract=markets.contract("spx.put", markets.SPX_DAYS[0], 5_700.0), quantity=3),)
    weekly = instrument("spx.put", 30, delta=0.25)
    case = Case(market=markets.MARKET, at=markets.NOW)
    _, bought = drawn(roll_ticket(held, weekly, size(), case)).legs
    assert (bought.contract.kind, bought.quantity) == ("spxw.put", 3)
    owned = replace(case, held=worth.held(held), own=worth.held(held))
    assert drawn(draw_ticket(weekly, size(4), owned)).legs[0].quantity == 1


def test_a_remove_sells_everything_and_brings_cash() -> None:
    ticket = drawn(remove_ticket(HELD, CASE))
    assert ticket.legs == (Leg(contract=HELD[0].contract, quantity=-4),)
    assert ticket.cost_usd < 0
    assert ticket.cost_high_usd < ticket.cost_usd < ticket.cost_low_usd < 0


def test_a_remove_that_cannot_be_priced_tells_what_to_close_all_the_same() -> None:
    assert remove_ticket(HELD, on(replace(VIX, curve=None))) == (
        "no settlement of VIX futures is known; to close: sell 4 × VIX 18 Mar 2020 16 call"
    )


@pytest.mark.parametrize("at", [datetime(2020, 3, 18, 20, 0, tzinfo=UTC)])
def test_expired_legs_are_neither_rolled_nor_sold(at: datetime) -> None:
    case = replace(CASE, at=at)
    assert roll_ticket(HELD, instrument(), size(), case) == "there is no live leg to roll"
    assert remove_ticket(HELD, case) == "there is no live leg to close"


def test_rolling_into_the_same_contract_is_no_roll() -> None:
    held = (
        Leg(contract=Contract(kind="vix.call", expiry=date(2020, 6, 17), strike=18.5), quantity=4),
    )
    result = roll_ticket(held, instrument(), size(), CASE)
    assert result == "the layer holds what it would be rolled into"


@pytest.mark.parametrize(
    ("spot", "told"),
    [
        pytest.param(10.0, "VIX 45 to ETH −45 %, VIX 75", id="in a calm as declared"),
        pytest.param(50.0, "VIX 65 to ETH −45 %, VIX 75", id="not much above the milder one"),
        pytest.param(80.0, "VIX 95 to ETH −45 %, VIX 95", id="above both"),
    ],
)
def test_a_spike_is_one_from_where_the_vix_is_now(spot: float, told: str) -> None:
    days = tuple((day, 0.8 * spot) for day in markets.VIX_DAYS)
    vix = replace(markets.VIX, spot=spot, curve=VixCurve(settlements=days, as_of=markets.NOW))
    case = Case(market=replace(markets.MARKET, vix=vix), at=markets.NOW, cover=markets.COVER)
    one = AnySize(policy="fixed", contracts=1, over_hedge=True)
    ticket = drawn(draw_ticket(instrument(dte=30), one, case))
    assert ticket.covers is not None
    assert told in ticket.covers.scenario
    assert ticket.covers.low > 0
    assert not [one for one in ticket.warnings if "loses" in one]


def test_an_index_s_price_says_that_its_rate_is_not_known() -> None:
    put = instrument("spx.put", 30, delta=0.25)
    told = {}
    for rate in (None, 0.0, 0.04):
        market = replace(markets.MARKET, spx=replace(markets.SPX, rate=rate))
        told[rate] = drawn(draw_ticket(put, size(1), Case(market=market, at=markets.NOW)))
    assert "rate unknown, taken as 0 %, dividends 1.3 % (declared)" in told[None].note
    assert "rate 4.0 %, dividends" in told[0.04].note
    assert told[None].cost_usd == told[0.0].cost_usd


@pytest.mark.parametrize(
    ("funded", "told"),
    [
        # Two coins at 2,000 dollars, and 9.125 % a year: 1 dollar a day.
        pytest.param(
            {"funding": 0.09125, "funding_note": "funding +9.12% a year, binance"},
            "; funding +9.12% a year, binance: +1.00 USD a day",
            id="paid to who is short",
        ),
        pytest.param(
            {"funding": -0.09125, "funding_note": "funding -9.12% a year, binance"},
            "; funding -9.12% a year, binance: -1.00 USD a day",
            id="paid by who is short",
        ),
        pytest.param(
            {"funding_note": "funding.eth_annual has not been read yet"},
            "; what it carries is unknown: funding.eth_annual has not been read yet",
            id="not known",
        ),
    ],
)
def test_a_perpetual_says_what_it_carries_for_it_costs_nothing_to_enter(
    funded: dict[str, Any], told: str
) -> None:
    market = replace(markets.MARKET, coins={"eth": replace(markets.ETH, **funded)})
    short = (Leg(contract=markets.contract("eth.perp", PERPETUAL), quantity=Decimal(-2)),)
    ticket = trade(short, Case(market=market, at=markets.NOW))
    assert isinstance(ticket, Ticket)
    assert ticket.cost_usd == 0
    assert ticket.note.endswith(told)
    closing = trade(short, Case(market=market, at=markets.NOW), gives_up=True)
    assert isinstance(closing, Ticket)
    assert "a day" not in closing.note
