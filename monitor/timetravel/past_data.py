"""What stories are told from: the shipped tables, and beside them what was pulled into files.

Of a day the shipped figure stands; files give the days that the tables lack.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, partial
from typing import Final, TypeAlias

from monitor.feeds.funding import annual
from monitor.feeds.new_york import release_time
from monitor.feeds.price_changes import changes
from monitor.model.reading import Bar
from monitor.signals.catalogue import BY_NAME
from monitor.store.parquet import Archive
from monitor.timetravel.tables import (
    VxPrice,
    cpi_prints,
    dvol_eth,
    eth_days,
    eth_hours,
    fed_funds,
    funding_eth,
    indices,
    vix_closes,
    vx_prices,
)

Days: TypeAlias = tuple[tuple[date, float], ...]
Instants: TypeAlias = tuple[tuple[datetime, float], ...]
_HOURS: Final = 8
_INDICES: Final = {"vix9d": "vix9d", "vix3m": "vix3m", "vvix": "vvix", "skew": "skew"}
_SPX: Final = "spx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of consumer prices: of which month, and from when on it was known."""

    name: str
    month: date
    value: float
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Tables in the order of time.

    eth_hours: USD a coin at instants; eth_days: at the ends of UTC dates. vix, indices, dvol:
    closes in index points. vx: futures after each session. funding: a fraction a year, at the
    end of what it was paid for. fed_funds: a fraction.
    """

    eth_hours: Instants
    eth_days: Days
    vix: Days
    indices: tuple[tuple[date, Mapping[str, float]], ...]
    vx: tuple[VxPrice, ...]
    dvol: Days
    changes: tuple[Change, ...]
    funding: Instants
    fed_funds: Days


@cache
def shipped() -> Library:
    """Return the tables that ship."""
    days = {one.month: one.released for one in cpi_prints()}
    levels = {one.month: one.index for one in cpi_prints()}
    return Library(
        eth_hours=eth_hours(),
        eth_days=eth_days(),
        vix=vix_closes(),
        indices=indices(),
        vx=vx_prices(),
        dvol=dvol_eth(),
        changes=tuple(
            Change(name=name, month=month, value=value, at=release_time(days[month]))
            for name, month, value in changes("cpi", levels)
        ),
        funding=tuple((at, annual(rate, hours=_HOURS)) for at, rate in funding_eth()),
        fed_funds=tuple((day, percent / 100) for day, percent in fed_funds()),
    )


def extended(library: Library, archive: Archive) -> Library:
    """Return a library with the days it lacks from files; raise Permanent for one that is harmed.

    Of a day's funding its last print is in the files.
    """
    bars = partial(_bars, archive)
    funded = {at.date() for at, _ in library.funding}
    more = ((bar.at, bar.close) for bar in bars("funding.eth_annual") if bar.day not in funded)
    return replace(
        library,
        eth_days=_over(library.eth_days, bars("eth.price")),
        vix=_over(library.vix, bars("vix")),
        indices=_indices(library, archive),
        vx=_vx(library, archive),
        dvol=_over(library.dvol, bars("dvol.eth")),
        changes=_changes(library, archive),
        funding=tuple(sorted((*library.funding, *more))),
        fed_funds=_over(library.fed_funds, bars("rates.fed_funds")),
    )


def _bars(archive: Archive, name: str) -> tuple[Bar, ...]:
    return archive.bars(name, BY_NAME[name].providers).get("", ())


def _over(table: Days, bars: Iterable[Bar]) -> Days:
    return tuple(sorted(({bar.day: bar.close for bar in bars} | dict(table)).items()))


def _indices(library: Library, archive: Archive) -> tuple[tuple[date, Mapping[str, float]], ...]:
    found: dict[date, dict[str, float]] = {}
    for column, name in (*_INDICES.items(), (_SPX, "spx.price")):
        for bar in _bars(archive, name):
            found.setdefault(bar.day, {})[column] = bar.close
    for day, closes in library.indices:
        found[day] = {**found.get(day, {}), **closes}
    return tuple(sorted(found.items()))


def _vx(library: Library, archive: Archive) -> tuple[VxPrice, ...]:
    sessions = {one.session for one in library.vx}
    name = "vx.settle"
    pulled = archive.bars(name, BY_NAME[name].providers)
    more = (
        VxPrice(session=bar.day, kind="settlement", expiry=date.fromisoformat(key), price=bar.close)
        for key, bars in pulled.items()
        for bar in bars
        if bar.day not in sessions
    )
    return tuple(sorted((*library.vx, *more), key=lambda one: (one.session, one.expiry)))


def _changes(library: Library, archive: Archive) -> tuple[Change, ...]:
    known = {(one.name, one.month) for one in library.changes}
    more = (
        Change(name=name, month=bar.day, value=bar.close, at=bar.at)
        for name in ("macro.cpi_mom", "macro.cpi_yoy")
        for bar in _bars(archive, name)
        if (name, bar.day) not in known
    )
    return tuple(sorted((*library.changes, *more), key=lambda one: (one.month, one.name)))
