"""Layers and shocks on a phone: thirty characters a line, and the figures that they come to."""

import math
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.app.brief_layers import layers_told
from monitor.app.brief_whatif import read_shock, whatif_told
from monitor.hedge.legs import parse_leg
from monitor.hedge.shock import Shock
from monitor.model.observation import Verb, Word
from monitor.pipeline import State, step
from monitor.signals.market import market_of

AT = datetime(2020, 2, 14, 22, 30, tzinfo=datetime.fromisoformat("2020-02-14T00:00Z").tzinfo)
NARROW = 30
# CFE settlements of 14 February 2020.
PRICES = {
    date(2020, 3, 18): 15.425,
    date(2020, 4, 15): 16.125,
    date(2020, 5, 20): 16.325,
    date(2020, 6, 17): 16.725,
}


def seen(hand: Any, *more: Any) -> State:
    state, rules = State(), hand.book("alvh")
    for one in (
        hand.settled(date(2020, 2, 14), PRICES, AT - timedelta(minutes=30)),
        hand.vix(13.68, AT - timedelta(minutes=20), AT - timedelta(minutes=1)),
        hand.snapshot(AT, hand.position()),
        *more,
    ):
        state, _ = step(rules, state, one)
    return state


def filled(leg: str = "vix.call 2020-06-17 18.5 +4 @1.60") -> Word:
    return Word(
        id="w", verb=Verb.FILL, observed_at=AT, by="a@cli", layer="L2", fills=(parse_leg(leg),)
    )


def told(lines: Any) -> list[str]:
    found = list(lines)
    assert all(len(line) <= NARROW for line in found), found
    return found


def test_a_layer_tells_its_legs_and_what_is_asked_of_it(hand: Any) -> None:
    rules = hand.book("alvh").rules
    lines = told(layers_told(seen(hand, filled()), rules, AT))
    # From 14 February to 17 June of a leap year.
    assert lines[:2] == ["L2 on, 124 d left", " 4 × VIX 17 Jun 2020 18.5 call"]
    at = lines.index("L1 proposed")
    assert lines[at + 1].startswith(" add proposed: ")
    assert lines[at + 2] == " void 15 Feb 22:29 UTC"
    assert told(layers_told(State(), rules, AT)) == ["off: L1 L2 L3"]


def test_without_rules_there_is_no_layer() -> None:
    assert told(layers_told(State(), (), AT)) == ["the rules have no layer"]


def test_a_shock_tells_what_the_curve_of_a_position_says(hand: Any) -> None:
    state = seen(hand, filled())
    (root,) = market_of(state.facts, AT).coins
    lines = told(whatif_told(state, [root, "-30%", "vix", "45"], AT))
    # Uniswap's own: V(p) = L (2 sqrt p - p / sqrt pb - sqrt pa), in USDC; the range is e^±0.1.
    price = 1.0001 ** (-hand.tick) * 1e12
    low, high = price * 1.0001**-1000, price * 1.0001**1000
    liquidity = 10**16 / 1e12

    def worth(p: float) -> float:
        p = min(max(p, low), high)
        return liquidity * (2 * math.sqrt(p) - p / math.sqrt(high) - math.sqrt(low))

    below = worth(low) / low  # all in the coin
    change = below * price * 0.7 - worth(price)
    assert lines[0] == f"What if {root.upper()} −30 %, VIX 45"
    assert lines[1] == f"positions −{-change:,.0f} USD"
    assert lines[-1] == "By the model. Not advice."
    assert any(line.startswith("of IL offset ") for line in lines)


def test_without_a_shock_there_is_a_table_that_fits(hand: Any) -> None:
    lines = told(whatif_told(seen(hand, filled()), [], AT))
    assert lines[1] == "VIX  −45%  −30%  −15%  +15%"
    assert [line.split()[0] for line in lines[2:6]] == ["20", "30", "45", "60"]
    assert len({len(line) for line in lines[1:6]}) == 1


def test_where_nothing_is_known_nothing_is_shocked() -> None:
    assert told(whatif_told(State(), ["eth", "-30%"], AT)) == ["no position is known yet"]


@pytest.mark.parametrize(
    ("said", "shock"),
    [
        ("eth -30% vix 45", Shock(coins={"eth": -0.3}, vix=45.0)),
        ("ETH −0.3 BTC 20%", Shock(coins={"eth": -0.3, "btc": 0.2})),
        ("spx -5% dvol 20", Shock(coins={}, spx=-0.05, coin_vol=0.2)),
        ("", None),
    ],
)
def test_a_shock_is_read_as_it_is_typed(said: str, shock: Shock | None) -> None:
    assert read_shock(said.split()) == shock


@pytest.mark.parametrize(
    "said",
    ["eth", "eth much", "eth -100%", "vix 0", "vix 201", "vix 20%", "gold 5%", "eth 1% eth 2%",
     "dvol 201", "eth nan", "vix inf"],
)  # fmt: skip
def test_what_is_no_shock_is_told_in_short_lines(said: str, hand: Any) -> None:
    lines = "\n".join(whatif_told(seen(hand), said.split(), AT)).splitlines()
    assert lines[-1] == "/whatif eth -30% vix 45"
    assert all(len(line) <= NARROW for line in lines), lines


@given(st.lists(st.text(max_size=25).filter(str.strip), max_size=6))
def test_whatever_is_typed_is_a_shock_or_a_sentence(said: list[str]) -> None:
    found = read_shock(said)
    assert found is None or isinstance(found, Shock) or found
