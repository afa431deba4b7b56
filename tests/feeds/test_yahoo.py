"""The VIX from Yahoo, against the chart document's shape; the figures are those of Cboe."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.http import Web
from monitor.feeds.port import Feed
from monitor.feeds.yahoo import YahooVix
from monitor.model.reading import Reading

STAMP = 1_790_971_200  # 2026-10-02 20:00:00 UTC
META = {
    "currency": "USD",
    "symbol": "^VIX",
    "exchangeName": "CXI",
    "instrumentType": "INDEX",
    "regularMarketTime": STAMP,
    "regularMarketPrice": 16.63,
    "chartPreviousClose": 16.29,
}


def chart(**changed: Any) -> dict[str, Any]:
    meta = {key: value for key, value in {**META, **changed}.items() if value is not ...}
    body = {"chart": {"result": [{"meta": meta, "timestamp": [], "indicators": {}}], "error": None}}
    return {"body": json.dumps(body)}


async def test_the_chart_is_read(server: Any, site: Web, clock: ManualClock) -> None:
    server.answers(**chart())
    feed: Feed = YahooVix(web=site, clock=clock, base_url=server.url)
    assert await feed.read() == (
        Reading(
            name="vix",
            value=16.63,
            unit="points",
            as_of=datetime(2026, 10, 2, 20, 0, tzinfo=UTC),
            source="yahoo",
        ),
    )
    assert server.asked[0].raw_path == "/v8/finance/chart/%5EVIX?interval=1d&range=1d"


@pytest.mark.parametrize(
    ("answer", "verdict", "sentence"),
    [
        pytest.param(
            {"body": "Too Many Requests\r\n", "status": 429, "content_type": "text/html"},
            Transient,
            "127.0.0.1 refused us (HTTP 429); next try in 60 s",
            id="the refusal everybody gets",
        ),
        pytest.param(
            {"body": "<html>consent</html>", "content_type": "text/html"},
            Transient,
            "127.0.0.1 sent an HTML page with HTTP 200 instead of application/json",
            id="an HTML page with HTTP 200",
        ),
        pytest.param({"body": ""}, Transient, "yahoo sent an empty answer", id="nothing"),
        pytest.param(
            {"body": '{"chart":{"result":[{"meta":{"cur'},
            Transient,
            'yahoo sent no whole JSON document: \'{"chart":{"result":[{"meta":{"cur\'',
            id="JSON cut short",
        ),
        pytest.param(
            {"body": '{"chart":{"result":null,"error":{"code":"Not Found"}}}'},
            Permanent,
            "yahoo sent no chart.result.0: has its answer changed shape?",
            id="no result",
        ),
        pytest.param(
            {"body": '{"chart":{"result":[]}}'},
            Permanent,
            "yahoo sent no chart.result.0: has its answer changed shape?",
            id="an empty result",
        ),
        pytest.param(
            chart(symbol="^VVIX"),
            Permanent,
            "yahoo was asked for ^VIX and sent '^VVIX'",
            id="another index",
        ),
        pytest.param(
            chart(regularMarketPrice=...),
            Permanent,
            "yahoo sent no regularMarketPrice: has its answer changed shape?",
            id="a renamed key",
        ),
        pytest.param(
            chart(regularMarketPrice=None),
            Transient,
            "yahoo sent null as regularMarketPrice, which is no number",
            id="null",
        ),
        pytest.param(
            chart(regularMarketPrice=0),
            Transient,
            "yahoo sent 0 as regularMarketPrice, which is absurd: it is above 0 and up to 200",
            id="zero",
        ),
        pytest.param(
            chart(regularMarketTime="16:00"),
            Transient,
            "yahoo sent '16:00' as regularMarketTime, which is no time",
            id="a stamp that is text",
        ),
        pytest.param(
            chart(regularMarketTime=10**18),
            Transient,
            "yahoo sent '1000000000000000000' as regularMarketTime, which is no time",
            id="a stamp beyond all calendars",
        ),
        pytest.param(
            chart(regularMarketTime=STAMP + 3_600),
            Transient,
            "yahoo sent a value stamped 2026-10-02 21:00 UTC, which is to come",
            id="a stamp to come",
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
    assert await fails(YahooVix, answer) == (verdict, sentence)
