"""Hours as published: NYSE holidays and half days, Cboe's 08:30-15:15 Chicago, real stamps."""

from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import (
    is_session,
    open_seconds,
    session_bounds,
    session_close,
    session_of,
    sessions_back,
)

NEW_YORK = ZoneInfo("America/New_York")
REGULAR_DAY_S = 6.75 * 3600  # 08:30 to 15:15


def new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        pytest.param(
            "2020-02-21T16:15", "2020-02-22T12:00", 0, id="a Friday close is new on Saturday"
        ),
        pytest.param(
            "2020-02-21T16:15", "2020-02-24T09:30", 0, id="a Friday close is new on Monday at 9:30"
        ),
        pytest.param(
            "2020-02-21T16:15", "2020-02-24T09:31", 1, id="a Friday close ages from Monday 9:30 on"
        ),
        pytest.param(
            "2020-02-21T16:00", "2020-02-23T12:00", 15, id="before the close only those minutes age"
        ),
        pytest.param(
            "2020-02-24T16:15",
            "2020-02-25T08:00",
            0,
            id="a close does not age overnight for want of quotes nobody promised",
        ),
        pytest.param(
            "2020-02-24T16:15", "2020-02-25T16:15", 405, id="a regular session lasts 405 minutes"
        ),
        pytest.param(
            "2024-08-05T04:00",
            "2024-08-05T04:30",
            30,
            id="a quote of the overnight session ages in it",
        ),
        pytest.param(
            "2024-08-05T09:20",
            "2024-08-05T09:35",
            10,
            id="the five minutes between overnight and regular hours do not count",
        ),
        pytest.param(
            "2024-08-02T16:15",
            "2024-08-05T09:40",
            10,
            id="Friday's close does not age in Monday's overnight session",
        ),
        pytest.param(
            "2020-11-27T09:30", "2020-11-28T12:00", 225, id="the day after Thanksgiving is short"
        ),
        pytest.param(
            "2020-11-27T09:30", "2020-11-30T16:15", 630, id="a half day and a whole one add up"
        ),
        pytest.param(
            "2020-11-25T16:15", "2020-11-27T09:30", 0, id="Thanksgiving itself does not count"
        ),
        pytest.param("2024-03-28T16:15", "2024-03-31T20:00", 0, id="Good Friday does not count"),
        pytest.param(
            "2024-03-08T16:15", "2024-03-11T16:15", 405, id="spring forward does not change a day"
        ),
        pytest.param(
            "2024-11-01T16:15", "2024-11-04T16:15", 405, id="fall back does not change a day"
        ),
        pytest.param("2024-08-05T10:00", "2024-08-05T09:00", 0, id="the future has no age"),
    ],
)
def test_vix_ages_only_while_it_is_published(start: str, end: str, minutes: float) -> None:
    seconds = open_seconds(Hours.CBOE_VIX, new_york(start), new_york(end))
    assert seconds == pytest.approx(minutes * 60)


@pytest.mark.parametrize(
    ("end", "sessions"),
    [
        pytest.param("2020-02-21T17:30", 0, id="a settlement is new on its evening"),
        pytest.param("2020-02-23T12:00", 0, id="and all weekend"),
        pytest.param("2020-02-24T15:59", 0, id="and until the next close"),
        pytest.param("2020-02-24T16:00", 1, id="the next close makes it one session old"),
        pytest.param("2020-02-26T17:00", 3, id="Wednesday's makes it three"),
    ],
)
def test_a_settlement_ages_by_sessions(end: str, sessions: int) -> None:
    age_s = open_seconds(Hours.XNYS_CLOSE, new_york("2020-02-21T16:15"), new_york(end))
    assert timedelta(seconds=age_s) == timedelta(days=sessions)


def test_around_the_clock_time_is_plain_time() -> None:
    start = new_york("2024-03-09T12:00")
    assert open_seconds(Hours.ALWAYS, start, start + timedelta(hours=30)) == 30 * 3600


@pytest.mark.parametrize(
    ("at", "session"),
    [
        pytest.param("2020-02-22T12:00", "2020-02-21", id="Saturday is Friday's"),
        pytest.param("2024-08-05T04:00", "2024-08-05", id="Monday's overnight is Monday's"),
        pytest.param("2024-08-05T03:14", "2024-08-02", id="before it, still Friday's"),
        pytest.param("2024-08-05T16:15", "2024-08-05", id="a close is its own day's"),
        pytest.param("2024-08-05T23:00", "2024-08-05", id="and so is the evening after"),
        pytest.param("2024-03-29T12:00", "2024-03-28", id="Good Friday is Thursday's"),
        pytest.param("2020-11-26T12:00", "2020-11-25", id="Thanksgiving is Wednesday's"),
    ],
)
def test_session_of_vix_stamps(at: str, session: str) -> None:
    assert session_of(Hours.CBOE_VIX, new_york(at)) == date.fromisoformat(session)


