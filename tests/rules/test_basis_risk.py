"""What a ticket tells of how its driver tracked the loss, and of what tracked it better."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import is_session, session_close
from monitor.hedge.cover import Cover, Covered
from monitor.hedge.il_strip import Range
from monitor.hedge.instruments import Instrument
from monitor.hedge.market import CoinMarket, Market
from monitor.hedge.tenors import Tenor, Tenors
from monitor.hedge.ticket import Case
from monitor.model.layer import Contract, Leg, Ticket
from monitor.rules.basis_risk import driver_of, fit_of, with_fit
from monitor.signals.bars import Bars, point
from monitor.signals.facts import Facts

NOW = datetime(2024, 5, 24, 15, tzinfo=UTC)
FIRST = date(2024, 1, 3)
DAY = timedelta(days=1)
WEEKS = 20
VIX_CALL = Instrument(kind="vix.call", dte=110, delta=0.5)
CALL = Contract(kind="vix.call", expiry=date(2024, 9, 18), strike=18.0)
TICKET = Ticket(
    legs=(Leg(contract=CALL, quantity=4),),
    prices=(20.0,),
    cost_usd=8000.0,
    cost_low_usd=7000.0,
    cost_high_usd=9000.0,
    priced_by="model",
    max_loss_usd=8000.0,
)
ETH = CoinMarket(
    price=3000.0,
    vols=Tenors(known=(Tenor(days=30.0, sigma=0.6, name="DVOL"),)),
    expiries=(date(2024, 6, 28), date(2024, 7, 26), date(2024, 9, 27)),
)
COVER = Cover(
    held=(
        Covered(
            key="1:0x44:1",
            root="eth",
            range=Range(lower=2500.0, upper=3600.0, entry=3000.0),
            # 2√3000 - 3000/√3600 - √2500 = 9.54 dollars a unit.
            liquidity=104_800.0,
            value_usd=1_000_000.0,
        ),
    )
)
CASE = Case(market=Market(coins={"eth": ETH}), at=NOW, cover=COVER)


def facts() -> Facts:
    """ETH moves 1 to 5 % a week, down and up in turn; the VIX rises by 3 in every other week."""
    coin, vix, price, level = [], [], 2000.0, 15.0
    for n in range(7 * WEEKS + 1):
        day = FIRST + n * DAY
        week = n // 7
        if n and n % 7 == 0:
            step = 0.01 * (1 + week % 5)
            price *= math.exp(step if week % 2 else -step)
            level = 15.0 + (week % 2) * 3.0
        coin.append(point(day, price, session_close(Hours.ALWAYS, day)))
        if is_session(day):
            vix.append(point(day, level, session_close(Hours.CBOE_VIX, day)))
    return Facts(bars={"eth.price|": Bars(bars=tuple(coin)), "vix|": Bars(bars=tuple(vix))})


@pytest.mark.parametrize(
    ("kind", "driver"),
    [
        ("vix.call", "vix"),
        ("vix.future", "vix_linear"),
        ("spx.condor", "vix"),
        ("spx.put_spread", "vix"),
        ("eth.put", "fall"),
        ("eth.put_spread", "fall"),
        ("btc.perp", "short"),
        ("eth.call", "rise"),
        ("eth.strip", "move"),
    ],
)
def test_what_each_instrument_pays_on(kind: str, driver: str) -> None:
    assert driver_of(Instrument(kind=kind)) == driver


def test_a_vix_call_hears_that_the_coin_s_own_moves_track_better_and_what_they_cost() -> None:
    told = with_fit(TICKET, VIX_CALL, CASE, facts())
    assert told.fit is not None
    assert told.fit.driver == "spot VIX's rises"
    assert told.fit.calm_share == 1.0
    assert told.better is not None
    assert told.better.driver == "ETH's squared move"
    assert told.better.r2 is not None
    assert told.fit.r2 is not None
    assert told.better.r2 >= told.fit.r2 + 0.1
    # 60 days from 24 May are 23 July: the expiry of the 26th is nearest.
    assert told.better_ticket.startswith("buy ")
    assert "% of the ETH strip 26 Jul 2024 (" in told.better_ticket
    assert told.better_ticket.endswith(" USD (model)")
    cost = float(told.better_ticket.split("), ")[1].split(" USD")[0].replace(",", ""))
    # The same money, to the nearest coin at each strike.
    assert cost == pytest.approx(8000.0, rel=0.1)


def test_a_roll_s_money_is_what_it_holds_afterwards_not_what_it_costs_on_balance() -> None:
    sold = Leg(contract=replace(CALL, expiry=date(2024, 6, 18)), quantity=-4)
    roll = replace(TICKET, legs=(sold, *TICKET.legs), prices=(19.0, 20.0), cost_usd=400.0)
    told = with_fit(roll, VIX_CALL, CASE, facts())
    assert told.better_ticket == with_fit(TICKET, VIX_CALL, CASE, facts()).better_ticket


def test_money_too_small_for_any_lot_buys_nothing() -> None:
    told = with_fit(replace(TICKET, cost_usd=1.0, max_loss_usd=1.0), VIX_CALL, CASE, facts())
    assert told.better_ticket.startswith("not priced: 1 USD buy no whole lot; a whole one costs")


def test_what_has_no_price_says_why() -> None:
    blind = replace(CASE, market=Market(unknown={"eth": "eth.price is unknown"}))
    told = with_fit(TICKET, VIX_CALL, blind, facts())
    assert told.better is not None
    assert told.better_ticket.startswith("not priced: ")


def test_a_ticket_on_the_best_driver_names_no_better_one() -> None:
    strip = Instrument(kind="eth.strip", dte=60)
    told = with_fit(TICKET, strip, CASE, facts())
    assert told.fit is not None
    assert told.fit.driver == "ETH's squared move"
    assert (told.better, told.better_ticket) == (None, "")


def test_what_tracks_is_named_where_its_own_driver_is_not_known() -> None:
    coin = Facts(bars={"eth.price|": facts().bars["eth.price|"]})
    told = with_fit(TICKET, VIX_CALL, CASE, coin)
    assert told.fit is not None
    assert (told.fit.r2, told.fit.note) == (None, "0 of 12 weeks are known")
    assert told.better is not None
    assert told.better.driver == "ETH's squared move"
    assert told.better_ticket.startswith("buy ")


def test_what_only_closes_has_its_fit_and_names_nothing_to_buy() -> None:
    told = with_fit(TICKET, VIX_CALL, CASE, facts(), closes=True)
    assert told.fit == with_fit(TICKET, VIX_CALL, CASE, facts()).fit
    assert (told.better, told.better_ticket) == (None, "")


def test_a_condor_says_that_it_is_sold() -> None:
    told = with_fit(TICKET, Instrument(kind="spx.condor", dte=30), CASE, facts())
    assert told.fit is not None
    assert told.fit.note.endswith("sold: it loses as the VIX rises")


def test_without_a_past_the_fit_is_unknown_and_says_how_much_there_is() -> None:
    told = with_fit(TICKET, VIX_CALL, CASE, Facts())
    assert told.fit is not None
    assert (told.fit.r2, told.fit.note) == (None, "0 of 12 weeks are known")
    assert told.better is None
    nothing = with_fit(TICKET, VIX_CALL, replace(CASE, cover=Cover(why="no position")), Facts())
    assert nothing.fit is not None
    assert nothing.fit.note == "no position"


def test_a_hedge_without_a_ticket_has_the_fit_it_would_have_had() -> None:
    told = with_fit(TICKET, VIX_CALL, CASE, facts())
    assert fit_of(VIX_CALL, COVER, facts(), NOW) == told.fit
    condor = Instrument(kind="spx.condor", dte=30)
    assert fit_of(condor, COVER, facts(), NOW).note.endswith("sold: it loses as the VIX rises")
    assert fit_of(VIX_CALL, Cover(why="no position"), facts(), NOW).note == "no position"


def test_the_cost_alone_moves_nothing_else_of_the_ticket() -> None:
    told = with_fit(TICKET, VIX_CALL, CASE, facts())
    assert replace(told, fit=None, better=None, better_ticket="") == TICKET
