"""CoinGecko's documented shapes: `global`, and a list of markets."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.coingecko import CoinGecko
from monitor.feeds.http import Web
from monitor.feeds.provider import FeedSettings, providers
from monitor.model.reading import Reading

STAMP_S = 1_790_972_760  # 2026-10-02 20:26:00 UTC


def shares(**changed: object) -> dict[str, str]:
    data = {
        "active_cryptocurrencies": 17_400,
        "markets": 1_300,
        "total_market_cap": {"usd": 3_100_000_000_000.5},
        "market_cap_percentage": {"btc": 56.25, "eth": 12.5, "usdt": 5.1},
        "market_cap_change_percentage_24h_usd": -1.9,
        "updated_at": STAMP_S,
    } | changed
    return {"body": json.dumps({"data": data})}


def coin(name: str, price: object = 7.5, **changed: object) -> dict[str, object]:
    return {
        "id": name,
        "symbol": name[:3],
        "name": name.title(),
        "current_price": price,
        "market_cap": 4_500_000_000,
        "circulating_supply": 600_000_000.25,
        "total_supply": 1_000_000_000.0,
        "last_updated": "2026-10-02T20:27:30.123Z",
    } | changed


def markets(*rows: object) -> dict[str, str]:
    return {"body": json.dumps(rows)}


def serve(server: Any, *rows: object) -> None:
    server.serves("/global", **shares())
    server.serves("/coins/markets", **markets(*(rows or (coin("uniswap"),))))


ETH_SHARE = Reading(
    name="rotation.eth_share",
    value=0.125,
    unit="fraction",
    as_of=datetime(2026, 10, 2, 20, 26, tzinfo=UTC),
    source="coingecko",
)
PRICE = Reading(
    name="token.price",
    value=7.5,
    unit="usd",
    as_of=datetime(2026, 10, 2, 20, 27, 30, 123_000, tzinfo=UTC),
    source="coingecko",
)


async def test_shares_and_the_token_are_read_unless_another_is_named(
    server: Any, site: Web, clock: ManualClock
) -> None:
    serve(server)
    feed = CoinGecko(web=site, clock=clock, base_url=server.url)
    assert await feed.read() == (
        ETH_SHARE,
        replace(ETH_SHARE, name="rotation.btc_share", value=0.5625),
        PRICE,
        replace(PRICE, name="token.supply", value=600_000_000.25, unit="count"),
    )
    assert sorted(request.path_qs for request in server.asked) == [
        "/coins/markets?vs_currency=usd&ids=uniswap&per_page=250",
        "/global",
    ]


async def test_every_other_name_is_a_proxy_and_all_are_asked_for_at_once(
    server: Any, site: Web, clock: ManualClock
) -> None:
    serve(server, coin("maker", 1_500), coin("aave", 190.5))
    own = FeedSettings(base_url=server.url, names={"token": "aave", "mkr": "maker", "dao": "aave"})
    readings = await providers()["coingecko"].build(site, clock, own).read()
    proxies = {one.key: one.value for one in readings if one.name == "proxy.price"}
    assert proxies == {"mkr": 1_500.0, "dao": 190.5}
    assert {one.value for one in readings if one.name == "token.price"} == {190.5}
    (asked,) = [request for request in server.asked if request.path == "/coins/markets"]
    assert asked.query["ids"] == "aave,maker"


async def test_a_coin_nobody_knows_leaves_the_others(
    server: Any, site: Web, clock: ManualClock
) -> None:
    serve(server)
    feed = CoinGecko(web=site, clock=clock, base_url=server.url, coins={"mkr": "no-such-coin"})
    assert "token.price" in {one.name for one in await feed.read()}
    (silence,) = feed.several.silences("proxy.price")
    assert silence.what == "proxy.price.mkr"
    assert silence.why == "coingecko knows no coin called 'no-such-coin'"
    assert feed.several.silences("token.price") == ()


@pytest.mark.parametrize(
    ("global_", "coins", "expected"),
    [
        pytest.param(
            shares(market_cap_percentage={"btc": 56.0}),
            {"status": 404},
            (
                Permanent,
                "coingecko sent no market_cap_percentage.eth: has its answer changed shape?",
            ),
            id="a key renamed",
        ),
        pytest.param(
            shares(market_cap_percentage={"btc": 56.0, "eth": 125}),
            {"status": 404},
            (
                Transient,
                (
                    "coingecko sent 1.25 as rotation.eth_share, which is absurd:"
                    " it is above 0 and up to 1"
                ),
            ),
            id="more than all",
        ),
        pytest.param(
            shares(updated_at=STAMP_S + 600),
            {"status": 404},
            (Transient, "coingecko sent a value stamped 2026-10-02 20:36 UTC, which is to come"),
            id="a stamp to come",
        ),
        pytest.param(
            {"status": 404},
            markets(),
            (Permanent, "127.0.0.1 answered HTTP 404"),
            id="an empty list",
        ),
        pytest.param(
            {"status": 404},
            markets(coin("uniswap", None, circulating_supply=None)),
            (Transient, "coingecko sent null as token.price, which is no number"),
            id="no price",
        ),
        pytest.param(
            {"status": 404},
            markets(coin("uniswap", last_updated="yesterday")),
            (Transient, "coingecko sent 'yesterday' as last_updated, which is no time"),
            id="no time",
        ),
        pytest.param(
            {"status": 429, "headers": {"Retry-After": "60"}},
            {"status": 429, "headers": {"Retry-After": "60"}},
            (Transient, "127.0.0.1 refused us (HTTP 429); next try in 60 s"),
            id="HTTP 429",
        ),
    ],
)
async def test_a_failure_is_one_sentence(
    fails: Any,
    server: Any,
    global_: dict[str, Any],
    coins: dict[str, Any],
    expected: tuple[type[HedgewatchError], str],
) -> None:
    server.serves("/global", **global_)
    server.serves("/coins/markets", **coins)
    assert await fails(CoinGecko, {}) == expected
