"""SPX and SPXW against expiries that were published or follow from the holiday calendar."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.calendars.spx import spx_monthlies, spx_monthly, spxw_expiries, spxw_expiry

NEW_YORK = ZoneInfo("America/New_York")


def new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def days(*texts: str) -> tuple[date, ...]:
    return tuple(date.fromisoformat(text) for text in texts)


@pytest.mark.parametrize(
    ("month", "day", "last"),
    [
        pytest.param((2020, 3), "2020-03-20", "2020-03-19T16:15", id="a third Friday"),
        pytest.param((2022, 4), "2022-04-14", "2022-04-13T16:15", id="Good Friday 2022"),
        pytest.param((2025, 4), "2025-04-17", "2025-04-16T16:15", id="Good Friday 2025"),
        pytest.param((2026, 6), "2026-06-18", "2026-06-17T16:15", id="Juneteenth is the Friday"),
        pytest.param((2020, 6), "2020-06-19", "2020-06-18T16:15", id="before it was a holiday"),
        pytest.param((2024, 11), "2024-11-15", "2024-11-14T16:15", id="in winter time"),
    ],
)
def test_a_monthly_trades_until_the_session_before(
    month: tuple[int, int], day: str, last: str
) -> None:
    found = spx_monthly(*month)
    assert found.day == date.fromisoformat(day)
    assert found.last_trading == new_york(last)
    assert found.settlement == new_york(f"{day}T09:30")
    assert found.last_trading.tzinfo is found.settlement.tzinfo is UTC


def test_the_monthlies_of_2020_are_those_published() -> None:
    found = spx_monthlies(date(2020, 1, 17), date(2020, 12, 18))
    expected = (
        "2020-01-17 2020-02-21 2020-03-20 2020-04-17 2020-05-15 2020-06-19 "
        "2020-07-17 2020-08-21 2020-09-18 2020-10-16 2020-11-20 2020-12-18"
    )
    assert tuple(expiry.day for expiry in found) == days(*expected.split())


def test_every_monthly_stops_trading_before_it_settles() -> None:
    for expiry in spx_monthlies(date(2005, 1, 1), date(2040, 12, 31)):
        assert expiry.last_trading < expiry.settlement


@pytest.mark.parametrize(
    ("day", "close"),
    [
        pytest.param("2020-03-20", "2020-03-20T16:00", id="a whole day"),
        pytest.param("2024-11-29", "2024-11-29T13:00", id="the half day after Thanksgiving"),
    ],
)
def test_a_weekly_trades_and_settles_until_the_close(day: str, close: str) -> None:
    found = spxw_expiry(date.fromisoformat(day))
    assert found.last_trading == found.settlement == new_york(close)


def test_a_holiday_has_no_weekly() -> None:
    with pytest.raises(ValueError, match="no session"):
        spxw_expiry(date(2024, 11, 28))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param(
            "2026-11-23",
            "2026-11-30",
            ("2026-11-23", "2026-11-24", "2026-11-25", "2026-11-27", "2026-11-30"),
            id="every session now",
        ),
        pytest.param(
            "2020-03-16",
            "2020-03-22",
            ("2020-03-16", "2020-03-18", "2020-03-20"),
            id="three a week in 2020",
        ),
        pytest.param(
            "2020-02-17",
            "2020-02-21",
            ("2020-02-18", "2020-02-19", "2020-02-21"),
            id="the day after a closed Monday",
        ),
        pytest.param(
            "2020-04-06",
            "2020-04-10",
            ("2020-04-06", "2020-04-08", "2020-04-09"),
            id="the day before Good Friday",
        ),
        pytest.param("2020-03-31", "2020-03-31", ("2020-03-31",), id="the end of a month"),
        pytest.param(
            "2022-05-03",
            "2022-05-13",
            (
                *("2022-05-03", "2022-05-04", "2022-05-06", "2022-05-09"),
                *("2022-05-10", "2022-05-11", "2022-05-12", "2022-05-13"),
            ),
            id="Thursdays come last",
        ),
    ],
)
def test_the_weeklies(start: str, end: str, expected: tuple[str, ...]) -> None:
    found = spxw_expiries(date.fromisoformat(start), date.fromisoformat(end))
    assert tuple(expiry.day for expiry in found) == days(*expected)
