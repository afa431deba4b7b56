"""Hyperliquid's contexts, in the shape captured from it, and its history of hourly rates."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.http import Web
from monitor.feeds.hyperliquid import Hyperliquid, fetch
from monitor.feeds.provider import FeedSettings, Stretch
from monitor.model.reading import Reading

NOW = datetime(2026, 10, 2, 20, 30, tzinfo=UTC)
SEPTEMBER_MS = 1_788_220_800_000  # 2026-09-01 00:00:00 UTC


def context(funding: object) -> dict[str, object]:
    return {
        "funding": funding,
        "openInterest": "605822.2557999999",
        "prevDayPx": "2094.6",
        "dayNtlVlm": "591989409.93",
        "premium": "-0.0002824061",
        "oraclePx": "2124.6",
        "markPx": "2123.7",
        "midPx": "2123.95",
        "impactPxs": ["2123.9", "2124.0"],
    }


def answer(**rates: object) -> dict[str, str]:
    universe = [{"name": name, "szDecimals": 4, "maxLeverage": 25} for name in rates]
    contexts = [context(rate) for rate in rates.values()]
    return {"body": json.dumps([{"universe": universe, "marginTables": []}, contexts])}


async def test_each_coin_has_the_rate_in_its_own_place(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**answer(BTC="-0.00001", SOL="0.0009", ETH="0.0000125"))
    eth, btc = await Hyperliquid(web=site, clock=clock, base_url=server.url).read()
    assert eth == Reading(
        name="funding.eth_annual",
        value=pytest.approx(0.1095),
        unit="fraction",
        as_of=NOW,
        source="hyperliquid",
    )
    assert (btc.name, btc.value) == ("funding.btc_annual", pytest.approx(-0.0876))
    (request,) = server.asked
    assert (request.method, request.path) == ("POST", "/info")
    assert json.loads(server.said[0]) == {"type": "metaAndAssetCtxs"}


async def test_a_coin_that_is_gone_leaves_the_other(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**answer(SOL="0.0009", ETH="0.0000125"))
    feed = Hyperliquid(web=site, clock=clock, base_url=server.url)
    (eth,) = await feed.read()
    assert eth.name == "funding.eth_annual"
    (silence,) = feed.several.silences("funding.btc_annual")
    assert silence.why == "hyperliquid lists no BTC"


async def test_another_coin_s_context_without_a_rate_costs_ours_nothing(
    server: Any, site: Web, clock: ManualClock
) -> None:
    document = [
        {"universe": [{"name": "OLD", "isDelisted": True}, {"name": "ETH"}, {"name": "BTC"}]},
        [{"markPx": "1"}, {"funding": "0.0000125"}, {"markPx": "64000"}],
    ]
    server.answers(body=json.dumps(document))
    feed = Hyperliquid(web=site, clock=clock, base_url=server.url)
    (eth,) = await feed.read()
    assert eth.value == pytest.approx(0.1095)
    (silence,) = feed.several.silences("funding.btc_annual")
    assert silence.why == "hyperliquid sent no funding: has its answer changed shape?"


@pytest.mark.parametrize(
    ("said", "verdict", "sentence"),
    [
        pytest.param(
            {"body": json.dumps([{"universe": [{"name": "ETH"}]}, []])},
            Permanent,
            "hyperliquid sent 0 contexts for 1 coins",
            id="lists that do not pair",
        ),
        pytest.param(
            answer(SOL="0.1"), Permanent, "hyperliquid lists no ETH", id="neither of our coins"
        ),
        pytest.param(
            {"body": json.dumps([{"universe": [{"name": "ETH"}]}, [{"rate": "0.1"}]])},
            Permanent,
            "hyperliquid sent no funding: has its answer changed shape?",
            id="a key renamed",
        ),
        pytest.param(
            answer(ETH="soon", BTC="0.1"),
            Transient,
            'hyperliquid sent "soon" as funding, which is no number',
            id="a word for a number",
        ),
        pytest.param(
            answer(ETH="0.25", BTC="0.25"),
            Transient,
            "hyperliquid sent 2190.0 as funding.eth_annual, which is absurd: it is above -20"
            " and up to 20",
            id="a quarter an hour",
        ),
        pytest.param(
            {"body": "null"}, Permanent, "hyperliquid sent no 0: has its answer changed shape?",
            id="null",
        ),
    ],
)  # fmt: skip
async def test_a_failure_is_one_sentence(
    fails: Any, said: dict[str, Any], verdict: type[HedgewatchError], sentence: str
) -> None:
    assert await fails(Hyperliquid, said) == (verdict, sentence)


async def test_the_past_is_a_bar_a_day_of_each_hour_s_rate(
    server: Any, site: Web, clock: ManualClock
) -> None:
    rows = [
        {
            "coin": "ETH",
            "fundingRate": "0.0000125" if hour < 23 else "-0.0000125",
            "premium": "0.00057962",
            "time": SEPTEMBER_MS + hour * 3_600_000 + 31,
        }
        for hour in range(24)
    ]
    server.answers(body=json.dumps(rows))
    stretch = Stretch(signal="funding.eth_annual", first=date(2026, 9, 1), last=date(2026, 9, 1))
    (bar,) = (await fetch(site, clock, FeedSettings(base_url=server.url), stretch))[""]
    assert (bar.day, bar.at.hour) == (date(2026, 9, 1), 23)
    assert [bar.open, bar.high, bar.low, bar.close] == pytest.approx(
        [0.1095, 0.1095, -0.1095, -0.1095]
    )
    assert json.loads(server.said[0]) == {
        "type": "fundingHistory",
        "coin": "ETH",
        "startTime": SEPTEMBER_MS,
        "endTime": SEPTEMBER_MS + 86_400_000 - 1,
    }
