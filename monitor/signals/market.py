"""The markets hedges are priced on, as the facts know them."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from monitor.calendars.deribit import deribit_listed
from monitor.calendars.hours import Hours
from monitor.calendars.sessions import open_seconds, session_of, sessions_back
from monitor.calendars.spx import spx_monthlies, spxw_expiries
from monitor.calendars.vix import vix_expiries
from monitor.hedge.curve import VixCurve
from monitor.hedge.market import CoinMarket, Market, SpxMarket, VixMarket
from monitor.hedge.tenors import Tenor, Tenors
from monitor.hedge.vol import VolAssumption, of_vvix
from monitor.model.reading import Reading
from monitor.model.same import Same
from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import Facts, bars_until, newest
from monitor.signals.of_market import OF_MARKET, market
from monitor.signals.quoted import quotes_of

_LISTED_MONTHS: Final = 9
_MONTH: Final = timedelta(days=31)
_SPX_EVENINGS: Final = timedelta(days=60)
_SPX_MORNINGS: Final = timedelta(days=400)
_SPX_VOLS: Final = ((9.0, "vix9d"), (30.0, "vix"), (93.0, "vix3m"), (184.0, "vix6m"))
_COINS: Final = ("eth", "btc")
ROOTS: Final = frozenset({"vix", "spx", *_COINS})
"""What hedges may be written on."""

_DVOL_DAYS: Final = 30.0
_YESTERDAY: Final = timedelta(days=1)
_POINTS: Final = 100.0


def market_of(facts: Facts, now: datetime, roots: Collection[str] = ROOTS) -> Market:
    """Return the markets at `now`; what is not known or too old has none, with the reason.

    roots: what contracts are written on; of others the answer says nothing.
    """
    told: dict[str, CoinMarket | SpxMarket | str] = {
        root: _coin(facts, root, now) for root in _COINS if root in roots
    }
    if "spx" in roots:
        told["spx"] = _spx(facts, now)
    spx, unknown = told.get("spx"), {r: why for r, why in told.items() if isinstance(why, str)}
    old = newest(facts, "vix") if "vix" in roots else None
    if old is not None and not _of_late(old, now):
        unknown["vix"] = f"the VIX is old, of {_told(_session(old))}"
    return Market(
        vix=_vix(facts, now) if "vix" in roots else VixMarket(),
        spx=spx if isinstance(spx, SpxMarket) else None,
        coins={root: one for root, one in told.items() if isinstance(one, CoinMarket)},
        quotes=quotes_of(facts, now),
        unknown=unknown,
    )


def _number(facts: Facts, name: str, now: datetime) -> float | str:
    """Return a market's number that is fresh, or why it is not known."""
    told = market(facts, name, now)
    return told.value if isinstance(told.value, float) else f"{name} is unknown: {told.note}"


def _vix(facts: Facts, now: datetime) -> VixMarket:
    spot, curve = newest(facts, "vix"), _curve(facts, now)
    known = VixMarket(
        spot=spot.value if spot and _of_late(spot, now) else None,
        vol=_vix_vol(facts, now),
        expiries=_listed(now.date()),
    )
    if isinstance(curve, str):
        return replace(known, curve_why=curve) if curve else known
    return replace(known, curve=curve)


def _vix_vol(facts: Facts, now: datetime) -> VolAssumption:
    """Return the volatility of VIX by VVIX: of this session or the last, which it then names.

    Yesterday's is nearer than any stated one: in a storm the two are a factor apart.
    """
    vvix = newest(facts, "vvix")
    if vvix is None:
        return VolAssumption()
    if not _of_late(vvix, now):
        return VolAssumption()
    fresh = isinstance(_number(facts, "vvix", now), float)
    return of_vvix(vvix.value, source="VVIX" if fresh else f"VVIX of {_told(_session(vvix))}")


def _session(stated: Reading) -> date:
    return session_of(Hours.CBOE_VIX, stated.as_of)


def _told(day: date) -> str:
    return f"{day.day} {day:%b}"


def _of_late(stated: Reading, now: datetime) -> bool:
    """Return whether a reading is of this session or the last."""
    return _session(stated) >= sessions_back(session_of(Hours.CBOE_VIX, now), 1)


def _spx(facts: Facts, now: datetime) -> SpxMarket | str:
    spot = _number(facts, "spx.price", now)
    if isinstance(spot, str):
        return spot
    told = [(days, name, _number(facts, name, now)) for days, name in _SPX_VOLS]
    known = [
        Tenor(days=days, sigma=value / _POINTS, name=name.upper())
        for days, name, value in told
        if isinstance(value, float)
    ]
    if not known:
        return f"no volatility of the S&P 500 is known: {told[1][2]}"
    rate = _number(facts, "rates.risk_free", now)
    evenings, mornings = _spx_listed(now.date())
    return SpxMarket(
        spot=spot,
        vols=Tenors(known=tuple(known)),
        rate=None if isinstance(rate, str) else rate,
        evening=evenings,
        morning=mornings,
    )


