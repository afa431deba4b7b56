"""Funding rates on one footing: what longs pay shorts in a year, whatever a venue's interval.

Venues state a rate for 1, 4 or 8 hours; taking one for another is the classic mistake.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from monitor.feeds.witness import Witness, midnight
from monitor.model.reading import Bar, Reading

COINS: Final = ("ETH", "BTC")
_HOURS_A_YEAR: Final = 24 * 365
_ONE_DAY: Final = timedelta(days=1)


def signal_of(coin: str) -> str:
    """Return the signal that a coin's funding is."""
    return f"funding.{coin.lower()}_annual"


def coin_of(signal: str) -> str:
    """Return the coin whose signal it is: `funding.eth_annual`, `eth.price` and `dvol.eth`."""
    return next(coin for coin in COINS if coin.lower() in signal.replace("_", ".").split("."))


def annual(rate: float, *, hours: float) -> float:
    """Return a rate for `hours` as a simple rate a year of 365 days."""
    return rate * _HOURS_A_YEAR / hours


def funding(
    witness: Witness, coin: str, as_of: datetime, *, rate: float, hours: float = _HOURS_A_YEAR
) -> Reading:
    """Return a coin's funding; raise Transient outside the catalogue's range."""
    return witness.reading(signal_of(coin), annual(rate, hours=hours), as_of)


def daily(prints: Iterable[tuple[datetime, float]], now: datetime) -> tuple[Bar, ...]:
    """Return a bar for each UTC day that is over by `now`, of what was stamped in it."""
    by_day = defaultdict[datetime, list[tuple[datetime, float]]](list)
    for at, value in sorted(prints):
        by_day[midnight(at.date())].append((at, value))
    return tuple(
        Bar(
            day=day.date(),
            open=told[0][1],
            high=max(value for _, value in told),
            low=min(value for _, value in told),
            close=told[-1][1],
            at=told[-1][0],
        )
        for day, told in by_day.items()
        if day + _ONE_DAY <= now
    )


def spaced(
    prints: Iterable[tuple[datetime, float]], *, longest: int
) -> tuple[tuple[datetime, float], ...]:
    """Return rates as rates a year, each for the whole hours since the one before.

    longest: the hours a venue's interval lasts at most; a wider gap is a print that is
    missing. The first is only measured from.
    """
    found = []
    for (before, _), (at, rate) in pairwise(sorted(prints)):
        hours = round((at - before) / timedelta(hours=1))
        found.append((at, annual(rate, hours=hours if 0 < hours <= longest else longest)))
    return tuple(found)
