"""The figures of the story: ETH, VIX and VIX futures from February to June 2020.

And daily closes of ETH and the VIX of the year before, which tickets look back on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
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


@cache
def eth_closes() -> tuple[tuple[datetime, float], ...]:
    """Return (instant, USD per ETH), six-hourly in UTC from 2020-02-14 to 2020-06-15."""
    return tuple((datetime.fromisoformat(at), float(close)) for at, close in _rows("eth_2020.csv"))


@cache
def vix_closes() -> tuple[tuple[date, float], ...]:
    """Return (New York date, index points), one a session from 2020-01-02 to 2020-06-15."""
    return tuple((date.fromisoformat(day), float(close)) for day, close in _rows("vix_2020.csv"))


@cache
def eth_days() -> tuple[tuple[date, float], ...]:
    """Return (UTC date, USD per ETH at its end), daily from 2019-02-06 to 2020-06-15.

    From 2020-02-14 on the six-hourly closes at midnight.
    """
    before = [(date.fromisoformat(day), float(close)) for day, close in _rows("eth_2019.csv")]
    since = [
        (at.date() - timedelta(days=1), close) for at, close in eth_closes() if at.time() == time()
    ]
    return (*before, *(pair for pair in since if pair[0] > before[-1][0]))


@cache
def vix_before() -> tuple[tuple[date, float], ...]:
    """Return (New York date, index points), one a session from 2019-02-06 to the story's eve."""
    year = [(date.fromisoformat(day), float(close)) for day, close in _rows("vix_2019.csv")]
    eve = min(vx_settlements())
    return (*year, *(pair for pair in vix_closes() if pair[0] < eve))


@cache
def vx_prices() -> tuple[VxPrice, ...]:
    """Return every VX price from 2020-02-14 to 2020-06-15, saying which are official."""
    return tuple(
        VxPrice(
            session=date.fromisoformat(session),
            kind=_KINDS[kind],
            expiry=date.fromisoformat(expiry),
            price=float(price),
        )
        for session, kind, expiry, price in _rows("vx_2020.csv")
    )


def vx_settlements() -> dict[date, tuple[tuple[date, float], ...]]:
    """Return (expiry, index points) by session, nearest first: 8 months to April, then 2.

    From 2020-05-01 these are 16:31 snapshots and not settlements; `vx_prices` tells.
    """
    by_session: dict[date, tuple[tuple[date, float], ...]] = {}
    for item in vx_prices():
        by_session[item.session] = (
            *by_session.get(item.session, ()),
            (item.expiry, item.price),
        )
    return by_session


def _rows(name: str) -> Iterator[list[str]]:
    """Yield the cells under the comment lines and the heading."""
    text = (files("monitor.devnet") / "data" / name).read_text(encoding="ascii")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return (line.split(",") for line in lines[1:])
