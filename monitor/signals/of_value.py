"""What equities, coins and tokens are worth by what they earn, and the method's regimes."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from statistics import fmean
from typing import Final, TypeAlias

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import sessions_back
from monitor.signals.answers import Found, OfMarket
from monitor.signals.bars import day_of
from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import Facts, bars_until, newest
from monitor.signals.of_breadth import OF_BREADTH
from monitor.signals.of_macro import z_score
from monitor.signals.of_technical import OF_TECHNICAL
from monitor.signals.of_term import OF_TERM
from monitor.signals.unbroken import run_of, too_short

_QUARTER: Final = 63
_DAY: Final = timedelta(days=1)
_SHIFT: Final = 20 * _DAY
_YEAR: Final = 365
_SHIFTS_ENOUGH: Final = 120
_MONTHS: Final = 365 / 30
_NEAR: Final = 0.97
_HIGHEST_OF: Final = 252
_OVERBOUGHT: Final = 70.0
_MEAN_OF: Final = 200
_RICH: Final = 1.18
_CONTANGO: Final = 0.12

Part: TypeAlias = tuple[bool | None, str]
"""One condition of several, unknown where it is None, and what it rests on."""


def _pe_change(facts: Facts, now: datetime) -> Found:
    """Return the change of the P/E over 63 sessions; a figure stands until the next is typed."""
    bars = bars_until(facts, "equity.pe", now).bars
    if not bars:
        return None, "no P/E known"
    last = bars[-1]
    then = sessions_back(last.day, _QUARTER)
    limit = BY_NAME["equity.pe"].max_age or timedelta.max
    before = next((bar for bar in reversed(bars) if bar.day <= then), None)
    if before is None or then - before.day > limit:
        return None, f"no P/E of about {then} is known"
    told = f"{last.close:.1f} of {last.day} / {before.close:.1f} of {before.day}"
    return math.log(last.close / before.close), told


def _rotation(facts: Facts, now: datetime) -> Found:
    """Return the change of ETH's share over 20 days among those of the year before."""
    shares = {bar.day: bar.close for bar in bars_until(facts, "rotation.eth_share", now).bars}
    changes = {
        day: share - shares[day - _SHIFT] for day, share in shares.items() if day - _SHIFT in shares
    }
    today = max(shares, default=day_of(Hours.ALWAYS, now))
    if today not in changes:
        return None, f"its share of {today - _SHIFT} is not known"
    year = [today - n * _DAY for n in range(1, _YEAR + 1)]
    before = [changes[day] for day in year if day in changes]
    if len(before) < _SHIFTS_ENOUGH:
        return None, f"{len(before)} of {_SHIFTS_ENOUGH} changes before it known"
    return z_score(changes[today], before, f"{changes[today]:+.2%} of all in 20 days")


def _of(facts: Facts, name: str) -> float:
    reading = newest(facts, f"token.{name}")
    assert reading is not None
    return reading.value


def _ddm_value(facts: Facts, _now: datetime) -> Found:
    """Return Gordon's value of a token: next year's dividend less dilution over r - g."""
    growth, discount = _of(facts, "growth"), _of(facts, "discount")
    if discount <= growth:
        return None, f"it grows by {growth:.1%} for ever, no less than the {discount:.1%} asked for"
    paid = (_of(facts, "holders_30d") - _of(facts, "emissions_30d")) * _MONTHS
    value = paid * (1 + growth) / (discount - growth) / _of(facts, "supply")
    return value, f"{paid:,.0f} USD a year to holders, less dilution; r − g {discount - growth:.1%}"


def _ddm_gap(facts: Facts, now: datetime) -> Found:
    value, note = _ddm_value(facts, now)
    if not isinstance(value, float):
        return None, note
    if value <= 0:
        return None, f"it is diluted by no less than it pays: {note}"
    price = _of(facts, "price")
    return price / value - 1, f"{price:,.4g} / {value:,.4g} USD"


def _pf(facts: Facts, _now: datetime) -> Found:
    worth, fees = _of(facts, "price") * _of(facts, "supply"), _of(facts, "fees_30d") * _MONTHS
    return worth / fees, f"{worth:,.0f} / {fees:,.0f} USD"


def _big_top(facts: Facts, now: datetime) -> Found:
    """Say whether the index stands high, overbought or diverging, and its breadth falls away."""
    return _all(_near_highest(facts, now), _tired(facts, now), _narrow(facts, now))


def _near_highest(facts: Facts, now: datetime) -> Part:
    run = run_of(facts, "spx.price", now)
    if len(run.bars) < _HIGHEST_OF:
        return None, too_short(run, _HIGHEST_OF)
    highest, last = max(bar.high for bar in run.bars[-_HIGHEST_OF:]), run.bars[-1].close
    return last >= _NEAR * highest, f"S&P 500 {last:,.0f}, highest {highest:,.0f}"


def _tired(facts: Facts, now: datetime) -> Part:
    index, note = OF_TECHNICAL["ta.rsi_spx"](facts, now)
    apart, why = OF_TECHNICAL["ta.macd_divergence_spx"](facts, now)
    hot = index >= _OVERBOUGHT if isinstance(index, float) else None
    if hot or apart == "bearish":
        return True, f"RSI {index:.0f}" if hot else f"bearish against its MACD: {why}"
    if hot is None or apart is None:
        return None, note if hot is None else why
    return False, f"RSI {index:.0f}, no bearish divergence from its MACD"


def _narrow(facts: Facts, now: datetime) -> Part:
    apart, note = OF_BREADTH["breadth.divergence"](facts, now)
    if not isinstance(apart, bool):
        return None, note
    return apart, "its breadth falls" if apart else "its breadth does not fall against it"


def _big_top_vol(facts: Facts, now: datetime) -> Found:
    """Say whether the VIX is high for the year, and its futures dear and dearer."""
    return _all(
        _above_mean(facts, now),
        _at_least(facts, now, "vx.over_realised", _RICH),
        _at_least(facts, now, "vx.slope", _CONTANGO),
    )


def _above_mean(facts: Facts, now: datetime) -> Part:
    run = run_of(facts, "vix", now)
    if len(run.bars) < _MEAN_OF:
        return None, too_short(run, _MEAN_OF)
    mean, last = fmean(bar.close for bar in run.bars[-_MEAN_OF:]), run.bars[-1].close
    return last > mean, f"VIX {last:.2f}, mean {mean:.2f}"


def _at_least(facts: Facts, now: datetime, name: str, bound: float) -> Part:
    value, note = OF_TERM[name](facts, now)
    if not isinstance(value, float):
        return None, note
    return value >= bound, f"{name} {value:.3g}"


def _all(*parts: Part) -> Found:
    """Return whether all hold; one that does not settles it, whatever is unknown of others."""
    for held, note in parts:
        if held is False:
            return False, note
    for held, note in parts:
        if held is None:
            return None, note
    return True, "; ".join(note for _, note in parts)


OF_VALUE: Final[Mapping[str, OfMarket]] = {
    "equity.pe_change63": _pe_change,
    "rotation.eth": _rotation,
    "token.ddm_value": _ddm_value,
    "token.ddm_gap": _ddm_gap,
    "token.pf": _pf,
    "regime.big_top": _big_top,
    "regime.big_top_vol": _big_top_vol,
}
