"""Values typed by a person: dated, aged, and refused when they make no sense."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from monitor.feeds.manual import ManualFeed, ManualValue
from monitor.feeds.port import Feed
from monitor.model.reading import Reading


async def test_a_date_stands_for_that_days_close_in_new_york() -> None:
    feed: Feed = ManualFeed(values={"vix": ManualValue(value=16.5, as_of=date(2026, 11, 20))})
    assert await feed.read() == (
        Reading(
            name="vix",
            value=16.5,
            unit="points",
            as_of=datetime(2026, 11, 20, 21, 15, tzinfo=UTC),
            source="manual",
        ),
    )


def test_an_instant_is_kept() -> None:
    berlin = datetime(2026, 11, 20, 15, tzinfo=timezone(timedelta(hours=1)))
    assert ManualValue(value=1, as_of=berlin).instant() == datetime(2026, 11, 20, 14, tzinfo=UTC)


def test_a_time_without_its_offset_is_refused() -> None:
    naive = datetime(2026, 11, 20, 15)  # noqa: DTZ001
    with pytest.raises(ValueError, match="needs its offset from UTC, was 2026-11-20T15:00:00"):
        ManualValue(value=1, as_of=naive).instant()


async def test_nothing_typed_is_nothing_read() -> None:
    assert await ManualFeed().read() == ()
