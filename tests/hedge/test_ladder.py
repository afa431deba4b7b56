"""Multiples of what was paid and rungs: by hand; partial tickets in lots that trade."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge import layer as layers
from monitor.hedge.book import line_of
from monitor.hedge.ladder import Rung, reached, share_due
from monitor.hedge.legs import parse_leg
from monitor.hedge.ticket import Case, part_of, remove_ticket
from monitor.model.layer import PERPETUAL, Action, LayerState, LayerStatus, Leg, Proposal, Quantity
from monitor.model.observation import Verb, Word
from tests.hedge.markets import MARKET, NOW, contract

HALVES = (Rung(at=3.0, sell=0.5), Rung(at=5.0, sell=0.5), Rung(at=8.0, sell=1.0))
CALL, NEXT = "vix.call 2026-06-17 22", date(2026, 3, 27)


def told(*legs: str, verb: Verb = Verb.FILL, name: str = "") -> Word:
    return Word(
        id=name or " ".join(legs) or "close",
        verb=verb,
        observed_at=NOW,
        by="ann",
        layer="L2",
        fills=tuple(parse_leg(leg) for leg in legs),
    )


def after(*words: Word, coins: dict[str, float] | None = None) -> LayerState:
    layer = LayerState(layer="L2", scope="book")
    for one in words:
        layer = layers.hear(layer, one, coins or {})
    return layer


def paid_usd(layer: LayerState) -> float | None:
    return line_of(layer, None, NOW).paid[0]


@pytest.mark.parametrize(
    ("multiple", "taken", "due", "share"),
    [
        pytest.param(3.0, 0, 1, 0.5, id="the first"),
        pytest.param(4.9, 0, 1, 0.5, id="and not yet the second"),
        pytest.param(5.0, 1, 2, 0.5, id="the second"),
        pytest.param(6.0, 0, 2, 0.75, id="two at once: half, and half of the rest"),
        pytest.param(9.0, 0, 3, 1.0, id="all of them"),
        pytest.param(2.8, 0, 1, 0.5, id="come back by less than a tenth, and still asked for"),
        pytest.param(None, 1, 2, 0.5, id="asked for, and unknown since"),
        pytest.param(9.0, 3, 3, 0.0, id="none is left"),
    ],
)
def test_rungs_by_hand(multiple: float | None, taken: int, due: int, share: float) -> None:
    assert reached(HALVES, multiple, taken) == due
    assert share_due(HALVES, taken, due) == pytest.approx(share)


def test_what_was_paid_is_the_average_of_the_buys_and_falls_as_parts_are_sold() -> None:
    bought = after(told(f"{CALL} +4 @2.00"), told(f"{CALL} +4 @3.00"))
    assert paid_usd(bought) == pytest.approx(400 * 2 + 400 * 3)
    # Selling at any price takes a quarter of the cost away, not the proceeds.
    sold = after(told(f"{CALL} +4 @2.00"), told(f"{CALL} +4 @3.00"), told(f"{CALL} -2 @9.00"))
    assert paid_usd(sold) == pytest.approx(2_000 * 6 / 8)


def test_a_roll_begins_a_new_cost() -> None:
    rolled = after(
        told(f"{CALL} +4 @2.00"),
        told(f"{CALL} -4 @6.00", "vix.call 2026-09-16 24 +4 @3.50", verb=Verb.ROLL),
    )
    assert paid_usd(rolled) == pytest.approx(1_400.0)


def test_what_is_sold_and_bought_back_over_begins_at_the_new_price() -> None:
    turned = after(told("eth.perp -2 @2000"), told("eth.perp +3 @2200"))
    assert paid_usd(turned) == pytest.approx(2_200.0)


def test_premiums_in_coin_are_what_the_coin_was_worth_then() -> None:
    bought = after(told("eth.put 2026-03-27 1700 +10 @0.02"), coins={"eth": 2_000.0})
    assert paid_usd(bought) == pytest.approx(400.0)


def asked(
    layer: LayerState, rung: int, action: Action = Action.REMOVE, rule: str = ""
) -> LayerState:
    proposal = Proposal(
        rule=rule or f"L2.{'monetise' if rung else action}",
        alert="A17F00",
        action=action,
        at=NOW,
        expires_at=None,
        ticket=None,
        rung=rung,
    )
    return layers.propose(layer, proposal)


def test_a_close_under_the_proposal_takes_its_rungs_for_good() -> None:
    held = asked(after(told(f"{CALL} +4 @2.00")), 1)
    assert (held.status, held.rungs) == (LayerStatus.ON, 0)
    sold = layers.hear(held, told(f"{CALL} -2 @6.10", verb=Verb.CLOSE))
    assert (sold.status, sold.rungs, sold.proposal) == (LayerStatus.ON, 1, None)
    more = layers.hear(sold, told(f"{CALL} +1 @6.00"))
    assert more.rungs == 1, "a top-up is no new beginning"
    off = layers.hear(more, told(verb=Verb.CLOSE, name="all"))
    assert (off.status, off.rungs) == (LayerStatus.OFF, 0)


def test_a_sale_of_one_s_own_and_a_top_up_take_no_rung() -> None:
    held = after(told(f"{CALL} +4 @2.00"))
    assert layers.hear(held, told(f"{CALL} -2 @6.10", verb=Verb.CLOSE)).rungs == 0
    assert layers.hear(asked(held, 1), told(f"{CALL} +1 @6.10")).rungs == 0


def test_the_same_sale_heard_twice_takes_its_rung_once() -> None:
    held = asked(after(told(f"{CALL} +4 @2.00")), 1)
    sold = layers.hear(held, told(f"{CALL} -2 @6.10", verb=Verb.CLOSE))
    again = asked(sold, 2)
    assert layers.hear(again, told(f"{CALL} -2 @6.10", verb=Verb.CLOSE)) is again


def undo(name: str) -> Word:
    return told(verb=Verb.UNDO, name=name)


def test_an_undone_sale_gives_its_rung_back_and_the_earlier_ones_stay() -> None:
    held = after(told(f"{CALL} +4 @2.00"))
    first = layers.hear(asked(held, 1), told(f"{CALL} -2 @6.10", verb=Verb.CLOSE))
    second = layers.hear(asked(first, 2), told(f"{CALL} -1 @10.10", verb=Verb.CLOSE))
    assert (first.rungs, second.rungs) == (1, 2)
    once = layers.hear(second, undo("once"))
    assert (once.legs, once.rungs) == (first.legs, 1)


def test_a_slip_in_the_price_of_a_sale_keeps_no_rung_once_undone() -> None:
    held = after(told(f"{CALL} +4 @2.00"))
    sold = layers.hear(asked(held, 1), told(f"{CALL} -2 @6.10", verb=Verb.CLOSE))
    fixed = told(f"{CALL} -2 @6.20", verb=Verb.CORRECT, name="fixed")
    mended = layers.hear(sold, replace(fixed, entry=2))
    assert mended.rungs == 1
    assert layers.hear(mended, undo("sale")).rungs == 0


def test_an_undone_close_of_all_brings_the_rungs_back() -> None:
    held = after(told(f"{CALL} +4 @2.00"))
    sold = layers.hear(asked(held, 1), told(f"{CALL} -2 @6.10", verb=Verb.CLOSE))
    off = layers.hear(sold, told(verb=Verb.CLOSE, name="all"))
    assert off.rungs == 0
    assert layers.hear(off, undo("all back")).rungs == 1


def test_an_undo_of_what_came_before_a_sale_leaves_its_rung_taken() -> None:
    held = after(told(f"{CALL} +4 @2.00"), told(f"{CALL} +2 @2.10"))
    sold = layers.hear(asked(held, 1), told(f"{CALL} -3 @6.10", verb=Verb.CLOSE))
    less = layers.hear(sold, replace(undo("the top-up"), entry=2))
    assert (less.legs[0].quantity, less.rungs) == (1, 1)


def test_a_correction_that_leaves_nothing_held_leaves_no_rung() -> None:
    held = after(told(f"{CALL} +4 @2.00"))
    sold = layers.hear(asked(held, 1), told(f"{CALL} -2 @6.10", verb=Verb.CLOSE))
    fixed = told(f"{CALL} +2 @2.00", verb=Verb.CORRECT, name="fixed")
    off = layers.hear(sold, replace(fixed, entry=1))
    assert (off.legs, off.rungs) == ((), 0)


def test_a_removal_of_all_goes_over_one_in_part_and_that_over_a_roll() -> None:
    held = after(told(f"{CALL} +4 @2.00"))
    rolling = asked(held, 0, Action.ROLL)
    selling = asked(rolling, 1)
    assert selling.proposal is not None
    assert selling.proposal.rung == 1
    assert asked(selling, 0, Action.ROLL) is selling
    ending = asked(selling, 0, rule="L2.orphaned")
    assert ending.proposal is not None
    assert (ending.proposal.rule, ending.status) == ("L2.orphaned", LayerStatus.REMOVE_DUE)
    assert asked(ending, 1) is ending


def leg(kind: str, strike: float, quantity: Quantity) -> Leg:
    day = PERPETUAL if kind.endswith("perp") else NEXT
    return Leg(contract=contract(kind, day, strike), quantity=quantity)


@pytest.mark.parametrize(
    ("held", "share", "sold"),
    [
        pytest.param(leg("eth.put", 1_700.0, -8), 0.5, -4, id="half of eight"),
        pytest.param(leg("eth.put", 1_700.0, -1), 0.5, -1, id="the last one whole"),
        pytest.param(leg("btc.put", 50_000.0, 1), 0.5, Decimal("0.5"), id="half a contract"),
        pytest.param(leg("btc.put", 50_000.0, Decimal("0.3")), 0.5, Decimal("0.2"), id="in lots"),
        pytest.param(leg("eth.perp", 0.0, Decimal("2.25")), 0.5, Decimal("1.12"), id="a perpetual"),
    ],
)
def test_a_part_is_in_lots_that_trade(held: Leg, share: float, sold: Quantity) -> None:
    (part,) = part_of([held], share)
    assert part.quantity == sold
    assert str(part.quantity) == str(sold)


@given(st.integers(1, 10_000), st.floats(0.01, 1.0), st.booleans())
def test_a_part_is_at_least_a_lot_and_at_most_all(lots: int, share: float, bought: bool) -> None:
    held = leg("btc.put", 50_000.0, Decimal(lots if bought else -lots) / 10)
    (part,) = part_of([held], share)
    count = abs(Decimal(part.quantity) * 10)
    assert count == count.to_integral_value()
    assert 1 <= count <= lots
    assert abs(float(count) - lots * share) <= 1
    assert (part.quantity > 0) == bought


def test_part_of_a_condor_is_a_condor() -> None:
    condor = [
        leg("eth.put", 1_500.0, 3), leg("eth.put", 1_700.0, -3),
        leg("eth.call", 2_300.0, -3), leg("eth.call", 2_500.0, 3),
    ]  # fmt: skip
    ticket = remove_ticket(condor, Case(market=MARKET, at=NOW), share=0.5)
    assert not isinstance(ticket, str)
    assert [one.quantity for one in ticket.legs] == [-2, 2, 2, -2]
    whole = remove_ticket(condor, Case(market=MARKET, at=NOW))
    assert not isinstance(whole, str)
    assert whole.cost_usd == pytest.approx(1.5 * ticket.cost_usd)
    assert replace(whole, legs=()).priced_by == "model"
