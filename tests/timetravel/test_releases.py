"""Statistics, decisions and funding in a story: at the hour each could be had, none sooner."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.model.observation import Readings
from monitor.model.reading import Reading
from monitor.timetravel.events import EVENTS, Window
from monitor.timetravel.pool import Held, ModelPool
from monitor.timetravel.releases import released
from monitor.timetravel.tape import around, tape

COVID = EVENTS["covid_2020"]
SECOND = timedelta(seconds=1)
# 08:30 New York, then four hours behind UTC.
FEBRUARY_OUT = datetime(2020, 3, 11, 12, 30, tzinfo=UTC)


def known(name: str, at: datetime, window: Window = COVID) -> list[Reading]:
    """Return what a daemon has been told of a signal by an instant, oldest first."""
    told = sorted(released(window, {name}), key=lambda one: one.observed_at)
    return [reading for one in told if one.observed_at <= at for reading in one.readings]


def keys(name: str, at: datetime) -> set[date]:
    """Return the days of a calendar as they were last told by an instant."""
    told = [one for one in released(COVID, {name}) if one.observed_at <= at]
    newest = max(told, key=lambda one: one.observed_at)
    return {date.fromisoformat(reading.key) for reading in newest.readings}


def test_a_cpi_print_is_unknown_one_second_before_half_past_eight() -> None:
    before, after = (
        known("macro.cpi_yoy", FEBRUARY_OUT - SECOND),
        known("macro.cpi_yoy", FEBRUARY_OUT),
    )
    assert before[-1].period == date(2020, 1, 1)
    assert after[-1].period == date(2020, 2, 1)
    # The office's own release of that day: 2.3 percent over the last 12 months.
    assert round(after[-1].value, 3) == 0.023
    assert after[-1].as_of == FEBRUARY_OUT
    assert before == after[:-1]


def test_the_prints_before_a_story_are_known_at_its_first_block() -> None:
    pool = ModelPool(held=(Held(width=None, value_usd=1e5),), fee_share=1.0)
    first = [
        one
        for one in tape(COVID, pool)
        if isinstance(one, Readings) and one.observed_at == COVID.begins
    ]
    months = [
        reading.period
        for one in first
        for reading in one.readings
        if reading.name == "macro.cpi_mom"
    ]
    assert months[0] == date(2019, 1, 1)
    assert months[-1] == date(2020, 1, 1)  # out on 13 February
    assert len(months) == 13


@pytest.mark.parametrize(
    ("at", "decided"),
    [
        pytest.param(datetime(2020, 3, 3, 14, 59, tzinfo=UTC), set(), id="before ten o'clock"),
        pytest.param(datetime(2020, 3, 3, 15, 0, tzinfo=UTC), {3}, id="the cut is announced"),
        pytest.param(datetime(2020, 3, 15, 20, 59, tzinfo=UTC), {3}, id="before Sunday, 17:00"),
        pytest.param(datetime(2020, 3, 15, 21, 0, tzinfo=UTC), {3, 15}, id="the second cut"),
    ],
)
def test_an_unscheduled_decision_is_known_from_its_announcement(
    at: datetime, decided: set[int]
) -> None:
    told = keys("calendar.fomc", at)
    assert {day for day in (3, 15) if date(2020, 3, day) in told} == decided
    # The meeting of 17 and 18 March stood in the calendar until the second cut took its place.
    assert (date(2020, 3, 18) in told) == (15 not in decided)
    assert date(2020, 4, 29) in told


@pytest.mark.parametrize("name", ["calendar.cpi", "calendar.fomc"])
@pytest.mark.parametrize(
    "window",
    [
        pytest.param(
            Window(first=date(1995, 1, 2), last=date(1995, 1, 9), title=""), id="long ago"
        ),
        pytest.param(
            # The calendars begin with January 2019: of 2018 they know no day, nor which is next.
            Window(first=date(2018, 9, 3), last=date(2018, 9, 9), title=""),
            id="before the first",
        ),
        pytest.param(Window(first=date(2040, 1, 2), last=date(2040, 1, 9), title=""), id="to come"),
    ],
)
def test_of_years_no_calendar_is_had_of_none_is_told(name: str, window: Window) -> None:
    assert list(released(window, {name})) == []


def test_days_of_cpi_are_known_ahead() -> None:
    told = keys("calendar.cpi", datetime(2020, 2, 20, tzinfo=UTC))
    assert {date(2020, 3, 11), date(2020, 4, 10), date(2020, 12, 10)} <= told


@pytest.mark.parametrize(
    ("day", "rate", "told"),
    [
        # Published figures of DFF; the Fed publishes a day's rate on the next business day.
        pytest.param(
            date(2020, 3, 4), 0.0109, datetime(2020, 3, 5, 14, tzinfo=UTC), id="a week day"
        ),
        pytest.param(
            date(2020, 3, 13), 0.011, datetime(2020, 3, 16, 13, tzinfo=UTC), id="a Friday"
        ),
        pytest.param(
            date(2020, 4, 9), 0.0005, datetime(2020, 4, 13, 13, tzinfo=UTC), id="over Good Friday"
        ),
    ],
)
def test_the_funds_rate_is_known_the_next_business_morning(
    day: date, rate: float, told: datetime
) -> None:
    before, after = known("rates.fed_funds", told - SECOND), known("rates.fed_funds", told)
    assert after[:-1] == before
    assert after[-1].as_of.date() == day
    assert after[-1].value == pytest.approx(rate)


def test_funding_is_what_longs_would_pay_in_a_year() -> None:
    at = datetime(2020, 3, 13, 8, tzinfo=UTC)
    newest = known("funding.eth_annual", at)[-1]
    # Binance printed -0.281778 % for eight hours: 1,095 of them are a year.
    assert newest.value == pytest.approx(-3.0855, abs=1e-4)
    assert at - SECOND == newest.as_of


def names(told: Iterable[object]) -> set[str]:
    return {one.source for one in told if isinstance(one, Readings)}


def test_only_what_somebody_reads_is_told() -> None:
    assert names(released(COVID)) == {
        "macro.cpi_mom",
        "macro.cpi_yoy",
        "calendar.cpi",
        "calendar.fomc",
        "funding.eth_annual",
        "rates.fed_funds",
    }
    assert not list(released(COVID, {"vix"}))
    pool = ModelPool(held=(Held(width=None, value_usd=1e5),), fee_share=1.0)
    assert names(tape(COVID, pool, {"calendar.cpi"})) - names(tape(COVID, pool, ())) == {
        "calendar.cpi"
    }


def test_what_is_around_blocks_is_what_a_story_has_but_its_pool() -> None:
    pool = ModelPool(held=(Held(width=None, value_usd=1e5),), fee_share=1.0)
    story = [one for one in tape(COVID, pool) if isinstance(one, Readings)]
    alone = [one for one in around(COVID, COVID.begins) if isinstance(one, Readings)]
    assert sorted(map(repr, story)) == sorted(map(repr, alone))
    instants = [one.observed_at for one in alone]
    assert instants == sorted(instants)
