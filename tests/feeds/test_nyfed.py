"""SOFR from the New York Fed, by the names of its fields; the figures are made up."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.http import Web
from monitor.feeds.nyfed import PROVIDER, NewYorkFed
from monitor.feeds.port import Feed
from monitor.feeds.provider import FeedSettings, Stretch


def rate(day: str, percent: object, **changed: Any) -> dict[str, Any]:
    row = {
        "effectiveDate": day,
        "type": "SOFR",
        "percentRate": percent,
        "percentPercentile1": 4.1,
        "percentPercentile99": 4.4,
        "volumeInBillions": 2_900,
        "revisionIndicator": "",
        **changed,
    }
    return {key: value for key, value in row.items() if value is not ...}


def rates(*rows: object) -> dict[str, str]:
    return {"body": json.dumps({"refRates": rows})}


NEWEST_FIRST = rates(rate("2026-10-01", 4.21), rate("2026-09-30", 4.24))


async def test_the_last_rates_are_read_oldest_first(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**NEWEST_FIRST)
    feed: Feed = NewYorkFed(web=site, clock=clock, base_url=server.url)
    told = await feed.read()
    assert [(r.name, r.unit, r.value, r.as_of) for r in told] == [
        (
            "rates.sofr",
            "fraction",
            pytest.approx(0.0424),
            datetime(2026, 9, 30, 20, 15, tzinfo=UTC),
        ),
        (
            "rates.sofr",
            "fraction",
            pytest.approx(0.0421),
            datetime(2026, 10, 1, 20, 15, tzinfo=UTC),
        ),
    ]
    assert server.asked[0].path_qs == (
        "/api/rates/secured/sofr/search.json?startDate=2026-09-18&endDate=2026-10-02"
    )


async def test_a_frozen_answer_keeps_its_own_time(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**NEWEST_FIRST)
    feed = NewYorkFed(web=site, clock=clock, base_url=server.url)
    before = await feed.read()
    await clock.advance(7 * 86_400)
    assert await feed.read() == before


@pytest.mark.parametrize(
    ("answer", "verdict", "sentence"),
    [
        pytest.param(
            {"body": "<html></html>", "content_type": "text/html"},
            Transient,
            "127.0.0.1 sent an HTML page with HTTP 200 instead of application/json",
            id="an HTML page with HTTP 200",
        ),
        pytest.param({"body": ""}, Transient, "nyfed sent an empty answer", id="nothing"),
        pytest.param(rates(), Transient, "nyfed has no SOFR since 2026-09-18", id="no rate"),
        pytest.param(
            {"body": '{"rates": []}'},
            Permanent,
            "nyfed sent no refRates: has its answer changed shape?",
            id="a renamed key",
        ),
        pytest.param(
            {"body": '{"refRates": {}}'},
            Permanent,
            "nyfed sent no list of refRates: has its answer changed shape?",
            id="no list",
        ),
        pytest.param(
            rates(rate("2026-10-01", 4.21, type="BGCR")),
            Permanent,
            "nyfed was asked for SOFR and sent 'BGCR'",
            id="another rate",
        ),
        pytest.param(
            rates(rate("2026-10-01", ...)),
            Permanent,
            "nyfed sent no percentRate: has its answer changed shape?",
            id="a renamed field",
        ),
        pytest.param(
            rates(rate("2026-10-01", None)),
            Transient,
            "nyfed sent null as percentRate, which is no number",
            id="null",
        ),
        pytest.param(
            rates(rate("2026-10-01", True)),
            Transient,
            "nyfed sent true as percentRate, which is no number",
            id="a truth",
        ),
        pytest.param(
            rates(rate("2026-10-01", 4_210)),
            Transient,
            "nyfed sent 42.1 as percentRate, which is absurd: it is above -0.2 and up to 1",
            id="a thousand times too much",
        ),
        pytest.param(
            rates(rate("10/01/2026", 4.21)),
            Transient,
            "nyfed sent '10/01/2026' as effectiveDate, which is no date",
            id="another form of date",
        ),
        pytest.param(
            rates(rate("2026-10-05", 4.21)),
            Transient,
            "nyfed sent a value stamped 2026-10-05 20:15 UTC, which is to come",
            id="a day to come",
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
    assert await fails(NewYorkFed, answer) == (verdict, sentence)


async def test_the_past_is_a_bar_a_day(server: Any, site: Web, clock: ManualClock) -> None:
    server.answers(**NEWEST_FIRST)
    stretch = Stretch(signal="rates.sofr", first=date(2026, 10, 1), last=date(2026, 10, 1))
    assert PROVIDER.history is not None
    past = await PROVIDER.history.fetch(site, clock, FeedSettings(base_url=server.url), stretch)
    assert [(bar.day, bar.close) for bar in past[""]] == [
        (date(2026, 10, 1), pytest.approx(0.0421))
    ]
    assert server.asked[0].query["endDate"] == "2026-10-01"
    (bar,) = past[""]
    assert bar.at == datetime(2026, 10, 2, 12, tzinfo=UTC), "published at 08:00 on Friday"


async def test_a_rate_is_no_past_before_the_morning_after(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**NEWEST_FIRST)
    clock.present = datetime(2026, 10, 2, 11, 59, tzinfo=UTC)
    stretch = Stretch(signal="rates.sofr", first=date(2026, 9, 30), last=date(2026, 10, 1))
    assert PROVIDER.history is not None
    past = await PROVIDER.history.fetch(site, clock, FeedSettings(base_url=server.url), stretch)
    assert [bar.day for bar in past[""]] == [date(2026, 9, 30)]
