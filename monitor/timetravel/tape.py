"""Past days as observations, in the order and at the instants a daemon would have had them.

Point in time: a reading is observed when it could be had, which is its own instant and the
source's delay. The chain is a model pool along the closes of ETH; it says a block at each of
them, and one whenever the market prints, at the last close known then. Once that is more than a
day old nothing is known of the pool, and it says no block.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from math import exp
from typing import Final, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import session_close
from monitor.calendars.vix import vix_expiries
from monitor.hedge.curve import MODEL, SNAPSHOT
from monitor.model.observation import Observation, Past, Readings, Snapshot
from monitor.model.reading import Reading
from monitor.signals.bars import point
from monitor.signals.catalogue import BY_NAME
from monitor.timetravel.events import Window
from monitor.timetravel.past_data import Library, shipped
from monitor.timetravel.releases import released
from monitor.timetravel.tables import VxKind, between

Price: TypeAlias = tuple[datetime, float]
Seen: TypeAlias = Past | Readings

BEFORE: Final = timedelta(days=420)
"""How far back windows and fits may look from a story's first day."""

_NEW_YORK: Final = ZoneInfo("America/New_York")
_SETTLED: Final = time(16, 15)
_PUBLISHED: Final = time(17, 30)
_DELAY: Final = timedelta(minutes=20)
"""Of Cboe's free quotes: 15 to 20 minutes."""

_MEAN, _SPEED, _MONTHS = 19.5, 4.0, timedelta(days=300)
"""The modelled curve of VIX futures where no settlement is had: VIX comes back to its mean,
index points, at so much a year. Declared, not fitted to any storm told here."""

_VX_SOURCES: Final[Mapping[VxKind, str]] = {"settlement": "cboe_settlement", "snapshot": SNAPSHOT}
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)
EVE: Final = timedelta(days=5)
"""Enough to hold the session before a story, whatever holidays lie between."""


class Blocks(Protocol):
    """Moves to a price and says the block."""

    def snapshot(self, at: datetime, price: float, /) -> Snapshot: ...


def tape(
    window: Window,
    pool: Blocks,
    asked: Collection[str] | None = None,
    library: Library | None = None,
) -> Iterator[Observation]:
    """Yield a story: what was before it, then blocks and prints in time order.

    asked: the signals somebody reads, of the statistics, funding and calendars; None for all.
    library: None for what ships. Raises ValueError where there are no two prices of ETH in the
    window: from one nothing moves.
    """
    had = library or shipped()
    prices = eth_prices(window, had)
    if len(prices) < 2:  # noqa: PLR2004
        raise ValueError(
            f"no price of ETH is had from {window.first} to {window.last}: the tables reach from"
            f" {had.eth_days[0][0]} to {had.eth_days[-1][0]}"
        )
    begins = prices[0][0]
    yield from _pasts(begins, had)
    closes = {at: _eth(at, price) for at, price in prices}
    told = sorted(_prints(window, begins, asked, had), key=_in_turn)
    printed = {at: list(some) for at, some in groupby(told, key=lambda one: one.observed_at)}
    stamps = [at for at, _ in prices]
    for at in sorted({*closes, *printed}):
        closed, price = prices[bisect_right(stamps, at) - 1]
        now = printed.get(at, [])
        if at == begins:  # what was printed before is known when the first block comes
            yield from now
            now = []
        if at - closed <= _DAY:
            yield pool.snapshot(at, price)
        if at in closes:
            yield closes[at]
        yield from now


def _in_turn(one: Readings) -> tuple[datetime, bool]:
    """Sort by instant, and within one the futures first: what VIX sets off is priced by them."""
    return one.observed_at, one.source != "vx.settle"


def eth_prices(window: Window, had: Library) -> Sequence[Price]:
    """Return (instant, USD a coin) over a window: six-hourly where that is had, else daily."""
    fine = {at: close for at, close in had.eth_hours if window.begins <= at <= window.ends}
    days = {at.date() for at in fine}
    midnights = (
        (datetime.combine(day, time(), UTC) + _DAY, close)
        for day, close in between(had.eth_days, window.first - _DAY, window.last)
    )
    coarse = {at: close for at, close in midnights if at.date() not in days}
    return sorted((fine | coarse).items())


def _eth(at: datetime, price: float) -> Readings:
    """Return a close: that of the hour which ends at `at`, so true just before it."""
    return _readings("eth.price", at, [_reading("eth.price", price, at - _SECOND, "binance")])


