"""DVOL against Deribit's documented shape: [[start_ms, open, high, low, close], ...]."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.deribit import Deribit, fetch, parse_index
from monitor.feeds.http import Web
from monitor.feeds.port import Feed
from monitor.feeds.provider import FeedSettings, Stretch
from monitor.feeds.witness import Witness
from monitor.model.reading import Bar, Reading

START_MS = 1_790_972_880_000  # 2026-10-02 20:28:00 UTC
CANDLES = [
    [START_MS - 60_000, 62.1, 62.3, 62.0, 62.25],
    [START_MS, 62.25, 62.4, 62.2, 62.38],
]
DAY_MS = 86_400_000
ETH_DVOL = Reading(
    name="dvol.eth",
    value=62.38,
    unit="points",
    as_of=datetime(2026, 10, 2, 20, 28, tzinfo=UTC),
    source="deribit",
)
ETH_PRICE = Reading(
    name="eth.price",
    value=2_124.6,
    unit="usd",
    as_of=datetime(2026, 10, 2, 20, 29, 40, tzinfo=UTC),
    source="deribit",
)


def candles(rows: object, continuation: int | None = None) -> dict[str, str]:
    result = {"data": rows, "continuation": continuation}
    return {"body": json.dumps({"jsonrpc": "2.0", "result": result})}


def ticker(coin: str, **changed: object) -> dict[str, str]:
    result = {
        "timestamp": START_MS + 100_000,
        "instrument_name": f"{coin}-PERPETUAL",
        "index_price": 2_124.6 if coin == "ETH" else 64_250.5,
        "mark_price": 2_123.7,
        "state": "open",
    } | changed
    return {"body": json.dumps({"jsonrpc": "2.0", "result": result, "usOut": 1})}


def serve(server: Any, rows: object = CANDLES) -> None:
    server.serves("currency=ETH", **candles(rows))
    server.serves("currency=BTC", **candles([[START_MS, 48.1, 48.2, 48.0, 48.15]]))
    server.serves("ETH-PERPETUAL", **ticker("ETH"))
    server.serves("BTC-PERPETUAL", **ticker("BTC"))


@pytest.mark.parametrize(
    "rows",
    [pytest.param(CANDLES, id="in order"), pytest.param(CANDLES[::-1], id="newest first")],
)
async def test_the_newest_close_and_the_index_of_each_coin_are_read(
    server: Any, site: Web, clock: ManualClock, rows: object
) -> None:
    serve(server, rows)
    feed: Feed = Deribit(web=site, clock=clock, base_url=server.url)
    assert await feed.read() == (
        ETH_DVOL,
        replace(ETH_DVOL, name="dvol.btc", value=48.15),
        ETH_PRICE,
        replace(ETH_PRICE, name="btc.price", value=64_250.5),
    )


async def test_the_last_half_hour_of_each_coin_is_asked_for(
    server: Any, site: Web, clock: ManualClock
) -> None:
    serve(server)
    await Deribit(web=site, clock=clock, base_url=server.url).read()
    asked = [r for r in server.asked if r.path == "/public/get_volatility_index_data"]
    assert sorted((dict(r.query) for r in asked), key=lambda one: one["currency"]) == [
        {
            "currency": coin,
            "start_timestamp": "1790971200000",
            "end_timestamp": "1790973000000",
            "resolution": "60",
        }
        for coin in ("BTC", "ETH")
    ]
    assert len(server.asked) == 4


async def test_what_one_question_fails_to_tell_the_others_still_do(
    server: Any, site: Web, clock: ManualClock
) -> None:
    serve(server, [])
    feed = Deribit(web=site, clock=clock, base_url=server.url)
    assert "dvol.eth" not in {reading.name for reading in await feed.read()}
    (silence,) = feed.several.silences("dvol.eth")
    assert silence.why == "deribit has no DVOL of the last 30 minutes"
    serve(server)
    assert "dvol.eth" in {reading.name for reading in await feed.read()}
    assert feed.several.silences("dvol.eth") == ()


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        pytest.param(
            ticker("BTC"), "deribit was asked for ETH-PERPETUAL and sent 'BTC-PERPETUAL'", id="coin"
        ),
        pytest.param(
            ticker("ETH", index_price=0),
            "deribit sent 0 as eth.price, which is absurd: it is above 0 and up to 1e+15",
            id="nothing",
        ),
        pytest.param(
            ticker("ETH", timestamp=START_MS + 600_000),
            "deribit sent a value stamped 2026-10-02 20:38 UTC, which is to come",
            id="to come",
        ),
        pytest.param(
            ticker("ETH", timestamp="now"),
            "deribit sent 'now' as timestamp, which is no time",
            id="no time",
        ),
    ],
)
def test_a_price_that_makes_no_sense_is_refused(answer: dict[str, str], sentence: str) -> None:
    witness = Witness(source="deribit", now=datetime(2026, 10, 2, 20, 30, tzinfo=UTC))
    with pytest.raises(HedgewatchError) as caught:
        parse_index(answer["body"], "ETH", witness)
    assert str(caught.value) == sentence


def day(n: int) -> list[float]:
    """Return the daily candle of n days after 1 September 2026."""
    return [1_788_220_800_000 + n * DAY_MS, 60.0 + n, 65.0 + n, 58.0 + n, 62.0 + n]


def bar(n: int) -> Bar:
    begins = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(days=n)
    return Bar(
        day=begins.date(),
        open=60.0 + n,
        high=65.0 + n,
        low=58.0 + n,
        close=62.0 + n,
        at=begins + timedelta(days=1),
    )


async def past(server: Any, site: Web, clock: ManualClock, last: date) -> tuple[Bar, ...]:
    stretch = Stretch(signal="dvol.btc", first=date(2026, 9, 1), last=last)
    bygone = await fetch(site, clock, FeedSettings(base_url=server.url), stretch)
    assert set(bygone) == {""}
    return bygone[""]


async def test_pages_of_the_past_are_followed_back_until_there_are_no_more(
    server: Any, site: Web, clock: ManualClock
) -> None:
    newest, oldest = (
        candles([day(2), day(3)], continuation=int(day(2)[0]) - 1),
        candles([day(0), day(1)]),
    )
    server.answers(**newest)
    server.answers(**oldest)
    assert await past(server, site, clock, date(2026, 9, 4)) == tuple(bar(n) for n in range(4))
    first, second = (dict(request.query) for request in server.asked)
    assert first == {
        "currency": "BTC",
        "start_timestamp": "1788220800000",
        "end_timestamp": str(1_788_220_800_000 + 4 * DAY_MS - 1),
        "resolution": "1D",
    }
    assert second["end_timestamp"] == str(int(day(2)[0]) - 1)


async def test_a_page_that_names_itself_as_the_one_before_is_not_asked_for_ever(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**candles([day(2)], continuation=1_788_220_800_000 + 9 * DAY_MS))
    assert await past(server, site, clock, date(2026, 9, 4)) == (bar(2),)
    assert len(server.asked) == 1


async def test_the_day_that_is_not_over_has_no_bar_and_neither_have_days_not_asked_for(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**candles([day(-1), day(30), day(31)]))
    clock.present = datetime(2026, 10, 2, 20, 30, tzinfo=UTC)
    assert await past(server, site, clock, date(2026, 10, 2)) == (bar(30),)


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
            "deribit sent 0 as dvol.eth, which is absurd: it is above 0 and up to 500",
            id="zero",
        ),
        pytest.param(
            candles([[START_MS, 1, 2, 3, 62_380.0]]),
            Transient,
            "deribit sent 62380.0 as dvol.eth, which is absurd: it is above 0 and up to 500",
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
    assert await fails(Deribit, answer) == (verdict, sentence)
