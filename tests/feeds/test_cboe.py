"""Indices from Cboe, against the quote document as it was captured on 2026-10-02."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.cboe import CboeQuotes, parse_quote, parse_snapshot
from monitor.feeds.http import Web
from monitor.feeds.port import Feed
from monitor.model.reading import Reading

NOW = datetime(2026, 10, 2, 20, 30, tzinfo=UTC)
DATA = {
    "symbol": "^VIX",
    "security_type": "index",
    "exchange_id": 5,
    "current_price": 16.63,
    "price_change": 0.34,
    "price_change_percent": 2.087,
    "bid": 0.0,
    "ask": 0.0,
    "bid_size": 0,
    "ask_size": 0,
    "open": 16.4,
    "high": 17.05,
    "low": 16.21,
    "close": 16.63,
    "prev_day_close": 16.29,
    "volume": 0,
    "iv30": 0.0,
    "iv30_change": 0.0,
    "iv30_change_percent": 0.0,
    "seqno": 12345,
    "last_trade_time": "2026-10-02T16:00:00",
    "tick": "up",
}


def quote(**changed: Any) -> str:
    data = {key: value for key, value in {**DATA, **changed}.items() if value is not ...}
    return json.dumps({"timestamp": "2026-10-02 20:15:03", "symbol": "_VIX", "data": data})


ALL = {
    "^VIX": 16.63,
    "^VIX9D": 14.02,
    "^VIX3M": 19.1,
    "^VIX6M": 21.25,
    "^VVIX": 92.4,
    "^SKEW": 141.7,
    "^SPX": 6_715.79,
    "^NDX": 24_785.5,
}
NAMES = {
    "vix": 16.63,
    "vix9d": 14.02,
    "vix3m": 19.1,
    "vix6m": 21.25,
    "vvix": 92.4,
    "skew": 141.7,
    "spx.price": 6_715.79,
}
SNAPSHOT = "all_us_indices"


def row(symbol: str, price: object, **changed: Any) -> dict[str, Any]:
    data = {**DATA, "symbol": symbol, "current_price": price, **changed}
    return {key: value for key, value in data.items() if value is not ...}


def snapshot(*rows: dict[str, Any]) -> str:
    every = rows or tuple(row(symbol, price) for symbol, price in ALL.items())
    return json.dumps({"timestamp": "2026-10-02 20:15:03", "data": every})


async def test_one_question_gives_every_index_we_know(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(body=snapshot(), headers={"Cache-Control": "no-cache,no-store,max-age=0"})
    feed: Feed = CboeQuotes(web=site, clock=clock, base_url=server.url)
    readings = await feed.read()
    assert {reading.name: reading.value for reading in readings} == NAMES
    assert {(r.unit, r.source, r.key) for r in readings} == {("points", "cboe", "")}
    assert {r.as_of for r in readings} == {datetime(2026, 10, 2, 20, 0, tzinfo=UTC)}
    assert [request.path for request in server.asked] == ["/quotes/all_us_indices.json"]


def test_a_bare_list_is_a_snapshot_too() -> None:
    (reading,) = parse_snapshot(json.dumps([row("_VVIX", 92.4)]), now=NOW)
    assert (reading.name, reading.value) == ("vvix", 92.4)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(row("^SKEW", 0), id="zero, which stands for none"),
        pytest.param(row("^SKEW", 14_170.0), id="a hundred times too much"),
        pytest.param(row("^SKEW", ...), id="a renamed key"),
        pytest.param(row("^SKEW", None), id="null"),
        pytest.param(row("^SKEW", 141.7, last_trade_time="2026-10-02T17:30:00"), id="to come"),
        pytest.param(row("^SKEW", 141.7, last_trade_time=None), id="no stamp"),
        pytest.param({"symbol": None}, id="no symbol"),
    ],
)
def test_an_index_that_makes_no_sense_costs_no_other(bad: dict[str, Any]) -> None:
    told = parse_snapshot(snapshot(bad, row("^VIX", 16.63)), now=NOW)
    assert [reading.name for reading in told] == ["vix"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"status": 404}, id="it is gone"),
        pytest.param({"status": 500}, id="it is in trouble"),
        pytest.param({"body": "<html></html>", "content_type": "text/html"}, id="HTML with 200"),
        pytest.param({"body": ""}, id="it is empty"),
        pytest.param({"body": '{"data": {}}'}, id="it has another shape"),
        pytest.param({"body": '{"rows": []}'}, id="its key was renamed"),
        pytest.param({"body": snapshot(row("^NDX", 24_785.5))}, id="it lacks the VIX"),
        pytest.param({"body": snapshot(row("^VIX", 0))}, id="its VIX is absurd"),
        pytest.param({"hang": True}, id="it does not answer"),
    ],
)
async def test_the_vix_is_asked_for_alone_where_the_snapshot_has_none(
    server: Any, site: Web, clock: ManualClock, answer: dict[str, Any]
) -> None:
    server.serves(SNAPSHOT, **answer)
    server.serves("_VIX.json", body=quote())
    (reading,) = await CboeQuotes(web=site, clock=clock, base_url=server.url).read()
    assert reading == Reading(
        name="vix",
        value=16.63,
        unit="points",
        as_of=datetime(2026, 10, 2, 20, 0, tzinfo=UTC),  # 16:00 New York, in summer
        source="cboe",
    )


async def test_the_others_are_given_though_the_vix_is_nowhere(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.serves(SNAPSHOT, body=snapshot(row("^VVIX", 92.4)))
    server.serves("_VIX.json", status=500)
    (reading,) = await CboeQuotes(web=site, clock=clock, base_url=server.url).read()
    assert reading.name == "vvix"


async def test_a_host_that_wants_rest_is_not_asked_again(fails: Any, server: Any) -> None:
    answer = {"status": 429, "headers": {"Retry-After": "30"}}
    sentence = "127.0.0.1 refused us (HTTP 429); next try in 30 s"
    assert await fails(CboeQuotes, answer) == (Transient, sentence)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("stamp", "utc"),
    [
        pytest.param("2026-10-02T16:15:00", "2026-10-02T20:15", id="summer is four hours behind"),
        pytest.param("2026-01-02T16:15:00", "2026-01-02T21:15", id="winter is five hours behind"),
        pytest.param("2026-03-09T03:15:00", "2026-03-09T07:15", id="the Monday after the change"),
        pytest.param("2026-10-02T16:15:00-04:00", "2026-10-02T20:15", id="an offset is believed"),
    ],
)
def test_stamps_are_new_york_time(stamp: str, utc: str) -> None:
    reading = parse_quote(quote(last_trade_time=stamp), now=NOW)
    assert reading.as_of == datetime.fromisoformat(utc).replace(tzinfo=UTC)


async def test_a_frozen_file_keeps_its_own_time(server: Any, site: Web, clock: ManualClock) -> None:
    server.answers(body=snapshot())
    feed = CboeQuotes(web=site, clock=clock, base_url=server.url)
    before = await feed.read()
    await clock.advance(timedelta(days=7).total_seconds())
    assert await feed.read() == before


FAILURES = [
    pytest.param("", Transient, "cboe sent an empty answer", id="nothing"),
    pytest.param("  \n", Transient, "cboe sent an empty answer", id="blanks"),
    pytest.param(
        '{"timestamp": "2026-10-02", "data": {"symbol": "^V',
        Transient,
        'cboe sent no whole JSON document: \'{"timestamp": "2026-10-02", "data": {"sy\'',
        id="JSON cut short",
    ),
    pytest.param(
        "[" * 100_000,
        Transient,
        f"cboe sent no whole JSON document: '{'[' * 40}'",
        id="JSON too deep",
    ),
    pytest.param("[]", Permanent, "cboe sent no data: has its answer changed shape?", id="a list"),
    pytest.param(
        '{"Data": {}}', Permanent, "cboe sent no data: has its answer changed shape?", id="no data"
    ),
    pytest.param(
        '{"data": null}',
        Permanent,
        "cboe sent no symbol: has its answer changed shape?",
        id="data that is null",
    ),
    pytest.param(
        quote(symbol="^VVIX"),
        Permanent,
        "cboe was asked for the VIX and sent '^VVIX'",
        id="another index",
    ),
    pytest.param(
        quote(current_price=..., last_price=16.63),
        Permanent,
        "cboe sent no current_price: has its answer changed shape?",
        id="a renamed key",
    ),
    pytest.param(
        quote(current_price=None),
        Transient,
        "cboe sent null as current_price, which is no number",
        id="null",
    ),
    pytest.param(
        quote(current_price="16.63"),
        Transient,
        'cboe sent "16.63" as current_price, which is no number',
        id="a number as text",
    ),
    pytest.param(
        quote(current_price=True),
        Transient,
        "cboe sent true as current_price, which is no number",
        id="a truth",
    ),
    pytest.param(
        quote(current_price=float("nan")),
        Transient,
        "cboe sent NaN as current_price, which is no number",
        id="not a number",
    ),
    pytest.param(
        quote(current_price=10**400),
        Transient,
        "cboe sent 1000000000000000000000000000000000000000… as current_price, "
        "which is absurd: it is above 0 and up to 200",
        id="more than a float holds",
    ),
    pytest.param(
        quote(current_price=0),
        Transient,
        "cboe sent 0 as current_price, which is absurd: it is above 0 and up to 200",
        id="zero",
    ),
    pytest.param(
        quote(current_price=-16.63),
        Transient,
        "cboe sent -16.63 as current_price, which is absurd: it is above 0 and up to 200",
        id="less than zero",
    ),
    pytest.param(
        quote(current_price=200.01),
        Transient,
        "cboe sent 200.01 as current_price, which is absurd: it is above 0 and up to 200",
        id="more than 200",
    ),
    pytest.param(
        quote(last_trade_time=...),
        Permanent,
        "cboe sent no last_trade_time: has its answer changed shape?",
        id="no stamp",
    ),
    pytest.param(
        quote(last_trade_time="16:00"),
        Transient,
        "cboe sent '16:00' as last_trade_time, which is no time",
        id="a stamp that is no stamp",
    ),
    pytest.param(
        quote(last_trade_time=None),
        Transient,
        "cboe sent 'None' as last_trade_time, which is no time",
        id="a stamp that is null",
    ),
    pytest.param(
        quote(last_trade_time="2026-10-02T16:32:00"),
        Transient,
        "cboe sent a value stamped 2026-10-02 20:32 UTC, which is to come",
        id="a stamp to come",
    ),
]


@pytest.mark.parametrize(("body", "verdict", "sentence"), FAILURES)
async def test_a_document_that_makes_no_sense_is_one_sentence(
    fails: Any, body: str, verdict: type[HedgewatchError], sentence: str
) -> None:
    assert await fails(CboeQuotes, {"body": body}) == (verdict, sentence)


def test_a_clock_a_little_behind_is_forgiven() -> None:
    assert parse_quote(quote(last_trade_time="2026-10-02T16:31:00"), now=NOW).value == 16.63
