"""What expired legs settle at in a replay."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.hedge.curve import VixCurve
from monitor.hedge.layer import cash_usd, hear
from monitor.hedge.legs import parse_leg
from monitor.hedge.market import CoinMarket, Market, SpxMarket, VixMarket
from monitor.hedge.tenors import Tenor, Tenors
from monitor.model.layer import Contract, LayerState, LayerStatus
from monitor.model.observation import Verb, Word
from monitor.timetravel.settled import due, paid_usd, settlements

EXPIRY = date(2020, 3, 18)  # a Wednesday; its options trade until 16:15 New York the day before
LAST = datetime(2020, 3, 17, 20, 15, tzinfo=UTC)
EVE = VixCurve(  # as Cboe settled on 17 March 2020, when VIX closed at 75.91
    settlements=((EXPIRY, 68.825), (date(2020, 4, 15), 61.425)), as_of=LAST
)
MARKET = Market(
    vix=VixMarket(spot=75.91, curve=EVE),
    spx=SpxMarket(spot=2_400.0, vols=Tenors(known=(Tenor(days=30, sigma=0.5, name="VIX"),))),
    coins={"eth": CoinMarket(price=120.0, vols=None)},
)


@pytest.mark.parametrize(
    ("kind", "strike", "paid"),
    [
        pytest.param("vix.call", 16.5, 5_232.5, id="52.325 points of 100 USD"),
        pytest.param("vix.call", 80.0, 0.0, id="a call above the level"),
        pytest.param("vix.put", 80.0, 1_117.5, id="11.175 points"),
        pytest.param("vix.future", 0.0, 68_825.0, id="a future at its whole worth"),
        pytest.param("spx.put", 2_500.0, 10_000.0, id="100 points of the index"),
        pytest.param("eth.put", 150.0, 30.0, id="one coin"),
        pytest.param("btc.put", 9_000.0, None, id="a coin of which no price is known"),
    ],
)
def test_a_contract_pays_what_it_is_worth_at_the_level_it_settles_at(
    kind: str, strike: float, paid: float | None
) -> None:
    found = paid_usd(Contract(kind=kind, expiry=EXPIRY, strike=strike), MARKET)
    assert found == (None if paid is None else pytest.approx(paid))


@pytest.mark.parametrize(
    "curve",
    [
        pytest.param(None, id="no curve"),
        pytest.param(replace(EVE, as_of=LAST - timedelta(days=1)), id="that of the day before"),
        pytest.param(replace(EVE, settlements=EVE.settlements[1:]), id="one without its future"),
    ],
)
def test_nothing_settles_at_spot_vix(curve: VixCurve | None) -> None:
    market = replace(MARKET, vix=VixMarket(spot=75.91, curve=curve))
    assert paid_usd(Contract(kind="vix.call", expiry=EXPIRY, strike=16.5), market) is None


def held(*legs: str) -> LayerState:
    bought = Word(
        id="w",
        verb=Verb.FILL,
        observed_at=datetime(2020, 2, 14, 22, 30, tzinfo=UTC),
        by="model",
        layer="L1",
        fills=tuple(map(parse_leg, legs)),
    )
    return hear(LayerState(layer="L1", scope="book"), bought)


CALLS = held("vix.call 2020-03-18 16.5 +4 @1.56")


def test_legs_are_due_once_their_last_day_s_close_is_out() -> None:
    assert not due([CALLS], LAST)
    assert not due([CALLS], LAST.replace(minute=44))
    assert due([CALLS], LAST.replace(minute=45))


def test_a_settlement_ends_the_layer_with_what_it_paid() -> None:
    at = LAST.replace(hour=21)
    (word,) = settlements([CALLS], MARKET, at)
    after = hear(CALLS, word)
    assert (after.status, after.legs) == (LayerStatus.OFF, ())
    assert cash_usd(after) == pytest.approx(4 * (5_232.5 - 156.0))


def test_only_what_is_due_is_settled_and_nothing_at_an_unknown_level() -> None:
    at = LAST.replace(hour=21)
    both = held("vix.call 2020-03-18 16.5 +4 @1.56", "vix.call 2020-06-17 18 +2 @2.25")
    (word,) = settlements([both], MARKET, at)
    assert [fill.contract.expiry for fill in word.fills] == [EXPIRY]
    assert list(settlements([both], Market(), at)) == []
    assert list(settlements([held("vix.call 2020-06-17 18 +2 @2.25")], MARKET, at)) == []
