"""How well each driver of a hedge has tracked what a layer covers, over the weeks that are known.

Weeks end on Wednesdays, on which few holidays fall. A coin's week runs from close to close of
UTC days; an index's is joined at its last session at or before each end. What was published
later than now is not known yet. Of the VIX it is the forward that is looked at, the future of
a constant 30 days, and the spot where that is not known of half as many weeks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

import numpy as np

from monitor.calendars.sessions import sessions_back
from monitor.hedge.black76 import Floats
from monitor.hedge.cover import Cover, Covered
from monitor.hedge.fit import (
    LEAST_WEEKS,
    Tracked,
    calm_share,
    tracked,
    weekly_il,
    weighted,
    width_of,
)
from monitor.model.layer import Fit
from monitor.signals.bars import Bars
from monitor.signals.facts import Facts, bars_until
from monitor.signals.of_term import forwards

MOST_POSITIONS: Final = 5
"""Of a book the largest so many stand for all, by value; the fit's note says so."""

MOST_WEEKS: Final = 104
WEEK_ENDS: Final = 2
"""Wednesday, as `date.weekday` counts."""

_WEEK: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)
_COINS: Final = ("eth", "btc")
_SPOT: Final = "spot VIX"
_FORWARD: Final = "the VIX forward"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weeks:
    """Weeks of a coin, oldest first, and of what may drive a hedge; NaN where not known.

    ends: the last day of each. ratios: the price at the end over that at the beginning. vix:
    the spot's close at the end, index points. vix_change: by how many points what `vix_named`
    says rose, below 0 where it fell; dvol_rise: likewise, 0 where it fell.
    Hashed by identity, so that what is worked out of it is remembered at no cost.
    """

    ends: tuple[date, ...]
    ratios: Floats
    vix: Floats
    vix_change: Floats
    dvol_rise: Floats
    vix_named: str
    __hash__ = object.__hash__

    def rises(self, driver: str) -> Floats:
        """Return the weekly rises of a driver, one of `DRIVERS`: of a linear one below 0 too."""
        moves = np.log(self.ratios)
        match driver:
            case "vix":
                found = np.maximum(self.vix_change, 0.0)
            case "vix_linear":
                found = self.vix_change
            case "dvol":
                found = self.dvol_rise
            case "fall":
                found = np.maximum(-moves, 0.0)
            case "short":
                found = 1.0 - self.ratios
            case "rise":
                found = np.maximum(moves, 0.0)
            case _:
                found = moves * moves
        return np.asarray(found)


