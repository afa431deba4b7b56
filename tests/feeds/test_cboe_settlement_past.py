"""The past of the VIX futures: a request a session, bars by expiry."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import Permanent, Transient
from monitor.feeds.cboe_settlement import PROVIDER
from monitor.feeds.http import Web
from monitor.feeds.provider import Bygone, FeedSettings, Stretch

HEADER = "product,symbol,expiration_date,price,duration_type\n"
# Cboe's settlements of 22 July 2026, of three contracts; the weekly repeats a monthly's.
ROWS = (
    "VX,VX/Q6,2026-08-19,17.8750,M\nVX,VX/U6,2026-09-16,18.9500,M\nVX,VX30/N6,2026-07-29,17.10,W\n"
)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 7, 24, 21, 0, tzinfo=UTC))  # 17:00 in New York, a Friday


async def fetched(server: Any, site: Web, clock: ManualClock, first: int, last: int) -> Bygone:
    assert PROVIDER.history is not None
    stretch = Stretch(signal="vx.settle", first=date(2026, 7, first), last=date(2026, 7, last))
    own = FeedSettings(base_url=server.url)
    return await PROVIDER.history.fetch(site, clock, own, stretch)


async def test_a_session_is_a_request_and_a_bar_for_each_future(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(body=HEADER + ROWS, content_type="text/csv")
    moved = ROWS.replace("18.9500", "18.9000")
    server.answers(body=HEADER + moved, content_type="text/csv")
    found = await fetched(server, site, clock, 22, 23)
    assert [request.query["dt"] for request in server.asked] == ["2026-07-22", "2026-07-23"]
    assert found.keys() == {"2026-08-19", "2026-09-16"}
    assert [(bar.day.day, bar.close) for bar in found["2026-08-19"]] == [(22, 17.875), (23, 17.875)]
    assert found["2026-09-16"][0].at == datetime(2026, 7, 22, 20, 15, tzinfo=UTC)


async def test_two_sessions_with_one_curve_are_no_past(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(body=HEADER + ROWS, content_type="text/csv")
    with pytest.raises(Transient, match="the settlements of 2026-07-22 for 2026-07-23 again"):
        await fetched(server, site, clock, 22, 23)


async def test_weekends_and_what_is_not_published_yet_are_not_asked_for(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(body=HEADER + ROWS, content_type="text/csv")
    await fetched(server, site, clock, 18, 20)  # Saturday to Monday
    await fetched(server, site, clock, 24, 24)
    assert [request.query["dt"] for request in server.asked] == ["2026-07-20"]


async def test_a_session_without_settlements_has_none(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(body="", content_type="text/csv")
    assert await fetched(server, site, clock, 22, 22) == {}


async def test_a_file_of_another_shape_is_no_past(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(body=HEADER.replace("price", "settlement") + ROWS, content_type="text/csv")
    with pytest.raises(Permanent, match="sent no column price"):
        await fetched(server, site, clock, 22, 22)
