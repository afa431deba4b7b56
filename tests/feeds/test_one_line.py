"""One outage, one line, through the feeds the daemon builds, its polls and a server that fails."""

import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import httpx
import pytest

from monitor.app.parts import _together
from monitor.clock import ManualClock
from monitor.feeds.binance import Binance
from monitor.feeds.coingecko import CoinGecko
from monitor.feeds.fed_calendar import FedCalendar
from monitor.feeds.fred import Fred
from monitor.feeds.http import Web
from monitor.feeds.outages import Outages
from monitor.feeds.port import Feed
from monitor.feeds.releases import Releases
from monitor.feeds.shared import SharedFeed
from monitor.feeds.yahoo import YahooQuotes
from monitor.sources.live import Ears, Live, Polled

REASON = "127.0.0.1 is in trouble (HTTP 503)"
BANNED = "127.0.0.1 does not serve the country it is asked from (HTTP 451)"
ROWS = "".join(
    f"{year}-{month:02d}-01,{100 + month}\n" for year in (2025, 2026) for month in range(1, 9)
)


@pytest.fixture(autouse=True)
def heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


@pytest.fixture
async def site(clock: ManualClock) -> AsyncIterator[Web]:
    """The shared client, patient: a busy machine is no outage."""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        yield Web(client, clock)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    told = [record for record in caplog.records if record.name.startswith("monitor.")]
    return [f"{record.levelname} {record.getMessage()}" for record in told]


def daemon(clock: ManualClock, asked: dict[str, Sequence[Feed]]) -> Callable[[], Any]:
    """Return what polls every signal once, as the daemon does. asked: whom, by signal."""
    outages = Outages()
    polled = [
        Polled(name=signal, every_s=60, feed=_together(signal, feeds, clock, outages))
        for signal, feeds in asked.items()
    ]
    live = Live(clock, polled, ears=Ears(unheard=list, refuse=lambda *_: None, pulse=lambda _: ()))
    jobs = [live._bounded(one.name, live._poll(one), 10.0) for one in polled]

    async def poll() -> None:
        for _ in range(2):
            for job in jobs:
                await job()

    return poll


def shared(feed: Feed) -> SharedFeed:
    return SharedFeed(feed, fresh_s=0)


def serve_fred(server: Any) -> None:
    for series in ("RBUSBIS", "CPIAUCNS", "PPIFID"):
        server.serves(f"id={series}", body=f"observation_date,{series}\n{ROWS}", content_type="")
    for series in ("VIXCLS", "SP500", "SOFR", "DFF", "DGS3MO", "DGS10"):
        value = 6_900 if series == "SP500" else 3.88
        body = f"observation_date,{series}\n2026-10-01,{value}\n"
        server.serves(f"id={series}", body=body, content_type="")


