"""The shipped figures of past storms: small tables of closes, each naming its source.

They reach from 2019 to May 2025, finely only where a storm was; what is not in them was not had.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Final, Literal

VxKind = Literal["settlement", "snapshot"]
_KINDS: Final[dict[str, VxKind]] = {"settlement": "settlement", "snapshot": "snapshot"}


@dataclass(frozen=True, slots=True, kw_only=True)
class VxPrice:
    """One future after one session, index points. kind: official, or seen at 16:31 New York."""

    session: date
    kind: VxKind
    expiry: date
    price: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CpiPrint:
    """One month's index (1982-84 = 100, not seasonally adjusted), and the day it came out."""

    released: date
    month: date
    index: float


@cache
def eth_hours() -> tuple[tuple[datetime, float], ...]:
    """Return (instant, USD per ETH), six-hourly in UTC over four stretches of time."""
    return tuple((datetime.fromisoformat(at), float(close)) for at, close in _rows("eth_hours.csv"))


@cache
def eth_days() -> tuple[tuple[date, float], ...]:
    """Return (UTC date, USD per ETH at its end), each day from 2019-02-06 to 2025-05-31."""
    return _days("eth_days.csv")


@cache
def vix_closes() -> tuple[tuple[date, float], ...]:
    """Return (New York date, index points), one a session from 2019-01-02 to 2025-05-30."""
    return _days("vix.csv")


@cache
def indices() -> tuple[tuple[date, dict[str, float]], ...]:
    """Return (New York date, closes): `vix9d vix3m vvix skew` in index points, and `spx`."""
    (names, *rows) = _table("indices.csv")
    return tuple(
        (
            date.fromisoformat(day),
            {name: float(cell) for name, cell in zip(names[1:], cells, strict=True) if cell},
        )
        for day, *cells in rows
    )


@cache
def vx_before() -> Mapping[date, tuple[tuple[date, float], ...]]:
    """Return (session, index points) by expiry, the two nearest months, to 2020-02-13."""
    found: dict[date, tuple[tuple[date, float], ...]] = {}
    for session, expiry, price in _rows("vx_2019.csv"):
        ends = date.fromisoformat(expiry)
        found[ends] = (*found.get(ends, ()), (date.fromisoformat(session), float(price)))
    return found


@cache
def vx_prices() -> tuple[VxPrice, ...]:
    """Return every VX price there is, saying which are official."""
    return tuple(
        VxPrice(
            session=date.fromisoformat(session),
            kind=_KINDS[kind],
            expiry=date.fromisoformat(expiry),
            price=float(price),
        )
        for session, kind, expiry, price in _rows("vx.csv")
    )


@cache
def vx_settlements() -> dict[date, tuple[tuple[date, float], ...]]:
    """Return (expiry, index points) by session, nearest first: 8 months, in May 2020 only 2.

    From 2020-05-01 to 2020-06-15 these are 16:31 snapshots, not settlements; `vx_prices` tells.
    """
    by_session: dict[date, tuple[tuple[date, float], ...]] = {}
    for item in vx_prices():
        by_session[item.session] = (
            *by_session.get(item.session, ()),
            (item.expiry, item.price),
        )
    return by_session


@cache
def dvol_eth() -> tuple[tuple[date, float], ...]:
    """Return (UTC date, index points at its end) of the summer of 2024 and the spring of 2025."""
    return _days("dvol_eth.csv")


@cache
def cpi_prints() -> tuple[CpiPrint, ...]:
    """Return the prints released from January 2019 to June 2025."""
    return tuple(
        CpiPrint(
            released=date.fromisoformat(released),
            month=date.fromisoformat(month),
            index=float(index),
        )
        for released, month, index in _rows("cpi.csv")
    )


@cache
def funding_eth() -> tuple[tuple[datetime, float], ...]:
    """Return (instant, rate): what longs paid for the eight hours before, a fraction."""
    return tuple((datetime.fromisoformat(at), float(rate)) for at, rate in _rows("funding_eth.csv"))


@cache
def fed_funds() -> tuple[tuple[date, float], ...]:
    """Return (date, percent a year): the effective federal funds rate."""
    return _days("fed_funds.csv")


def between(
    table: tuple[tuple[date, float], ...], first: date, last: date
) -> Iterator[tuple[date, float]]:
    """Yield the rows of a table from a day to a day, both included."""
    return ((day, value) for day, value in table if first <= day <= last)


def _days(name: str) -> tuple[tuple[date, float], ...]:
    return tuple((date.fromisoformat(day), float(value)) for day, value in _rows(name))


def _rows(name: str) -> Iterator[list[str]]:
    """Yield the cells under the heading."""
    return iter(_table(name)[1:])


def _table(name: str) -> list[list[str]]:
    """Return the cells of a table, the heading first, without its comment lines."""
    text = (files("monitor.timetravel") / "data" / name).read_text(encoding="ascii")
    return [line.split(",") for line in text.splitlines() if line and not line.startswith("#")]