def test_a_session_of_daily_closes_begins_at_the_opening_bell() -> None:
    assert session_of(Hours.XNYS_CLOSE, new_york("2024-08-05T09:29")) == date(2024, 8, 2)
    assert session_of(Hours.XNYS_CLOSE, new_york("2024-08-05T09:30")) == date(2024, 8, 5)


def test_around_the_clock_a_session_is_a_utc_day() -> None:
    at = datetime(2024, 8, 5, 23, 59, tzinfo=UTC)
    assert session_of(Hours.ALWAYS, at) == date(2024, 8, 5)
    assert session_close(Hours.ALWAYS, date(2024, 8, 5)) == datetime(2024, 8, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        pytest.param("2020-02-24", 1, "2020-02-21", id="one before a Monday is Friday"),
        pytest.param("2020-02-23", 0, "2020-02-21", id="none before a Sunday is Friday"),
        pytest.param("2020-02-18", 1, "2020-02-14", id="Presidents Day is stepped over"),
        pytest.param("2024-04-01", 1, "2024-03-28", id="Good Friday is stepped over"),
        pytest.param("2020-03-16", 19, "2020-02-18", id="twenty sessions to 16 March 2020"),
    ],
)
def test_sessions_back(day: str, n: int, expected: str) -> None:
    assert sessions_back(date.fromisoformat(day), n) == date.fromisoformat(expected)


def test_half_days_close_at_a_quarter_past_one_in_new_york() -> None:
    close = session_close(Hours.CBOE_VIX, date(2020, 11, 27))
    assert close == new_york("2020-11-27T13:15")


def test_holidays_are_no_sessions() -> None:
    closed = [date(2024, 3, 29), date(2020, 11, 26), date(2024, 6, 19), date(2020, 2, 22)]
    assert not any(is_session(day) for day in closed)
    with pytest.raises(ValueError, match="2020-02-22 is no session"):
        session_close(Hours.CBOE_VIX, date(2020, 2, 22))


@pytest.mark.parametrize("day", [date.min, date(1954, 7, 1), date(2051, 1, 3), date.max])
def test_a_day_no_calendar_knows_is_no_session(day: date) -> None:
    assert not is_session(day)


@pytest.mark.parametrize("year", [1989, 2051])
def test_a_year_without_a_calendar_is_refused_rather_than_taken_for_closed(year: int) -> None:
    at = datetime(year, 6, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match=f"no calendar is known for {year}"):
        open_seconds(Hours.CBOE_VIX, at, at + timedelta(days=1))
    with pytest.raises(ValueError, match="no calendar is known"):
        sessions_back(date(year, 6, 1), 1)


instants = st.datetimes(
    min_value=datetime(2015, 1, 1),  # noqa: DTZ001 (hypothesis adds the zone)
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(instants, instants, instants)
def test_sessions_passed_add_up(one: datetime, two: datetime, three: datetime) -> None:
    start, middle, end = sorted([one, two, three])
    parts = open_seconds(Hours.XNYS_CLOSE, start, middle)
    parts += open_seconds(Hours.XNYS_CLOSE, middle, end)
    assert parts == open_seconds(Hours.XNYS_CLOSE, start, end)


@given(instants, st.timedeltas(timedelta(0), timedelta(days=40)))
def test_open_time_is_part_of_elapsed_time_and_only_grows(start: datetime, by: timedelta) -> None:
    one = open_seconds(Hours.CBOE_VIX, start, start + by)
    more = open_seconds(Hours.CBOE_VIX, start, start + by + timedelta(hours=1))
    assert 0 <= one <= by.total_seconds() + 1e-6
    assert one <= more + 1e-6


@pytest.mark.parametrize("hours", list(Hours))
@given(at=instants)
def test_the_bounds_of_a_session_hold_exactly_its_instants(hours: Hours, at: datetime) -> None:
    begin, end = session_bounds(hours, session_of(hours, at))
    assert begin <= at < end
    assert session_of(hours, end) != session_of(hours, at)


def test_open_seconds_is_quick_enough_for_every_evaluation() -> None:
    start, end = new_york("2020-02-21T16:15"), new_york("2020-03-16T12:00")
    open_seconds(Hours.CBOE_VIX, start, end)
    best = min(_per_call(start, end) for _ in range(3))
    assert best < 50e-6


def _per_call(start: datetime, end: datetime) -> float:
    began = perf_counter()
    for _ in range(1_000):
        open_seconds(Hours.CBOE_VIX, start, end)
    return (perf_counter() - began) / 1_000
