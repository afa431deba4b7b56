"""The hedge book: profit is conserved, time's three costs, and shares that are never made up."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import log, sqrt
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge import layer as layers
from monitor.hedge.book import (
    Ledger,
    Line,
    cost_share,
    decay,
    line_of,
    multiple,
    offset,
    theta_per_vega,
)
from monitor.hedge.curve import VixCurve
from monitor.hedge.legs import parse_leg
from monitor.hedge.mark import mark
from monitor.hedge.market import Market, VixMarket
from monitor.hedge.skew import Skew
from monitor.hedge.vol import flat
from monitor.hedge.xirr import xirr
from monitor.model.layer import LayerState
from monitor.model.observation import Verb, Word

OFF = LayerState(layer="L2", scope="book")
EXPIRY = date(2020, 3, 18)
SETTLED = datetime(2020, 3, 18, 13, 30, tzinfo=UTC)
"""09:30 in New York: what thirty days to expiry are counted from."""
AT = SETTLED - timedelta(days=30)


def market(sigma: float, forward: float = 100.0) -> Market:
    """Return a market of one flat volatility, without skew, on one forward."""
    curve = VixCurve(settlements=((EXPIRY, forward),), as_of=AT)
    return Market(vix=VixMarket(curve=curve, vol=flat(sigma), skew=Skew(above=0.0, below=0.0)))


def held(*legs: str, at: datetime = AT) -> LayerState:
    fills = tuple(parse_leg(leg) for leg in legs)
    word = Word(id=legs[0], verb=Verb.FILL, observed_at=at, by="ann", layer="L2", fills=fills)
    return layers.hear(OFF, word)


def line(layer: LayerState, on: Market, at: datetime = AT) -> Line:
    return line_of(layer, mark(layer.legs, on, at), at)


def number(known: tuple[float | None, str]) -> float:
    assert known[0] is not None, known[1]
    return known[0]


# --- temporal theta: the figures of the notes, computed there for 30 days and r = 0 ----------


@pytest.mark.parametrize(
    ("sigma", "otm"),
    [(0.15, 0.0573), (0.30, 0.0328), (0.60, 0.0237)],
)
def test_decay_stays_at_the_money_and_falls_out_of_it(sigma: float, otm: float) -> None:
    at_money = line(held("vix.put 2020-03-18 100 +1 @1"), market(sigma))
    assert number(decay(at_money)) == pytest.approx(-1 / 60, abs=5e-5)  # 1.67 % a day
    below = line(held("vix.put 2020-03-18 95 +1 @1"), market(sigma))
    assert number(decay(below)) == pytest.approx(-otm, abs=5e-5)


@given(sigma=st.floats(0.05, 0.8), days=st.integers(10, 200))
def test_dollar_theta_and_theta_over_vega_rise_with_volatility(sigma: float, days: int) -> None:
    at = SETTLED - timedelta(days=days)
    layer = held("vix.call 2020-03-18 100 +1 @1", at=at)
    calm, storm = line(layer, market(sigma), at), line(layer, market(2 * sigma), at)
    # -S·sigma·n(d1)/(2√T) a year, d1 = sigma√T/2: by hand.
    years = days / 365
    d1 = sigma * sqrt(years) / 2
    by_hand = -100 * sigma * NormalDist().pdf(d1) / (2 * sqrt(years)) / 365 * 100
    assert number(calm.theta) == pytest.approx(by_hand)
    assert number(storm.theta) < number(calm.theta) < 0
    assert number(theta_per_vega(calm)) == pytest.approx(-100 * sigma / (2 * days))
    assert number(theta_per_vega(storm)) == pytest.approx(2 * number(theta_per_vega(calm)))


def test_a_future_lays_out_nothing_and_its_profit_comes_as_it_is_closed() -> None:
    month, year = AT + timedelta(days=10), AT + timedelta(days=365)
    held_short = held("vix.future 2020-03-18 -2 @100")
    back = Word(
        id="b", verb=Verb.CLOSE, observed_at=month, by="ann",
        fills=(parse_leg("vix.future 2020-03-18 +1 @90"),),
    )  # fmt: skip
    layer = layers.hear(held_short, back)
    found = line(layer, market(0.3, forward=95.0), month)
    # 1,000 dollars a point: 10 points made, 5 more on what is held.
    assert number(found.pnl) == 15_000.0
    assert [amount for _, amount in found.flows] == [0.0, 10_000.0]
    assert number(found.value) - found.carried == 5_000.0
    assert found.irr == (None, "all cash went one way: there is no rate")
    # Beside calls that cost 20,000 and are worth 10,500 a year on, the 10,000 count as they came.
    calls = line(held("vix.call 2020-03-18 100 +100 @2.00"), market(0.3), AT)
    both = replace(calls, value=(10_500.0, ""), pnl=(-9_500.0, ""), at=year)
    short = replace(found, value=(found.carried, ""), at=year)
    dated = [(AT, -20_000.0), (month, 10_000.0), (year, 10_500.0)]
    assert number(Ledger(lines=(both, short), at=year).irr) == pytest.approx(xirr(dated))


@pytest.mark.parametrize("bought_back", ["0.50", "3.00"])
def test_a_credit_earns_no_yield_whatever_it_made(bought_back: str) -> None:
    sold = held("vix.call 2020-03-18 100 -1 @2.00")
    month = AT + timedelta(days=10)
    back = Word(
        id="b", verb=Verb.CLOSE, observed_at=month, by="ann",
        fills=(parse_leg(f"vix.call 2020-03-18 100 +1 @{bought_back}"),),
    )  # fmt: skip
    found = line(layers.hear(sold, back), market(0.3), month)
    assert number(found.pnl) == pytest.approx(200.0 - 100 * float(bought_back))
    # The rate that fits is that of a loan: below nought where it made money, above where it lost.
    assert found.irr[0] is None
    assert found.irr[1] == "cash came in before any went out: its rate would be a cost and no yield"
    assert Ledger(lines=(found,), at=month).irr == found.irr


def test_a_sold_option_earns_by_the_day() -> None:
    sold = line(held("vix.call 2020-03-18 100 -1 @1"), market(0.3))
    assert number(sold.theta) > 0
    assert number(decay(sold)) == pytest.approx(1 / 60, abs=5e-5)
    assert number(theta_per_vega(sold)) > 0


# --- what was paid, what it is worth, what it made ------------------------------------------


def test_profit_is_cash_and_value_and_the_multiple_is_of_what_is_held() -> None:
    layer = held("vix.call 2020-03-18 100 +4 @2.00")
    sold = Word(
        id="s", verb=Verb.CLOSE, observed_at=AT, by="ann",
        fills=(parse_leg("vix.call 2020-03-18 100 -1 @5.00"),),
    )  # fmt: skip
    layer = layers.hear(layer, sold)
    found = line(layer, market(0.3))
    # Black-76 at the money: 100·(2N(sigma√T/2) - 1), times 3 contracts of 100 USD a point.
    worth = 300 * 100 * (2 * NormalDist().cdf(0.3 * sqrt(30 / 365) / 2) - 1)
    assert number(found.value) == pytest.approx(worth)
    assert (number(found.spent), number(found.returned)) == (800.0, 500.0)
    assert number(found.paid) == pytest.approx(600.0)
    assert number(found.pnl) == pytest.approx(500 - 800 + worth)
    assert number(multiple(found)) == pytest.approx(worth / 600)
    assert found.by == "model"


TRADES = st.lists(
    st.tuples(st.sampled_from([90, 100, 110]), st.integers(-5, 5).filter(bool)), min_size=1
)


@given(trades=TRADES, prices=st.lists(st.integers(1, 80), min_size=20, max_size=20))
def test_profit_is_conserved_through_every_trade(
    trades: list[tuple[int, int]], prices: list[int]
) -> None:
    layer, on = OFF, market(0.5)
    for place, (strike, n) in enumerate(trades[:20]):
        before = line(layer, on)
        leg = f"vix.call 2020-03-18 {strike} {n:+d} @{prices[place] / 8}"
        word = Word(id=f"w{place}", verb=Verb.FILL, observed_at=AT, by="a", fills=(parse_leg(leg),))
        layer = layers.hear(layer, word)
        after = line(layer, on)
        fair = number(line(held(f"vix.call 2020-03-18 {strike} +1 @1"), on).value)
        # A trade moves profit by what it is better or worse than the market, and by nothing else.
        edge = n * (fair - prices[place] / 8 * 100)
        assert number(after.pnl) - number(before.pnl) == pytest.approx(edge, abs=1e-6)
        assert number(after.value) - number(after.paid) == pytest.approx(
            number(after.pnl) - _realised(layer), abs=1e-6
        )


def _realised(layer: LayerState) -> float:
    """Return what closed trades made, at average prices, kept a second way: by contract."""
    made, books = 0.0, dict[float, list[float]]()
    for booked in layer.journal:
        n, each = float(booked.fill.quantity), (booked.fill.price or 0.0) * 100
        book = books.setdefault(booked.fill.contract.strike, [0.0, 0.0])  # how many, at what
        if book[0] * n >= 0:
            book[1] = (book[0] * book[1] + n * each) / (book[0] + n)
        else:
            closed = min(abs(n), abs(book[0])) * (1 if book[0] > 0 else -1)
            made += closed * (each - book[1])
            if abs(n) > abs(book[0]):
                book[1] = each
        book[0] += n
    return made


def test_an_unpriced_trade_leaves_profit_unknown_and_value_known() -> None:
    found = line(held("vix.call 2020-03-18 100 +4"), market(0.3))
    assert found.value[0] is not None
    assert found.pnl == (None, "entry 1, +4 VIX 18Mar20 100C, has no price in US dollars")
    assert multiple(found)[0] is None


def test_legs_that_await_settlement_have_no_value_until_a_person_says() -> None:
    layer = held("vix.call 2020-03-18 100 +4 @2", "vix.call 2020-04-15 100 +1 @3")
    found = line(layer, market(0.3), SETTLED)
    assert found.value[0] is None
    assert found.pnl == (
        None,
        "1 expired leg awaits its settlement: close at the price it settled at",
    )


def test_a_layer_without_legs_is_worth_nought_and_that_is_known() -> None:
    layer = held("vix.call 2020-03-18 100 +4 @2")
    word = Word(
        id="c", verb=Verb.CLOSE, observed_at=AT, by="ann",
        fills=(parse_leg("vix.call 2020-03-18 100 -4 @3"),),
    )  # fmt: skip
    found = line(layers.hear(layer, word), Market())
    assert (number(found.value), number(found.pnl)) == (0.0, 400.0)


def test_one_unknown_layer_makes_the_sum_unknown_and_is_named() -> None:
    good = line(held("vix.call 2020-03-18 100 +4 @2"), market(0.3))
    bad = line(replace(held("vix.call 2020-03-18 100 +1"), layer="L3"), market(0.3))
    ledger = Ledger(lines=(good, bad), at=AT)
    assert ledger.pnl[0] is None
    assert ledger.pnl[1].startswith("L3: entry 1")
    assert number(ledger.theta) == pytest.approx(number(good.theta) + number(bad.theta))


# --- shares ----------------------------------------------------------------------------------


def test_an_offset_is_signed_and_without_a_loss_unknown() -> None:
    assert number(offset((300.0, ""), (-1000.0, ""))) == pytest.approx(0.3)
    assert number(offset((-300.0, ""), (-1000.0, ""))) == pytest.approx(-0.3)
    assert offset((300.0, ""), (0.0, "")) == (None, "there was no loss to make good")
    # What is left of amounts in whole units of 18 places is no loss.
    assert offset((300.0, ""), (-2e-5, "")) == (None, "there was no loss to make good")
    assert offset((None, "no price"), (-1.0, "")) == (None, "no price")
    assert offset((300.0, ""), (None, "unread")) == (None, "unread")


def test_the_cost_s_share_of_fees() -> None:
    assert number(cost_share((-10.0, ""), 14_600.0)) == pytest.approx(0.25)
    assert cost_share((-10.0, ""), None) == (None, "a year's fees are not known")
    assert cost_share((-10.0, ""), 0.0) == (None, "no fees are earned")


def test_the_rate_counts_what_is_held_at_its_value() -> None:
    layer = held("vix.call 2020-03-18 100 +1 @2.00", at=AT - timedelta(days=73))
    found = line(layer, market(0.3))
    # 200 USD paid a fifth of a year ago: ln(1 + r) = 5 ln(value / 200).
    assert log(1 + number(found.irr)) == pytest.approx(5 * log(number(found.value) / 200))
