"""One instant of every market, with round numbers, for the desk's tests."""

from datetime import UTC, date, datetime

from monitor.hedge.contracts import KINDS
from monitor.hedge.cover import Cover, Covered
from monitor.hedge.curve import VixCurve
from monitor.hedge.il_strip import Range
from monitor.hedge.market import CoinMarket, Market, SpxMarket, VixMarket
from monitor.hedge.skew import COIN_SKEW, SPX_SKEW, VIX_SKEW
from monitor.hedge.tenors import Tenor, Tenors
from monitor.hedge.vol import flat
from monitor.model.layer import Contract

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
"""A Monday, 10:00 in New York, which is at UTC - 5 until 8 March and then at UTC - 4."""

VIX_DAYS = (date(2026, 3, 18), date(2026, 4, 15), date(2026, 6, 17), date(2026, 9, 16))
SPXW_DAYS = (date(2026, 3, 9), date(2026, 3, 13), date(2026, 4, 1), date(2026, 4, 30))
SPX_DAYS = (date(2026, 3, 20), date(2026, 4, 17), date(2026, 6, 18))
COIN_DAYS = (date(2026, 3, 6), date(2026, 3, 27), date(2026, 4, 24), date(2026, 6, 26))

SETTLED = {
    ("vix", date(2026, 6, 17)): datetime(2026, 6, 17, 13, 30, tzinfo=UTC),
    ("vix", date(2026, 3, 18)): datetime(2026, 3, 18, 13, 30, tzinfo=UTC),
    ("spxw", date(2026, 3, 9)): datetime(2026, 3, 9, 20, 0, tzinfo=UTC),
    ("spxw", date(2026, 4, 1)): datetime(2026, 4, 1, 20, 0, tzinfo=UTC),
    ("spx", date(2026, 6, 18)): datetime(2026, 6, 18, 13, 30, tzinfo=UTC),
    ("eth", date(2026, 3, 27)): datetime(2026, 3, 27, 8, 0, tzinfo=UTC),
    ("btc", date(2026, 6, 26)): datetime(2026, 6, 26, 8, 0, tzinfo=UTC),
}
"""When what each settles at is fixed, by hand: openings, closes, Deribit's 08:00."""


def years(root: str, day: date) -> float:
    """Return years of 365 days from NOW to a settlement."""
    return (SETTLED[root, day] - NOW).total_seconds() / (365 * 86_400)


def tenors(sigma: float) -> Tenors:
    """Return one volatility for every time."""
    return Tenors(known=(Tenor(days=30, sigma=sigma, name="VIX"),))


VIX = VixMarket(
    spot=18.0,
    curve=VixCurve(settlements=tuple((day, 18.0 + n) for n, day in enumerate(VIX_DAYS)), as_of=NOW),
    vol=flat(0.90),
    skew=VIX_SKEW,
    expiries=VIX_DAYS,
)
SPX = SpxMarket(
    spot=6_000.0,
    vols=tenors(0.16),
    rate=0.04,
    dividend=0.013,
    skew=SPX_SKEW,
    morning=SPX_DAYS,
    evening=SPXW_DAYS,
)
ETH = CoinMarket(price=2_000.0, vols=tenors(0.60), skew=COIN_SKEW, expiries=COIN_DAYS)
BTC = CoinMarket(price=60_000.0, vols=tenors(0.45), skew=COIN_SKEW, expiries=COIN_DAYS)
MARKET = Market(vix=VIX, spx=SPX, coins={"eth": ETH, "btc": BTC})

WIDE = Range(lower=1_500.0, upper=2_600.0, entry=2_000.0)
LIQUIDITY = 1_000.0
POSITION = Covered(
    key="1:0x:1",
    root="eth",
    range=WIDE,
    liquidity=LIQUIDITY,
    value_usd=LIQUIDITY * float(WIDE.value(2_000.0)),
)
COVER = Cover(held=(POSITION,), value_usd=POSITION.value_usd, fees_year_usd=4_000.0)


def contract(kind: str, day: date, strike: float = 0.0) -> Contract:
    """Return a listed contract."""
    assert kind in KINDS
    return Contract(kind=kind, expiry=day, strike=strike)
