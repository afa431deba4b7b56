"""What every provider does with a date there cannot be: it loses that row, at most itself.

Each file of `monitor/feeds` that has a `PROVIDER` is tried by itself; a new one is asked for.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from monitor.clock import ManualClock
from monitor.errors import Permanent, Transient
from monitor.feeds.http import Web
from monitor.feeds.provider import FeedSettings, Stretch, providers
from monitor.model.reading import Reading


@dataclass(frozen=True, slots=True)
class Day:
    """A day as servers write it, whether or not there is such a year."""

    year: int
    month: int
    day: int

    @property
    def iso(self) -> str:
        return f"{self.year:04}-{self.month:02}-{self.day:02}"

    @property
    def seconds(self) -> int:
        days = (self.year - 1970) * 365.2425 + (self.month - 1) * 30.44 + self.day - 4
        return round(days) * 86_400


SOUND: Final = Day(2026, 10, 1)
ABSURD: Final = (
    Day(0, 1, 1),
    Day(1, 1, 1),
    Day(1954, 7, 1),
    Day(2077, 1, 4),
    Day(9999, 12, 31),
    Day(99999, 12, 31),
)
DATELESS: Final = {"manual", "ccxt", "gmx", "hyperliquid"}
"""Providers whose answers to `read` are not dated, or by another's library."""


def deribit_book(coin: str, forward: int, strikes: tuple[int, int, int], day: Day) -> Any:
    """Return two expiries of a coin's options, of which the last one's stamp is the day's."""
    low, high, far = strikes
    return {
        "get_book": {
            "result": [
                {
                    "instrument_name": f"{coin}-{expiry}-{strike}-C",
                    "underlying_price": forward,
                    "mark_iv": 60,
                    "mark_price": 0.1,
                    "bid_price": None,
                    "ask_price": None,
                    "creation_timestamp": stamp * 1_000,
                }
                for expiry, strike, stamp in (
                    ("30OCT26", low, SOUND.seconds),
                    ("30OCT26", high, SOUND.seconds),
                    ("27NOV26", low, SOUND.seconds),
                    ("27NOV26", high, SOUND.seconds),
                    ("27NOV26", far, day.seconds),
                )
            ]
        }
    }


def derive_book(coin: str, strike: int, day: Day) -> Any:
    """Return a coin's options on Derive: one expires on the day, another was quoted on it."""
    name = f"{coin}-20261030-{strike}-C"
    ticker = {"t": day.seconds * 1_000, "option_pricing": {"f": f"{strike}", "i": "0.6"}}
    return {
        "instruments": {
            "result": {
                "instruments": [
                    {"instrument_name": f"{coin}-{day.iso.replace('-', '')}-{strike}-C"},
                    {"instrument_name": name},
                ],
                "pagination": {"num_pages": 1},
            }
        },
        "tickers": {"result": {"tickers": {name: ticker}}},
    }


