"""One economic rate is one annual figure, whatever a venue states it for."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.feeds import binance, ccxt_funding, dydx, funding, gmx, hyperliquid
from monitor.feeds.witness import Witness
from monitor.model.reading import Bar

NOW = datetime(2026, 10, 2, 20, 30, tzinfo=UTC)
WITNESS = Witness(source="test", now=NOW)
MS = int(NOW.timestamp() * 1000)


def of_binance(rate: float, hours: int) -> float:
    told = {"symbol": "ETHUSDT", "lastFundingRate": f"{rate:.8f}", "time": MS}
    return binance.parse_funding(json.dumps(told), "ETH", hours, WITNESS).value


def of_binance_unlisted(rate: float, hours: int) -> float:
    assert hours == 8, "what is not listed has the standard interval"
    told = {"symbol": "ETHUSDT", "lastFundingRate": f"{rate:.8f}", "time": MS}
    standard = binance.interval_hours({}, "ETHUSDT", WITNESS)
    return binance.parse_funding(json.dumps(told), "ETH", standard, WITNESS).value


def of_hyperliquid(rate: float, hours: int) -> float:
    assert hours == 1
    told = [{"universe": [{"name": "ETH"}]}, [{"funding": f"{rate:.10f}"}]]
    contexts = hyperliquid.parse_contexts(json.dumps(told), WITNESS)
    return hyperliquid._funding("ETH", contexts, WITNESS).value


def of_dydx(rate: float, hours: int) -> float:
    assert hours == 1
    row = {"ticker": "ETH-USD", "rate": f"{rate:.10f}", "effectiveAt": "2026-10-02T20:00:00.2Z"}
    return dydx.parse_funding(json.dumps({"historicalFunding": [row]}), "ETH", WITNESS).value


def of_gmx(rate: float, hours: int) -> float:
    assert hours == 8_760
    scaled = str(round(rate * 10**12) * 10**18)
    row = {
        "marketToken": gmx.MARKETS["ETH"].upper().replace("X", "x"),
        "fundingRateLong": scaled,
        "borrowingRateLong": "0",
        "netRateLong": scaled,
    }
    markets = gmx.parse_markets(json.dumps({"markets": [row]}), WITNESS)
    return gmx._funding("ETH", markets, WITNESS).value


def of_ccxt(rate: float, hours: int) -> float:
    told = {"fundingRate": rate, "interval": f"{hours}h", "timestamp": MS}
    return ccxt_funding.parse_rate(told, "ETH", WITNESS).value


@pytest.mark.parametrize("eight_hours", [0.0001, -0.0003, 0.0])
@pytest.mark.parametrize(
    ("venue", "hours"),
    [
        pytest.param(of_binance, 8, id="Binance, every 8 hours"),
        pytest.param(of_binance, 4, id="Binance, every 4 hours"),
        pytest.param(of_binance, 1, id="Binance, every hour"),
        pytest.param(of_binance_unlisted, 8, id="Binance, interval not listed"),
        pytest.param(of_hyperliquid, 1, id="Hyperliquid, every hour"),
        pytest.param(of_dydx, 1, id="dYdX, every hour"),
        pytest.param(of_gmx, 8_760, id="GMX, stated for a year"),
        pytest.param(of_ccxt, 8, id="ccxt, every 8 hours"),
        pytest.param(of_ccxt, 4, id="ccxt, every 4 hours"),
        pytest.param(of_ccxt, 1, id="ccxt, every hour"),
    ],
)
def test_one_rate_is_one_figure(
    venue: Callable[[float, int], float], hours: int, eight_hours: float
) -> None:
    # A hundredth of a percent each 8 hours, three times a day for 365 days, is 10.95 %.
    a_year = eight_hours / 0.0001 * 0.1095
    assert venue(eight_hours * hours / 8, hours) == pytest.approx(a_year, abs=1e-9)


@pytest.mark.parametrize(
    ("signal", "coin"),
    [
        ("funding.eth_annual", "ETH"),
        ("funding.btc_annual", "BTC"),
        ("eth.price", "ETH"),
        ("dvol.btc", "BTC"),
    ],
)
def test_the_coin_of_a_signal(signal: str, coin: str) -> None:
    assert funding.coin_of(signal) == coin


def test_a_day_s_prints_are_its_bar_and_the_day_that_is_not_over_has_none() -> None:
    begin = datetime(2026, 10, 1, tzinfo=UTC)
    prints = [(begin + timedelta(hours=8 * n), rate) for n, rate in enumerate((3, 1, 2, 9))]
    assert funding.daily(reversed(prints), NOW) == (
        Bar(
            day=date(2026, 10, 1),
            open=3,
            high=3,
            low=1,
            close=2,
            at=begin + timedelta(hours=16),
        ),
    )
