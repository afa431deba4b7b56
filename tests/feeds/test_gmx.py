"""GMX's markets, with rates captured from it on 2026-04-02.

What that capture shows of the sign: longs' open interest times their rate is minus that of
shorts, and the rate that is a whole number of factors a second is the payer's, the shorts'.
It is positive. So positive is paid, as borrowing is, which is always a cost.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.gmx import HOSTS, MARKETS, Gmx
from monitor.feeds.http import Web
from monitor.feeds.provider import FeedSettings, providers
from monitor.model.reading import Reading

NOW = datetime(2026, 10, 2, 20, 30, tzinfo=UTC)
ETH_TOKEN = "0x70d95587d40A2caf56bd97485aB3Eec10Bee6336"
BTC_TOKEN = "0x47c031236e19d024b42f8AE6780E44A573170703"
LONGS_RECEIVE = -234415323020867061571811615482
BORROWING = 37131225434902894175472240000


def market(
    token: str, funding: int = LONGS_RECEIVE, borrowing: int = BORROWING, **changed: object
) -> dict[str, object]:
    return {
        "name": "ETH/USD [WETH-USDC]",
        "marketToken": token,
        "indexToken": "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1",
        "isListed": True,
        "openInterestLong": "50962362065685009972399965082522856",
        "openInterestShort": "41800391066452521980674550527863996",
        "fundingRateLong": str(funding),
        "fundingRateShort": "285795378003572022502143648000",
        "borrowingRateLong": str(borrowing),
        "netRateLong": str(funding + borrowing),
    } | changed


def answer(*markets: object) -> dict[str, str]:
    return {"body": json.dumps({"markets": markets})}


def test_the_capture_s_payer_is_positive() -> None:
    longs, shorts = 50962362065685009972399965082522856, 41800391066452521980674550527863996
    shorts_pay, seconds_a_year = 285795378003572022502143648000, 365 * 86_400
    assert shorts_pay * shorts == pytest.approx(-LONGS_RECEIVE * longs)
    assert shorts_pay % seconds_a_year == 0
    assert LONGS_RECEIVE % seconds_a_year != 0
    assert BORROWING % seconds_a_year == 0


async def test_what_longs_pay_is_read_of_each_market(
    server: Any, site: Web, clock: ManualClock
) -> None:
    paid = 109_500_000_000_000_000_000_000_000_000
    server.answers(**answer(market("0x" + "1" * 40, 9), market(ETH_TOKEN), market(BTC_TOKEN, paid)))
    eth, btc = await Gmx(web=site, clock=clock, hosts=(server.url,)).read()
    assert eth == Reading(
        name="funding.eth_annual",
        value=pytest.approx(-0.234415323),
        unit="fraction",
        as_of=NOW,
        source="gmx",
    )
    assert (btc.name, btc.value) == ("funding.btc_annual", pytest.approx(0.1095))
    assert [request.path for request in server.asked] == ["/markets/info"]


async def test_hosts_are_asked_in_order_until_one_answers(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.serves("/one/", status=500)
    server.serves("/two/", body="<html></html>", content_type="text/html")
    server.answers(**answer(market(ETH_TOKEN), market(BTC_TOKEN)))
    hosts = tuple(f"{server.url}/{name}" for name in ("one", "two", "three", "four"))
    assert len(await Gmx(web=site, clock=clock, hosts=hosts).read()) == 2
    assert [request.path for request in server.asked] == [
        "/one/markets/info",
        "/two/markets/info",
        "/three/markets/info",
    ]


def test_a_configured_base_url_stands_for_all_hosts(site: Web, clock: ManualClock) -> None:
    build = providers()["gmx"].build
    own = build(site, clock, FeedSettings(base_url="https://example.org"))
    assert own.hosts == ("https://example.org",)  # type: ignore[attr-defined]
    assert build(site, clock, FeedSettings()).hosts == HOSTS  # type: ignore[attr-defined]


async def test_a_market_that_is_gone_leaves_the_other(
    server: Any, site: Web, clock: ManualClock
) -> None:
    server.answers(**answer(market(ETH_TOKEN)))
    feed = Gmx(web=site, clock=clock, hosts=(server.url,))
    (eth,) = await feed.read()
    assert eth.name == "funding.eth_annual"
    (silence,) = feed.several.silences("funding.btc_annual")
    assert silence.why == f"gmx lists no market {MARKETS['BTC']}, which is that of BTC"


@pytest.mark.parametrize(
    ("said", "verdict", "sentence"),
    [
        pytest.param(
            answer(market(ETH_TOKEN, netRateLong=str(LONGS_RECEIVE - BORROWING))),
            Permanent,
            "gmx sent a net rate of -0.271547 a year where funding -0.234415 and borrowing"
            " 0.037131 add up to another: has their sign changed?",
            id="signs turned about",
        ),
        pytest.param(
            answer(), Permanent,
            f"gmx lists no market {MARKETS['ETH']}, which is that of ETH", id="no markets",
        ),
        pytest.param(
            answer({"name": "ETH/USD [WETH-USDC]"}),
            Permanent,
            "gmx sent no marketToken: has its answer changed shape?",
            id="a key renamed",
        ),
        pytest.param(
            answer(market(ETH_TOKEN, 64 * 10**30)),
            Transient,
            "gmx sent 64.0 as funding.eth_annual, which is absurd: it is above -20 and up to 20",
            id="an absurd rate",
        ),
        pytest.param(
            answer(market(ETH_TOKEN, fundingRateLong="0x12")),
            Transient,
            'gmx sent "0x12" as fundingRateLong, which is no number',
            id="no number",
        ),
        pytest.param(
            {"body": '{"markets": {}}'},
            Permanent,
            "gmx sent no list as markets: has its answer changed shape?",
            id="an object for a list",
        ),
    ],
)  # fmt: skip
async def test_a_failure_is_one_sentence(
    fails: Any, said: dict[str, Any], verdict: type[HedgewatchError], sentence: str
) -> None:
    def build(web: Web, clock: ManualClock, base_url: str) -> Gmx:
        return Gmx(web=web, clock=clock, hosts=(base_url,))

    assert await fails(build, said) == (verdict, sentence)
