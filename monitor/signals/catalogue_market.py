"""The catalogue of what markets say.

A line a signal; `source` names its providers in order, and each is a file of `feeds`.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from monitor.calendars.hours import Hours
from monitor.signals.signal import Evidence, Plausible, Scope, Signal

_QUOTED: Final = timedelta(minutes=35)  # the free feed lags 15 to 20 minutes
_QUOTED_TO_THE_BELL: Final = _QUOTED + timedelta(minutes=15)
"""Its last trade is at 16:00 New York, 15 minutes before the VIX's hours end."""
_TWO_SESSIONS: Final = timedelta(days=2)  # `xnys close` counts a day for each session
_TWO_YEARS: Final = 520
VOL_POINTS: Final = Plausible(above=0, up_to=200)
"""For the VIX and its futures; the index has closed between 9.14 and 82.69."""
CRYPTO_VOL_POINTS: Final = Plausible(above=0, up_to=500)
"""For DVOL, which runs several times the VIX."""
_POSITIVE: Final = Plausible(above=0, up_to=1e15)
_NOT_NEGATIVE: Final = Plausible(above=-1e-9, up_to=1e15)
"""Nothing is a value: a protocol may keep none of its fees, and hand none on."""
_SHARE: Final = Plausible(above=0, up_to=1)


def _index(name: str, meaning: str, source: str, plausible: Plausible, frozen: float = 3) -> Signal:
    """Return an index of Cboe's, quoted late while it trades. frozen: hours of repeats."""
    return Signal(
        name=name,
        unit="points",
        scope=Scope.MARKET,
        meaning=meaning,
        source=source,
        hours=Hours.CBOE_VIX,
        max_age=_QUOTED,
        windows=True,
        cadence="60 s, 15 to 20 min late",
        evidence=Evidence.QUOTE,
        bars=_TWO_YEARS,
        plausible=plausible,
        frozen_after=timedelta(hours=frozen),
    )


_CBOE: Final = (
    _index(
        "vix",
        "Cboe Volatility Index, last published",
        "cboe, yahoo, cboe_history, fred",
        VOL_POINTS,
    ),
    _index("vix9d", "the VIX of 9 days instead of 30", "cboe, cboe_history", VOL_POINTS),
    _index("vix3m", "the VIX of 3 months instead of 30 days", "cboe, cboe_history", VOL_POINTS),
    _index("vix6m", "the VIX of 6 months instead of 30 days", "cboe, cboe_history", VOL_POINTS),
    _index(
        "vvix",
        "volatility of the VIX that its options imply",
        "cboe, cboe_history",
        Plausible(above=0, up_to=400),
    ),
    _index(
        "skew",
        "Cboe SKEW: what the S&P 500's tail costs",
        "cboe, cboe_history",
        Plausible(above=50, up_to=300),
        frozen=7,
    ),
    replace(
        _index(
            "spx.price", "S&P 500 index", "cboe, yahoo, fred", Plausible(above=100, up_to=100_000)
        ),
        max_age=_QUOTED_TO_THE_BELL,
    ),
    *(
        Signal(
            name=name,
            unit="points",
            scope=Scope.MARKET,
            meaning=meaning,
            source="cboe_options",
            hours=Hours.CBOE_VIX,
            max_age=_QUOTED,
            windows=True,
            cadence="10 min, 15 to 20 min late",
            evidence=Evidence.QUOTE,
            bars=_TWO_YEARS,
            plausible=plausible,
            frozen_after=timedelta(hours=3),
        )
        for name, meaning, plausible in (
            ("spx.iv30", "implied vol of SPX at the forward, 30 days out", VOL_POINTS),
            (
                "spx.skew25",
                "implied vol of the 25-delta put less that of the 25-delta call, 30 days out",
                Plausible(above=-50, up_to=100),
            ),
        )
    ),
    Signal(
        name="vx.settle",
        unit="points",
        scope=Scope.MARKET,
        meaning="daily settlement of the VIX future that expires on the key's date",
        source="cboe_settlement",
        hours=Hours.XNYS_CLOSE,
        max_age=_TWO_SESSIONS,
        keyed=True,
        cadence="a session, after 16:30 Chicago",
        evidence=Evidence.QUOTE,
        bars=_TWO_YEARS,
        plausible=VOL_POINTS,
    ),
)


def _around_the_clock(  # noqa: PLR0913 - as the rows below are read
    name: str,
    unit: str,
    meaning: str,
    source: str,
    plausible: Plausible,
    *,
    max_age: timedelta,
    cadence: str,
    evidence: Evidence = Evidence.QUOTE,
    keyed: bool = False,
    bars: int = _TWO_YEARS,
    frozen: float | None = None,
) -> Signal:
    """Return a signal of a market that never closes. frozen: hours of repeats."""
    return Signal(
        name=name,
        unit=unit,
        scope=Scope.MARKET,
        meaning=meaning,
        source=source,
        max_age=max_age,
        windows=not keyed,
        cadence=cadence,
        evidence=evidence,
        bars=bars,
        plausible=plausible,
        keyed=keyed,
        frozen_after=None if frozen is None else timedelta(hours=frozen),
    )


