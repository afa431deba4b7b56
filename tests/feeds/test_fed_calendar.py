"""The Fed's decisions: known days, and its calendar in the form other readers of it describe."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.fed_calendar import KNOWN, FedCalendar, parse_calendar
from monitor.feeds.http import JSON, HttpSettings, Web, open_client
from monitor.feeds.port import Feed


def event(month: str, days: str, title: str = "FOMC Meeting") -> dict[str, str]:
    return {"title": title, "time": "2:00 p.m.", "month": month, "days": days, "type": "FOMC"}


OTHERS = (
    event("2026-10", "7", "FOMC Minutes"),
    {**event("2026-10", "2", "Speech - Governor"), "type": "Speeches"},
)


def calendar(*events: dict[str, str]) -> dict[str, Any]:
    document = json.dumps({"events": [*OTHERS, *events]})
    return {"body": document.encode("utf-8-sig")}


COMING = calendar(event("2026-10", "27, 28"), event("2026-12", "8, 9"), event("2027-01", "26, 27"))


async def told(server: Any, site: Web, clock: ManualClock) -> dict[str, float]:
    feed: Feed = FedCalendar(web=site, clock=clock, base_url=server.url)
    return {reading.key: reading.value for reading in await feed.read()}


async def test_the_calendar_adds_to_what_is_known(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**COMING)
    days = await told(server, site, clock)
    assert server.asked[0].path == "/json/calendar.json"
    assert days["2027-01-27"] == 1
    assert days["2019-01-30"] == 1
    assert (days["2020-03-03"], days["2020-03-15"]) == (0, 0)
    assert "2020-03-18" not in days, "it was cancelled"
    assert len(days) == len(KNOWN) + 1 == 66


async def test_it_asks_as_a_browser_does_and_says_whose_program_it_is(
    server: Any, clock: ManualClock
) -> None:
    server.answers(**COMING)
    async with open_client(HttpSettings()) as client:
        site = Web(client, clock)
        await told(server, site, clock)
        await site.get(f"{server.url}/other", accepts=JSON)
    sent = [request.headers.getall("User-Agent") for request in server.asked]
    assert sent == [["Mozilla/5.0 (compatible; hedgewatch/0.1.0)"], ["hedgewatch/0.1.0"]]


async def test_a_meeting_that_moved_is_where_the_calendar_has_it(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**calendar(event("2026-09", "15, 16"), event("2026-11", "3, 4")))
    days = await told(server, site, clock)
    assert sorted(days)[-2:] == ["2026-09-16", "2026-11-04"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(COMING, id="the calendar has other days"),
        pytest.param({"status": 500}, id="the calendar fails"),
    ],
)
async def test_an_unscheduled_decision_is_not_known_before_it_is_announced(
    server: Any, site: Web, clock: ManualClock, answer: dict[str, Any]
) -> None:
    server.answers(**answer)
    clock.present = datetime(2020, 3, 3, 14, 59, tzinfo=UTC)  # 09:59 in New York
    assert "2020-03-03" not in await told(server, site, clock)
    clock.present = datetime(2020, 3, 3, 15, 0, tzinfo=UTC)
    days = await told(server, site, clock)
    assert days["2020-03-03"] == 0
    assert "2020-03-15" not in days
    assert days["2020-04-29"] == 1, "a scheduled one is known ahead"
    clock.present = datetime(2020, 3, 15, 20, 59, tzinfo=UTC)  # 16:59 of a Sunday, in summer time
    assert "2020-03-15" not in await told(server, site, clock)
    clock.present = datetime(2020, 3, 15, 21, 0, tzinfo=UTC)
    assert (await told(server, site, clock))["2020-03-15"] == 0


async def test_an_unscheduled_meeting_of_the_calendar_is_known_from_two_in_the_afternoon(
    server: Any, site: Web, clock: ManualClock
) -> None:
    coming = event("2026-11", "20", "FOMC Meeting (unscheduled)")
    server.answers(**calendar(coming, event("2026-12", "8, 9")))
    clock.present = datetime(2026, 11, 20, 18, 59, tzinfo=UTC)  # 13:59 in New York
    assert "2026-11-20" not in await told(server, site, clock)
    clock.present = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
    assert (await told(server, site, clock))["2026-11-20"] == 0


@pytest.mark.parametrize(
    ("events", "days"),
    [
        pytest.param([event("2026-12", "8, 9")], {"2026-12-09": 1}, id="the last of two days"),
        pytest.param([event("2026-12", "8-9")], {"2026-12-09": 1}, id="with a dash"),
        pytest.param([event("2026-09", "16")], {"2026-09-16": 1}, id="one day"),
        pytest.param(
            [event("2026-09", "15"), event("2026-09", "16")],
            {"2026-09-16": 1},
            id="two events of a meeting",
        ),
        pytest.param([event("2023-01", "31, 1")], {"2023-02-01": 1}, id="over the month's end"),
        pytest.param([event("2026-12", "31, 1")], {"2027-01-01": 1}, id="over the year's end"),
        pytest.param(
            [event("2026-11", "20", "FOMC Meeting (unscheduled)")],
            {"2026-11-20": 0},
            id="an unscheduled one",
        ),
        pytest.param(
            [event("2026-09", "16"), event("2026-11", "4", "FOMC Meeting (cancelled)")],
            {"2026-09-16": 1},
            id="a cancelled one is none",
        ),
    ],
)
def test_days_of_meetings(events: list[dict[str, str]], days: dict[str, float]) -> None:
    found = parse_calendar(json.dumps({"events": [*OTHERS, *events]}))
    assert {day.isoformat(): value for day, value in found.items()} == days


FAILURES = [
    pytest.param(
        {"body": "<html></html>", "content_type": "text/html"},
        Transient,
        "127.0.0.1 sent an HTML page with HTTP 200 instead of application/json",
        id="an HTML page with HTTP 200",
    ),
    pytest.param({"body": ""}, Transient, "fed_calendar sent an empty answer", id="nothing"),
    pytest.param(
        {"body": '{"items": []}'},
        Permanent,
        "fed_calendar sent no events: has its answer changed shape?",
        id="a renamed key",
    ),
    pytest.param(
        {"body": '{"events": {}}'},
        Permanent,
        "fed_calendar sent no list of events: has its answer changed shape?",
        id="no list",
    ),
    pytest.param(
        calendar(),
        Permanent,
        "fed_calendar names no FOMC meeting: has its answer changed shape?",
        id="no meeting",
    ),
    pytest.param(
        calendar(event("December", "8, 9")),
        Transient,
        "fed_calendar dates a meeting 'December', which is no month",
        id="a month that is none",
    ),
    pytest.param(
        calendar(event("2026-12", "TBD")),
        Transient,
        "fed_calendar dates a meeting '2026-12', which is no month",
        id="days that are none",
    ),
    *(
        pytest.param(
            calendar(event("2027-03", days)),
            Transient,
            f"fed_calendar dates a meeting {said}, which is absurd",
            id=f"days {days}",
        )
        for days, said in (
            ("17, 16", "2027-03-17 to 2027-04-16"),
            ("16, 16", "2027-03-16 to 2027-04-16"),
            ("15, 17, 16", "2027-03-15 to 2027-04-16"),
            ("15-18", "2027-03-15 to 2027-03-18"),
        )
    ),
    pytest.param(
        calendar(event("9999-12", "30, 31")),
        Transient,
        "fed_calendar dates a meeting 9999-12-30 to 9999-12-31, which is absurd",
        id="the last day there is",
    ),
    pytest.param(
        {"status": 429, "headers": {"Retry-After": "30"}},
        Transient,
        "127.0.0.1 refused us (HTTP 429); next try in 30 s",
        id="HTTP 429",
    ),
    pytest.param({"status": 500}, Transient, "127.0.0.1 is in trouble (HTTP 500)", id="HTTP 500"),
    pytest.param(
        {"hang": True}, Transient, "127.0.0.1 did not answer in full within 0.5 s", id="hang"
    ),
]


@pytest.fixture
def late(fails: Any, clock: ManualClock) -> Any:
    clock.present = datetime(2027, 1, 4, tzinfo=UTC)
    return lambda answer: fails(FedCalendar, answer)


@pytest.mark.parametrize(("answer", "verdict", "sentence"), FAILURES)
async def test_a_failure_is_raised_once_no_known_day_lies_ahead(
    late: Any, answer: dict[str, Any], verdict: type[HedgewatchError], sentence: str
) -> None:
    assert await late(answer) == (verdict, sentence)


async def test_until_then_the_known_days_serve_and_why_is_said(
    server: Any, site: Web, clock: ManualClock
) -> None:
    feed = FedCalendar(web=site, clock=clock, base_url=server.url)
    server.answers(status=500)
    assert len(await feed.read()) == len(KNOWN)
    assert feed.bundled() == "127.0.0.1 is in trouble (HTTP 500)"
    server.script.clear()
    server.answers(**COMING)
    await feed.read()
    assert feed.bundled() == ""


def test_eight_decisions_a_year_were_scheduled_but_for_the_spring_of_2020() -> None:
    for year in range(2019, 2027):
        scheduled = [day for day, value in KNOWN.items() if day.year == year and value]
        assert len(scheduled) == (7 if year == 2020 else 8), year
    assert max(KNOWN) == date(2026, 12, 9)
