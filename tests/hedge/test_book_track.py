"""The record the offset is told from: sums of differences, in storms and since the first trade."""

from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge.track import BookMark, BookTrack, advance, due

START = datetime(2020, 2, 19, tzinfo=UTC)
HOUR = timedelta(hours=1)


def mark(
    hour: float, vix: float | None, hedge: float, lost: float, *, mends: int = 0, **more: float
) -> BookMark:
    """Return a mark of position a's loss and, by name, more positions'."""
    return BookMark(
        at=START + hour * HOUR, vix=vix, hedge_usd=hedge, lost_usd={"a": lost} | more, mends=mends
    )


def track(*marks: BookMark) -> BookTrack:
    found = None
    for one in marks:
        found = advance(found, one)
    assert found is not None
    return found


def test_only_steps_that_began_above_30_are_of_the_storm() -> None:
    found = track(
        mark(0, 25.0, 0.0, -100.0),
        mark(1, 31.0, 50.0, -200.0),  # began at 25
        mark(2, 40.0, 150.0, -600.0),  # began at 31: +100 on -400
        mark(3, 29.0, 180.0, -700.0),  # began at 40: +30 on -100
        mark(4, 28.0, 0.0, -900.0),  # began at 29
    )
    assert found.storm[0] == pytest.approx(130 / 500)
    assert found.storm_s == 7200.0
    assert found.since(0.0, {"a": -900.0})[0] == pytest.approx(0.0)
    assert found.since(180.0, {"a": -700.0})[0] == pytest.approx(180 / 600)


def test_a_calm_has_no_storm_s_offset() -> None:
    found = track(mark(0, 25.0, 0.0, 0.0), mark(1, 25.0, 5.0, -5.0))
    assert found.storm == (None, "the VIX was never seen above 30 while the hedge was watched")


def test_what_a_new_position_brings_was_not_lost_here() -> None:
    found = track(
        mark(0, 40.0, 0.0, -100.0),
        mark(1, 40.0, 10.0, -150.0, b=-5_000.0),
        mark(2, 40.0, 20.0, -200.0, b=-5_030.0),
    )
    # a lost 100 and b 30 while watched, for which the hedge made 20.
    assert found.storm[0] == pytest.approx(20 / 130)
    assert found.since(20.0, {"a": -200.0, "b": -5_030.0})[0] == pytest.approx(20 / 130)


def test_what_others_lost_while_one_came_counts() -> None:
    found = track(mark(0, 25.0, 0.0, -1_000.0), mark(60, 25.0, 3_000.0, -10_000.0, b=0.0))
    assert found.since(3_000.0, {"a": -10_000.0, "b": 0.0})[0] == pytest.approx(3_000 / 9_000)


def test_a_position_that_came_since_the_last_mark_brings_nothing() -> None:
    found = track(mark(0, 25.0, 0.0, -100.0))
    assert found.since(50.0, {"a": -200.0, "b": -7_000.0})[0] == pytest.approx(50 / 100)


def test_what_a_position_without_a_price_had_lost_still_counts() -> None:
    found = track(
        mark(0, 25.0, 0.0, -100.0, b=-100.0),
        mark(1, 25.0, 0.0, -200.0, b=-300.0),
        BookMark(at=START + 2 * HOUR, vix=25.0, hedge_usd=0.0, lost_usd={"a": -200.0}),
        mark(3, 25.0, 0.0, -200.0, b=-500.0),
    )
    # 100 of a, 200 of b until it had no price; what it lost unseen is of no step.
    assert found.lost({"a": -200.0, "b": -500.0}) == pytest.approx(-300.0)


def test_the_price_of_entry_is_a_part_of_what_the_hedge_made() -> None:
    # Bought at 5.00 and marked at 2.50 in the same step: 1,000 USD behind. Back at 5.00 it made 0.
    found = track(mark(0, 25.0, -1_000.0, 0.0))
    assert found.since(0.0, {"a": -2_000.0})[0] == pytest.approx(0.0)


def test_a_slip_that_was_corrected_made_nothing() -> None:
    # 4 calls told at 25 were bought at 2.50: 9,000 USD that never were.
    found = track(mark(0, 18.0, -9_000.0, 0.0), mark(1, 18.0, 46.0, -1_000.0, mends=1))
    assert found.since(46.0, {"a": -1_000.0})[0] == pytest.approx(0.046)


def test_a_day_in_which_nobody_looked_is_in_no_storm() -> None:
    found = track(mark(0, 40.0, 0.0, 0.0), mark(30, 40.0, 10.0, -100.0))
    assert found.storm_s == 0.0


def test_a_step_in_which_the_books_were_mended_is_in_no_storm() -> None:
    found = track(mark(0, 40.0, 0.0, 0.0), mark(1, 40.0, 5_000.0, -1.0, mends=1))
    assert found.storm_hedge_usd == 0.0


def test_marks_are_a_quarter_of_an_hour_apart_but_for_what_changes_a_step() -> None:
    found, stormy = track(mark(0, 25.0, 0.0, 0.0)), track(mark(0, 35.0, 0.0, 0.0))
    ask = partial(due, keys=("a",), mends=0)
    assert ask(None, START, vix=None)
    assert not ask(found, START + timedelta(minutes=14), vix=25.0)
    assert ask(found, START + timedelta(minutes=15), vix=25.0)
    assert ask(found, START, vix=30.5), "a storm begins"
    assert not ask(found, START, vix=29.5), "the VIX moved, and no sum is another's by it"
    assert ask(stormy, START + timedelta(minutes=1), vix=29.5), "the storm ends"
    assert ask(stormy, START + timedelta(minutes=1), vix=None), "or nobody knows of it"
    assert ask(found, START + timedelta(minutes=1), vix=25.0, keys=("b", "a")), "one came"
    assert ask(found, START + timedelta(minutes=1), vix=25.0, keys=("b",)), "another in its place"
    assert ask(found, START + timedelta(minutes=1), vix=25.0, mends=1), "the books were mended"
    assert not ask(found, START - HOUR, vix=40.0, keys=()), "time does not run back"


@given(
    st.lists(
        st.tuples(st.floats(10, 80), st.integers(-1000, 1000), st.integers(-1000, 0)),
        min_size=2,
    )
)
def test_the_sums_are_those_of_the_steps_one_by_one(
    told: list[tuple[float, int, int]],
) -> None:
    found = track(*(mark(hour, *one) for hour, one in enumerate(told)))
    steps = [(a, b) for a, b in pairwise(told) if a[0] > 30]
    assert found.storm_hedge_usd == sum(b[1] - a[1] for a, b in steps)
    assert found.storm_il_usd == sum(b[2] - a[2] for a, b in steps)
    assert found.storm_s == 3600 * len(steps)
