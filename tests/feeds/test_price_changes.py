"""Changes of price indices, against the levels and changes the statistics office published."""

from datetime import UTC, date, datetime

import pytest

from monitor.errors import Transient
from monitor.feeds.price_changes import (
    FirstSeen,
    change_readings,
    changes,
    known_at,
    month_end,
    months_before,
)
from monitor.feeds.witness import Witness

# The CPI-U of all items, not seasonally adjusted; that of October 2025 was not published.
CPI = {
    date(2025, 8, 1): 323.976,
    date(2025, 9, 1): 324.8,
    date(2025, 11, 1): 324.122,
    date(2025, 12, 1): 324.054,
    date(2026, 1, 1): 325.252,
    date(2026, 2, 1): 326.785,
    date(2026, 3, 1): 330.213,
    date(2026, 4, 1): 333.02,
    date(2026, 5, 1): 335.123,
    date(2026, 6, 1): 333.952,
    date(2026, 7, 1): 333.918,
    date(2026, 8, 1): 334.98,
}
NOW = datetime(2026, 10, 2, 20, 30, tzinfo=UTC)


def test_the_change_over_a_year_is_the_published_one() -> None:
    told = {(name, month): value for name, month, value in changes("cpi", CPI)}
    assert told["macro.cpi_yoy", date(2026, 8, 1)] == pytest.approx(0.033965, abs=1e-6)
    assert told["macro.cpi_mom", date(2026, 8, 1)] == pytest.approx(334.98 / 333.918 - 1)


def test_a_month_never_published_leaves_two_changes_unknown() -> None:
    months = {month for name, month, _ in changes("cpi", CPI) if name == "macro.cpi_mom"}
    assert date(2025, 10, 1) not in months
    assert date(2025, 11, 1) not in months, "it has no month before it"
    assert date(2025, 12, 1) in months


@pytest.mark.parametrize(
    ("index", "month", "known"),
    [
        pytest.param("cpi", date(2026, 8, 1), "2026-09-11T12:30", id="the CPI's release"),
        pytest.param("cpi", date(2025, 9, 1), "2025-10-24T12:30", id="a release that was moved"),
        pytest.param("cpi", date(2025, 11, 1), "2025-12-18T13:30", id="a release in winter"),
        pytest.param(
            "ppi", date(2026, 9, 1), "2026-10-02T20:30", id="now, where it comes before others"
        ),
        pytest.param(
            "ppi", date(2026, 8, 1), "2026-09-16T12:30", id="16 days after its month, otherwise"
        ),
        pytest.param("ppi", date(2026, 1, 1), "2026-02-16T13:30", id="in winter too"),
        pytest.param("cpi", date(2018, 6, 1), "2018-07-16T12:30", id="a CPI of another time"),
        pytest.param("reer", date(2026, 8, 1), "2026-09-25T12:30", id="25 days for the REER"),
    ],
)
def test_from_when_on_a_month_found_there_is_known(index: str, month: date, known: str) -> None:
    at = known_at(index, month, NOW)
    assert at == datetime.fromisoformat(known).replace(tzinfo=UTC)


def test_a_month_that_comes_while_we_watch_is_known_from_then_on() -> None:
    seen = FirstSeen()
    levels = {date(2026, 7, 1): 150.0, date(2026, 8, 1): 151.5}
    tuple(change_readings("ppi", levels, seen, Witness(source="bls", now=NOW)))
    later = NOW.replace(day=15)
    more = {**levels, date(2026, 9, 1): 151.5}
    told = tuple(change_readings("ppi", more, seen, Witness(source="bls", now=later)))
    assert [(r.name, r.period, r.as_of) for r in told] == [
        ("macro.ppi_mom", date(2026, 8, 1), datetime(2026, 9, 16, 12, 30, tzinfo=UTC)),
        ("macro.ppi_mom", date(2026, 9, 1), later),
    ]
    assert [r.value for r in told] == pytest.approx([0.01, 0.0])


@pytest.mark.parametrize(
    ("now", "days"),
    [
        pytest.param(datetime(2026, 11, 20, 13, 30, tzinfo=UTC), 4, id="soon after"),
        pytest.param(datetime(2027, 1, 15, 13, 30, tzinfo=UTC), 60, id="two months on"),
        pytest.param(datetime(2027, 3, 25, 13, 30, tzinfo=UTC), 129, id="past all patience"),
    ],
)
@pytest.mark.parametrize("index", ["ppi", "reer"])
def test_a_file_that_stands_still_ages_through_every_restart(
    index: str, now: datetime, days: int
) -> None:
    october, seen = date(2026, 10, 1), FirstSeen()
    seen.note(index, [october], Witness(source="fred", now=now))
    # From 16 November on; the REER from the 25th, when 20 November has passed.
    age = now - seen.instant(index, october)
    assert age.days == (days if index == "ppi" else max(0, days - 9))


def test_a_month_that_comes_very_late_is_known_no_earlier() -> None:
    seen = FirstSeen()
    witness = Witness(source="bls", now=NOW)
    seen.note("ppi", [date(2026, 7, 1)], witness)
    seen.note("ppi", [date(2026, 3, 1), date(2026, 7, 1)], witness)
    assert seen.instant("ppi", date(2026, 3, 1)) == NOW


def test_a_month_that_is_not_over_is_not_believed() -> None:
    levels = {date(2026, 9, 1): 335.0, date(2026, 10, 1): 335.5}
    with pytest.raises(Transient, match="stamped 2026-11-01 04:00 UTC, which is to come"):
        tuple(change_readings("cpi", levels, FirstSeen(), Witness(source="bls", now=NOW)))


def test_a_jump_beyond_reason_is_not_believed() -> None:
    levels = {date(2026, 7, 1): 333.918, date(2026, 8, 1): 3_349.8}
    with pytest.raises(Transient, match="absurd"):
        tuple(change_readings("cpi", levels, FirstSeen(), Witness(source="bls", now=NOW)))


@pytest.mark.parametrize(
    ("month", "n", "before"),
    [
        (date(2026, 1, 1), 1, date(2025, 12, 1)),
        (date(2026, 12, 1), 12, date(2025, 12, 1)),
        (date(2026, 12, 1), -1, date(2027, 1, 1)),
        (date(2026, 3, 1), 27, date(2023, 12, 1)),
    ],
)
def test_months_before(month: date, n: int, before: date) -> None:
    assert months_before(month, n) == before


def test_a_month_ends_at_midnight_in_new_york() -> None:
    assert month_end(date(2026, 12, 1)) == datetime(2027, 1, 1, 5, tzinfo=UTC)
