"""Funding in ccxt's unified structure, from an exchange of our own making.

Tried by hand against ccxt 4.5.90 with Bybit's documented answers: the same figures, and
its errors by the families named here.
"""

import asyncio
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.ccxt_funding import CcxtFunding
from monitor.feeds.http import Web
from monitor.feeds.provider import FeedSettings, providers
from monitor.model.reading import Reading

STAMP_MS = 1_790_972_990_000  # 2026-10-02 20:29:50 UTC
MARKETS = ("ETH/USDT:USDT", "BTC/USDT:USDT", "ETH/USDT")


def unified(rate: object = 0.0001, interval: str | None = "8h", **changed: object) -> Any:
    return {
        "symbol": "ETH/USDT:USDT",
        "markPrice": 2123.7,
        "fundingRate": rate,
        "fundingTimestamp": STAMP_MS + 9_000_000,
        "timestamp": STAMP_MS,
        "interval": interval,
    } | changed


class NetworkError(Exception):
    """As ccxt calls what may pass."""


class RequestTimeout(NetworkError):
    """One of them."""


class ExchangeError(Exception):
    """As ccxt calls a refusal."""


class BadSymbol(ExchangeError):
    """One of them."""


@dataclass
class Venue:
    """Gives scripted structures by symbol, or fails."""

    told: Mapping[str, Any] = field(default_factory=dict)
    markets: tuple[str, ...] = MARKETS
    failing: Exception | None = None
    opened: list[tuple[str, str | None]] = field(default_factory=list)

    def __call__(self, name: str, base_url: str | None) -> "Venue":
        self.opened.append((name, base_url))
        return self

    def load_markets(self) -> Mapping[str, object]:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()  # never on the loop, which it would hold up
        if self.failing is not None:
            raise self.failing
        return dict.fromkeys(self.markets)

    def fetch_funding_rate(self, symbol: str) -> Mapping[str, object]:
        found: Mapping[str, object] = self.told.get(symbol, unified())
        return found


async def test_the_unified_structure_is_read(clock: ManualClock) -> None:
    venue = Venue({"BTC/USDT:USDT": unified(0.00005, "4h", timestamp=None)})
    feed = CcxtFunding(clock=clock, exchange="okx", opens=venue)
    eth, btc = await feed.read()
    assert eth == Reading(
        name="funding.eth_annual",
        value=pytest.approx(0.1095),
        unit="fraction",
        as_of=datetime(2026, 10, 2, 20, 29, 50, tzinfo=UTC),
        source="ccxt",
    )
    assert (btc.name, btc.value, btc.as_of) == (
        "funding.btc_annual",
        pytest.approx(0.1095),
        clock.now(),
    )
    assert await feed.read() == (eth, btc)
    assert venue.opened == [("okx", None)], "opened once"


async def test_a_coin_that_is_not_traded_leaves_the_other(
    clock: ManualClock,
) -> None:
    feed = CcxtFunding(clock=clock, opens=Venue(markets=("ETH/USDC:USDC", "BTC/USDT")))
    (eth,) = await feed.read()
    assert eth.name == "funding.eth_annual"
    (silence,) = feed.several.silences("funding.btc_annual")
    assert silence.why == "bybit has no perpetual of BTC that ccxt knows"


@pytest.mark.parametrize(
    ("venue", "verdict", "sentence"),
    [
        pytest.param(
            Venue(failing=RequestTimeout("bybit GET markets")),
            Transient,
            "bybit through ccxt: RequestTimeout: bybit GET markets",
            id="the network",
        ),
        pytest.param(
            Venue(failing=BadSymbol("no such market")),
            Permanent,
            "bybit through ccxt: BadSymbol: no such market",
            id="a refusal",
        ),
        pytest.param(
            Venue(failing=KeyError("list")),
            Transient,
            "bybit through ccxt: KeyError: 'list'",
            id="a fault of ccxt's own",
        ),
        pytest.param(
            Venue(markets=()),
            Permanent,
            "bybit has no perpetual of ETH that ccxt knows",
            id="no markets",
        ),
        pytest.param(
            Venue(dict.fromkeys(MARKETS, unified(interval=None))),
            Permanent,
            "ccxt tells no interval of the funding of ETH",
            id="no interval",
        ),
        pytest.param(
            Venue(dict.fromkeys(MARKETS, unified(interval="0h"))),
            Permanent,
            "ccxt tells no interval of the funding of ETH",
            id="an interval of nothing",
        ),
        pytest.param(
            Venue(dict.fromkeys(MARKETS, unified(None))),
            Transient,
            "ccxt sent null as fundingRate, which is no number",
            id="no rate",
        ),
        pytest.param(
            Venue(dict.fromkeys(MARKETS, unified(timestamp=STAMP_MS + 600_000))),
            Transient,
            "ccxt sent a value stamped 2026-10-02 20:39 UTC, which is to come",
            id="a stamp to come",
        ),
        pytest.param(
            Venue(dict.fromkeys(MARKETS, unified(0.25))),
            Transient,
            "ccxt sent 273.75 as funding.eth_annual, which is absurd: it is above -20 and up to 20",
            id="a quarter in 8 hours",
        ),
    ],
)
async def test_a_failure_is_one_sentence(
    clock: ManualClock, venue: Venue, verdict: type[HedgewatchError], sentence: str
) -> None:
    with pytest.raises(verdict) as caught:
        await CcxtFunding(clock=clock, opens=venue).read()
    assert str(caught.value) == sentence


@pytest.mark.skipif(importlib.util.find_spec("ccxt") is not None, reason="ccxt is installed")
async def test_without_the_extra_it_says_how_to_get_it(site: Web, clock: ManualClock) -> None:
    feed = providers()["ccxt"].build(site, clock, FeedSettings())
    with pytest.raises(Permanent) as caught:
        await feed.read()
    assert "`pipx inject hedgewatch ccxt`" in str(caught.value)


def test_the_exchange_is_the_configured_one(site: Web, clock: ManualClock) -> None:
    provider = providers()["ccxt"]
    feed = provider.build(site, clock, FeedSettings(names={"exchange": "okx"}))
    assert isinstance(feed, CcxtFunding)
    assert feed.exchange == "okx"
    assert provider.opt_in
    assert provider.wants == ("names",)
