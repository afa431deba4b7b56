"""What the positions lost counts from the first trade that counts: told late, or undone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.model.observation import Observation, Verb, Word
from monitor.pipeline import Rulebook, State, step
from monitor.rules.marked import Marked
from monitor.signals.of_hedge import lost_usd, offset_since
from tests.test_pipeline_hedged import HOUR, OURS, SETTLED, START, word

LEG = "vix.call 2020-06-17 18 +4 @1.60"
DAY = timedelta(days=1)


@pytest.fixture
def book(hand: Any, tmp_path: Path) -> Rulebook:
    path = tmp_path / "ours.toml"
    path.write_text(OURS, encoding="utf-8")
    made: Rulebook = hand.book(files=(path,))
    return made


def walked(book: Rulebook, *seen: Observation, state: State | None = None) -> State:
    state = state or State()
    for one in seen:
        state, _ = step(book, state, one)
    return state


def told_late(at: datetime, done: datetime, *legs: str) -> Word:
    return replace(word(Verb.FILL, at, *legs or (LEG,)), traded_at=done)


def falling(hand: Any) -> list[Observation]:
    """Tell of an hour of calm, and of two falls of ETH, an hour apart each."""
    spot, at = hand.position(), START
    return [
        hand.settled(at.date(), SETTLED, at),
        hand.vix(13.68, at),
        hand.snapshot(at, spot),
        hand.snapshot(at + HOUR, spot, tick=hand.tick + 300, number=2),
        hand.snapshot(at + 2 * HOUR, spot, tick=hand.tick + 900, number=3),
    ]


def offset(state: State) -> tuple[float | None, str]:
    assert state.at is not None
    return offset_since(state.facts, Marked(state.facts, state.layers, state.at).ledger)


def test_a_trade_told_late_counts_the_loss_from_when_it_was_done(book: Rulebook, hand: Any) -> None:
    seen, done = falling(hand), START + 1.5 * HOUR
    in_time = walked(book, *seen[:4], word(Verb.FILL, done, LEG), seen[4])
    late = walked(book, *seen, told_late(START + 3 * HOUR, done))
    track = late.facts.hedged["book"]
    assert track.first.at == done
    assert track.untold == ""
    # What was read at one hour, when it was so, not worked out later.
    assert track.first.il_usd == pytest.approx(lost_usd(walked(book, *seen[:4]).facts)[0])
    assert track.first.il_usd < 0
    at = START + 4 * HOUR
    last = hand.snapshot(at, hand.position(), tick=hand.tick + 900, number=4)
    first, second = (walked(book, last, state=state) for state in (in_time, late))
    assert offset(second)[0] == pytest.approx(offset(first)[0])
    assert offset(second)[0] is not None


def test_an_earlier_trade_told_after_a_later_one_moves_the_beginning_back(
    book: Rulebook, hand: Any
) -> None:
    seen, done = falling(hand), START + HOUR
    both = [word(Verb.FILL, START + 2 * HOUR, LEG), told_late(START + 3 * HOUR, done)]
    state = walked(book, *seen, *both)
    assert state.facts.hedged["book"].first.at == done
    undone = Word(
        id="u", verb=Verb.UNDO, observed_at=START + 4 * HOUR, by="ann", layer="H", entry=2
    )
    assert walked(book, undone, state=state).facts.hedged["book"].first.at == START + 2 * HOUR


def test_what_was_lost_before_anybody_looked_is_unknown_and_it_is_said(
    book: Rulebook, hand: Any
) -> None:
    state = walked(book, *falling(hand)[:3], told_late(START + HOUR, START - DAY))
    state = walked(book, *falling(hand)[4:], state=state)
    track = state.facts.hedged["book"]
    assert track.first.at == START + HOUR
    share, note = offset(state)
    assert share is not None
    assert note.endswith(
        "the loss counts from 2020-02-14 22:20Z, not from the first trade, 2020-02-13 21:20Z:"
        " #1 was not watched then, or its liquidity was another"
    )


def test_rules_may_tell_since_when_the_loss_counts(book: Rulebook, hand: Any) -> None:
    known = walked(book, *falling(hand), told_late(START + 3 * HOUR, START + HOUR))
    state = walked(book, *falling(hand)[:3], told_late(START + HOUR, START - DAY))
    first, second = (
        Marked(one.facts, one.layers, START + 3 * HOUR).of_book("book.il_since")
        for one in (known, state)
    )
    assert (first.value, first.note) == ("first-trade", "")
    assert second.value == "first-mark"
    assert second.note.startswith(
        "the loss counts from 2020-02-14 22:20Z, not from the first trade"
    )
    unbooked = walked(book, *falling(hand))
    told = Marked(unbooked.facts, unbooked.layers, START + 3 * HOUR).of_book("book.il_since")
    assert (told.value, told.note) == (None, "no hedge was ever booked")


def test_a_position_of_another_liquidity_then_is_unknown(book: Rulebook, hand: Any) -> None:
    half = replace(hand.position(), liquidity=5 * 10**15)
    seen = falling(hand)
    before = hand.snapshot(START, half)
    state = walked(book, *seen[:2], before, *seen[3:], told_late(START + 3 * HOUR, START))
    assert state.facts.hedged["book"].untold


def test_a_position_opened_since_had_lost_nothing_then(book: Rulebook, hand: Any) -> None:
    spot = hand.position(2)
    basis = replace(spot.basis, opened_at=START + HOUR)
    new = replace(spot, basis=basis)
    seen = falling(hand)
    both = hand.snapshot(START + 2 * HOUR, hand.position(), new, tick=hand.tick + 900, number=3)
    state = walked(book, *seen[:4], both, told_late(START + 3 * HOUR, START))
    first = state.facts.hedged["book"].first
    assert first.at == START
    assert first.lost_usd[hand.key(2)] == 0.0


def test_a_trade_that_was_none_begins_nothing(book: Rulebook, hand: Any) -> None:
    seen = falling(hand)
    slip = Word(id="u", verb=Verb.UNDO, observed_at=START + HOUR / 2, by="ann", layer="H")
    state = walked(book, *seen[:3], word(Verb.FILL, START, LEG), slip)
    assert state.facts.hedged == {}
    state = walked(book, seen[3], word(Verb.FILL, START + 1.5 * HOUR, LEG), seen[4], state=state)
    right = walked(book, *seen[:4], word(Verb.FILL, START + 1.5 * HOUR, LEG), seen[4])
    assert state.facts.hedged["book"].first.at == START + 1.5 * HOUR
    assert offset(state)[0] == pytest.approx(offset(right)[0])


def test_what_a_trade_told_late_had_made_before_is_no_gain_of_the_step_it_is_told_in(
    book: Rulebook, hand: Any
) -> None:
    spot, tick = hand.position(), hand.tick
    higher = {day: price * 2.5 for day, price in SETTLED.items()}
    seen = [
        *falling(hand)[:3],
        word(Verb.FILL, START, "vix.call 2020-06-17 18 +1 @1.60"),
        hand.vix(35.0, START + HOUR),
        hand.settled(START.date(), higher, START + 2 * HOUR),
    ]
    end = hand.snapshot(START + 4 * HOUR, spot, tick=tick + 900, number=3)
    told = told_late(START + 3 * HOUR, START + HOUR / 2)
    alone, late = walked(book, *seen, end), walked(book, *seen, told, end)
    one, both = (state.facts.hedged["book"] for state in (alone, late))
    # Each contract made 100 · (41.81 - 18 - 1.60) = 2,200 dollars, four before they were told of.
    assert one.storm_hedge_usd == pytest.approx(2_200.0, rel=0.05)
    assert both.storm_hedge_usd == pytest.approx(one.storm_hedge_usd, rel=0.05)
    assert both.storm_s == one.storm_s - 3600, "the step that ended as it was told"


def test_a_storm_ends_where_the_vix_has_not_been_stated_for_a_session(
    book: Rulebook, hand: Any
) -> None:
    spot, begun = hand.position(), datetime(2020, 2, 15, tzinfo=UTC)
    seen = [*falling(hand)[:3], word(Verb.FILL, START, LEG), hand.vix(35.0, START + HOUR)]
    for n in range(27):
        at = begun + n * 6 * HOUR
        seen.append(hand.snapshot(at, spot, tick=hand.tick + n, number=2 + n))
    state = walked(book, *seen)
    # Friday 22:20 UTC; Monday is a holiday, so that Tuesday's is the session that the last word
    # holds for. Wednesday's begins at 14:30, and the last step before that at noon.
    storm = datetime(2020, 2, 19, 18, tzinfo=UTC) - (START + HOUR)
    assert state.facts.hedged["book"].storm_s == storm.total_seconds()