def _pasts(begins: datetime, had: Library) -> Iterator[Past]:
    """Yield the daily closes of the year and more before a story."""
    eve = begins - _SECOND
    first, last = (eve - BEFORE).date(), eve.date() - _DAY
    tables = (
        ("eth.price", "binance", Hours.ALWAYS, had.eth_days),
        ("vix", "cboe_history", Hours.CBOE_VIX, had.vix),
    )
    for name, source, hours, table in tables:
        bars = tuple(
            point(day, close, session_close(hours, day))
            for day, close in between(table, first, last)
        )
        if bars:
            yield Past(
                id=f"past:{name}:{bars[0].day}:{bars[-1].day}",
                source=source,
                observed_at=eve,
                name=name,
                bars=bars,
            )


def around(
    window: Window,
    begins: datetime,
    asked: Collection[str] | None = None,
    library: Library | None = None,
) -> list[Seen]:
    """Return all that was known but the chain, in time order: for blocks that are read, not made.

    begins: of the first block, at which is told what was before it.
    """
    had = library or shipped()
    closes = [_eth(at, price) for at, price in eth_prices(window, had) if at >= begins]
    told = sorted((*_prints(window, begins, asked, had), *closes), key=_in_turn)
    return [*_pasts(begins, had), *told]


def _prints(
    window: Window, begins: datetime, asked: Collection[str] | None, had: Library
) -> Iterator[Readings]:
    """Yield what the market and offices told, each at the instant it could be had."""
    market = (*_cboe(window, had), *_settlements(window, had), *_dvol(window, had))
    for one in (*market, *released(window, asked, had)):
        if one.observed_at <= window.ends:
            # What was printed on the days before is what the story begins with.
            yield replace(one, observed_at=max(one.observed_at, begins))


def _cboe(window: Window, had: Library) -> Iterator[Readings]:
    others = dict(had.indices)
    for day, close in between(had.vix, window.first - EVE, window.last):
        closed = session_close(Hours.CBOE_VIX, day)
        found = {"vix": close, **others.get(day, {})}
        spx = found.pop("spx", None)
        for name, value in found.items():
            yield _readings(name, closed + _DELAY, [_reading(name, value, closed, "cboe")])
        if spx is not None:
            at = session_close(Hours.XNYS_CLOSE, day)
            told = [_reading("spx.price", spx, at, "cboe")]
            yield _readings("spx.price", closed + _DELAY, told)


def _settlements(window: Window, had: Library) -> Iterator[Readings]:
    """Yield the curve of VIX futures after each session: settled or seen, else the model's."""
    seen: dict[date, list[tuple[date, float]]] = {}
    sources = {one.session: _VX_SOURCES[one.kind] for one in had.vx}
    for one in had.vx:
        seen.setdefault(one.session, []).append((one.expiry, one.price))
    for day, close in between(had.vix, window.first - EVE, window.last):
        curve, source = seen.get(day), sources.get(day, MODEL)
        at = _new_york(day, _SETTLED)
        told = [
            _reading("vx.settle", price, at, source, key=expiry.isoformat())
            for expiry, price in curve or modelled(close, day)
        ]
        yield _readings("vx.settle", _new_york(day, _PUBLISHED), told)


def modelled(vix: float, day: date) -> list[tuple[date, float]]:
    """Return (expiry, index points): VIX as it comes back to its mean, at each listed month."""
    return [
        (expiry, round(_MEAN + (vix - _MEAN) * exp(-_SPEED * (expiry - day).days / 365), 4))
        for expiry in vix_expiries(day + _DAY, day + _MONTHS)
    ]


def _dvol(window: Window, had: Library) -> Iterator[Readings]:
    for day, close in between(had.dvol, window.first - _DAY, window.last):
        at = datetime.combine(day + _DAY, time(), UTC)
        yield _readings("dvol.eth", at, [_reading("dvol.eth", close, at - _SECOND, "deribit")])


def _new_york(day: date, at: time) -> datetime:
    return datetime.combine(day, at, _NEW_YORK).astimezone(UTC)


def _readings(name: str, at: datetime, told: Iterable[Reading]) -> Readings:
    return Readings(source=name, observed_at=at, readings=tuple(told))


def _reading(name: str, value: float, as_of: datetime, source: str, *, key: str = "") -> Reading:
    return Reading(
        name=name, value=value, unit=BY_NAME[name].unit, as_of=as_of, source=source, key=key
    )
