"""How many of the exchange's issues go along with the index."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import accumulate
from statistics import fmean
from typing import Final

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import is_session, open_seconds
from monitor.model.reading import Bar
from monitor.signals.answers import Along, Found, OfMarket
from monitor.signals.bars import Bars, point
from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import Facts, bars_until
from monitor.signals.indicators import ema, slope
from monitor.signals.unbroken import run_of, runs, too_short, unbroken

_NONE: Final = Bars()
_SLOPE: Final = 20
_SHORT, _LONG = 19, 39
_MEAN: Final = 50


def net_advances(facts: Facts, now: datetime) -> Bars:
    """Return advances less declines of the newest sessions in a row that have both."""
    return unbroken(_all_net(facts, now), Hours.XNYS_CLOSE)


def _all_net(facts: Facts, now: datetime) -> Bars:
    """Return the same of every session that has both."""
    rose, fell = (bars_until(facts, f"breadth.{side}", now) for side in ("advances", "declines"))
    return _net(rose, fell)


@lru_cache(maxsize=16)
def _net(rose: Bars, fell: Bars) -> Bars:
    less = {bar.day: bar for bar in fell.bars}
    return Bars(
        bars=tuple(
            point(bar.day, bar.close - other.close, max(bar.at, other.at))
            for bar in rose.bars
            if (other := less.get(bar.day)) is not None
        )
    )


def ad_line(run: Bars) -> Sequence[float]:
    """Return the advance-decline line beside each session; it begins at the first one's own."""
    return tuple(accumulate(bar.close for bar in run.bars))


def _ad_line(facts: Facts, now: datetime) -> Found:
    run = net_advances(facts, now)
    if not run.bars:
        return None, "no session has both advances and declines"
    return ad_line(run)[-1], f"since {run.bars[0].day}"


def _ad_slope20(facts: Facts, now: datetime) -> Found:
    run = net_advances(facts, now)
    if len(run.bars) < _SLOPE:
        return None, too_short(run, _SLOPE)
    return slope(ad_line(run)[-_SLOPE:]), f"{_SLOPE} sessions to {run.bars[-1].day}"


def _mcclellan(facts: Facts, now: datetime) -> Found:
    run = net_advances(facts, now)
    if len(run.bars) < _LONG:
        return None, too_short(run, _LONG)
    short, long = _means(run)[-1]
    return short - long, f"{short:,.0f} − {long:,.0f}, over {len(run.bars)} sessions"


@lru_cache(maxsize=16)
def _means(run: Bars) -> Sequence[tuple[float, float]]:
    """Return both means beside each session from the one that has both."""
    nets = [bar.close for bar in run.bars]
    both = zip(ema(nets, _SHORT), ema(nets, _LONG), strict=True)
    return tuple((short, long) for short, long in both if short is not None and long is not None)


def _slopes(run: Bars) -> Sequence[float]:
    line = ad_line(run)
    return tuple(slope(line[n - _SLOPE : n]) for n in range(_SLOPE, len(line) + 1))


def _oscillations(run: Bars) -> Sequence[float]:
    return tuple(short - long for short, long in _means(run))


def _along(values: Callable[[Bars], Sequence[float]]) -> Along:
    """Return values beside the newest bars of every run, as they were known at each."""

    def answer(facts: Facts, now: datetime) -> Iterator[tuple[datetime, float]]:
        for run in runs(_all_net(facts, now), Hours.XNYS_CLOSE):
            found = values(run)
            beside = run.bars[len(run.bars) - len(found) :]
            yield from ((bar.at, value) for bar, value in zip(beside, found, strict=True))

    return answer


def _divergence(facts: Facts, now: datetime) -> Found:
    """Compare both over the same sessions: the index is known before the breadth is."""
    falling, note = _ad_slope20(facts, now)
    if not isinstance(falling, float):
        return None, note
    day = net_advances(facts, now).bars[-1].day
    known = run_of(facts, "spx.price", now).bars
    seen = [bar for bar in known if bar.day <= day][-_SLOPE - 1 :]
    if len(seen) <= _SLOPE or seen[-1].day != day:
        return None, f"the S&P 500's {_SLOPE + 1} sessions to {day} are not all known"
    gained = seen[-1].close / seen[0].close - 1
    said = f"{falling:+,.0f} a session while the S&P 500 went {gained:+.1%}, to {day}"
    return falling < 0 < gained, said


def _proxy(facts: Facts, now: datetime) -> Found:
    signal = BY_NAME["proxy.price"]
    members = [one for one in facts.readings.values() if one.name == signal.name]
    runs = [
        _own_run(facts.bars.get(f"{one.name}|{one.key}", _NONE).until(now))
        for one in members
        if signal.max_age is None
        or open_seconds(signal.hours, one.as_of, now) <= signal.max_age.total_seconds()
    ]
    whole = [run.bars[-_MEAN:] for run in runs if len(run.bars) >= _MEAN]
    if not whole:
        return None, f"none of {len(members)} proxies has {_MEAN} sessions known without a gap"
    above = sum(bars[-1].close > _mean(bars) for bars in whole)
    known = (
        f"{len(whole)}" if len(whole) == len(members) else f"{len(whole)} known of {len(members)}"
    )
    return above / len(whole), f"{above} of {known}"


def _own_run(bars: Bars) -> Bars:
    """Return the unbroken bars of a coin, which has one every day, or of a fund, which rests."""
    rests = all(is_session(bar.day) for bar in bars.bars[-_MEAN:])
    return unbroken(bars, Hours.XNYS_CLOSE if rests else Hours.ALWAYS)


def _mean(bars: Sequence[Bar]) -> float:
    return fmean(bar.close for bar in bars)


ALONG_BREADTH: Final[Mapping[str, Along]] = {
    "breadth.ad_line": _along(ad_line),
    "breadth.ad_slope20": _along(_slopes),
    "breadth.mcclellan": _along(_oscillations),
}

OF_BREADTH: Final[Mapping[str, OfMarket]] = {
    "breadth.ad_line": _ad_line,
    "breadth.ad_slope20": _ad_slope20,
    "breadth.mcclellan": _mcclellan,
    "breadth.divergence": _divergence,
    "breadth.proxy": _proxy,
}
