"""One bar a session: values thinned as they come, the past joined, families kept small."""

from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.calendars.hours import Hours
from monitor.model.reading import Bar
from monitor.signals.bars import Bars, last_sessions, long_ended, point

FRIDAY = date(2026, 3, 6)
CLOSE = datetime(2026, 3, 6, 21, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)


def bar(day: date, *prices: float, at: datetime | None = None) -> Bar:
    first, high, low, last = prices
    stamp = at or datetime(day.year, day.month, day.day, 21, 15, tzinfo=UTC)
    return Bar(day=day, open=first, high=high, low=low, close=last, at=stamp)


def test_values_of_a_session_become_its_first_highest_lowest_and_last() -> None:
    bars = Bars()
    for hours, value in ((-6, 20.0), (-4, 26.0), (-2, 18.0), (0, 21.0)):
        bars = bars.take(value, FRIDAY, CLOSE + hours * HOUR, keep=5)
    assert bars.bars == (bar(FRIDAY, 20, 26, 18, 21, at=CLOSE),)


def test_a_value_older_than_the_last_of_its_session_is_passed_over() -> None:
    bars = Bars().take(20.0, FRIDAY, CLOSE, keep=5)
    assert bars.take(30.0, FRIDAY, CLOSE - HOUR, keep=5) is bars


SEEN = bar(FRIDAY, 20, 21, 19, 20.5, at=CLOSE - 3 * HOUR)


@pytest.mark.parametrize(
    ("theirs", "joined"),
    [
        pytest.param(
            bar(FRIDAY, 18, 26, 17, 22),
            bar(FRIDAY, 18, 26, 17, 22),
            id="a bar with a range has seen the whole session and stands",
        ),
        pytest.param(
            point(FRIDAY, 22.0, CLOSE),
            bar(FRIDAY, 20, 22, 19, 22, at=CLOSE),
            id="a close alone ends the bar that was seen, and widens it",
        ),
        pytest.param(
            point(FRIDAY, 25.0, CLOSE - 4 * HOUR),
            SEEN,
            id="a value alone that is older says nothing",
        ),
    ],
)
def test_a_session_seen_in_part_is_made_whole_by_its_past(theirs: Bar, joined: Bar) -> None:
    assert Bars(bars=(SEEN,)).join([theirs], keep=5).bars == (joined,)


def test_the_same_past_a_second_time_changes_nothing() -> None:
    past = [bar(FRIDAY - timedelta(days=n), 20, 22, 19, 21) for n in (2, 1, 0)]
    once = Bars().join(past, keep=5)
    assert once.join(past, keep=5) is once


def test_of_more_than_are_kept_the_newest_stay() -> None:
    days = [FRIDAY - timedelta(days=n) for n in range(9)]
    bars = Bars().join([bar(day, 20, 22, 19, 21) for day in days], keep=4)
    assert [one.day for one in bars.bars] == sorted(days)[-4:]


def test_a_future_that_expired_long_ago_is_told_apart_from_one_that_trades() -> None:
    table = {
        "vx.settle|2026-03-18": Bars(bars=(point(FRIDAY, 20.0, CLOSE),)),
        "vx.settle|2026-02-18": Bars(bars=(point(date(2026, 2, 17), 20.0, CLOSE),)),
        "vx.settle|2026-01-21": Bars(bars=(point(date(2026, 1, 20), 20.0, CLOSE),)),
        "vix|": Bars(bars=(point(date(2020, 1, 20), 20.0, CLOSE),)),
    }
    # 30 sessions before Friday 6 March is Thursday 22 January: Presidents' day is no session.
    assert long_ended(table, "vx.settle", Hours.XNYS_CLOSE, 30) == {"vx.settle|2026-01-21"}
    assert long_ended(table, "vx.settle", Hours.XNYS_CLOSE, 40) == set()
    assert long_ended({}, "vx.settle", Hours.XNYS_CLOSE, 30) == set()


@pytest.mark.parametrize(
    ("days", "told"),
    [
        pytest.param((2, 3, 4), "3 of 4 sessions known", id="too few"),
        pytest.param((26, 2, 3, 4, 6), "a session after", id="a hole among them"),
    ],
)
def test_what_indicators_look_back_on_has_no_holes(days: tuple[int, ...], told: str) -> None:
    months = [date(2026, 2 if day > 20 else 3, day) for day in days]
    bars = Bars(bars=tuple(bar(day, 20, 22, 19, 21) for day in months))
    found = last_sessions(bars, Hours.CBOE_VIX, 4)
    assert isinstance(found, str)
    assert told in found
