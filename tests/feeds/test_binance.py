"""Binance's documented shapes: candles are lists, figures are text, and 451 is a country."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.binance import (
    Binance,
    fetch,
    interval_hours,
    parse_funding,
    parse_intervals,
    parse_price,
)
from monitor.feeds.http import Web
from monitor.feeds.provider import FeedSettings, Stretch
from monitor.feeds.witness import Witness
from monitor.model.reading import Bar, Reading

NOW = datetime(2026, 10, 2, 20, 30, tzinfo=UTC)
WITNESS = Witness(source="binance", now=NOW)
MINUTE_MS = 1_790_972_940_000  # 2026-10-02 20:29:00 UTC
SEPTEMBER_MS = 1_788_220_800_000  # 2026-09-01 00:00:00 UTC
HOUR_MS = 3_600_000


def body(document: object) -> dict[str, str]:
    return {"body": json.dumps(document)}


def candle(start_ms: int, *prices: str) -> list[object]:
    shown = prices or ("2124.00", "2125.10", "2123.50", "2124.60")
    return [start_ms, *shown, "123.4", start_ms + 59_999, "262000.1", 310, "60.2", "127000.9", "0"]


def premium(coin: str, rate: str = "0.00010000", **changed: object) -> dict[str, object]:
    return {
        "symbol": f"{coin}USDT",
        "markPrice": "2123.70000000",
        "indexPrice": "2124.59000000",
        "estimatedSettlePrice": "2124.10000000",
        "lastFundingRate": rate,
        "interestRate": "0.00010000",
        "nextFundingTime": MINUTE_MS + 3 * HOUR_MS,
        "time": MINUTE_MS + 55_000,
    } | changed


def interval(symbol: str, hours: object) -> dict[str, object]:
    return {
        "symbol": symbol,
        "adjustedFundingRateCap": "0.02500000",
        "adjustedFundingRateFloor": "-0.02500000",
        "fundingIntervalHours": hours,
        "disclaimer": False,
    }


def serve(server: Any) -> None:
    server.serves("klines?symbol=ETHUSDT", **body([candle(MINUTE_MS - 60_000), candle(MINUTE_MS)]))
    server.serves(
        "klines?symbol=BTCUSDT",
        **body([candle(MINUTE_MS, "64000", "64300.5", "63990", "64250.50")]),
    )
    server.serves("fundingInfo", **body([interval("BLZUSDT", 8), interval("BTCUSDT", 4)]))
    server.serves("premiumIndex?symbol=ETHUSDT", **body(premium("ETH")))
    server.serves("premiumIndex?symbol=BTCUSDT", **body(premium("BTC", "0.00005")))


async def test_prices_and_funding_are_read(server: Any, site: Web, clock: ManualClock) -> None:
    serve(server)
    readings = await Binance(web=site, clock=clock, base_url=server.url).read()
    price = Reading(
        name="eth.price",
        value=2_124.6,
        unit="usd",
        as_of=datetime(2026, 10, 2, 20, 29, tzinfo=UTC),
        source="binance",
    )
    funding = Reading(
        name="funding.eth_annual",
        value=pytest.approx(0.1095),
        unit="fraction",
        as_of=datetime(2026, 10, 2, 20, 29, 55, tzinfo=UTC),
        source="binance",
    )
    assert readings == (
        price,
        replace(price, name="btc.price", value=64_250.5),
        funding,
        replace(funding, name="funding.btc_annual"),
    )


async def test_a_country_that_may_not_ask_for_funding_still_has_prices_and_is_told_why(
    server: Any, site: Web, clock: ManualClock
) -> None:
    serve(server)
    server.serves("fundingInfo", status=451)
    feed = Binance(web=site, clock=clock, base_url=server.url)
    assert [reading.name for reading in await feed.read()] == ["eth.price", "btc.price"]
    (eth,), (btc,) = (feed.several.silences(f"funding.{coin}_annual") for coin in ("eth", "btc"))
    assert eth == btc, "it is one cause"
    assert eth.why == "127.0.0.1 does not serve the country it is asked from (HTTP 451)"


@pytest.mark.parametrize(
    ("place", "answer"),
    [
        pytest.param(
            "premiumIndex?symbol=BTCUSDT",
            {"body": '{"code": -1121, "msg": "Invalid symbol."}'},
            id="its symbol is refused",
        ),
        pytest.param("fundingInfo", body([interval("BTCUSDT", 24)]), id="its interval is odd"),
    ],
)
async def test_bitcoin_s_funding_alone_is_lost_where_only_that_makes_no_sense(
    server: Any, site: Web, clock: ManualClock, place: str, answer: dict[str, Any]
) -> None:
    serve(server)
    server.serves(place, **answer)
    readings = await Binance(web=site, clock=clock, base_url=server.url).read()
    assert [one.name for one in readings] == ["eth.price", "btc.price", "funding.eth_annual"]


@pytest.mark.parametrize("hours", [24, 0, None])
async def test_another_symbol_s_odd_interval_costs_ours_nothing(
    server: Any, site: Web, clock: ManualClock, hours: object
) -> None:
    serve(server)
    server.serves("fundingInfo", **body([interval("XYZUSDT", hours), interval("BTCUSDT", 4)]))
    readings = await Binance(web=site, clock=clock, base_url=server.url).read()
    funding = {one.name: one.value for one in readings if one.unit == "fraction"}
    assert funding == {
        "funding.eth_annual": pytest.approx(0.1095),
        "funding.btc_annual": pytest.approx(0.1095),
    }


async def test_a_country_that_may_ask_for_nothing_is_told_so_for_good(fails: Any) -> None:
    assert await fails(Binance, {"status": 451}) == (
        Permanent,
        "127.0.0.1 does not serve the country it is asked from (HTTP 451)",
    )


@pytest.mark.parametrize(
    ("rows", "verdict", "sentence"),
    [
        pytest.param([], Transient, "binance has no price of ETH", id="no candles"),
        pytest.param({}, Permanent, "binance sent no list as its answer: has its answer changed"
                     " shape?", id="an object"),
        pytest.param([[MINUTE_MS, "1"]], Permanent, "binance sent no 2: has its answer changed"
                     " shape?", id="a candle cut short"),
        pytest.param([candle(MINUTE_MS, "1", "1", "1", "0")], Transient, "binance sent 0.0 as a"
                     " price, which is absurd: it is above 0 and up to 1e+15", id="nothing"),
        pytest.param([candle(MINUTE_MS, "1", "1", "1", "NaN")], Transient, 'binance sent "NaN" as'
                     " a price, which is no number", id="no number"),
        pytest.param([candle(MINUTE_MS + 600_000)], Transient, "binance sent a value stamped"
                     " 2026-10-02 20:39 UTC, which is to come", id="a stamp to come"),
    ],
)  # fmt: skip
def test_a_price_that_makes_no_sense(
    rows: object, verdict: type[HedgewatchError], sentence: str
) -> None:
    with pytest.raises(verdict) as caught:
        parse_price(json.dumps(rows), "ETH", WITNESS)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("document", "verdict", "sentence"),
    [
        pytest.param(premium("BTC"), Permanent, "binance was asked for ETHUSDT and sent 'BTCUSDT'",
                     id="another symbol"),
        pytest.param(premium("ETH", ""), Transient, 'binance sent "" as lastFundingRate, which is'
                     " no number", id="none, as a future has"),
        pytest.param(premium("ETH", "0.5"), Transient, "binance sent 547.5 as funding.eth_annual,"
                     " which is absurd: it is above -20 and up to 20", id="a half in 8 hours"),
        pytest.param(premium("ETH", time=0), Transient, "binance sent '0' as time, which is no"
                     " time", id="no time"),
        pytest.param([premium("ETH")], Permanent, "binance sent no symbol: has its answer changed"
                     " shape?", id="all symbols at once"),
    ],
)  # fmt: skip
def test_a_rate_that_makes_no_sense(
    document: object, verdict: type[HedgewatchError], sentence: str
) -> None:
    with pytest.raises(verdict) as caught:
        parse_funding(json.dumps(document), "ETH", 8, WITNESS)
    assert str(caught.value) == sentence


def hours_of(rows: Sequence[object], symbol: str) -> int:
    return interval_hours(parse_intervals(json.dumps(rows), WITNESS), symbol, WITNESS)


@pytest.mark.parametrize("hours", [0, 24, -8, "8", None, True, 7.5])
def test_an_interval_that_makes_no_sense(hours: object) -> None:
    with pytest.raises(Transient, match=r"as a funding interval$"):
        hours_of([interval("ETHUSDT", hours)], "ETHUSDT")


def test_intervals_are_kept_by_symbol() -> None:
    rows = [interval("ETHUSDT", 4), interval("BTCUSDT", 8)]
    assert [hours_of(rows, symbol) for symbol in ("ETHUSDT", "BTCUSDT", "XYZUSDT")] == [4, 8, 8]


async def past(
    server: Any, site: Web, clock: ManualClock, signal: str, last: date = date(2026, 9, 2)
) -> tuple[Bar, ...]:
    stretch = Stretch(signal=signal, first=date(2026, 9, 1), last=last)
    return (await fetch(site, clock, FeedSettings(base_url=server.url), stretch))[""]


async def test_past_prices_are_bars_of_the_days_that_are_over(
    server: Any, site: Web, clock: ManualClock
) -> None:
    clock.present = datetime(2026, 9, 2, 12, tzinfo=UTC)
    days = (candle(SEPTEMBER_MS, "10", "12", "9", "11"), candle(SEPTEMBER_MS + 24 * HOUR_MS))
    server.answers(**body(days))
    assert await past(server, site, clock, "btc.price") == (
        Bar(
            day=date(2026, 9, 1),
            open=10,
            high=12,
            low=9,
            close=11,
            at=datetime(2026, 9, 2, tzinfo=UTC),
        ),
    )
    (request,) = server.asked
    assert request.path == "/api/v3/klines"
    assert dict(request.query) == {
        "symbol": "BTCUSDT",
        "interval": "1d",
        "startTime": str(SEPTEMBER_MS),
        "endTime": str(SEPTEMBER_MS + 48 * HOUR_MS - 1),
        "limit": "1000",
    }


def prints(*at_and_rate: tuple[int, str]) -> list[dict[str, object]]:
    return [
        {
            "symbol": "ETHUSDT",
            "fundingTime": SEPTEMBER_MS + hours * HOUR_MS + 3,
            "fundingRate": rate,
            "markPrice": "2000",
        }
        for hours, rate in at_and_rate
    ]


async def test_past_funding_is_a_year_s_rate_by_the_time_since_the_print_before(
    server: Any, site: Web, clock: ManualClock
) -> None:
    rates: Sequence[tuple[int, str]] = (
        (-8, "0.0009"),
        (0, "0.0001"),
        (8, "0.0003"),
        (16, "-0.0001"),
        (20, "0.0001"),  # four hours from here on
        (24, "0.0001"),
    )
    server.answers(**body(prints(*rates)))
    first, second = await past(server, site, clock, "funding.eth_annual")
    assert (first.day, first.at) == (
        date(2026, 9, 1),
        datetime(2026, 9, 1, 20, 0, 0, 3_000, tzinfo=UTC),
    )
    assert [first.open, first.high, first.low, first.close] == pytest.approx(
        [0.1095, 0.3285, -0.1095, 0.219]
    )
    assert (second.day, second.open, second.close) == (
        date(2026, 9, 2),
        pytest.approx(0.219),
        pytest.approx(0.219),
    )
    (request,) = server.asked
    assert request.path == "/fapi/v1/fundingRate"
    assert int(request.query["startTime"]) < SEPTEMBER_MS - 8 * HOUR_MS


async def test_a_full_page_of_past_funding_is_followed_by_the_next(
    server: Any, site: Web, clock: ManualClock
) -> None:
    clock.present = datetime(2026, 10, 12, 12, tzinfo=UTC)
    page = prints(*((n - 8, "0.0001") for n in range(1000)))
    server.answers(**body(page))
    server.answers(**body(prints((992, "0.0001"))))
    bars = await past(server, site, clock, "funding.eth_annual", date(2026, 10, 12))
    assert bars[0].day == date(2026, 9, 1)
    assert bars[-1].day == date(2026, 10, 11), "the day that is not over has none"
    assert {round(bar.close, 4) for bar in bars} == {0.876}
    assert int(server.asked[1].query["startTime"]) == SEPTEMBER_MS + 991 * HOUR_MS + 4


async def test_a_print_that_is_missing_leaves_the_standard_interval(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**body(prints((-8, "0.0001"), (16, "0.0001"))))
    (bar,) = await past(server, site, clock, "funding.eth_annual")
    assert bar.close == pytest.approx(0.1095)


def test_the_days_of_the_story_agree() -> None:
    assert datetime.fromtimestamp(SEPTEMBER_MS / 1000, UTC) == datetime(2026, 9, 1, tzinfo=UTC)
    assert datetime.fromtimestamp(MINUTE_MS / 1000, UTC) == NOW - timedelta(minutes=1)
