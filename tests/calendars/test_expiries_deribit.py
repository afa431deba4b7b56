from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.calendars.deribit import (
    Cycle,
    cycle_of,
    deribit_expiry,
    deribit_listed,
)

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 15 * 365 * 1_440).map(lambda minutes: EPOCH + timedelta(minutes=minutes))


def days(*texts: str) -> tuple[date, ...]:
    return tuple(date.fromisoformat(text) for text in texts)


@pytest.mark.parametrize(
    ("day", "cycle"),
    [
        ("2026-11-26", Cycle.DAILY),
        ("2026-11-20", Cycle.WEEKLY),
        ("2026-11-27", Cycle.MONTHLY),
        ("2026-12-25", Cycle.QUARTERLY),  # Christmas is no holiday there
        ("2020-03-27", Cycle.QUARTERLY),
        ("2020-02-28", Cycle.MONTHLY),
    ],
)
def test_a_day_ends_its_longest_cycle(day: str, cycle: Cycle) -> None:
    assert cycle_of(date.fromisoformat(day)) == cycle


def test_all_ends_at_eight_utc() -> None:
    found = deribit_expiry(date(2026, 12, 25))
    assert found.last_trading == found.settlement == datetime(2026, 12, 25, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cycles", "expected"),
    [
        ({Cycle.QUARTERLY}, ("2020-03-27", "2020-06-26")),
        (
            {Cycle.MONTHLY, Cycle.QUARTERLY},
            ("2020-01-31", "2020-02-28", "2020-03-27", "2020-04-24", "2020-05-29", "2020-06-26"),
        ),
    ],
)
def test_the_ends_of_half_a_year(cycles: set[Cycle], expected: tuple[str, ...]) -> None:
    half = (date(2020, 1, 1) + timedelta(days=n) for n in range(178))
    assert tuple(day for day in half if cycle_of(day) in cycles) == days(*expected)


def test_a_year_s_ends_are_each_of_one_longest_cycle() -> None:
    year = Counter(cycle_of(date(2020, 1, 1) + timedelta(days=n)) for n in range(366))
    # 52 Fridays in 2020, of which 12 end months, 4 of them quarters.
    assert [year[cycle] for cycle in Cycle] == [366 - 52, 52 - 12, 12 - 4, 4]


@pytest.mark.parametrize(
    ("at", "nearest"),
    [
        pytest.param("2026-11-29T07:59", "2026-11-29", id="until eight"),
        pytest.param("2026-11-29T08:00", "2026-11-30", id="from eight on the day after"),
    ],
)
def test_what_is_listed_begins_with_what_still_trades(at: str, nearest: str) -> None:
    listed = deribit_listed(datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert listed[0].day == date.fromisoformat(nearest)


def test_what_is_listed_on_a_sunday_by_hand() -> None:
    listed = deribit_listed(datetime(2026, 11, 29, 12, tzinfo=UTC))
    assert tuple(expiry.day for expiry in listed) == days(
        *("2026-11-30", "2026-12-01", "2026-12-02"),
        *("2026-12-04", "2026-12-11", "2026-12-18"),
        *("2026-12-25", "2027-01-29", "2027-02-26"),
        *("2027-03-26", "2027-06-25", "2027-09-24"),
    )


@given(INSTANTS)
def test_all_that_is_listed_still_trades_and_the_last_is_a_quarter_s_end(at: datetime) -> None:
    listed = deribit_listed(at)
    assert all(expiry.last_trading > at for expiry in listed)
    assert list(listed) == sorted(listed, key=lambda expiry: expiry.day)
    assert cycle_of(listed[-1].day) is Cycle.QUARTERLY
    assert timedelta(days=270) < listed[-1].settlement - at < timedelta(days=380)
