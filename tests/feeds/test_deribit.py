"""DVOL against Deribit's documented shape: [[start_ms, open, high, low, close], ...]."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.deribit import DeribitDvol
from monitor.feeds.http import Web
from monitor.feeds.port import Feed
from monitor.model.reading import Reading

START_MS = 1_790_972_880_000  # 2026-10-02 20:28:00 UTC
CANDLES = [
    [START_MS - 60_000, 62.1, 62.3, 62.0, 62.25],
    [START_MS, 62.25, 62.4, 62.2, 62.38],
]


def candles(rows: object) -> dict[str, str]:
    return {"body": json.dumps({"jsonrpc": "2.0", "result": {"data": rows, "continuation": None}})}


@pytest.mark.parametrize(
    "rows",
    [pytest.param(CANDLES, id="in order"), pytest.param(CANDLES[::-1], id="newest first")],
)
async def test_the_newest_close_is_read(
    server: Any, site: Web, clock: ManualClock, rows: object
) -> None:
    server.answers(**candles(rows))
    feed: Feed = DeribitDvol(web=site, clock=clock, base_url=server.url)
    assert await feed.read() == (
        Reading(
            name="dvol.eth",
            value=62.38,
            unit="points",
            as_of=datetime(2026, 10, 2, 20, 28, tzinfo=UTC),
            source="deribit",
        ),
    )


async def test_the_last_half_hour_of_eth_is_asked_for(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**candles(CANDLES))
    await DeribitDvol(web=site, clock=clock, base_url=server.url).read()
    (request,) = server.asked
    assert request.path == "/public/get_volatility_index_data"
    assert dict(request.query) == {
        "currency": "ETH",
        "start_timestamp": "1790971200000",
        "end_timestamp": "1790973000000",
        "resolution": "60",
    }


@pytest.mark.parametrize(
    ("answer", "verdict", "sentence"),
    [
        pytest.param(
            {"body": "<html></html>", "content_type": "text/html"},
            Transient,
            "127.0.0.1 sent an HTML page with HTTP 200 instead of application/json",
            id="an HTML page with HTTP 200",
        ),
        pytest.param(
            {"body": '{"error": {"code": 10028, "message": "too_many_requests"}}'},
            Transient,
            "deribit answered with an error: {'code': 10028, 'message': 'too_many_requests'}",
            id="an error with HTTP 200",
        ),
        pytest.param({"body": ""}, Transient, "deribit sent an empty answer", id="nothing"),
        pytest.param(
            {"body": '{"result": {"data": [[179'},
            Transient,
            'deribit sent no whole JSON document: \'{"result": {"data": [[179\'',
            id="JSON cut short",
        ),
        pytest.param(
            {"body": '{"result": {"rows": []}}'},
            Permanent,
            "deribit sent no result.data: has its answer changed shape?",
            id="a renamed key",
        ),
        pytest.param(
            candles([]), Transient, "deribit has no DVOL of the last 30 minutes", id="no candles"
        ),
        pytest.param(
            candles(None), Transient, "deribit has no DVOL of the last 30 minutes", id="null"
        ),
        pytest.param(
            candles([[START_MS, 62.25]]),
            Transient,
            "deribit sent [1790972880000, 62.25] where a candle of 5 numbers belongs",
            id="a candle cut short",
        ),
        pytest.param(
            candles([[START_MS, 1, 2, 3, None]]),
            Transient,
            "deribit sent [1790972880000, 1, 2, 3, None] where a candle of 5 numbers belongs",
            id="a close that is null",
        ),
        pytest.param(
            candles([[START_MS, 1, 2, 3, 0]]),
            Transient,
            "deribit sent 0 as DVOL, which is absurd: it is above 0 and up to 500",
            id="zero",
        ),
        pytest.param(
            candles([[START_MS, 1, 2, 3, 62_380.0]]),
            Transient,
            "deribit sent 62380.0 as DVOL, which is absurd: it is above 0 and up to 500",
            id="a thousand times too much",
        ),
        pytest.param(
            candles([[START_MS + 600_000, 1, 2, 3, 62.38]]),
            Transient,
            "deribit sent a value stamped 2026-10-02 20:38 UTC, which is to come",
            id="a stamp to come",
        ),
        pytest.param(
            {"status": 429, "headers": {"Retry-After": "5"}},
            Transient,
            "127.0.0.1 refused us (HTTP 429); next try in 5 s",
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
    assert await fails(DeribitDvol, answer) == (verdict, sentence)
