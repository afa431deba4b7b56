"""Option tickers in Derive's own short names: `i` the mark's volatility, `f` the forward."""

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.derive import HOSTS, Derive, parse_expiries, parse_tickers
from monitor.feeds.http import Web
from monitor.feeds.port import quoted_by
from monitor.feeds.provider import FeedSettings, providers
from monitor.feeds.witness import Witness

NOW = datetime(2026, 10, 2, 20, 30, tzinfo=UTC)
STAMP_MS = 1_790_972_990_000  # 2026-10-02 20:29:50 UTC
WITNESS = Witness(source="derive", now=NOW)


def ticker(iv: str, forward: str = "2125", **changed: object) -> dict[str, object]:
    return {
        "t": STAMP_MS,
        "A": "12",
        "a": "61.2",
        "B": "9",
        "b": "60.1",
        "f": None,
        "I": "2124.6",
        "M": "60.7",
        "minp": "1",
        "maxp": "300",
        "option_pricing": {
            "d": "0.51",
            "g": "0.0008",
            "t": "-2.1",
            "v": "2.3",
            "r": "0.1",
            "m": "60.7",
            "i": iv,
            "bi": "0.59",
            "ai": "0.61",
            "f": forward,
            "df": "0.997",
        },
        "stats": {"c": "4", "v": "250", "pr": "0.1", "n": 3, "oi": "120", "h": "63", "l": "58"},
    } | changed


def tickers(**by_name: dict[str, object]) -> dict[str, str]:
    named = {name.replace("_", "-"): one for name, one in by_name.items()}
    return {"body": json.dumps({"id": "1", "result": {"tickers": named}})}


def listed(*days: str, pages: int = 1) -> dict[str, str]:
    rows = [
        {
            "instrument_type": "option",
            "instrument_name": f"ETH-{day}-{strike}-{right}",
            "is_active": True,
        }
        for day in days
        for strike, right in ((2_000, "P"), (2_200, "C"))
    ]
    result = {"instruments": rows, "pagination": {"num_pages": pages, "count": len(rows)}}
    return {"body": json.dumps({"id": "1", "result": result})}


NEAR = tickers(ETH_20261030_2100_C=ticker("0.602"), ETH_20261030_2150_P=ticker("0.598"))
FAR = tickers(
    ETH_20261127_2000_P=ticker("0.58", "2140"), ETH_20261127_2200_C=ticker("0.57", "2140")
)


async def test_the_volatility_is_read_thirty_days_out(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**listed("20261009", "20261030", "20261127", "20261225"))
    server.answers(**NEAR)
    server.answers(**FAR)
    (reading,) = await Derive(web=site, clock=clock, hosts=(server.url,)).read()
    near = 60.2 - 0.4 * math.log(2_125 / 2_100) / math.log(2_150 / 2_100)
    far = 58.0 - 1.0 * math.log(2_140 / 2_000) / math.log(2_200 / 2_000)
    days = (27 + 11.5 / 24, 55 + 11.5 / 24)
    weight = (30 - days[0]) / (days[1] - days[0])
    variance = near**2 * days[0] * (1 - weight) + far**2 * days[1] * weight
    assert reading.value == pytest.approx(math.sqrt(variance / 30))
    assert (reading.name, reading.unit) == ("iv.eth30_dex", "points")
    assert (reading.source, reading.as_of) == (
        "derive",
        datetime(2026, 10, 2, 20, 29, 50, tzinfo=UTC),
    )
    assert [request.path for request in server.asked] == [
        "/public/get_all_instruments",
        "/public/get_tickers",
        "/public/get_tickers",
    ]
    option = {"instrument_type": "option", "currency": "ETH"}
    assert [json.loads(said) for said in server.said] == [
        {**option, "expired": False, "page": 1, "page_size": 1000},
        {**option, "expiry_date": "20261030"},
        {**option, "expiry_date": "20261127"},
    ]


async def test_a_listed_expiry_without_tickers_is_passed_over(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**listed("20261023", "20261030", "20261106", "20261127"))
    for answer in (NEAR, tickers(), FAR):
        server.answers(**answer)
    (reading,) = await Derive(web=site, clock=clock, hosts=(server.url,)).read()
    days = [json.loads(said).get("expiry_date") for said in server.said]
    assert days == [None, "20261030", "20261106", "20261127"]
    assert 57 < reading.value < 60.2


async def test_all_pages_of_instruments_are_read_a_few_times_a_day(
    server: Any, site: Web, clock: ManualClock
) -> None:
    for answer in (listed("20261127", pages=2), listed("20261030", pages=2), NEAR, FAR, NEAR, FAR):
        server.answers(**answer)
    feed = Derive(web=site, clock=clock, hosts=(server.url,))
    first = await feed.read()
    assert [json.loads(said).get("page") for said in server.said] == [1, 2, None, None]
    assert await feed.read() == first
    assert len(server.asked) == 6, "the list is still known"
    clock.present += timedelta(hours=6)
    server.script = []
    server.answers(status=500)
    with pytest.raises(Transient):
        await feed.read()
    assert server.asked[-1].path == "/public/get_all_instruments"


