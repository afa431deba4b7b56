"""Charts from Yahoo, against the document's shape; the VIX is Cboe's, the rest is made up."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.http import Web
from monitor.feeds.port import Feed
from monitor.feeds.provider import FeedSettings, Stretch
from monitor.feeds.yahoo import PROVIDER, YahooQuotes

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


SPX = {"symbol": "^GSPC", "regularMarketPrice": 6_715.79}
VNQ = {"symbol": "VNQ", "regularMarketPrice": 89.5, "instrumentType": "ETF"}


async def test_the_indices_and_every_proxy_are_read(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.serves("%5EVIX", **chart())
    server.serves("%5EGSPC", **chart(**SPX))
    server.serves("VNQ", **chart(**VNQ))
    names = {"reits": "VNQ"}
    feed: Feed = YahooQuotes(web=site, clock=clock, names=names, base_url=server.url)
    at = datetime(2026, 10, 2, 20, 0, tzinfo=UTC)
    assert [(r.name, r.key, r.value, r.unit, r.as_of) for r in await feed.read()] == [
        ("vix", "", 16.63, "points", at),
        ("spx.price", "", 6_715.79, "points", at),
        ("proxy.price", "reits", 89.5, "usd", at),
    ]
    paths = sorted(request.raw_path for request in server.asked)
    assert paths[0] == "/v8/finance/chart/%5EGSPC?interval=1d&range=1d"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(chart(**{**VNQ, "currency": "EUR"}), id="it is quoted in euros"),
        pytest.param(chart(**{**VNQ, "currency": ...}), id="it is quoted in nobody knows what"),
        pytest.param(chart(**{**VNQ, "symbol": "VNQI"}), id="it is another"),
        pytest.param(chart(**{**VNQ, "regularMarketPrice": 0}), id="it has no price"),
        pytest.param({"status": 404}, id="it is not known"),
        pytest.param({"hang": True}, id="it does not answer"),
    ],
)
async def test_a_proxy_that_fails_costs_no_other(
    server: Any, site: Web, clock: ManualClock, answer: dict[str, Any]
) -> None:
    server.serves("%5EVIX", **chart())
    server.serves("%5EGSPC", **chart(**SPX))
    server.serves("VNQ", **answer)
    names = {"reits": "VNQ"}
    feed = YahooQuotes(web=site, clock=clock, names=names, base_url=server.url)
    assert [reading.name for reading in await feed.read()] == ["vix", "spx.price"]


async def test_a_frozen_chart_keeps_its_own_time(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.serves("%5EVIX", **chart())
    server.serves("%5EGSPC", **chart(**SPX))
    feed = YahooQuotes(web=site, clock=clock, base_url=server.url)
    before = await feed.read()
    await clock.advance(7 * 86_400)
    assert await feed.read() == before


@pytest.mark.parametrize(
    ("answer", "verdict", "sentence"),
    [
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
    assert await fails(YahooQuotes, answer) == (verdict, sentence)


async def test_the_refusal_everybody_gets_is_a_transient(fails: Any) -> None:
    answer = {"body": "Too Many Requests\r\n", "status": 429, "content_type": "text/html"}
    verdict, sentence = await fails(YahooQuotes, answer)
    assert verdict is Transient
    assert sentence.startswith("127.0.0.1 refused us (HTTP 429)")


OPENS = [1_790_775_000, 1_790_861_400, 1_790_947_800, 1_791_207_000]  # 30 September to 5 October


def days(meta: dict[str, Any], **changed: Any) -> dict[str, Any]:
    quote = {
        "open": [100.0, 101.0, None, 103.0],
        "high": [102.0, 102.5, 103.0, 104.0],
        "low": [99.0, 100.5, 101.0, 102.0],
        "close": [101.5, 102.25, 102.75, 103.5],
        **changed,
    }
    result = {
        "meta": {**META, **meta},
        "timestamp": changed.pop("timestamp", OPENS),
        "indicators": {"quote": [{k: v for k, v in quote.items() if k != "timestamp"}]},
    }
    if result["timestamp"] is None:
        del result["timestamp"]
    return {"body": json.dumps({"chart": {"result": [result], "error": None}})}


def past(server: Any, site: Web, clock: ManualClock, signal: str) -> Any:
    stretch = Stretch(signal=signal, first=date(2026, 9, 30), last=date(2026, 10, 31))
    own = FeedSettings(base_url=server.url, names={"reits": "VNQ", "coin": "UNI-USD"})
    assert PROVIDER.history is not None
    return PROVIDER.history.fetch(site, clock, own, stretch)


async def test_the_past_of_the_index_is_a_bar_a_session_that_is_over(
    server: Any, site: Web, clock: ManualClock
) -> None:
    prices = {name: [6_700.0, 6_710.0, 6_720.0, 6_730.0] for name in ("open", "high", "low")}
    server.answers(**days({"symbol": "^GSPC"}, close=[6_701.5, 6_715.25, None, 6_735.0], **prices))
    bars = (await past(server, site, clock, "spx.price"))[""]
    assert [(bar.day, bar.open, bar.close, bar.high) for bar in bars] == [
        (date(2026, 9, 30), 6_700.0, 6_701.5, 6_701.5),
        (date(2026, 10, 1), 6_710.0, 6_715.25, 6_715.25),
    ]
    assert bars[0].at == datetime(2026, 9, 30, 20, 15, tzinfo=UTC)
    assert dict(server.asked[0].query) == {
        "interval": "1d",
        "period1": "1790726400",
        "period2": "1793491200",
    }


async def test_the_past_of_proxies_goes_by_their_key(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.serves("VNQ", **days(VNQ))
    coin = {"symbol": "UNI-USD", "instrumentType": "CRYPTOCURRENCY"}
    midnights = [1_790_726_400, 1_790_812_800, 1_790_899_200, 1_790_985_600]
    server.serves("UNI-USD", **days(coin, timestamp=midnights))
    found = await past(server, site, clock, "proxy.price")
    assert {key: [bar.day.day for bar in bars] for key, bars in found.items()} == {
        "reits": [30, 1],
        "coin": [30, 1],
    }
    assert found["coin"][-1].at == datetime(2026, 10, 2, tzinfo=UTC), "a coin's day ends with it"


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        pytest.param(days({"symbol": "^GSPC"}, close=[1.0]), Permanent, id="unequal columns"),
        pytest.param(days({"symbol": "^GSPC"}, close=None), Permanent, id="a column of nothing"),
        pytest.param(days({"symbol": "^IXIC"}), Permanent, id="another index"),
        pytest.param({"body": ""}, Transient, id="nothing"),
    ],
)
async def test_a_past_that_makes_no_sense(
    server: Any, site: Web, clock: ManualClock, answer: dict[str, Any], verdict: type
) -> None:
    server.answers(**answer)
    with pytest.raises(verdict):
        await past(server, site, clock, "spx.price")


async def test_a_stretch_without_a_trade_has_no_bar(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**days({"symbol": "^GSPC"}, timestamp=None))
    assert await past(server, site, clock, "spx.price") == {"": ()}
