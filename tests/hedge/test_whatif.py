"""A shock on the book: positions by algebra, futures by the declared pull, options repriced."""

from dataclasses import replace
from datetime import UTC, date, datetime
from math import exp, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge.cover import Cover, Covered
from monitor.hedge.curve import VixCurve
from monitor.hedge.il_strip import Range
from monitor.hedge.market import CoinMarket, Market, SpxMarket, VixMarket
from monitor.hedge.shock import Shock
from monitor.hedge.tenors import Tenor, Tenors
from monitor.hedge.whatif import COIN_MOVES, VIX_LEVELS, Book, grid, left_out, outcome
from monitor.model.layer import Contract, LayerState, Leg

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
MARCH = date(2027, 3, 17)
FUTURE = Contract(kind="vix.future", expiry=MARCH, strike=0.0)
SPX_PUT = Contract(kind="spx.put", expiry=MARCH, strike=5500.0)
PERP = Contract(kind="eth.perp", expiry=date.max, strike=0.0)
MARKET = Market(
    vix=VixMarket(
        spot=16.0,
        curve=VixCurve(settlements=((date(2026, 12, 16), 17.0), (MARCH, 19.0)), as_of=NOW),
        expiries=(date(2026, 12, 16), MARCH),
    ),
    coins={
        "eth": CoinMarket(
            price=2000.0, vols=Tenors(known=(Tenor(days=30, sigma=0.6, name="DVOL"),))
        )
    },
)
LP = Covered(
    key="1:0x1:1",
    root="eth",
    range=Range(lower=1500.0, upper=2600.0, entry=2000.0),
    liquidity=1000.0,
    value_usd=11_489.0,
)


def book(*legs: Leg) -> Book:
    layers = {"L2|book": LayerState(layer="L2", scope="book", legs=legs)} if legs else {}
    return Book(cover=Cover(held=(LP,)), layers=layers, market=MARKET, at=NOW)


def test_a_loss_inside_the_range_is_that_of_the_square_roots() -> None:
    found = outcome(book(), Shock(coins={"eth": -0.20}))
    # V - H = -L (√S1 - √S0)² / √S0, inside the range.
    expected = -1000 * (sqrt(1600) - sqrt(2000)) ** 2 / sqrt(2000)
    assert found.loss_usd == pytest.approx(expected, rel=1e-12)
    before = 1000 * (2 * sqrt(2000) - 2000 / sqrt(2600) - sqrt(1500))
    after = 1000 * (2 * sqrt(1600) - 1600 / sqrt(2600) - sqrt(1500))
    assert found.value_usd == pytest.approx(after - before, rel=1e-12)
    assert found.offset == 0.0
    assert not found.made


def test_a_jump_reaches_a_future_less_the_farther_it_is() -> None:
    found = outcome(book(Leg(contract=FUTURE, quantity=2)), Shock(coins={}, vix=46.0))
    days = (MARCH - NOW.date()).days
    assert found.hedge_usd == pytest.approx(2 * 1000 * 30 * exp(-4 * days / 365), rel=1e-12)


def test_a_short_perpetual_makes_what_the_coin_loses() -> None:
    found = outcome(book(Leg(contract=PERP, quantity=-3)), Shock(coins={"eth": -0.30}))
    assert found.hedge_usd == pytest.approx(3 * 600.0)
    assert found.offset == pytest.approx(1800.0 / -found.loss_usd)


def test_a_layer_without_a_price_is_unknown_and_so_is_the_sum() -> None:
    bare = replace(book(Leg(contract=FUTURE, quantity=2)), market=Market())
    found = outcome(bare, Shock(coins={"eth": -0.30}, vix=45.0))
    assert found.made == {"L2|book": None}
    assert found.unknown == {"L2|book": "no settlement of VIX futures is known"}
    assert found.hedge_usd is None
    assert found.offset is None


@pytest.mark.parametrize(
    ("leg", "unknown"),
    [
        (Leg(contract=FUTURE, quantity=2), True),
        (Leg(contract=SPX_PUT, quantity=2), True),
        (Leg(contract=PERP, quantity=-3), False),
    ],
)
def test_how_far_the_vix_jumps_is_unknown_where_it_stands_is(leg: Leg, unknown: bool) -> None:
    spx = SpxMarket(
        spot=6000.0, vols=Tenors(known=(Tenor(days=30, sigma=0.16, name="VIX"),)), morning=(MARCH,)
    )
    blind = replace(MARKET, vix=replace(MARKET.vix, spot=None), spx=spx)
    on = replace(book(leg), market=blind)
    found = outcome(on, Shock(coins={"eth": -0.30}, vix=45.0))
    assert (found.hedge_usd is None) is unknown
    if unknown:
        why = "how far it is to VIX 45 is unknown: the VIX is not known"
        assert found.unknown == {"L2|book": why}
    assert outcome(on, Shock(coins={"eth": -0.30})).hedge_usd is not None


def test_what_is_not_covered_or_never_moved_is_left_out_of_a_shock() -> None:
    other = replace(LP, key="1:0x1:7", root="")
    cover = Cover(held=(LP, other), left_out=("#8 has no price in US dollars",))
    assert left_out(cover) == (
        "#8 has no price in US dollars",
        "#7: in another coin than ETH or BTC, which no shock here moves",
    )
    assert left_out(Cover(held=(LP,))) == ()
    assert left_out(Cover(why="a wallet cannot be read")) == ("a wallet cannot be read",)


@given(st.floats(-0.9, 3.0))
def test_holding_never_does_worse_than_the_position(move: float) -> None:
    assert LP.loss_usd(move) <= 1e-9


def test_the_grid_has_a_row_a_level_and_a_column_a_move() -> None:
    table = grid(book(Leg(contract=FUTURE, quantity=1)))
    assert [len(row) for row in table] == [len(COIN_MOVES)] * len(VIX_LEVELS)
    assert table[3][2].shock == Shock(coins={"eth": -0.30, "btc": -0.30}, vix=45.0)
    # Only the VIX moves the future, only the coin the position.
    assert len({one.hedge_usd for one in table[3]}) == 1
    assert len({row[2].loss_usd for row in table}) == 1