def _coin(facts: Facts, root: str, now: datetime) -> CoinMarket | str:
    price, source = _coin_price(facts, root, now)
    if price is None:
        return source
    vol = _coin_vol(facts, root, now)
    funding = market(facts, f"funding.{root}_annual", now)
    paid = funding.value if isinstance(funding.value, float) else None
    told = f"funding {paid:+.2%} a year, {funding.source}" if paid is not None else funding.note
    return CoinMarket(
        price=price,
        vols=None if isinstance(vol, str) else Tenors(known=(vol,)),
        vol_why=vol if isinstance(vol, str) else "",
        expiries=_coin_listed(now.replace(minute=0, second=0, microsecond=0)),
        source=source,
        funding=paid,
        funding_note=told,
    )


def _coin_vol(facts: Facts, root: str, now: datetime) -> Tenor | str:
    """Return a coin's volatility, DVOL before what it realised, or why none is known."""
    dvol = _number(facts, f"dvol.{root}", now)
    if not isinstance(dvol, str):
        return Tenor(days=_DVOL_DAYS, sigma=dvol / _POINTS, name="DVOL")
    realised = _realised(facts, root, now)
    if realised is None:
        return dvol
    return Tenor(days=_DVOL_DAYS, sigma=realised, name="realised vol of 30 d")


def _realised(facts: Facts, root: str, now: datetime) -> float | None:
    """Return a coin's volatility over 30 days to yesterday at least, a fraction.

    By its closes alone: where only a pool tells its price now, they may come day by day.
    """
    bars = bars_until(facts, f"{root}.price", now).bars
    if not bars or bars[-1].day < now.astimezone(UTC).date() - _YESTERDAY:
        return None
    value, _ = OF_MARKET[f"vol.rv30_{root}"](facts, now)
    return value if isinstance(value, float) and value > 0 else None


def _coin_price(facts: Facts, root: str, now: datetime) -> tuple[float | None, str]:
    """Return a coin's price and where it is from: the market's, else of a watched pool."""
    told = market(facts, f"{root}.price", now)
    if isinstance(told.value, float):
        return told.value, told.source or "spot"
    for pool in facts.pools.values():
        of = pool.state.pool
        for token, usd in ((of.token0, pool.usd0), (of.token1, pool.usd1)):
            if token.symbol.upper() in {root.upper(), f"W{root.upper()}"} and usd is not None:
                return usd, "the watched pool's"
    return None, f"{root}.price is unknown: {told.note}"


def coin_prices(facts: Facts, now: datetime) -> Mapping[str, float]:
    """Return USD a coin by root, of those known."""
    told = ((root, _coin_price(facts, root, now)[0]) for root in _COINS)
    return {root: price for root, price in told if price is not None}


def coins_of_day(facts: Facts, at: datetime, now: datetime) -> Mapping[str, float]:
    """Return USD a coin by root at an instant, of those known: now's today, else its day's last."""
    day = at.astimezone(UTC).date()
    if day >= now.astimezone(UTC).date():
        return coin_prices(facts, now)
    return {
        root: bar.close
        for root in _COINS
        for bar in bars_until(facts, f"{root}.price", now).bars
        if bar.day == day
    }


def _curve(facts: Facts, now: datetime) -> VixCurve | str:
    """Return the newest settlement's curve: rows of one session, never of two.

    Else why it cannot be priced by; empty where none was ever read.
    """
    curve, signal = _settled(Same(facts.readings)), BY_NAME["vx.settle"]
    if curve is None or signal.max_age is None:
        return ""
    if open_seconds(signal.hours, curve.as_of, now) > signal.max_age.total_seconds():
        return f"the settlements of VIX futures are old, of {curve.as_of.astimezone(UTC).date()}"
    return curve


@lru_cache(maxsize=8)
def _settled(readings: Same[Mapping[str, Reading]]) -> VixCurve | None:
    rows = [r for r in readings.of.values() if r.name == "vx.settle"]
    newest_row = max(rows, key=lambda row: row.as_of, default=None)
    if newest_row is None:
        return None
    as_of = newest_row.as_of
    table = sorted((date.fromisoformat(r.key), r.value) for r in rows if r.as_of == as_of)
    return VixCurve(settlements=tuple(table), as_of=as_of, source=newest_row.source)


@lru_cache(maxsize=8)
def _listed(today: date) -> tuple[date, ...]:
    """Return the monthly expiries listed on a day: the nine nearest, as Cboe lists them."""
    return vix_expiries(today, today + (_LISTED_MONTHS + 1) * _MONTH)[:_LISTED_MONTHS]


@lru_cache(maxsize=8)
def _spx_listed(today: date) -> tuple[tuple[date, ...], tuple[date, ...]]:
    """Return the expiries of SPXW and of SPX, as far out as the one and the other surely are."""
    evenings = spxw_expiries(today, today + _SPX_EVENINGS)
    mornings = spx_monthlies(today, today + _SPX_MORNINGS)
    return tuple(one.day for one in evenings), tuple(one.day for one in mornings)


@lru_cache(maxsize=8)
def _coin_listed(hour: datetime) -> tuple[date, ...]:
    return tuple(one.day for one in deribit_listed(hour))
