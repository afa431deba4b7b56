"""Undo and correction: the journal only grows, legs and cash follow, later trades are safe."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.hedge import journal
from monitor.hedge import layer as layers
from monitor.hedge.legs import format_leg, parse_leg
from monitor.model.layer import LayerState, LayerStatus, Leg
from monitor.model.observation import Verb, Word

NOW = datetime(2020, 2, 14, 15, 0, tzinfo=UTC)
OFF = LayerState(layer="L2", scope="book")
CALL = "vix.call 2020-06-17 18"
PUT = "eth.put 2020-06-26 200"


def told(
    layer: LayerState, verb: Verb, *legs: str, entry: int = 0, coins: dict[str, float] | None = None
) -> LayerState:
    """Return the layer after a word; refused ones are an error here."""
    word = said(layer, verb, *legs, entry=entry)
    assert layers.refusal(layer, word) == ""
    return layers.hear(layer, word, coins or {})


def said(layer: LayerState, verb: Verb, *legs: str, entry: int = 0) -> Word:
    number = len(layer.journal)
    return Word(
        id=f"w{number}",
        verb=verb,
        observed_at=NOW + number * timedelta(hours=1),
        by="ann",
        layer="L2",
        fills=tuple(parse_leg(leg) for leg in legs),
        entry=entry,
    )


def legs(layer: LayerState) -> list[str]:
    return [format_leg(leg) for leg in layer.legs]


def test_an_undone_fill_leaves_the_layer_off_and_both_entries_in_the_journal() -> None:
    filled = told(OFF, Verb.FILL, f"{CALL} +4 @1.60")
    undone = told(filled, Verb.UNDO)
    assert (undone.status, undone.legs, undone.opened_at) == (LayerStatus.OFF, (), None)
    assert layers.cash_usd(undone) == 0
    assert undone.journal[:1] == filled.journal, "nothing that was booked is changed"
    assert [(one.reverses, one.cash_usd) for one in undone.journal] == [(0, -640.0), (1, 640.0)]


def test_an_undone_close_brings_the_legs_back_as_they_were() -> None:
    held = replace(told(OFF, Verb.FILL, f"{CALL} +4 @1.60"), extrinsic_at_entry_usd=500.0)
    closed = told(held, Verb.CLOSE, f"{CALL} -4 @3.10")
    back = told(closed, Verb.UNDO)
    assert (back.status, back.legs, back.opened_at) == (held.status, held.legs, held.opened_at)
    assert back.extrinsic_at_entry_usd == 500.0
    assert layers.cash_usd(back) == -640.0


def test_a_roll_is_taken_back_whole() -> None:
    held = told(OFF, Verb.FILL, f"{CALL} +4 @1.60")
    rolled = told(held, Verb.ROLL, f"{CALL} -4 @2.00", "vix.call 2020-09-16 20 +4 @2.50")
    assert legs(told(rolled, Verb.UNDO)) == legs(held)
    assert legs(told(rolled, Verb.UNDO, entry=2)) == legs(held), "named by either of its entries"


def test_undoing_twice_is_refused() -> None:
    undone = told(told(OFF, Verb.FILL, f"{CALL} +4 @1.60"), Verb.UNDO)
    again = said(undone, Verb.UNDO)
    assert "is undone already" in layers.refusal(undone, again)
    assert layers.hear(undone, again) is undone
    assert "entry 2 takes back entry 1" in layers.refusal(undone, said(undone, Verb.UNDO, entry=2))
    assert "entry 1 is undone already" in layers.refusal(undone, said(undone, Verb.UNDO, entry=1))


def test_an_undo_heard_again_changes_nothing() -> None:
    filled = told(OFF, Verb.FILL, f"{CALL} +4 @1.60")
    word = said(filled, Verb.UNDO)
    once = layers.hear(filled, word)
    assert layers.refusal(once, word) == ""
    assert layers.hear(once, word) is once


def test_what_later_trades_rest_on_is_not_undone() -> None:
    held = told(OFF, Verb.FILL, f"{CALL} +4 @1.60")
    less = told(held, Verb.CLOSE, f"{CALL} -3 @3.00")
    why = layers.refusal(less, said(less, Verb.UNDO, entry=1))
    assert why.startswith("entry 2, -3 VIX 17Jun20 18C @3.00, of L2 closes what would not be there")
    more = told(less, Verb.FILL, f"{CALL} +3 @1.00")
    assert layers.refusal(more, said(more, Verb.UNDO, entry=1)), "in its time nothing was held"
    assert legs(told(more, Verb.UNDO)) == [f"{CALL} +1"]


def test_a_corrected_price_moves_cash_and_leaves_legs_alone() -> None:
    held = told(OFF, Verb.FILL, f"{CALL} +4 @16.0")
    right = told(held, Verb.CORRECT, f"{CALL} +4 @1.60", entry=1)
    assert (right.legs, right.opened_at) == (held.legs, held.opened_at)
    assert layers.cash_usd(right) == -640.0
    assert [(one.reverses, one.corrects) for one in right.journal] == [(0, 0), (1, 0), (0, 1)]
    assert right.journal[2].at == NOW, "it counts from when it was traded"


def test_a_price_given_later_makes_the_cash_known() -> None:
    held = told(OFF, Verb.FILL, f"{CALL} +4")
    assert layers.cash_usd(held) is None
    assert layers.cash_usd(told(held, Verb.CORRECT, f"{CALL} +4 @1.60", entry=1)) == -640.0


def test_a_corrected_quantity_moves_legs_and_what_rests_on_it_is_refused() -> None:
    held = told(OFF, Verb.FILL, f"{CALL} +4 @1.60")
    less = told(held, Verb.CLOSE, f"{CALL} -3 @3.00")
    assert legs(told(less, Verb.CORRECT, f"{CALL} +5 @1.60", entry=1)) == [f"{CALL} +2"]
    why = layers.refusal(less, said(less, Verb.CORRECT, f"{CALL} +2 @1.60", entry=1))
    assert "entry 2" in why
    assert "closes what would not be there" in why


@pytest.mark.parametrize(
    ("entry", "leg", "reason"),
    [
        pytest.param(0, f"{CALL} +4 @1.5", "needs the number of an entry", id="no number"),
        pytest.param(9, f"{CALL} +4 @1.5", "has no entry 9: its journal has 1", id="no such"),
        pytest.param(-1, f"{CALL} +4 @1.5", "has no entry -1", id="below one"),
        pytest.param(1, "vix.call 2020-06-17 19 +4", "keeps the contract", id="another contract"),
        pytest.param(1, f"{CALL} +4 @1.60", "says so already", id="the same"),
    ],
)
def test_a_correction_that_is_none_says_why(entry: int, leg: str, reason: str) -> None:
    held = told(OFF, Verb.FILL, f"{CALL} +4 @1.60")
    assert reason in layers.refusal(held, said(held, Verb.CORRECT, leg, entry=entry))


def test_what_was_corrected_is_undone_as_the_trade_it_was() -> None:
    held = told(OFF, Verb.FILL, f"{CALL} +4 @16.0")
    right = told(held, Verb.CORRECT, f"{CALL} +5 @1.60", entry=1)
    assert "counts no more" in layers.refusal(
        right, said(right, Verb.CORRECT, f"{CALL} +6", entry=1)
    )
    again = told(right, Verb.CORRECT, f"{CALL} +6 @1.50", entry=3)
    assert legs(again) == [f"{CALL} +6"]
    off = told(again, Verb.UNDO)
    assert (off.legs, layers.cash_usd(off)) == ((), 0)
    assert journal.standing(off.journal) == ()


def test_a_coin_s_premium_is_corrected_at_the_coin_s_price_of_its_day() -> None:
    # 5 puts at 0.05 ETH, ETH at 250 USD: 62.5 USD; corrected to 0.04 ETH: 50 USD, whatever
    # ETH is when the slip is found.
    held = told(OFF, Verb.FILL, f"{PUT} +5 @0.05", coins={"eth": 250.0})
    right = told(held, Verb.CORRECT, f"{PUT} +5 @0.04", entry=1, coins={"eth": 130.0})
    assert layers.cash_usd(right) == pytest.approx(-50.0)


def test_partial_fills_and_top_ups_count_once_each() -> None:
    held = OFF
    for leg in (f"{CALL} +1 @1.60", f"{CALL} +3 @1.70", f"{CALL} +2 @2.00"):
        held = told(held, Verb.FILL, leg)
    assert legs(held) == [f"{CALL} +6"]
    assert layers.cash_usd(held) == pytest.approx(-100 * (1.6 + 5.1 + 4.0))
    less = told(held, Verb.UNDO)
    assert legs(less) == [f"{CALL} +4"]
    assert layers.cash_usd(less) == pytest.approx(-670.0)


@pytest.mark.parametrize(
    ("price", "cash"),
    [
        pytest.param("12.3", 4920.0 - 640.0, id="settled in the money"),
        pytest.param("0", -640.0, id="expired worthless"),
    ],
)
def test_expired_legs_settle_at_the_price_typed_and_that_can_be_corrected(
    price: str, cash: float
) -> None:
    held = told(OFF, Verb.FILL, f"{CALL} +4 @1.60")
    gone = layers.settle(held, datetime(2020, 6, 18, tzinfo=UTC))
    assert gone.status is LayerStatus.EXPIRED
    late = said(gone, Verb.CLOSE, f"{CALL} -4 @{price}")
    settled = layers.hear(gone, replace(late, observed_at=datetime(2020, 6, 18, tzinfo=UTC)))
    assert settled.status is LayerStatus.OFF
    assert layers.cash_usd(settled) == pytest.approx(cash)
    right = told(settled, Verb.CORRECT, f"{CALL} -4 @12.0", entry=2)
    assert layers.cash_usd(right) == pytest.approx(4800.0 - 640.0)
    assert right.status is LayerStatus.OFF


def test_held_since_is_since_the_legs_that_count() -> None:
    first = told(OFF, Verb.FILL, f"{CALL} +4 @1.60")
    two = told(first, Verb.FILL, "vix.call 2020-09-16 20 +1 @2.00")
    later = told(two, Verb.UNDO, entry=1)
    assert later.opened_at == NOW + timedelta(hours=1)
    assert later.legs == (Leg(contract=two.legs[1].contract, quantity=1),)
    assert two.legs[1].contract.expiry == date(2020, 9, 16)


def at(word: Word, hours: float) -> Word:
    return replace(word, traded_at=NOW + timedelta(hours=hours))


def test_a_trade_told_late_is_booked_when_it_was_done() -> None:
    filled = layers.hear(OFF, at(said(OFF, Verb.FILL, f"{CALL} +4 @1.60"), -48))
    assert (filled.journal[0].at, filled.opened_at) == (NOW - timedelta(days=2),) * 2
    closed = layers.hear(filled, at(said(filled, Verb.CLOSE, f"{CALL} -4 @3.10"), -24))
    assert closed.journal[1].at == NOW - timedelta(days=1)
    # 640 became 1,240 in a day: dated as told there would be no rate at all.
    assert [one.at for one in closed.journal] == sorted(one.at for one in closed.journal)


def test_a_fill_of_what_has_expired_since_is_taken_when_it_was_done_before() -> None:
    expired = "vix.call 2020-02-12 18 +4 @1.60"
    assert "trades no more" in layers.refusal(OFF, said(OFF, Verb.FILL, expired))
    assert layers.refusal(OFF, at(said(OFF, Verb.FILL, expired), -24 * 7)) == ""


def test_a_trade_to_come_and_a_close_before_its_opening_are_refused() -> None:
    fill = said(OFF, Verb.FILL, f"{CALL} +4 @1.60")
    assert layers.refusal(OFF, at(fill, 1)) == (
        "2020-02-14 16:00Z is still to come: a trade is told once it is done"
    )
    held = layers.hear(OFF, fill)
    for early in (said(held, Verb.CLOSE), said(held, Verb.FILL, f"{CALL} -1 @2")):
        assert layers.refusal(held, at(early, -1)) == "L2 was opened later, at 2020-02-14 15:00Z"
    more = at(said(held, Verb.FILL, f"{CALL} +1 @2"), -1)
    assert layers.refusal(held, more) == "", "what was forgotten may be told late"