async def test_the_second_host_answers_for_the_first(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.serves("/first/", body="<html></html>", content_type="text/html")
    server.answers(**listed("20261030", "20261127"))
    server.answers(**NEAR)
    server.answers(**FAR)
    hosts = (f"{server.url}/first", server.url)
    (reading,) = await Derive(web=site, clock=clock, hosts=hosts).read()
    assert 57 < reading.value < 60.2


async def test_btc_is_a_question_of_its_own(server: Any, site: Web, clock: ManualClock) -> None:
    for answer in (listed("20261030", "20261127"), NEAR, FAR):
        server.answers(body=answer["body"].replace("ETH-", "BTC-"))
    feed = providers()["derive_btc"].build(site, clock, FeedSettings(base_url=server.url))
    (reading,) = await feed.read()
    assert (reading.name, reading.source) == ("iv.btc30_dex", "derive_btc")
    assert {json.loads(said)["currency"] for said in server.said} == {"BTC"}
    assert {one.contract.kind for one in quoted_by(feed)} == {"btc.call", "btc.put"}
    assert {one.source for one in quoted_by(feed)} == {"derive_btc"}


def test_a_configured_base_url_is_the_only_host(site: Web, clock: ManualClock) -> None:
    build = providers()["derive"].build
    own = build(site, clock, FeedSettings(base_url="https://example.org/v3"))
    assert own.hosts == ("https://example.org/v3",)  # type: ignore[attr-defined]
    assert build(site, clock, FeedSettings()).hosts == HOSTS  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(ticker("0"), id="no volatility"),
        pytest.param(ticker("9.5"), id="an absurd one"),
        pytest.param(ticker("0.6", "0"), id="no forward"),
        pytest.param(ticker("0.6", option_pricing=None), id="no pricing"),
    ],
)
def test_a_ticker_that_states_no_volatility_is_left_out(one: dict[str, object]) -> None:
    told = tickers(ETH_20261030_2100_C=one, ETH_20261030_2150_P=ticker("0.598"))
    (quote,) = parse_tickers(told["body"], WITNESS)
    assert (quote.strike, quote.iv) == (2_150, pytest.approx(59.8))


@pytest.mark.parametrize(
    ("said", "verdict", "sentence"),
    [
        pytest.param(
            tickers(ETH_PERP=ticker("0.6")),
            Permanent,
            "derive sent 'ETH-PERP', which is no option's name",
            id="not an option",
        ),
        pytest.param(
            tickers(ETH_20261330_2100_C=ticker("0.6")),
            Permanent,
            "derive sent 'ETH-20261330-2100-C', which is no option's name",
            id="a month there is not",
        ),
        pytest.param(
            tickers(ETH_20261030_2100_C=ticker("0.6", t=STAMP_MS + 600_000)),
            Transient,
            "derive sent a value stamped 2026-10-02 20:39 UTC, which is to come",
            id="a stamp to come",
        ),
        pytest.param(
            tickers(ETH_20261030_2100_C=ticker("0.6", option_pricing={"iv": "0.6", "f": "1"})),
            Permanent,
            "derive sent no option_pricing.i: has its answer changed shape?",
            id="a key renamed",
        ),
        pytest.param(
            tickers(ETH_20261030_2100_C=ticker("sixty")),
            Transient,
            'derive sent "sixty" as the volatility, which is no number',
            id="a word for a number",
        ),
        pytest.param(
            {"body": '{"error": {"code": -32000, "message": "Rate limit exceeded"}}'},
            Transient,
            "derive answered with an error: {'code': -32000, 'message': 'Rate limit exceeded'}",
            id="an error with HTTP 200",
        ),
        pytest.param(
            {"body": '{"result": {"tickers": []}}'},
            Permanent,
            "derive sent no object as result.tickers: has its answer changed shape?",
            id="a list for an object",
        ),
    ],
)
def test_tickers_that_make_no_sense(
    said: dict[str, str], verdict: type[HedgewatchError], sentence: str
) -> None:
    with pytest.raises(verdict) as caught:
        parse_tickers(said["body"], WITNESS)
    assert str(caught.value) == sentence


def test_a_strike_may_have_a_fraction() -> None:
    (quote,) = parse_tickers(
        json.dumps({"result": {"tickers": {"ETH-20261030-2100_5-C": ticker("0.6")}}}), WITNESS
    )
    assert quote.strike == 2_100.5


def test_expiries_are_those_of_the_names() -> None:
    expiries, pages = parse_expiries(listed("20261030", pages=3)["body"], WITNESS)
    assert (expiries, pages) == ((datetime(2026, 10, 30, 8, tzinfo=UTC),), 3)


async def test_no_tickers_at_all_is_said(server: Any, site: Web, clock: ManualClock) -> None:
    server.answers(**listed("20261030", "20261127"))
    server.answers(**tickers())
    with pytest.raises(Transient, match=r"^derive has no tickers around 30 days$"):
        await Derive(web=site, clock=clock, hosts=(server.url,)).read()
