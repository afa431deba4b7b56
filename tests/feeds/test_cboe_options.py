"""SPX chains in Cboe's shape, priced by QuantLib from volatilities we chose."""

import asyncio
import json
import math
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import QuantLib as Ql

from monitor.clock import ManualClock, stopwatch
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.cboe_chain import parse_chain
from monitor.feeds.cboe_options import PROVIDER, CboeOptions
from monitor.feeds.http import Web
from monitor.feeds.port import Feed

SPOT = 6_715.79
STAMP = datetime(2026, 10, 2, 20, 0, tzinfo=UTC)
# Expiries 28 and 35 days after the stamp, at 16:00 New York; the latter is in winter time.
NEAR, FAR = date(2026, 10, 30), date(2026, 11, 6)
YEARS = {NEAR: 28 / 365, FAR: (35 + 1 / 24) / 365}
VOLS = {NEAR: 0.15, FAR: 0.16}
SLOPE = 0.3
STRIKES = range(5_400, 7_801, 25)


def option(symbol: str, middle: float, **changed: Any) -> dict[str, Any]:
    row = {
        "option": symbol,
        "bid": middle * 0.999,
        "ask": middle * 1.001,
        "bid_size": 10,
        "ask_size": 12,
        "iv": 0.1523,
        "open_interest": 1_204.0,
        "volume": 37.0,
        "delta": -0.2,
        "gamma": 0.0004,
        "vega": 3.1,
        "theta": -0.9,
        "rho": -0.5,
        "theo": middle,
        "change": 0.0,
        "open": 0.0,
        "high": 0.0,
        "low": 0.0,
        "tick": "down",
        "last_trade_price": middle,
        "last_trade_time": None,
        "percent_change": 0.0,
        "prev_day_close": middle,
        **changed,
    }
    return {key: value for key, value in row.items() if value is not ...}


def expiry(day: date, strikes: range = STRIKES, root: str = "SPXW") -> Iterator[dict[str, Any]]:
    for strike in strikes:
        vol = VOLS[day] - SLOPE * math.log(strike / SPOT)
        for letter, side in (("C", Ql.Option.Call), ("P", Ql.Option.Put)):
            deviation = vol * math.sqrt(YEARS[day])
            middle = Ql.blackFormula(side, strike, SPOT, deviation, 1.0)
            yield option(f"{root}{day:%y%m%d}{letter}{strike * 1000:08d}", middle)


def chain(*rows: Any, **data: Any) -> str:
    inner = {
        "options": list(rows),
        "symbol": "^SPX",
        "security_type": "index",
        "current_price": SPOT,
        "last_trade_time": "2026-10-02T16:00:00",
        "iv30": 14.2,
        **data,
    }
    inner = {key: value for key, value in inner.items() if value is not ...}
    return json.dumps({"timestamp": "2026-10-02 20:15:03", "data": inner, "symbol": "_SPX"})


WHOLE = chain(*expiry(NEAR), *expiry(FAR))


