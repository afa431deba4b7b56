"""Bars as values come: one a session, whatever the order, and no more than are kept."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.calendars.hours import Hours
from monitor.model.observation import Readings
from monitor.model.reading import Bar, Reading
from monitor.signals.absorb import Lens, absorb
from monitor.signals.bars import Bars, day_of, last_sessions, point
from monitor.signals.facts import Facts

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2026, 3, 9)
NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def bars(*days: str, value: float = 1.0) -> Bars:
    return Bars(
        bars=tuple(
            point(date.fromisoformat(day), value, datetime.fromisoformat(f"{day}T20:00Z"))
            for day in days
        )
    )


def taken(values: Iterable[tuple[int, float]], keep: int = 99) -> Bars:
    """Return bars after values, each so many minutes after Monday noon."""
    known = Bars()
    for minutes, value in values:
        at = NOON + minutes * MINUTE
        known = known.take(value, at.date(), at, keep)
    return known


# --- taking values --------------------------------------------------------------------------


def test_a_session_is_its_first_highest_lowest_and_last_value() -> None:
    (bar,) = taken([(0, 10.0), (1, 13.0), (2, 7.0), (3, 11.0)]).bars
    assert (bar.open, bar.high, bar.low, bar.close) == (10, 13, 7, 11)
    assert (bar.day, bar.at) == (MONDAY, NOON + 3 * MINUTE)


def test_an_older_value_of_a_session_is_passed() -> None:
    known = taken([(0, 10.0), (5, 11.0)])
    assert known.take(99.0, MONDAY, NOON + 4 * MINUTE, 99) is known
    assert known.take(11.0, MONDAY, NOON + 5 * MINUTE, 99) is known, "and one said twice"
    corrected = known.take(12.0, MONDAY, NOON + 5 * MINUTE, 99)
    assert corrected.bars[-1].close == 12, "one corrected at its instant is not"


def test_sessions_may_come_in_any_order() -> None:
    days = [(n, MONDAY + n * DAY) for n in range(4)]
    expected = tuple(point(day, 1.0 + n, NOON + n * DAY) for n, day in days)
    for order in permutations(days):
        known = Bars()
        for n, day in order:
            known = known.take(1.0 + n, day, NOON + n * DAY, 99)
        assert known.bars == expected


def test_no_more_are_kept_than_said() -> None:
    known = taken([(n * 1440, float(n)) for n in range(10)], keep=3)
    assert [bar.close for bar in known.bars] == [7, 8, 9]
    older = known.take(99.0, MONDAY, NOON, 3)
    assert older.bars == known.bars, "and one older than all of them is none of them"


@given(
    st.lists(
        st.tuples(st.integers(0, 5 * 1440), st.floats(1, 1000)),
        min_size=1,
        max_size=40,
        unique_by=lambda one: one[0],
    )
)
def test_values_in_their_order_make_the_bars_they_say(values: list[tuple[int, float]]) -> None:
    values.sort()
    known = taken(values)
    assert [bar.day for bar in known.bars] == sorted({bar.day for bar in known.bars})
    for bar in known.bars:
        of_day = [value for at, value in values if (NOON + at * MINUTE).date() == bar.day]
        assert (bar.open, bar.close) == (of_day[0], of_day[-1])
        assert (bar.high, bar.low) == (max(of_day), min(of_day))


# --- joining others -------------------------------------------------------------------------


def test_others_fill_what_is_not_known() -> None:
    mine = bars("2026-03-06", "2026-03-09", value=1.0)
    theirs = bars("2026-03-05", "2026-03-06", "2026-03-10", value=2.0).bars
    joined = mine.join(theirs, 99)
    assert [(bar.day.day, bar.close) for bar in joined.bars] == [(5, 2), (6, 1), (9, 1), (10, 2)]
    assert [bar.day.day for bar in mine.join(theirs, 2).bars] == [9, 10]


def test_joining_what_is_known_changes_nothing() -> None:
    mine = taken([(n * 700, float(n % 7 + 1)) for n in range(20)])
    assert mine.join(mine.bars, 99) is mine
    assert mine.join([], 99) is mine
    assert Bars().join(mine.bars, 99).bars == mine.bars


# --- until, and hashing ---------------------------------------------------------------------


def test_until_gives_what_was_published() -> None:
    known = bars("2026-03-06", "2026-03-09")
    assert known.until(datetime(2026, 3, 9, 20, tzinfo=UTC)) is known
    (one,) = known.until(datetime(2026, 3, 9, 19, 59, tzinfo=UTC)).bars
    assert one.day == date(2026, 3, 6)
    assert known.until(NOON - 9 * DAY).bars == ()
    assert Bars().until(NOON).bars == ()


def test_bars_are_hashed_by_identity() -> None:
    one, other = bars("2026-03-06"), bars("2026-03-06")
    assert one == other
    assert hash(one) != hash(other)


# --- which session --------------------------------------------------------------------------


def new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "at", "day"),
    [
        pytest.param(Hours.CBOE_VIX, "2024-08-05T04:00", "2024-08-05", id="overnight, that day"),
        pytest.param(Hours.CBOE_VIX, "2024-08-05T03:14", "2024-08-02", id="before it, Friday"),
        pytest.param(Hours.CBOE_VIX, "2024-08-04T12:00", "2024-08-02", id="on a Sunday, Friday"),
        pytest.param(Hours.CBOE_VIX, "2024-08-05T20:00", "2024-08-05", id="in the evening"),
        pytest.param(Hours.XNYS_CLOSE, "2020-11-27T13:00", "2020-11-27", id="a half day's close"),
        pytest.param(Hours.XNYS_CLOSE, "2020-11-26T13:00", "2020-11-25", id="on a holiday"),
        pytest.param(Hours.ALWAYS, "2026-03-08T19:59", "2026-03-08", id="the UTC date"),
        pytest.param(Hours.ALWAYS, "2026-03-08T20:00", "2026-03-09", id="changes at its midnight"),
    ],
)
def test_the_session_of_a_stamp(hours: Hours, at: str, day: str) -> None:
    assert day_of(hours, new_york(at)) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("hours", "days", "count", "found"),
    [
        pytest.param(Hours.CBOE_VIX, ("2020-02-21", "2020-02-24"), 2, 2, id="over a weekend"),
        pytest.param(
            Hours.CBOE_VIX,
            ("2020-02-13", "2020-02-14", "2020-02-18"),
            2,
            2,
            id="over a holiday, and no more than asked",
        ),
        pytest.param(
            Hours.CBOE_VIX,
            ("2020-02-14", "2020-02-19"),
            2,
            "a session after 2020-02-14 is not known",
            id="one is missing",
        ),
        pytest.param(
            Hours.ALWAYS,
            ("2020-02-21", "2020-02-24"),
            2,
            "a session after 2020-02-21 is not known",
            id="a coin's weekend is missing",
        ),
        pytest.param(Hours.CBOE_VIX, ("2020-02-21",), 2, "1 of 2 sessions known", id="too few"),
        pytest.param(Hours.CBOE_VIX, (), 1, "0 of 1 sessions known", id="none"),
    ],
)
def test_last_sessions(hours: Hours, days: tuple[str, ...], count: int, found: int | str) -> None:
    told = last_sessions(bars(*days), hours, count)
    if isinstance(found, str):
        assert told == found
    else:
        assert [f"{bar.day}" for bar in told if isinstance(bar, Bar)] == list(days[-found:])


# --- as readings come -----------------------------------------------------------------------


def reading(name: str, value: float, at: datetime, key: str = "", **more: date) -> Reading:
    return Reading(
        name=name,
        value=value,
        unit="u",
        as_of=at,
        source="made",
        key=key,
        period=more.get("period"),
    )


def absorbed(*readings: Reading) -> Facts:
    known, at = Facts(), readings[0].as_of
    for one in readings:
        at = max(at, one.as_of)  # observations never run backwards
        seen = Readings(source=one.source, observed_at=at, readings=(one,))
        known = absorb(known, seen, Lens())
    return known


def test_a_stamp_of_the_night_begins_the_sessions_bar() -> None:
    known = absorbed(
        reading("vix", 23.4, new_york("2024-08-02T16:14")),
        reading("vix", 41.0, new_york("2024-08-05T04:00")),
        reading("vix", 65.7, new_york("2024-08-05T08:00")),
        reading("vix", 38.57, new_york("2024-08-05T16:14")),
    )
    friday, monday = known.bars["vix|"].bars
    assert (friday.day, monday.day) == (date(2024, 8, 2), date(2024, 8, 5))
    assert (monday.open, monday.high, monday.close) == (41.0, 65.7, 38.57)


def test_members_of_a_family_have_bars_of_their_own() -> None:
    known = absorbed(
        reading("vx.settle", 18.0, new_york("2026-03-06T16:15"), "2026-03-18"),
        reading("vx.settle", 19.0, new_york("2026-03-06T16:15"), "2026-04-15"),
        reading("vx.settle", 18.5, new_york("2026-03-09T16:15"), "2026-03-18"),
    )
    assert {key: [bar.close for bar in one.bars] for key, one in known.bars.items()} == {
        "vx.settle|2026-03-18": [18.0, 18.5],
        "vx.settle|2026-04-15": [19.0],
    }


def test_an_older_reading_fills_its_own_session_only() -> None:
    known = absorbed(
        reading("eth.price", 2000.0, NOON),
        reading("eth.price", 1900.0, NOON - DAY),
        reading("eth.price", 2100.0, NOON - MINUTE),
    )
    assert [(bar.day.day, bar.close) for bar in known.bars["eth.price|"].bars] == [
        (8, 1900.0),
        (9, 2000.0),
    ]
    assert known.readings["eth.price|"].value == 2000.0


def test_a_statistic_belongs_to_its_period() -> None:
    known = absorbed(reading("macro.reer", 108.0, NOON, period=date(2026, 2, 1)))
    assert [bar.day for bar in known.bars["macro.reer|"].bars] == [date(2026, 2, 1)]


def test_a_name_nothing_looks_back_on_has_no_bars() -> None:
    assert absorbed(reading("aave.supply", 0.03, NOON, "base:USDC")).bars == {}
