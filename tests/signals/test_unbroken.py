"""Which sessions follow on one another, and which of them is over."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.calendars.hours import Hours
from monitor.signals.bars import Bars, point
from monitor.signals.facts import Facts
from monitor.signals.unbroken import run_of, too_short, unbroken, whole_of

NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)


def bars(*days: str) -> Bars:
    return Bars(bars=tuple(point(date.fromisoformat(day), 1.0, NOON) for day in days))


def told(found: Bars) -> list[str]:
    return [f"{bar.day}" for bar in found.bars]


@pytest.mark.parametrize(
    ("hours", "days", "kept"),
    [
        pytest.param(Hours.CBOE_VIX, (), 0, id="nothing"),
        pytest.param(Hours.CBOE_VIX, ("2020-11-30",), 1, id="a single one"),
        pytest.param(Hours.CBOE_VIX, ("2020-02-21", "2020-02-24"), 2, id="over a weekend"),
        pytest.param(
            Hours.XNYS_CLOSE,
            ("2020-11-25", "2020-11-27", "2020-11-30"),
            3,
            id="over Thanksgiving and the half day after it",
        ),
        pytest.param(Hours.CBOE_VIX, ("2020-11-25", "2020-11-30"), 1, id="the half day missing"),
        pytest.param(
            Hours.CBOE_VIX,
            ("2020-02-18", "2020-02-19", "2020-02-21", "2020-02-24"),
            2,
            id="those after the gap",
        ),
        pytest.param(Hours.ALWAYS, ("2020-02-21", "2020-02-24"), 1, id="a coin's weekend missing"),
        pytest.param(Hours.ALWAYS, ("2020-02-28", "2020-02-29", "2020-03-01"), 3, id="a leap day"),
    ],
)
def test_what_follows_on_one_another(hours: Hours, days: tuple[str, ...], kept: int) -> None:
    given = bars(*days)
    found = unbroken(given, hours)
    assert told(found) == list(days)[len(days) - kept :]
    assert unbroken(given, hours) is found, "the same at every question, and so remembered"


@pytest.mark.parametrize(
    ("name", "days", "now", "whole"),
    [
        pytest.param("vix", ("2020-11-25", "2020-11-27"), "2020-11-27T13:49", 1, id="half day, on"),
        pytest.param("vix", ("2020-11-25", "2020-11-27"), "2020-11-27T13:50", 2, id="and over"),
        pytest.param("vix", ("2020-11-24", "2020-11-25"), "2020-11-25T16:15", 1, id="late quotes"),
        pytest.param(
            "vix", ("2020-11-24", "2020-11-25"), "2020-11-25T16:49", 1, id="still to come"
        ),
        pytest.param("vix", ("2020-11-24", "2020-11-25"), "2020-11-25T16:50", 2, id="and over it"),
        pytest.param("vix", ("2024-08-02", "2024-08-05"), "2024-08-05T04:00", 1, id="overnight"),
        pytest.param("vix", ("2024-08-01", "2024-08-02"), "2024-08-05T04:00", 2, id="not begun"),
        pytest.param("eth.price", ("2026-03-08", "2026-03-09"), "2026-03-09T19:59", 1, id="UTC"),
        pytest.param("eth.price", ("2026-03-08", "2026-03-09"), "2026-03-09T20:04", 1, id="UTC 0"),
        pytest.param("eth.price", ("2026-03-08", "2026-03-09"), "2026-03-09T20:05", 2, id="5 m on"),
        pytest.param("vix", (), "2026-03-09T20:00", 0, id="nothing is known"),
    ],
)
def test_a_session_is_whole_once_a_late_quote_of_its_close_would_have_come(
    name: str, days: tuple[str, ...], now: str, whole: int
) -> None:
    known = Facts(bars={f"{name}|": bars(*days)})
    at = datetime.fromisoformat(now).replace(tzinfo=NEW_YORK).astimezone(UTC)
    assert told(run_of(known, name, at)) == list(days)
    assert told(whole_of(known, name, at)) == list(days)[:whole]


def test_a_session_whose_close_has_come_is_whole_at_once() -> None:
    close = datetime(2020, 11, 25, 16, 15, tzinfo=NEW_YORK).astimezone(UTC)
    days = bars("2020-11-24").take(1.0, date(2020, 11, 25), close, 99)
    assert told(whole_of(Facts(bars={"vix|": days}), "vix", close)) == ["2020-11-24", "2020-11-25"]


def test_a_name_without_bars_has_none() -> None:
    assert told(run_of(Facts(), "vix", NOON)) == told(whole_of(Facts(), "vix", NOON)) == []
    assert too_short(bars("2020-02-21"), 15) == "1 of 15 sessions known without a gap"


def test_what_is_to_come_is_not_seen() -> None:
    day = timedelta(days=1)
    later = bars("2020-02-21", "2020-02-24").take(2.0, date(2020, 2, 25), NOON + day, 99)
    known = Facts(bars={"vix|": later})
    assert told(run_of(known, "vix", NOON)) == ["2020-02-21", "2020-02-24"]
    assert told(run_of(known, "vix", NOON + day))[-1] == "2020-02-25"
