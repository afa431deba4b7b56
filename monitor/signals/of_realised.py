"""What prices have moved, and what markets expect them to."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from monitor.model.reading import Bar
from monitor.signals.answers import Found, OfMarket
from monitor.signals.facts import Facts, newest
from monitor.signals.unbroken import last_of
from monitor.signals.volatility import close_to_close, parkinson, yang_zhang

_TRADED: Final = 252
"""Sessions a year."""
_DAYS: Final = 365
_PERCENT: Final = 100.0
_HV: Final = 20
_RV: Final = 30

OfBars: TypeAlias = Callable[[Sequence[Bar], int], float]


def hv20_spx(facts: Facts, now: datetime) -> Found:
    """Return the S&P 500's volatility over 20 sessions, the present one so far included."""
    return _of_closes(facts, "spx.price", now, _HV, _TRADED)


def hv30_spx(facts: Facts, now: datetime) -> Found:
    """Return the same over 30 sessions, which Big Top asks for."""
    return _of_closes(facts, "spx.price", now, _RV, _TRADED)


def _of_closes(facts: Facts, name: str, now: datetime, count: int, year: int) -> Found:
    seen = last_of(facts, name, now, count + 1)
    if isinstance(seen, str):
        return None, seen
    return close_to_close([bar.close for bar in seen], year), _over(count, seen)


def _realised(name: str) -> OfMarket:
    def answer(facts: Facts, now: datetime) -> Found:
        return _of_closes(facts, name, now, _RV, _DAYS)

    return answer


def _ranged(name: str, estimate: OfBars, sessions: int) -> OfMarket:
    """Return an estimate from highest and lowest values, for which a day must be over."""

    def answer(facts: Facts, now: datetime) -> Found:
        seen = last_of(facts, name, now, sessions, whole=True)
        if isinstance(seen, str):
            return None, seen.replace("sessions", "whole days")
        return estimate(seen, _DAYS), _over(_RV, seen)

    return answer


def _over(count: int, seen: Sequence[Bar]) -> str:
    return f"{count} days to {seen[-1].day}"


def _asked_above(implied: str, realised: OfMarket) -> OfMarket:
    """Return the premium: what an index of implied volatility stands above what was realised."""

    def answer(facts: Facts, now: datetime) -> Found:
        moved, note = realised(facts, now)
        if not isinstance(moved, float):
            return None, note
        asked = _read(facts, implied) / _PERCENT
        return asked - moved, f"{asked:.1%} less {moved:.1%} over {note}"

    return answer


def _a_day(implied: str, year: int) -> OfMarket:
    """Return one standard deviation of a day's move that an implied volatility stands for."""

    def answer(facts: Facts, _now: datetime) -> Found:
        points = _read(facts, implied)
        return points / _PERCENT / math.sqrt(year), f"{points:.2f} / 100 / √{year}"

    return answer


def _surface_gap(facts: Facts, _now: datetime) -> Found:
    dex, cex = _read(facts, "iv.eth30_dex"), _read(facts, "iv.eth30_cex")
    return dex - cex, f"{dex:.1f} − {cex:.1f}"


def edr_printed(vix9d: float, hv20: float, multiplier: float) -> float:
    """Return the expected daily range as the method prints it.

    vix9d: points. hv20: fraction a year. multiplier: 0.8 to 2.0 "by regime". Its units
    do not fit its threshold of 0.94 %.
    """
    return 0.1 * vix9d + 0.5 * _PERCENT * hv20 * multiplier


def _edr_printed(facts: Facts, now: datetime) -> Found:
    moved, note = hv20_spx(facts, now)
    if not isinstance(moved, float):
        return None, note
    points = _read(facts, "vix9d")
    return edr_printed(points, moved, 1.0), f"0.1 × {points:.2f} + 0.5 × {_PERCENT * moved:.2f}"


def _read(facts: Facts, name: str) -> float:
    reading = newest(facts, name)
    assert reading is not None
    return reading.value


OF_REALISED: Final[Mapping[str, OfMarket]] = {
    "vol.hv20_spx": hv20_spx,
    **{f"vol.rv30_{coin}": _realised(f"{coin}.price") for coin in ("eth", "btc")},
    **{f"vol.park30_{coin}": _ranged(f"{coin}.price", parkinson, _RV) for coin in ("eth", "btc")},
    **{
        f"vol.yz30_{coin}": _ranged(f"{coin}.price", yang_zhang, _RV + 1) for coin in ("eth", "btc")
    },
    "vol.vrp_spx": _asked_above("vix", hv20_spx),
    "vol.vrp_eth": _asked_above("dvol.eth", _realised("eth.price")),
    "vol.surface_gap_eth": _surface_gap,
    "spx.expected_day": _a_day("vix", _TRADED),
    "eth.expected_day": _a_day("dvol.eth", _DAYS),
    "spx.edr": _a_day("vix9d", _TRADED),
    "spx.edr_printed": _edr_printed,
}