DRIVERS: Final = ("vix", "vix_linear", "dvol", "fall", "short", "rise", "move")
"""Rises of VIX and its change of either sign, rises of DVOL, how far the coin fell, what a short
makes, how far the coin rose, the square of its move either way. What loses as its driver turns
is held against the change of either sign: its losses are part of how well it fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fits:
    """How each driver tracked. root: the coin whose own moves count. by: by driver."""

    root: str
    by: Mapping[str, Fit]


def fits_of(facts: Facts, cover: Cover, now: datetime, *, root: str = "") -> Fits | str:
    """Return how each driver tracked the IL of what is covered, or why none is known.

    root: the coin to look at, where some of it is covered; else that of which most is. Its
    positions then stand for all.
    """
    held = [one for one in cover.held if one.root in _COINS]
    if not held:
        return cover.why or "no covered position is in ETH or BTC against US dollars"
    values = {root: sum(one.value_usd for one in held if one.root == root) for root in _COINS}
    if not values.get(root):
        root = max(_COINS, key=lambda one: values[one])
    ranked = sorted(cover.of(root), key=lambda one: (-one.value_usd, one.key))
    weeks = weeks_of(
        bars_until(facts, f"{root}.price", now),
        bars_until(facts, "vix", now),
        bars_until(facts, f"dvol.{root}", now),
        forwards(facts, now),
        until=now.astimezone(UTC).date() - _DAY,
    )
    shapes = tuple(
        (round(width_of(one.range.lower, one.range.upper), 4), one.value_usd)
        for one in ranked[:MOST_POSITIONS]
    )
    note = _over(weeks, ranked, of=len(cover.held))
    return Fits(
        root=root, by={driver: _fit(shapes, weeks, driver, (root, note)) for driver in DRIVERS}
    )


def name_of(driver: str, root: str, *, vix: str = "the VIX") -> str:
    """Return a driver in words. vix: which of the VIX was looked at."""
    coin = root.upper()
    return {
        "vix": f"{vix}'s rises",
        "vix_linear": f"{vix}'s rises less falls",
        "dvol": f"DVOL {coin}'s rises",
        "fall": f"{coin}'s falls",
        "short": f"{coin}'s falls less rises",
        "rise": f"{coin}'s rises",
    }.get(driver, f"{coin}'s squared move")


@lru_cache(maxsize=64)
def weeks_of(coin: Bars, vix: Bars, dvol: Bars, forward: Bars, *, until: date) -> Weeks:
    """Return the newest weeks of a coin that are whole, two years of them at most.

    until: the last day that is over.
    """
    closes, vols = _closes(coin), _closes(dvol)
    last = until - timedelta(days=(until.weekday() - WEEK_ENDS) % 7)
    ends = [
        end
        for end in (last - n * _WEEK for n in reversed(range(MOST_WEEKS)))
        if end in closes and end - _WEEK in closes
    ]
    sessions = [(sessions_back(end - _WEEK, 0), sessions_back(end, 0)) for end in ends]
    index = _closes(vix)
    spot, ahead = _change(index, sessions), _change(_closes(forward), sessions)
    known = int(np.isfinite(ahead).sum())
    had = known >= LEAST_WEEKS and 2 * known >= np.isfinite(spot).sum()
    return Weeks(
        ends=tuple(ends),
        ratios=np.array([closes[end] / closes[end - _WEEK] for end in ends]),
        vix=np.array([index.get(end, np.nan) for _, end in sessions]),
        vix_change=ahead if had else spot,
        vix_named=_FORWARD if had else _SPOT,
        dvol_rise=np.maximum(_change(vols, [(end - _WEEK, end) for end in ends]), 0.0),
    )


def _closes(bars: Bars) -> dict[date, float]:
    return {bar.day: bar.close for bar in bars.bars}


def _change(closes: Mapping[date, float], weeks: Sequence[tuple[date, date]]) -> Floats:
    """Return by how much each week's last close is above the one before it; NaN where unknown."""
    moved = (closes.get(end, np.nan) - closes.get(begin, np.nan) for begin, end in weeks)
    return np.fromiter(moved, np.float64)


@lru_cache(maxsize=4096)
def _il(shapes: tuple[tuple[float, float], ...], weeks: Weeks) -> Floats:
    ils = [weekly_il(width, weeks.ratios) for width, _ in shapes]
    return weighted(ils, [value for _, value in shapes])


def _fit(
    shapes: tuple[tuple[float, float], ...], weeks: Weeks, driver: str, told: tuple[str, str]
) -> Fit:
    root, note = told
    il = _il(shapes, weeks)
    name = name_of(driver, root, vix=weeks.vix_named)
    calm = calm_share(il, weeks.vix)
    found = tracked(il, weeks.rises(driver))
    if not isinstance(found, Tracked):
        return Fit(driver=name, calm_share=calm, note=found)
    told_weeks = f"{found.weeks} weeks{note}"
    return Fit(driver=name, r2=found.r2, corr=found.corr, calm_share=calm, note=told_weeks)


def _over(weeks: Weeks, ranked: Sequence[Covered], *, of: int) -> str:
    """Return what a fit rests on, after the number of its weeks."""
    return "".join(_pieces(weeks, ranked, of))


def _pieces(weeks: Weeks, ranked: Sequence[Covered], of: int) -> Iterator[str]:
    if weeks.ends:
        yield f" to {weeks.ends[-1]}"
    counted = min(len(ranked), MOST_POSITIONS)
    if counted < of:
        yield f", of the {counted} largest of {of} positions"
