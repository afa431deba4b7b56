"""Indicators over the market's numbers, one value a session.

The present session's value so far counts as its close, as charts have it. A divergence
speaks of whole sessions only, so that what it says is not taken back within the day.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from statistics import fmean, stdev
from typing import Final, NamedTuple, TypeAlias

from monitor.signals.answers import Along, Found, OfMarket
from monitor.signals.bars import Bars
from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import Facts, bars_until
from monitor.signals.indicators import (
    MACD_PERIODS,
    MACD_SESSIONS,
    RSI_PERIOD,
    Apart,
    divergence,
    macd_histogram,
    macd_line,
    rsi,
)
from monitor.signals.unbroken import last_of, run_of, runs, too_short, whole_of

_REACH: Final = 60
"""How many sessions back both pivots of a divergence lie at most."""
_SD: Final = 20
_Index: TypeAlias = Callable[[Bars], Sequence[float | None]]


@lru_cache(maxsize=64)
def _rsi(run: Bars) -> Sequence[float | None]:
    """Return the RSI beside each bar, None as long as nothing has moved."""
    closes = [bar.close for bar in run.bars]
    still = next((n for n, one in enumerate(closes) if one != closes[0]), len(closes))
    return (*(None,) * still, *rsi(closes)[still:])


@lru_cache(maxsize=64)
def _macd(run: Bars) -> Sequence[float | None]:
    return macd_histogram([bar.close for bar in run.bars])


@lru_cache(maxsize=64)
def _macd_line(run: Bars) -> Sequence[float | None]:
    return macd_line([bar.close for bar in run.bars])


class _Beside(NamedTuple):
    """What a price turns apart from. lead: how many sessions it takes before its first value."""

    title: str
    of: _Index
    lead: int


_RSI: Final = _Beside("RSI", _rsi, RSI_PERIOD)
_MACD: Final = _Beside("MACD", _macd_line, MACD_PERIODS[1] - 1)


@lru_cache(maxsize=64)
def _divergence(run: Bars, beside: _Beside) -> Apart | None:
    closes = [bar.close for bar in run.bars]
    return divergence(closes, beside.of(run), since=len(closes) - _REACH)


def _rsi_of(name: str) -> OfMarket:
    def answer(facts: Facts, now: datetime) -> Found:
        run = run_of(facts, name, now)
        if len(run.bars) <= RSI_PERIOD:
            return None, too_short(run, RSI_PERIOD + 1)
        value = _rsi(run)[-1]
        if value is None:
            return None, f"{name} has not moved in {len(run.bars)} sessions"
        return value, f"over {len(run.bars)} sessions"

    return answer


def _macd_of(name: str) -> OfMarket:
    def answer(facts: Facts, now: datetime) -> Found:
        run = run_of(facts, name, now)
        if len(run.bars) < MACD_SESSIONS:
            return None, too_short(run, MACD_SESSIONS)
        return _macd(run)[-1], f"over {len(run.bars)} sessions"

    return answer


def _divergence_of(name: str, beside: _Beside = _RSI) -> OfMarket:
    needed = _REACH + beside.lead

    def answer(facts: Facts, now: datetime) -> Found:
        run = whole_of(facts, name, now)
        if len(run.bars) < needed:
            return None, too_short(run, needed)
        found = _divergence(run, beside)
        if found is None:
            return "none", f"{_REACH} sessions to {run.bars[-1].day}"
        return found.name, _told(run, found, beside)

    return answer


def _along(name: str, index: _Index) -> Along:
    """Return an indicator beside every bar: each rests on those before it alone."""

    def answer(facts: Facts, now: datetime) -> Iterator[tuple[datetime, float]]:
        for run in runs(bars_until(facts, name, now), BY_NAME[name].hours):
            for bar, value in zip(run.bars, index(run), strict=True):
                if value is not None:
                    yield bar.at, value

    return answer


def _told(run: Bars, found: Apart, beside: _Beside) -> str:
    """Say which two pivots stand apart: `6900.00, RSI 72 on … then 6950.00, RSI 65 on …`."""
    index = beside.of(run)
    return " then ".join(
        f"{run.bars[n].close:,.2f}, {beside.title} {index[n]:.1f} on {run.bars[n].day}"
        for n in (found.first, found.second)
    )


def _vix_sd20(facts: Facts, now: datetime) -> Found:
    seen = last_of(facts, "vix", now, _SD)
    if isinstance(seen, str):
        return None, seen
    closes = [bar.close for bar in seen]
    mean, deviation = fmean(closes), stdev(closes)
    if not deviation:
        return None, f"the VIX has not moved in {_SD} sessions"
    return (closes[-1] - mean) / deviation, f"({closes[-1]:.2f} − {mean:.2f}) / {deviation:.2f}"


_RSIS: Final[Mapping[str, str]] = {
    "ta.rsi_vix": "vix",
    "ta.rsi_spx": "spx.price",
    "ta.rsi_eth": "eth.price",
}
_MACDS: Final[Mapping[str, str]] = {
    "ta.macd_spx_hist": "spx.price",
    "ta.macd_vix_hist": "vix",
    "ta.macd_vvix": "vvix",
    "ta.macd_eth_hist": "eth.price",
}

ALONG_TECHNICAL: Final[Mapping[str, Along]] = {
    **{name: _along(of, _rsi) for name, of in _RSIS.items()},
    **{name: _along(of, _macd) for name, of in _MACDS.items()},
}

OF_TECHNICAL: Final[Mapping[str, OfMarket]] = {
    **{name: _rsi_of(of) for name, of in _RSIS.items()},
    **{name: _macd_of(of) for name, of in _MACDS.items()},
    "ta.divergence_spx": _divergence_of("spx.price"),
    "ta.divergence_eth": _divergence_of("eth.price"),
    "ta.macd_divergence_spx": _divergence_of("spx.price", _MACD),
    "ta.vix_sd20": _vix_sd20,
}
