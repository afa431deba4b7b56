"""VX settlements, against Cboe's file for 2026-07-22 as it was captured."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.cboe_settlement import CboeSettlement, parse_settlements
from monitor.feeds.http import Web
from monitor.feeds.port import Feed

NEW_YORK = ZoneInfo("America/New_York")
TRADE_DATE = date(2026, 7, 22)
HEADER = "product,symbol,expiration_date,price,duration_type\n"
SESSION = (
    HEADER
    + """\
VX,VX30/N6,2026-07-29,19.5133,W
VX,VX31/Q6,2026-08-05,19.5133,W
VX,VX32/Q6,2026-08-12,19.5133,W
VX,VX/Q6,2026-08-19,19.5133,M
VX,VX34/Q6,2026-08-26,19.5133,W
VX,VX35/U6,2026-09-02,19.5133,W
VX,VX/U6,2026-09-16,20.2246,M
VX,VX/V6,2026-10-21,20.9009,M
VX,VX/X6,2026-11-18,21.1439,M
VX,VX/Z6,2026-12-16,21.1924,M
VX,VX/F7,2027-01-20,22.1498,M
VX,VX/G7,2027-02-17,22.4836,M
VX,VX/H7,2027-03-17,22.6500,M
VXM,VXM/Q6,2026-08-19,19.5133,M
"""
)
BEFORE = SESSION.replace("22.6500", "22.7000")
CURVE = {
    "2026-08-19": 19.5133,
    "2026-09-16": 20.2246,
    "2026-10-21": 20.9009,
    "2026-11-18": 21.1439,
    "2026-12-16": 21.1924,
    "2027-01-20": 22.1498,
    "2027-02-17": 22.4836,
    "2027-03-17": 22.65,
}


def csv(body: str) -> dict[str, str]:
    return {"body": body, "content_type": "text/csv"}


def at(text: str) -> ManualClock:
    local = datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)
    return ManualClock(local.astimezone(UTC))


async def test_a_session_gives_the_monthlies_only(server: Any, site: Web) -> None:
    server.answers(**csv(SESSION))
    server.answers(**csv(BEFORE))
    feed: Feed = CboeSettlement(web=site, clock=at("2026-07-22T18:00"), base_url=server.url)
    readings = await feed.read()
    assert {reading.key: reading.value for reading in readings} == CURVE
    assert {reading.as_of for reading in readings} == {datetime(2026, 7, 22, 20, 15, tzinfo=UTC)}
    assert {(r.name, r.unit, r.source) for r in readings} == {
        ("vx.settle", "points", "cboe_settlement")
    }
    await feed.read()
    assert [one.path_qs for one in server.asked] == [
        "/csv?dt=2026-07-22",
        "/csv?dt=2026-07-21",
        "/csv?dt=2026-07-22",
    ], "the session before is asked for once"


@pytest.mark.parametrize(
    ("now", "asked"),
    [
        pytest.param("2026-07-22T17:29", "2026-07-21", id="before it is published, the day before"),
        pytest.param("2026-07-22T17:30", "2026-07-22", id="once it is published, the day itself"),
        pytest.param("2026-07-26T12:00", "2026-07-24", id="on a Sunday, Friday"),
        pytest.param("2026-07-27T09:00", "2026-07-24", id="on a Monday morning, Friday"),
    ],
)
async def test_the_last_published_day_is_asked_for(
    server: Any, site: Web, now: str, asked: str
) -> None:
    server.answers(**csv(SESSION))
    server.answers(**csv(BEFORE))
    await CboeSettlement(web=site, clock=at(now), base_url=server.url).read()
    assert server.asked[0].query["dt"] == asked


async def test_an_empty_file_sends_us_to_the_day_before(server: Any, site: Web) -> None:
    server.answers(**csv(""))  # Good Friday
    server.answers(**csv(HEADER))
    server.answers(**csv(SESSION))
    server.answers(**csv(BEFORE))
    readings = await CboeSettlement(
        web=site, clock=at("2024-03-30T12:00"), base_url=server.url
    ).read()
    asked = [r.query["dt"] for r in server.asked]
    assert asked == ["2024-03-29", "2024-03-28", "2024-03-27", "2024-03-26"]
    assert readings[0].as_of == datetime(2024, 3, 27, 20, 15, tzinfo=UTC)


async def test_ten_empty_days_are_an_outage(server: Any, site: Web) -> None:
    server.answers(**csv(""))
    feed = CboeSettlement(web=site, clock=at("2026-07-22T18:00"), base_url=server.url)
    with pytest.raises(Transient) as caught:
        await feed.read()
    assert str(caught.value) == (
        "cboe_settlement has no settlement from the 10 days up to 2026-07-22"
    )
    assert len(server.asked) == 8  # eleven dates, without a Saturday and two Sundays


async def test_a_file_that_repeats_the_session_before_is_refused_until_it_moves(
    server: Any, site: Web
) -> None:
    clock = at("2026-07-22T18:00")
    feed = CboeSettlement(web=site, clock=clock, base_url=server.url)
    server.answers(**csv(SESSION))
    server.serves("dt=2026-07-21", **csv(BEFORE))
    for _ in range(2):
        assert {one.key: one.value for one in await feed.read()} == CURVE, "asked twice a day"
    for _ in range(2):
        await clock.advance(86_400)
        with pytest.raises(Transient) as caught:
            await feed.read()
    assert str(caught.value) == (
        "cboe_settlement sent the settlements of 2026-07-22 for 2026-07-24 again:"
        " is its file frozen?"
    )
    server.script.clear()
    server.answers(**csv(SESSION.replace("22.6500", "22.6501")))
    (moved,) = [one for one in await feed.read() if one.key == "2027-03-17"]
    assert (moved.value, moved.as_of.day) == (22.6501, 24)


async def test_a_file_that_is_frozen_at_the_start_is_refused_too(server: Any, site: Web) -> None:
    server.answers(**csv(SESSION))
    feed = CboeSettlement(web=site, clock=at("2026-07-22T18:00"), base_url=server.url)
    with pytest.raises(Transient, match="the settlements of 2026-07-21 for 2026-07-22 again"):
        await feed.read()


def test_a_row_that_settled_at_nothing_is_dropped() -> None:
    text = HEADER + "VX,VX/Q6,2026-08-19,0,M\nVX,VX/U6,2026-09-16,20.2246,M\n"
    (reading,) = parse_settlements(text, trade_date=TRADE_DATE)
    assert reading.key == "2026-09-16"


def test_titles_in_capitals_and_another_order_are_read() -> None:
    text = "Symbol,Product,Price,Expiration Date\r\nVX/Q6,VX,19.5133,2026-08-19\r\n"
    (reading,) = parse_settlements(text, trade_date=TRADE_DATE)
    assert (reading.key, reading.value) == ("2026-08-19", 19.5133)


@pytest.mark.parametrize(
    ("answer", "verdict", "sentence"),
    [
        pytest.param(
            {"body": "<html></html>", "content_type": "text/html"},
            Transient,
            "127.0.0.1 sent an HTML page with HTTP 200 instead of text/csv",
            id="an HTML page with HTTP 200",
        ),
        pytest.param(
            csv("<html>\n<body>Down, for maintenance</body>\n</html>"),
            Permanent,
            "cboe_settlement sent no column product, symbol, expiration_date, price; "
            "its header is: <html>",
            id="an HTML page that calls itself CSV",
        ),
        pytest.param(
            csv("product,symbol,expiration_date,settlement,duration_type\n"),
            Permanent,
            "cboe_settlement sent no column price; "
            "its header is: product, symbol, expiration_date, settlement, duration_type",
            id="a renamed header",
        ),
        pytest.param(
            csv(HEADER + "VX,VX/Q6,2026-08"),
            Transient,
            "cboe_settlement sent a row cut short: 'VX,VX/Q6,2026-08'",
            id="a file cut short",
        ),
        pytest.param(
            csv(HEADER + "VX,VX/Q6,2026-08-19,n/a,M"),
            Transient,
            "cboe_settlement sent 'n/a' as the price of VX/Q6",
            id="a price that is none",
        ),
        pytest.param(
            csv(HEADER + "VX,VX/Q6,2026-08-19,-5,M"),
            Transient,
            "cboe_settlement sent -5.0 as VX/Q6, which is absurd: it is above 0 and up to 200",
            id="a price below zero",
        ),
        pytest.param(
            csv(HEADER + "VX,VX/Q6,2026-08-19,1951.33,M"),
            Transient,
            "cboe_settlement sent 1951.33 as VX/Q6, which is absurd: it is above 0 and up to 200",
            id="a price above 200",
        ),
        pytest.param(
            csv(HEADER + "VX,VX/Q6,2026-08-19,nan,M"),
            Transient,
            "cboe_settlement sent NaN as VX/Q6, which is no number",
            id="a price that is not a number",
        ),
        pytest.param(
            csv(HEADER + "VX,VX/Q6,19/08/2026,19.5133,M"),
            Transient,
            "cboe_settlement sent '19/08/2026' as the expiry of VX/Q6",
            id="a date in another form",
        ),
        pytest.param(
            {"status": 500}, Transient, "127.0.0.1 is in trouble (HTTP 500)", id="HTTP 500"
        ),
        pytest.param(
            {"status": 429, "headers": {"Retry-After": "90"}},
            Transient,
            "127.0.0.1 refused us (HTTP 429); next try in 90 s",
            id="HTTP 429",
        ),
        pytest.param(
            {"hang": True}, Transient, "127.0.0.1 did not answer in full within 0.5 s", id="hang"
        ),
    ],
)
async def test_a_failure_is_one_sentence(
    fails: Any, answer: dict[str, Any], verdict: type[HedgewatchError], sentence: str
) -> None:
    assert await fails(CboeSettlement, answer) == (verdict, sentence)
