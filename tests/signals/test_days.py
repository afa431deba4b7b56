"""Which days a signal has bars of, by its own calendar, and what is missing among them."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from monitor.signals.catalogue import BY_NAME
from monitor.signals.days import first_kept, last_whole, missing, sessions_of

# Presidents' day, 16 February 2026, is a Monday without a session.
FRIDAY, TUESDAY = date(2026, 2, 13), date(2026, 2, 17)


@pytest.mark.parametrize(
    ("name", "now", "last"),
    [
        pytest.param("vix", datetime(2026, 2, 13, 21, 14, tzinfo=UTC), 12, id="before the close"),
        pytest.param("vix", datetime(2026, 2, 13, 21, 15, tzinfo=UTC), 13, id="at the close"),
        pytest.param("vix", datetime(2026, 2, 17, 9, 0, tzinfo=UTC), 13, id="over a long weekend"),
        pytest.param("vx.settle", datetime(2026, 2, 13, 21, 0, tzinfo=UTC), 13, id="New York's"),
        pytest.param("rates.sofr", datetime(2026, 2, 16, 21, 0, tzinfo=UTC), 13, id="a holiday"),
        pytest.param(
            "dvol.eth", datetime(2026, 2, 14, 0, 0, tzinfo=UTC), 13, id="around the clock"
        ),
    ],
)
def test_the_last_whole_session_is_the_last_that_is_over(
    name: str, now: datetime, last: int
) -> None:
    assert last_whole(BY_NAME[name], now) == date(2026, 2, last)


def test_weekends_and_holidays_are_not_missing_from_a_market_and_are_from_a_coin() -> None:
    days = [date(2026, 2, day) for day in range(13, 18)]
    assert sessions_of(BY_NAME["vix"], FRIDAY, TUESDAY) == [FRIDAY, TUESDAY]
    assert sessions_of(BY_NAME["dvol.eth"], FRIDAY, TUESDAY) == days
    assert missing(BY_NAME["vix"], {FRIDAY}, FRIDAY, TUESDAY) == [TUESDAY]
    assert missing(BY_NAME["vix"], (), FRIDAY, TUESDAY) == [FRIDAY, TUESDAY]


def test_a_month_is_missed_between_known_ones_and_not_before_its_figure_is_due() -> None:
    cpi = BY_NAME["macro.cpi_mom"]
    known = {date(2025, 9, 1), date(2025, 12, 1)}
    # There was no CPI of October 2025: the statistics office was closed.
    told = missing(cpi, known, date(2025, 1, 1), date(2026, 2, 17))
    assert told == [date(2025, 10, 1), date(2025, 11, 1)]
    assert missing(cpi, (), date(2025, 1, 1), date(2026, 2, 17)) == []


def test_as_many_sessions_are_kept_as_the_catalogue_says() -> None:
    three = replace(BY_NAME["vix"], bars=3)
    assert first_kept(three, TUESDAY) == date(2026, 2, 12)
    assert first_kept(replace(BY_NAME["dvol.eth"], bars=3), TUESDAY) == date(2026, 2, 15)
    assert first_kept(BY_NAME["macro.reer"], TUESDAY) < date(2016, 2, 17), "120 months"