async def test_files_of_one_host_that_fail(
    server: Any, site: Web, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    serve_fred(server)
    fred = shared(Fred(web=site, clock=clock, base_url=server.url))
    signals = ("macro.reer", "macro.ppi_mom", "macro.ppi_yoy", "rates.us10y")
    poll = daemon(clock, {signal: [fred] for signal in signals})
    await poll()
    assert lines(caplog) == []
    for series in ("RBUSBIS", "PPIFID"):
        server.serves(f"id={series}", status=503)
    await poll()
    serve_fred(server)
    await poll()
    assert lines(caplog) == [
        f"WARNING macro.reer has nothing fresh; fred: {REASON}",
        "INFO fred gives news again",
    ]


async def test_a_venue_that_refuses_its_funding_alone(
    server: Any, site: Web, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    now = clock.now().timestamp() * 1_000
    candle = [now - 60_000, "3000", "3000", "3000", "3000"]
    for coin in ("ETH", "BTC"):
        rate = {"symbol": f"{coin}USDT", "lastFundingRate": "0.0001", "time": now}
        server.serves(f"klines?symbol={coin}USDT", body=json.dumps([candle]))
        server.serves(f"premiumIndex?symbol={coin}USDT", body=json.dumps(rate))
    server.serves("fundingInfo", status=451)
    binance = shared(Binance(web=site, clock=clock, base_url=server.url))
    signals = ("eth.price", "funding.eth_annual", "funding.btc_annual")
    poll = daemon(clock, {signal: [binance] for signal in signals})
    await poll()
    server.serves("fundingInfo", body="[]")
    await poll()
    assert lines(caplog) == [
        f"WARNING funding.eth_annual has nothing fresh; binance: {BANNED}",
        "INFO binance gives news again",
    ]


def serve_proxies(server: Any, clock: ManualClock) -> None:
    now = int(clock.now().timestamp())
    coin = {
        "id": "uniswap",
        "current_price": 8.0,
        "circulating_supply": 6e8,
        "last_updated": clock.now().isoformat(),
    }
    shares = {"updated_at": now, "market_cap_percentage": {"eth": 12.0, "btc": 56.0}}
    server.serves("/coins/markets", body=json.dumps([coin, {**coin, "id": "aave"}]))
    server.serves("/global", body=json.dumps({"data": shares}))
    for symbol, price in (("VNQ", 90.0), ("%5EVIX", 16.0), ("%5EGSPC", 6_900.0)):
        meta = {
            "symbol": symbol.replace("%5E", "^"),
            "currency": "USD",
            "regularMarketPrice": price,
            "regularMarketTime": now - 3_600,
        }
        server.serves(f"/chart/{symbol}", body=json.dumps({"chart": {"result": [{"meta": meta}]}}))


@pytest.fixture
async def proxies(server: Any, site: Web, clock: ManualClock) -> Callable[[], Any]:
    serve_proxies(server, clock)
    coins = CoinGecko(web=site, clock=clock, base_url=server.url, coins={"aave": "aave"})
    funds = YahooQuotes(web=site, clock=clock, base_url=server.url, names={"vnq": "VNQ"})
    coingecko = shared(coins)
    return daemon(
        clock,
        {
            "proxy.price": [coingecko, shared(funds)],
            "token.price": [coingecko],
            "rotation.eth_share": [coingecko],
        },
    )


@pytest.mark.parametrize(
    ("places", "said", "ended"),
    [
        pytest.param(
            ("/coins/markets", "/global", "/chart/"),
            f"proxy.price has nothing fresh; coingecko, yahoo: {REASON}",
            ["coingecko answers again", "yahoo answers again"],
            id="all of a family's providers",
        ),
        pytest.param(
            ("/coins/markets", "/global"),
            f"proxy.price is not whole; coingecko: {REASON}",
            ["coingecko answers again"],
            id="one of them",
        ),
        pytest.param(
            ("/coins/markets",),
            f"proxy.price is not whole; coingecko: {REASON}",
            ["coingecko gives news again"],
            id="a part of one",
        ),
        pytest.param(
            ("/chart/VNQ",),
            f"proxy.price is not whole; yahoo: vnq: {REASON}",
            ["yahoo gives news again"],
            id="a member",
        ),
    ],
)
async def test_a_family_s_providers_that_fail(  # noqa: PLR0913, PLR0917
    server: Any,
    caplog: pytest.LogCaptureFixture,
    proxies: Callable[[], Any],
    places: Sequence[str],
    said: str,
    ended: Sequence[str],
) -> None:
    await proxies()
    assert lines(caplog) == []
    sound = dict(server.places)
    for place in places:
        for known in [one for one in server.places if one.startswith(place)]:
            server.serves(known, status=503)
    await proxies()
    assert lines(caplog) == [f"WARNING {said}"]
    server.places.update(sound)
    await proxies()
    assert sorted(lines(caplog)[1:]) == [f"INFO {one}" for one in ended]


async def test_calendars_that_fall_back_on_the_days_known(
    server: Any, site: Web, clock: ManualClock, caplog: pytest.LogCaptureFixture, tmp_path: Any
) -> None:
    key = tmp_path / "key"
    key.write_text("secret")
    key.chmod(0o600)
    server.answers(status=503)
    fed = shared(FedCalendar(web=site, clock=clock, base_url=server.url))
    releases = Releases(web=site, clock=clock, key=f"file:{key}", base_url=server.url)
    told = shared(releases)
    poll = daemon(clock, {"calendar.fomc": [fed], "calendar.cpi": [told], "calendar.ppi": [told]})
    await poll()
    assert lines(caplog) == [
        f"WARNING calendar.fomc is not whole; fed_calendar: {REASON}",
        f"WARNING calendar.cpi is not whole; releases: {REASON}",
    ]
