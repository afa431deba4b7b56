"""The record the offset is told from: sums of differences, in storms and since the first trade."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hedge.track import BookMark, BookTrack, advance, due

START = datetime(2020, 2, 19, tzinfo=UTC)
HOUR = timedelta(hours=1)


def mark(
    hour: float, vix: float | None, hedge: float, lost: float, *, positions: int = 1
) -> BookMark:
    return BookMark(
        at=START + hour * HOUR, vix=vix, hedge_usd=hedge, il_usd=lost, positions=positions
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
    assert found.since(0.0, -900.0)[0] == pytest.approx(0.0)
    assert found.since(180.0, -700.0)[0] == pytest.approx(180 / 600)


def test_a_calm_has_no_storm_s_offset() -> None:
    found = track(mark(0, 25.0, 0.0, 0.0), mark(1, 25.0, 5.0, -5.0))
    assert found.storm == (None, "the VIX was never seen above 30 while the hedge was watched")


def test_what_a_new_position_brings_was_not_lost_here() -> None:
    found = track(
        mark(0, 40.0, 0.0, -100.0),
        mark(1, 40.0, 10.0, -5_100.0, positions=2),
        mark(2, 40.0, 20.0, -5_200.0, positions=2),
    )
    assert found.storm[0] == pytest.approx(10 / 100)
    assert found.since(20.0, -5_200.0)[0] == pytest.approx(20 / 100)


def test_a_day_in_which_nobody_looked_is_in_no_storm() -> None:
    found = track(mark(0, 40.0, 0.0, 0.0), mark(30, 40.0, 10.0, -100.0))
    assert found.storm_s == 0.0


def test_a_step_in_which_the_books_were_mended_is_in_no_storm() -> None:
    mended = BookMark(
        at=START + HOUR, vix=40.0, hedge_usd=5_000.0, il_usd=-1.0, positions=1, mends=1
    )
    assert track(mark(0, 40.0, 0.0, 0.0), mended).storm_hedge_usd == 0.0


def test_marks_are_five_minutes_apart_but_for_what_changes_a_step() -> None:
    found = track(mark(0, 25.0, 0.0, 0.0))
    assert due(None, START, vix=None, changes=0)
    assert not due(found, START + timedelta(minutes=4), vix=25.0, changes=1)
    assert due(found, START + timedelta(minutes=5), vix=25.0, changes=1)
    assert due(found, START, vix=30.5, changes=1), "the VIX moved"
    assert due(found, START + timedelta(minutes=1), vix=None, changes=1), "or is lost"
    assert due(found, START + timedelta(minutes=1), vix=25.0, changes=2), "a position came"
    assert not due(found, START - HOUR, vix=40.0, changes=9), "time does not run back"


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
