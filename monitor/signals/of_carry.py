"""What money costs and what risk is asked to earn: lending rates, betas, the cost of equity."""

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import session_close, sessions_back
from monitor.signals.answers import Found, OfMarket
from monitor.signals.bars import Bars
from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import Facts, bars_until, newest
from monitor.signals.regressions import Fit, fit, slope
from monitor.signals.spans import spell

_NEW_YORK: Final = ZoneInfo("America/New_York")
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(weeks=1)
_TO_FRIDAY: Final = 4
_WEEKS: Final = 52
_WEEKS_ENOUGH: Final = 40
_SESSIONS: Final = 252
_SESSIONS_ENOUGH: Final = 60


def _rates(facts: Facts, family: str, symbol: str, now: datetime) -> dict[str, float]:
    """Return a token's rate on each chain whose reading is fresh, by the chain's name."""
    limit = BY_NAME[family].max_age or timedelta.max
    return {
        one.key.removesuffix(f":{symbol}"): one.value
        for one in facts.readings.values()
        if one.name == family and one.key.endswith(f":{symbol}") and now - one.as_of <= limit
    }


def _best(family: str, symbol: str, pick: Callable[..., str]) -> OfMarket:
    def answer(facts: Facts, now: datetime) -> Found:
        rates = _rates(facts, family, symbol, now)
        if not rates:
            return None, f"no chain tells a fresh {family} of {symbol}"
        chain = pick(rates, key=rates.__getitem__)
        return rates[chain], f"on {chain}, of {len(rates)} chains" if len(rates) > 1 else chain

    return answer


def _differential(facts: Facts, now: datetime) -> Found:
    """Return the best USDC supply on one chain less the cheapest borrow on another."""
    supply = _rates(facts, "aave.supply", "USDC", now)
    borrow = _rates(facts, "aave.borrow", "USDC", now)
    pairs = [(supply[to] - borrow[of], to, of) for to in supply for of in borrow if to != of]
    if not pairs:
        known = ", ".join(sorted(supply.keys() | borrow.keys())) or "none"
        return None, f"it takes the USDC rates of two chains; fresh are those of {known}"
    value, to, of = max(pairs)
    return value, f"supply on {to} {supply[to]:.2%} − borrow on {of} {borrow[of]:.2%}"


def _beta_eth(facts: Facts, now: datetime) -> Found:
    """Return ETH's beta by weekly returns, both closes of the day of a week's last session."""
    index, coin = (bars_until(facts, name, now) for name in ("spx.price", "eth.price"))
    return _beta_over(index, coin, _last_week(now))


# Remembered: every position asks, and bars are the same ones until a value comes.
@lru_cache(maxsize=8)
def _beta_over(index_bars: Bars, coin_bars: Bars, friday: date) -> Found:
    index = {bar.day: bar.close for bar in index_bars.bars}
    coin = {bar.day: bar.close for bar in coin_bars.bars}
    days = [sessions_back(friday - n * _WEEK, 0) for n in range(_WEEKS, -1, -1)]
    known = [
        (before, day)
        for before, day in pairwise(days)
        if {before, day} <= index.keys() & coin.keys()
    ]
    if len(known) < _WEEKS_ENOUGH:
        return None, f"{len(known)} of {_WEEKS_ENOUGH} weeks known of both"
    moved = [math.log(index[day] / index[before]) for before, day in known]
    beta = slope(moved, [math.log(coin[day] / coin[before]) for before, day in known])
    return beta, f"{len(known)} weeks to {days[-1]}" if beta is not None else "no week moved"


def _last_week(now: datetime) -> date:
    """Return the Friday of the newest week whose last session has closed."""
    today = now.astimezone(_NEW_YORK).date()
    friday = today + (_TO_FRIDAY - today.weekday()) * _DAY
    if session_close(Hours.XNYS_CLOSE, sessions_back(friday, 0)) > now:
        friday -= _WEEK
    return friday


def _cost_of_equity(facts: Facts, now: datetime) -> Found:
    beta, note = _beta_eth(facts, now)
    if not isinstance(beta, float):
        return None, note
    free, premium = newest(facts, "rates.risk_free"), newest(facts, "equity.erp")
    assert free is not None
    assert premium is not None
    told = f"{free.value:.2%} + {beta:.2f} × {premium.value:.2%}, beta over {note}"
    return free.value + beta * premium.value, told


def proxy_fits(facts: Facts, now: datetime) -> Mapping[str, Fit | str]:
    """Return by key how each proxy answers to the S&P 500, or why that is not known."""
    index, limit = bars_until(facts, "spx.price", now), BY_NAME["proxy.price"].max_age
    fits = dict[str, Fit | str]()
    for one in facts.readings.values():
        if one.name != "proxy.price":
            continue
        age = now - one.as_of
        if limit is not None and age > limit:
            told = f"its price is {spell(age.total_seconds())} old"
            fits[one.key] = f"{told}, limit {spell(limit.total_seconds())}"
        else:
            bars = bars_until(facts, "proxy.price", now, one.key)
            fits[one.key] = fit(bars, index, _SESSIONS, _SESSIONS_ENOUGH)
    return dict(sorted(fits.items()))


def _of_proxies(part: str) -> OfMarket:
    """Return how many proxies are known, for what each is comes as one of a family."""

    def answer(facts: Facts, now: datetime) -> Found:
        fits = proxy_fits(facts, now)
        told = {key: one for key, one in fits.items() if isinstance(one, Fit)}
        if not told:
            return None, "; ".join(f"{key}: {why}" for key, why in fits.items())
        figures = (f"{key} {getattr(one, part):.2f}" for key, one in told.items())
        return float(len(told)), ", ".join(figures)

    return answer


OF_CARRY: Final[Mapping[str, OfMarket]] = {
    "rates.usdc_supply": _best("aave.supply", "USDC", max),
    "rates.usdc_borrow": _best("aave.borrow", "USDC", min),
    "rates.eth_borrow": _best("aave.borrow", "WETH", min),
    "rates.differential": _differential,
    "capm.beta_eth": _beta_eth,
    "capm.cost_of_equity": _cost_of_equity,
    **{
        f"proxy.{part}": _of_proxies(part)
        for part in ("beta", "beta_se", "convexity", "convexity_se")
    },
}
