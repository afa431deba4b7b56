"""Values typed by a person: dated, aged, and refused when they make no sense."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from monitor.clock import ManualClock
from monitor.errors import Transient
from monitor.feeds.manual import ManualFeed
from monitor.feeds.port import Feed
from monitor.feeds.typed import ManualValue
from monitor.model.reading import Reading

CLOSE = datetime(2026, 11, 20, 21, 15, tzinfo=UTC)


async def test_a_date_stands_for_that_days_close_in_new_york() -> None:
    vix = {"vix": ManualValue(value=16.5, as_of=date(2026, 11, 20))}
    feed: Feed = ManualFeed(clock=ManualClock(CLOSE), values=vix)
    assert await feed.read() == (
        Reading(
            name="vix",
            value=16.5,
            unit="points",
            as_of=CLOSE,
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
    assert await ManualFeed(clock=ManualClock(CLOSE)).read() == ()


async def test_what_is_dated_today_is_given_from_the_close_on_and_withholds_no_other() -> None:
    clock = ManualClock(CLOSE - timedelta(hours=2))
    today = ManualValue(value=48.0, as_of=date(2026, 11, 20))
    only: Feed = ManualFeed(clock=clock, values={"vix": today})
    with pytest.raises(Transient, match="vix is dated 2026-11-20 21:15 UTC, which is to come"):
        await only.read()
    yesterday = ManualValue(value=90.0, as_of=date(2026, 11, 19))
    both = ManualFeed(clock=clock, values={"vix": today, "vvix": yesterday})
    assert [one.name for one in await both.read()] == ["vvix"]
    clock.present = CLOSE
    assert [one.name for one in await both.read()] == ["vix", "vvix"]
    assert [one.value for one in await only.read()] == [48.0]


@pytest.mark.parametrize(
    ("as_of", "told"),
    [
        pytest.param(date(2026, 11, 19), "", id="yesterday"),
        pytest.param(date(2026, 11, 20), "", id="today, before the close"),
        pytest.param(
            date(2026, 11, 21), "is dated 2026-11-21, which is to come", id="the day after"
        ),
        pytest.param(CLOSE, "", id="this very instant"),
        pytest.param(CLOSE + timedelta(minutes=1), "", id="clocks differ by a minute"),
        pytest.param(
            CLOSE + timedelta(minutes=2),
            "is dated 2026-11-20T21:17:00+00:00, which is to come",
            id="two minutes from now",
        ),
    ],
)
def test_what_is_dated_with_a_time_to_come_is_refused(as_of: datetime | date, told: str) -> None:
    assert ManualValue(value=1, as_of=as_of).untimely(CLOSE) == told


def test_the_day_is_new_yorks() -> None:
    evening_there = datetime(2026, 11, 21, 3, tzinfo=UTC)
    assert ManualValue(value=1, as_of=date(2026, 11, 21)).untimely(evening_there)
