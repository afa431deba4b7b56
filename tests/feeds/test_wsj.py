"""The market diary, in the shape its readers agree on; the figures are made up."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.http import Web
from monitor.feeds.port import Feed
from monitor.feeds.wsj import PROVIDER, WsjDiary

FRIDAY = "Friday, October 2, 2026"
COUNTS = {"advances": "1,874", "declines": "912", "unchanged": "71", "issuesTraded": "2,857"}


def exchange(label: str, **changed: object) -> dict[str, Any]:
    counts = {**COUNTS, "newHighs": "104", "newLows": "35", **changed}
    return {
        "headerFields": [
            {"value": "name", "label": label},
            {"value": "latestClose", "label": "Latest Close"},
        ],
        "instruments": [
            {"id": key, "name": key, "latestClose": value, "previousClose": "1", "weekAgo": "2"}
            for key, value in counts.items()
            if value is not ...
        ],
    }


def diary(*exchanges: object, timestamp: object = FRIDAY) -> dict[str, str]:
    every = exchanges or (exchange("NYSE American", advances="140"), exchange("NYSE"))
    return {"body": json.dumps({"data": {"timestamp": timestamp, "instrumentSets": every}})}


async def test_the_nyse_s_own_counts_are_read(server: Any, site: Web, clock: ManualClock) -> None:
    server.answers(**diary())
    feed: Feed = WsjDiary(web=site, clock=clock, base_url=server.url)
    closed = datetime(2026, 10, 2, 20, 0, tzinfo=UTC)
    assert [(r.name, r.value, r.unit, r.as_of) for r in await feed.read()] == [
        ("breadth.advances", 1_874, "count", closed),
        ("breadth.declines", 912, "count", closed),
        ("breadth.unchanged", 71, "count", closed),
    ]
    assert dict(server.asked[0].query) == {
        "id": '{"application":"WSJ","marketsDiaryType":"diaries"}',
        "type": "mdc_marketsdiary",
    }


@pytest.mark.parametrize(
    ("timestamp", "closed"),
    [
        pytest.param("October 1, 2026", "2026-10-01T20:00", id="without the weekday"),
        pytest.param("2026-10-01", "2026-10-01T20:00", id="an ISO date"),
        pytest.param("Friday, November 28, 2025", "2025-11-28T18:00", id="a half day ends early"),
    ],
)
async def test_stamps(
    server: Any, site: Web, clock: ManualClock, timestamp: str, closed: str
) -> None:
    server.answers(**diary(timestamp=timestamp))
    told = await WsjDiary(web=site, clock=clock, base_url=server.url).read()
    assert {r.as_of for r in told} == {datetime.fromisoformat(closed).replace(tzinfo=UTC)}


async def test_a_frozen_diary_keeps_its_own_time(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**diary())
    feed = WsjDiary(web=site, clock=clock, base_url=server.url)
    before = await feed.read()
    await clock.advance(7 * 86_400)
    assert await feed.read() == before


def test_it_is_off_unless_it_is_named() -> None:
    assert PROVIDER.opt_in


NO_NYSE = "wsj has no diary of the NYSE: has its answer changed shape?"


@pytest.mark.parametrize(
    ("answer", "verdict", "sentence"),
    [
        pytest.param(
            {"body": "<html>Please enable JS</html>", "content_type": "text/html"},
            Transient,
            "127.0.0.1 sent an HTML page with HTTP 200 instead of application/json",
            id="an HTML page with HTTP 200",
        ),
        pytest.param({"body": ""}, Transient, "wsj sent an empty answer", id="nothing"),
        pytest.param(
            {"body": '{"data": {"indexes": []}}'},
            Permanent,
            "wsj sent no data.timestamp: has its answer changed shape?",
            id="another shape",
        ),
        pytest.param(
            diary(exchange("NYSE American"), exchange("NYSE Arca")),
            Permanent,
            NO_NYSE,
            id="only exchanges of a like name",
        ),
        pytest.param(
            diary(exchange("NYSE", advances=...)),
            Permanent,
            "wsj sent no advances: has its answer changed shape?",
            id="a renamed row",
        ),
        pytest.param(
            diary(exchange("NYSE", advances="")),
            Transient,
            "wsj sent '' as advances, which is no number",
            id="a blank",
        ),
        pytest.param(
            diary(exchange("NYSE", advances=None)),
            Transient,
            "wsj sent 'None' as advances, which is no number",
            id="null",
        ),
        pytest.param(
            diary(exchange("NYSE", advances="-5")),
            Transient,
            "wsj sent '-5' as advances, which is no count",
            id="less than none",
        ),
        pytest.param(
            diary(exchange("NYSE", advances="nan")),
            Transient,
            "wsj sent 'nan' as advances, which is no count",
            id="not a number",
        ),
        pytest.param(
            diary(exchange("NYSE", advances="18,740")),
            Transient,
            "wsj counts 19723 issues, of 2857 traded",
            id="ten times too many",
        ),
        pytest.param(
            diary(exchange("NYSE", advances="1,700")),
            Transient,
            "wsj counts 2683 issues, of 2857 traded",
            id="six in a hundred short",
        ),
        pytest.param(
            diary(exchange("NYSE", issuesTraded="0", advances="0", declines="0", unchanged="0")),
            Transient,
            "wsj counts no issue",
            id="no issue at all",
        ),
        pytest.param(
            diary(timestamp="Saturday, October 3, 2026"),
            Transient,
            "wsj dates its diary 'Saturday, October 3, 2026', which is no session",
            id="a day without a session",
        ),
        pytest.param(
            diary(timestamp=1_790_971_200),
            Transient,
            "wsj dates its diary '1790971200', which is no session",
            id="another form of date",
        ),
        pytest.param(
            diary(timestamp="Monday, October 5, 2026"),
            Transient,
            "wsj sent a value stamped 2026-10-05 20:00 UTC, which is to come",
            id="a session that is not over",
        ),
        pytest.param(
            {"status": 429, "headers": {"Retry-After": "30"}},
            Transient,
            "127.0.0.1 refused us (HTTP 429); next try in 30 s",
            id="HTTP 429",
        ),
        pytest.param(
            {"status": 500}, Transient, "127.0.0.1 is in trouble (HTTP 500)", id="HTTP 500"
        ),
        pytest.param(
            {"hang": True}, Transient, "127.0.0.1 did not answer in full within 0.5 s", id="hang"
        ),
    ],
)
async def test_a_failure_is_one_sentence(
    fails: Any, answer: dict[str, Any], verdict: type[HedgewatchError], sentence: str
) -> None:
    assert await fails(WsjDiary, answer) == (verdict, sentence)