_MINUTES: Final = timedelta(minutes=5)
_CRYPTO: Final = (
    *(
        _around_the_clock(
            f"dvol.{coin.lower()}",
            "points",
            f"Deribit's 30-day {coin} volatility index",
            "deribit",
            CRYPTO_VOL_POINTS,
            max_age=_MINUTES,
            cadence="60 s",
            frozen=1,
        )
        for coin in ("ETH", "BTC")
    ),
    *(
        _around_the_clock(
            f"{coin.lower()}.price",
            "usd",
            f"{coin} in US dollars, off chain",
            "binance, deribit",
            _POSITIVE,
            max_age=_MINUTES,
            cadence="60 s",
            frozen=1,
        )
        for coin in ("ETH", "BTC")
    ),
    *(
        _around_the_clock(
            f"iv.{coin}30_{place}",
            "points",
            f"implied vol of {coin.upper()} options at the forward, 30 days out, on {where}",
            source,
            CRYPTO_VOL_POINTS,
            max_age=timedelta(minutes=20),
            cadence="5 min",
            frozen=6,
        )
        for coin, place, where, source in (
            ("eth", "cex", "Deribit", "deribit_options"),
            ("eth", "dex", "Derive, a DEX", "derive"),
            ("btc", "cex", "Deribit", "deribit_btc_options"),
            ("btc", "dex", "Derive, a DEX", "derive_btc"),
        )
    ),
    *(
        _around_the_clock(
            f"funding.{coin.lower()}_annual",
            "fraction",
            f"what longs of {coin} perpetuals pay shorts, a year, at the present rate",
            "binance, hyperliquid, dydx, gmx, ccxt",
            Plausible(above=-20, up_to=20),
            max_age=timedelta(minutes=75),
            cadence="5 min; dYdX hourly",
            # Never called frozen: Binance has clamped it to 0.01 % in 8 h for 27 days on end.
        )
        for coin in ("ETH", "BTC")
    ),
    *(
        _around_the_clock(
            f"aave.{side}",
            "fraction",
            f"Aave v3 variable {said} rate, APR, of the key's chain:token",
            "aave",
            Plausible(above=-1e-12, up_to=100),
            max_age=timedelta(minutes=15),
            cadence="60 s",
            evidence=Evidence.CHAIN,
            keyed=True,
            bars=0,
        )
        for side, said in (("supply", "supply"), ("borrow", "borrow"))
    ),
    _around_the_clock(
        "chainlink.usd",
        "usd",
        "Chainlink's price of the key's chain:pair, within its own heartbeat",
        "chainlink",
        _POSITIVE,
        max_age=timedelta(hours=25),
        cadence="60 s",
        evidence=Evidence.CHAIN,
        keyed=True,
        bars=0,
    ),
    _around_the_clock(
        "rotation.eth_share",
        "fraction",
        "ETH's share of all coins' market value",
        "coingecko",
        _SHARE,
        max_age=timedelta(hours=1),
        cadence="10 min",
        frozen=6,
    ),
    _around_the_clock(
        "rotation.btc_share",
        "fraction",
        "BTC's share of all coins' market value",
        "coingecko",
        _SHARE,
        max_age=timedelta(hours=1),
        cadence="10 min",
        frozen=6,
    ),
    *(
        _around_the_clock(
            name,
            unit,
            meaning,
            source,
            plausible,
            max_age=timedelta(days=2),
            cadence="1 h",
        )
        for name, unit, meaning, source, plausible in (
            (
                "token.price",
                "usd",
                "price of the configured protocol's token",
                "coingecko",
                _POSITIVE,
            ),
            (
                "token.supply",
                "count",
                "circulating tokens of the configured protocol",
                "coingecko",
                _POSITIVE,
            ),
            (
                "token.fees_30d",
                "usd",
                "fees the protocol's users paid in 30 days",
                "defillama",
                _POSITIVE,
            ),
            (
                "token.revenue_30d",
                "usd",
                "of those fees, what the protocol kept",
                "defillama",
                _NOT_NEGATIVE,
            ),
            (
                "token.holders_30d",
                "usd",
                "of those fees, what reached the token's holders",
                "defillama",
                _NOT_NEGATIVE,
            ),
        )
    ),
    _around_the_clock(
        "proxy.price",
        "usd",
        "price of the key's proxy: a DAO token, a REIT fund",
        "coingecko, yahoo",
        _POSITIVE,
        max_age=timedelta(days=5),
        cadence="1 h",
        keyed=True,
    ),
)

MARKET_SIGNALS: Final = (*_CBOE, *_CRYPTO)
