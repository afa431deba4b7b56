"""The volatility market as the facts know it."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from monitor.hedge.curve import VixCurve
from monitor.hedge.market import Market
from monitor.signals.catalogue import BY_NAME
from monitor.signals.expiries import vix_expiries
from monitor.signals.facts import Facts, newest
from monitor.signals.sessions import open_seconds

_LISTED_MONTHS: Final = 9
_MONTH: Final = timedelta(days=31)


def market_of(facts: Facts, now: datetime) -> Market:
    """Return the market at `now`; its curve is None where no settlement is fresh enough."""
    vix = newest(facts, "vix")
    return Market(
        vix=vix.value if vix else None, curve=_curve(facts, now), expiries=_listed(now.date())
    )


def _curve(facts: Facts, now: datetime) -> VixCurve | None:
    """Return the newest settlement's curve: rows of one session, never of two."""
    rows = [r for r in facts.readings.values() if r.name == "vx.settle"]
    as_of = max((row.as_of for row in rows), default=None)
    signal = BY_NAME["vx.settle"]
    if as_of is None or signal.max_age is None:
        return None
    if open_seconds(signal.hours, as_of, now) > signal.max_age.total_seconds():
        return None
    table = sorted((date.fromisoformat(r.key), r.value) for r in rows if r.as_of == as_of)
    return VixCurve(settlements=tuple(table), as_of=as_of)


@lru_cache(maxsize=8)
def _listed(today: date) -> tuple[date, ...]:
    """Return the monthly expiries listed on a day: the nine nearest, as Cboe lists them."""
    return vix_expiries(today, today + (_LISTED_MONTHS + 1) * _MONTH)[:_LISTED_MONTHS]