async def test_the_volatility_30_days_out_is_read(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(body=WHOLE)
    feed: Feed = CboeOptions(web=site, clock=clock, base_url=server.url)
    told = {reading.name: reading for reading in await feed.read()}
    # Total variance, linear in time.
    weight = (30 / 365 - YEARS[NEAR]) / (YEARS[FAR] - YEARS[NEAR])
    ends = [VOLS[day] ** 2 * YEARS[day] for day in (NEAR, FAR)]
    expected = math.sqrt((ends[0] + weight * (ends[1] - ends[0])) / (30 / 365))
    assert told["spx.iv30"].value == pytest.approx(100 * expected, abs=0.02)
    assert (told["spx.iv30"].unit, told["spx.iv30"].as_of) == ("points", STAMP)
    assert server.asked[0].path == "/options/_SPX.json"


async def test_the_skew_is_that_of_the_smile_it_was_priced_by(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(body=WHOLE)
    told = {r.name: r for r in await CboeOptions(web=site, clock=clock, base_url=server.url).read()}
    # At 30 days one standard deviation is about 4.4 %, and a delta of 25 some 0.67 of them
    # away: twice that, times the slope of the smile, is 1.8 points.
    assert told["spx.skew25"].value == pytest.approx(1.8, abs=0.2)


async def test_a_frozen_chain_keeps_its_own_time(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(body=WHOLE)
    feed = CboeOptions(web=site, clock=clock, base_url=server.url)
    before = await feed.read()
    await clock.advance(7 * 86_400)
    assert await feed.read() == before


async def test_without_wings_the_skew_is_unknown(
    server: Any, site: Web, clock: ManualClock
) -> None:
    narrow = range(6_600, 6_826, 25)
    server.answers(body=chain(*expiry(NEAR, narrow), *expiry(FAR, narrow)))
    told = await CboeOptions(web=site, clock=clock, base_url=server.url).read()
    assert [reading.name for reading in told] == ["spx.iv30", "quotes.spx"]


ODD = [
    {"iv": None},
    {"bid": None},
    {"iv": "NaN"},
    {"iv": 1_001},
    {"ask": ...},
    {"option": "SPXW261340C06700000"},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_one_odd_row_among_many_is_left_out(odd: dict[str, Any]) -> None:
    sound = [*expiry(NEAR), *expiry(FAR)]
    row = option("SPXW261030C06712000", 90.0) | odd
    bad = {key: value for key, value in row.items() if value is not ...}
    told = parse_chain(chain(*sound[:100], bad, *sound[100:])).options
    assert told == parse_chain(WHOLE).options


def test_where_more_than_a_few_rows_in_a_hundred_are_odd_none_is_believed() -> None:
    sound = [*expiry(NEAR), *expiry(FAR)]
    assert len(sound) == 388, "97 strikes, two sides, two expiries"

    def without_bids(count: int) -> str:
        return chain(*({**row, "bid": None} for row in sound[:count]), *sound[count:])

    assert len(parse_chain(without_bids(11)).options) == 388 - 11, "2.8 %"
    with pytest.raises(Transient, match="sent null as bid"):
        parse_chain(without_bids(12))  # 3.1 %


TOO_FEW = "cboe_options has too few quotes of expiries"


def far_off(*rows: dict[str, Any]) -> str:
    """Return a chain of contracts that are too far from the money to price by."""
    return chain(*({**row, "delta": 0.01} for row in rows))


UNQUOTED = [{**row, "bid": 0.0} for row in expiry(NEAR)]


@pytest.mark.parametrize(
    ("answer", "verdict", "sentence"),
    [
        pytest.param(
            {"body": "<html></html>", "content_type": "text/html"},
            Transient,
            "127.0.0.1 sent an HTML page with HTTP 200 instead of application/json",
            id="an HTML page with HTTP 200",
        ),
        pytest.param({"body": ""}, Transient, "cboe_options sent an empty answer", id="nothing"),
        pytest.param(
            {"body": '{"data": {"chain": []}}'},
            Permanent,
            "cboe_options sent no data.options: has its answer changed shape?",
            id="a renamed list",
        ),
        pytest.param(
            {"body": '{"data": {"options": {}}}'},
            Permanent,
            "cboe_options sent no list of options: has its answer changed shape?",
            id="no list",
        ),
        pytest.param(
            {"body": WHOLE[: len(WHOLE) // 2]},
            Transient,
            "cboe_options sent no whole JSON document: its options break off",
            id="JSON cut short",
        ),
        pytest.param(
            {"body": chain()}, Transient, "cboe_options sent a chain without an option", id="empty"
        ),
        pytest.param(
            {"body": chain(option("SPXW261030C06700000", 90.0, bid=...))},
            Permanent,
            "cboe_options sent no bid: has its answer changed shape?",
            id="a renamed key",
        ),
        pytest.param(
            {"body": chain(option("SPXW261030C06700000", 90.0, ask=None))},
            Transient,
            "cboe_options sent null as ask, which is no number",
            id="null",
        ),
        pytest.param(
            {"body": chain(option("SPXW261340C06700000", 90.0))},
            Transient,
            "cboe_options sent an option that never expires: 'SPXW261340C06700000'",
            id="a date that is none",
        ),
        pytest.param(
            {"body": chain(*expiry(NEAR), last_trade_time=...)},
            Permanent,
            "cboe_options sent no last_trade_time: has its answer changed shape?",
            id="no stamp",
        ),
        pytest.param(
            {"body": chain(*expiry(NEAR), *expiry(FAR), last_trade_time="2026-10-02T17:00:00")},
            Transient,
            "cboe_options sent a value stamped 2026-10-02 21:00 UTC, which is to come",
            id="a stamp to come",
        ),
        pytest.param(
            {"body": far_off(*expiry(NEAR))}, Transient, f"{TOO_FEW} from 30 days", id="one expiry"
        ),
        pytest.param(
            {"body": far_off(*UNQUOTED, *expiry(FAR))},
            Transient,
            f"{TOO_FEW} up to 30 days",
            id="an expiry nobody bids for",
        ),
        pytest.param(
            {"body": far_off(*expiry(NEAR, root="SPX"), *expiry(FAR, root="SPX"))},
            Transient,
            f"{TOO_FEW} up to 30 days",
            id="only contracts settled in the morning",
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
    assert await fails(CboeOptions, answer) == (verdict, sentence)


def test_a_symbol_is_taken_apart() -> None:
    (quote,) = parse_chain(chain(option("SPXW261120P05800000", 24.5, bid=24.3, ask=24.7))).options
    assert (quote.root, quote.expiry, quote.call, quote.strike) == (
        "SPXW",
        date(2026, 11, 20),
        False,
        5_800.0,
    )
    assert (quote.bid, quote.ask, quote.iv, quote.open_interest) == (24.3, 24.7, 0.1523, 1_204.0)
    assert quote.middle == pytest.approx(24.5)


@pytest.mark.parametrize(
    ("bid", "ask"), [pytest.param(0.0, 0.05, id="no bid"), pytest.param(25.0, 24.0, id="crossed")]
)
def test_a_market_that_is_none_has_no_middle(bid: float, ask: float) -> None:
    (quote,) = parse_chain(chain(option("SPXW261120P05800000", 1.0, bid=bid, ask=ask))).options
    assert quote.middle is None


def test_what_is_no_option_symbol_is_passed_over() -> None:
    rows = (option("^SPX", 1.0), option("SPXW261120P05800000", 24.5))
    assert len(parse_chain(chain(*rows)).options) == 1


async def test_a_chain_of_tens_of_megabytes_does_not_hold_up_the_loop() -> None:
    rows = json.dumps(list(expiry(NEAR)))[1:-1]
    text = chain(*expiry(NEAR)).replace(rows, ", ".join([rows] * 130), 1)
    assert len(text) > 11_000_000
    done, longest, before = threading.Event(), 0.0, stopwatch()
    task = asyncio.ensure_future(asyncio.to_thread(parse_chain, text))
    task.add_done_callback(lambda _: done.set())
    while not done.is_set():
        await asyncio.wait([task], timeout=0.001)
        now = stopwatch()
        longest, before = max(longest, now - before), now
    assert len((await task).options) > 25_000
    assert longest < 0.15


def test_it_is_off_unless_it_is_named() -> None:
    assert PROVIDER.opt_in
