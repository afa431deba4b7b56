"""A perpetual sized anew: bought back or sold on to the middle, by hand, never past flat."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge import layer as layers
from monitor.hedge.instruments import Instrument
from monitor.hedge.layer import refusal
from monitor.hedge.legs import parse_leg
from monitor.hedge.rebalance import rebalance_ticket, sized_anew
from monitor.hedge.sizing import Size
from monitor.hedge.ticket import Case
from monitor.hedge.worth import held
from monitor.model.layer import PERPETUAL, LayerState, Leg, Ticket
from monitor.model.observation import Verb, Word
from tests.hedge.markets import COVER, MARKET, NOW, contract

PERP = contract("eth.perp", PERPETUAL)
SHORT = Instrument(kind="eth.perp", leverage=2.0)
SIZE = Size(policy="delta", share=1.0, over_hedge=True)
COINS = 1_000 * (1 / math.sqrt(2_000) - 1 / math.sqrt(2_600))


def legs(quantity: str) -> tuple[Leg, ...]:
    return (Leg(contract=PERP, quantity=Decimal(quantity)),)


def anew(quantity: str, *others: Leg) -> Ticket | str:
    mine = legs(quantity)
    case = Case(market=MARKET, at=NOW, cover=COVER, held=held((*mine, *others)))
    return rebalance_ticket(mine, SHORT, SIZE, case)


def test_what_is_short_too_much_is_bought_back() -> None:
    found = anew("-4.00")
    assert isinstance(found, Ticket), found
    (leg,) = found.legs
    assert (leg.contract, float(leg.quantity)) == (PERP, round(4 - COINS, 2))
    assert found.cost_usd == 0  # A future costs nothing to hold.
    assert found.sized == "delta: 100 % of the positions' 2.749 ETH, -4 held"


def test_what_is_short_too_little_is_sold_on() -> None:
    found = anew("-1.00")
    assert isinstance(found, Ticket)
    assert float(found.legs[0].quantity) == -round(COINS - 1, 2)


def test_no_more_is_bought_back_than_the_layer_holds() -> None:
    # Another layer is the one that is short too much.
    found = anew("-0.5", Leg(contract=PERP, quantity=-9))
    assert isinstance(found, Ticket)
    assert float(found.legs[0].quantity) == 0.5


def test_near_the_middle_there_is_nothing_to_trade() -> None:
    assert "nothing to trade" in str(anew(f"{-round(COINS, 2):.2f}"))


@given(st.decimals("0.01", "20", places=2))
def test_after_it_the_book_is_level_to_half_a_lot(short: Decimal) -> None:
    found = anew(str(-short))
    traded = float(found.legs[0].quantity) if isinstance(found, Ticket) else 0.0
    assert abs(COINS - float(short) + traded) <= 0.005 + 1e-9


def test_only_a_perpetual_by_delta_is_sized_anew() -> None:
    assert sized_anew(SHORT, SIZE)
    assert not sized_anew(SHORT, Size(policy="fixed", contracts=2))
    assert not sized_anew(Instrument(kind="eth.put", dte=30), SIZE)


@pytest.mark.parametrize("leg", ["eth.perp +1.25 @2100", "eth.perp -0.5 @2100"])
def test_a_roll_of_a_perpetual_is_one_trade(leg: str) -> None:
    def word(verb: Verb, text: str) -> Word:
        fills = (parse_leg(text),)
        return Word(id=text, verb=verb, observed_at=NOW, by="ann", layer="D1", fills=fills)

    on = layers.hear(LayerState(layer="D1", scope="book"), word(Verb.FILL, "eth.perp -4 @2000"))
    rolled = word(Verb.ROLL, leg)
    assert refusal(on, rolled) == ""
    left = layers.hear(on, rolled).legs
    assert sum(float(one.quantity) for one in left) == -4 + float(leg.split()[1])