def dated(day: Day) -> dict[str, dict[str, object]]:
    """Return what each provider's server says, by the place, with a date somewhere in it."""
    iso, at = day.iso, f"{day.iso}T23:59:59"
    months = [Day(2025 + n // 12, n % 12 + 1, 1) for n in range(20)]
    prices = "".join(f"{one.iso},{100 + n}\n" for n, one in enumerate(months))
    week = [SOUND.seconds - n * 86_400 for n in range(1, 40)]
    counts = {"advances": "1,500", "declines": "1,200", "unchanged": "100", "issuesTraded": "2,800"}
    issues = [{"id": name, "latestClose": count} for name, count in counts.items()]
    return {
        "binance": {
            "klines": [[day.seconds * 1_000, "1", "1", "1", "3000"]],
            "fundingInfo": [],
            "fundingRate": [{"fundingTime": day.seconds * 1_000, "fundingRate": "0.0001"}],
        },
        "bls": {
            "data": {
                "status": "REQUEST_SUCCEEDED",
                "Results": {
                    "series": [
                        {
                            "seriesID": series,
                            "data": [
                                {"year": f"{one.year:04}", "period": f"M{one.month:02}",
                                 "value": f"{100 + n}"}
                                for n, one in enumerate((*rows, *months))
                            ],
                        }
                        for series, rows in (("CUUR0000SA0", (day,)), ("WPUFD4", ()))
                    ]
                },
            }
        },
        "cboe": {
            "all_us": {
                "data": [
                    {"symbol": "^VIX", "current_price": 16, "last_trade_time": "2026-10-01T12:00"},
                    {"symbol": "^SKEW", "current_price": 140, "last_trade_time": at},
                ]
            }
        },
        "cboe_history": {
            "/VIX_History": f"DATE,OPEN,HIGH,LOW,CLOSE\n10/01/2026,16,16,16,16\n"
            f"{day.month:02}/{day.day:02}/{day.year:04},16,16,16,16\n",
            "/VVIX_History": "DATE,VVIX\n10/01/2026,95\n",
        },
        "cboe_options": {
            "_SPX": {
                "data": {
                    "symbol": "^SPX",
                    "current_price": 6_900,
                    "last_trade_time": at,
                    "options": [
                        {"option": "SPXW261030C06900000", "bid": 9, "ask": 11, "iv": 0.2,
                         "open_interest": 1}
                    ],
                }
            }
        },
        "cboe_settlement": {
            "csv": "Product,Symbol,Expiration Date,Price\nVX,VX/V6,2026-10-21,18.5\n"
            f"VX,VX/X6,{iso},19\n"
        },
        "cboe_vix_options": {
            "_VIX": {
                "data": {
                    "symbol": "^VIX",
                    "current_price": 16,
                    "last_trade_time": at,
                    "options": [
                        {"option": "VIX261216C00020000", "bid": 1, "ask": 1.2, "iv": 0.9,
                         "delta": 0.4, "open_interest": 1}
                    ],
                }
            }
        },
        "coingecko": {
            "/global": {
                "data": {
                    "updated_at": day.seconds, "market_cap_percentage": {"eth": 12, "btc": 56}
                }
            },
            "/coins": [
                {"id": "uniswap", "current_price": 8, "circulating_supply": 6e8,
                 "last_updated": f"{SOUND.iso}T12:00Z"}
            ],
        },
        "defillama": {
            "summary": {"totalDataChart": [*([one, 1.0] for one in week), [day.seconds, 1.0]]}
        },
        "deribit": {
            "get_volatility": {"result": {"data": [[day.seconds * 1_000, 60, 60, 60, 60]]}},
            "ETH-PERPETUAL": {
                "result": {
                    "instrument_name": "ETH-PERPETUAL", "timestamp": day.seconds * 1_000,
                    "index_price": 3_000,
                }
            },
        },
        "deribit_btc_options": deribit_book("BTC", 63_000, (60_000, 64_000, 66_000), day),
        "deribit_options": deribit_book("ETH", 2_100, (2_000, 2_200, 2_400), day),
        "derive": derive_book("ETH", 2_100, day),
        "derive_btc": derive_book("BTC", 64_000, day),
        "dydx": {
            "ETH-USD": {
                "historicalFunding": [
                    {"ticker": "ETH-USD", "rate": "0.0000125", "effectiveAt": f"{at}Z"}
                ]
            }
        },
        "fed_calendar": {
            "calendar": {
                "events": [
                    {"title": "FOMC Meeting", "month": iso[:-3], "days": f"{day.day}"},
                    {"title": "FOMC Meeting", "month": "2026-12", "days": "8, 9"},
                ]
            }
        },
        "fred": {
            "id=DFF": f"observation_date,DFF\n{iso},3.88\n2026-10-01,3.88\n",
            "id=VIXCLS": "observation_date,VIXCLS\n2026-10-01,16\n",
            "id=RBUSBIS": f"observation_date,RBUSBIS\n{prices}{iso},100\n",
            "id=CPIAUCNS": f"observation_date,CPIAUCNS\n{prices}{iso},100\n",
        },
        "nyfed": {
            "sofr": {"refRates": [{"type": "SOFR", "effectiveDate": iso, "percentRate": 3.9}]}
        },
        "releases": {
            f"release_id={number}&": {"release_dates": [{"release_id": number, "date": iso}]}
            for number in (10, 46)
        },
        "wsj": {
            "marketsdiary": {
                "data": {
                    "timestamp": iso,
                    "instrumentSets": [
                        {"headerFields": [{"label": "NYSE"}], "instruments": issues}
                    ],
                }
            }
        },
        "yahoo": {
            "chart": {
                "chart": {
                    "result": [
                        {
                            "meta": {
                                "symbol": "^GSPC", "currency": "USD", "instrumentType": "INDEX",
                                "regularMarketPrice": 6_900, "regularMarketTime": day.seconds,
                            },
                            "timestamp": [day.seconds],
                            "indicators": {
                                "quote": [
                                    {one: [6_900] for one in ("open", "high", "low", "close")}
                                ]
                            },
                        }
                    ]
                }
            }
        },
    }  # fmt: skip


@pytest.fixture
async def site(clock: ManualClock) -> AsyncIterator[Web]:
    """The shared client, patient: a busy machine is no odd date."""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        yield Web(client, clock)


@pytest.fixture
def own(server: Any, tmp_path: Path) -> Callable[[str], FeedSettings]:
    key = tmp_path / "key"
    key.write_text("secret")
    key.chmod(0o600)
    server.answers(status=404)

    def settings(name: str) -> FeedSettings:
        keyed = "key" in providers()[name].wants
        return FeedSettings(base_url=server.url, key=f"file:{key}" if keyed else None)

    return settings


def serve(server: Any, name: str, day: Day) -> None:
    for place, said in dated(day)[name].items():
        body = said if isinstance(said, str) else json.dumps(said)
        server.serves(place, body=body, content_type="")


def test_every_provider_s_dates_are_tried() -> None:
    assert set(dated(SOUND)) == set(providers()) - DATELESS


ONE_FILE: Final = {"cboe_options", "cboe_settlement", "derive", "derive_btc"}
"""Providers to whom one answer alone says nothing: a settlement's day before would be the same."""


@pytest.mark.parametrize("name", sorted(set(providers()) - DATELESS - ONE_FILE))
async def test_with_a_sound_date_it_is_an_answer(
    server: Any, site: Web, clock: ManualClock, own: Callable[[str], FeedSettings], name: str
) -> None:
    serve(server, name, SOUND)
    assert await providers()[name].build(site, clock, own(name)).read()


ROWS_APART: Final = {"bls", "cboe", "cboe_history", "coingecko", "deribit_options", "fred"}
"""Providers of which another row, or another file, is dated well all the same."""


@pytest.mark.parametrize("day", ABSURD, ids=lambda day: day.iso)
@pytest.mark.parametrize("name", sorted(set(providers()) - DATELESS))
async def test_an_absurd_date_costs_no_more_than_its_own_provider_s_row(  # noqa: PLR0913, PLR0917
    server: Any,
    site: Web,
    clock: ManualClock,
    own: Callable[[str], FeedSettings],
    name: str,
    day: Day,
    caplog: pytest.LogCaptureFixture,
) -> None:
    serve(server, name, day)
    feed = providers()[name].build(site, clock, own(name))
    readings: tuple[Reading, ...] = ()
    with suppress(Transient, Permanent):
        readings = await feed.read()
    assert readings or name not in ROWS_APART
    assert all(one.as_of <= clock.now() for one in readings)
    assert caplog.messages == [], "nothing of it was unforeseen"


@pytest.mark.parametrize("day", ABSURD, ids=lambda day: day.iso)
@pytest.mark.parametrize(
    "name", sorted({name for name, one in providers().items() if one.history} - DATELESS)
)
async def test_no_bar_is_dated_absurdly(  # noqa: PLR0913, PLR0917
    server: Any,
    site: Web,
    clock: ManualClock,
    own: Callable[[str], FeedSettings],
    name: str,
    day: Day,
) -> None:
    serve(server, name, day)
    history = providers()[name].history
    assert history is not None
    for signal in history.signals:
        stretch = Stretch(signal=signal, first=date(2026, 9, 1), last=date(2026, 10, 1))
        with suppress(Transient, Permanent):
            found = await history.fetch(site, clock, own(name), stretch)
            told = [bar.day for bars in found.values() for bar in bars]
            assert all(stretch.first <= one <= stretch.last for one in told)
