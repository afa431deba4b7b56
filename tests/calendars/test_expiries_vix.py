"""CFE rule 1202 against expiries that were published or follow from the holiday calendar."""

import csv
import os
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from monitor.calendars.vix import vix_expiries, vix_expiry

# Monthly VX symbols listed by Cboe on 2026-07-22 with their expirations (settlement file).
LISTED = (
    "2026-08-19",
    "2026-09-16",
    "2026-10-21",
    "2026-11-18",
    "2026-12-16",
    "2027-01-20",
    "2027-02-17",
    "2027-03-17",
)


@pytest.mark.parametrize(
    ("month", "expiry"),
    [
        pytest.param((2014, 3), "2014-03-18", id="Good Friday 2014 moves March to a Tuesday"),
        pytest.param((2019, 3), "2019-03-19", id="Good Friday 2019 moves March to a Tuesday"),
        pytest.param((2022, 3), "2022-03-15", id="Good Friday 2022 moves March to a Tuesday"),
        pytest.param((2024, 6), "2024-06-18", id="Juneteenth 2024 is the Wednesday itself"),
        pytest.param((2025, 3), "2025-03-18", id="Good Friday 2025 moves March to a Tuesday"),
        pytest.param((2026, 5), "2026-05-19", id="Juneteenth 2026 is June's third Friday"),
        pytest.param((2027, 5), "2027-05-18", id="Juneteenth 2027 is observed on the Friday"),
        pytest.param((2025, 1), "2025-01-22", id="not the third Wednesday but the fourth"),
        pytest.param((2020, 12), "2020-12-16", id="December looks into the next year"),
    ],
)
def test_vix_expiry(month: tuple[int, int], expiry: str) -> None:
    assert vix_expiry(*month) == date.fromisoformat(expiry)


def test_expiries_of_2020_are_those_published() -> None:
    published = (
        "2020-01-22 2020-02-19 2020-03-18 2020-04-15 2020-05-20 2020-06-17 "
        "2020-07-22 2020-08-19 2020-09-16 2020-10-21 2020-11-18 2020-12-16"
    )
    expected = tuple(date.fromisoformat(day) for day in published.split())
    assert vix_expiries(date(2020, 1, 1), date(2020, 12, 31)) == expected


def test_expiries_are_those_cboe_listed_on_22_july_2026() -> None:
    expected = tuple(date.fromisoformat(day) for day in LISTED)
    assert vix_expiries(date(2026, 7, 23), date(2027, 3, 31)) == expected


def test_both_ends_are_included() -> None:
    assert vix_expiries(date(2020, 2, 19), date(2020, 3, 18)) == (
        date(2020, 2, 19),
        date(2020, 3, 18),
    )
    assert vix_expiries(date(2020, 2, 20), date(2020, 3, 17)) == ()


def test_every_expiry_is_four_or_five_weeks_after_the_last() -> None:
    expiries = vix_expiries(date(2013, 1, 1), date(2040, 12, 31))
    gaps = {later - earlier for earlier, later in pairwise(expiries)}
    assert len(expiries) == 28 * 12
    assert gaps <= {timedelta(days=days) for days in (27, 28, 29, 34, 35, 36)}


def test_the_whole_generated_table_agrees() -> None:
    """An extra: 177 expiries, 2013 to 2027, checked against Cboe's where that was possible."""
    folder = os.environ.get("HEDGEWATCH_DATA")
    if folder is None:
        pytest.skip("EXTRA: HEDGEWATCH_DATA names no folder with vx_monthly_expiries.csv")
    table = Path(folder) / "vx_monthly_expiries.csv"
    with table.open(encoding="utf-8", newline="") as lines:
        expected = tuple(date.fromisoformat(row["expiry"]) for row in csv.DictReader(lines))
    assert len(expected) == 177
    assert vix_expiries(date(2013, 1, 1), date(2027, 9, 30)) == expected
