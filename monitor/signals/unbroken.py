"""The sessions of a number that are known without a gap, up to the newest.

What indicators run over: past a session nobody saw they would join two stretches of time
as if they were one.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import session_close, sessions_back
from monitor.model.reading import Bar
from monitor.signals.bars import Bars, last_sessions
from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import Facts, bars_until
from monitor.signals.signal import Signal

_ONE_DAY: Final = timedelta(days=1)
_AT_ONCE: Final = timedelta(0)


def run_of(facts: Facts, name: str, now: datetime) -> Bars:
    """Return a number's unbroken bars by `now`, the present session's so far included."""
    return unbroken(bars_until(facts, name, now), BY_NAME[name].hours)


def whole_of(facts: Facts, name: str, now: datetime) -> Bars:
    """Return the same less the newest session, until its last value has come.

    A late quote brings that after the close: it has come when it is stamped so late, or
    when the market has been closed for as long as a value may be old.
    """
    run = run_of(facts, name, now)
    return _less_newest(run) if _goes_on(run, BY_NAME[name], now) else run


def last_of(
    facts: Facts, name: str, now: datetime, count: int, *, whole: bool = False
) -> Sequence[Bar] | str:
    """Return a number's newest `count` sessions in a row, or why they are not all known.

    whole: less the newest session until its last value has come.
    """
    signal, bars = BY_NAME[name], bars_until(facts, name, now)
    if whole and _goes_on(bars, signal, now):
        bars = _less_newest(bars)
    seen = last_sessions(bars, signal.hours, count)
    return too_short(unbroken(bars, signal.hours), count) if isinstance(seen, str) else seen


def _goes_on(bars: Bars, signal: Signal, now: datetime) -> bool:
    """Say whether the newest session's last value is still to come."""
    if not bars.bars:
        return False
    close = session_close(signal.hours, bars.bars[-1].day)
    return bars.bars[-1].at < close and now < close + (signal.max_age or _AT_ONCE)


def runs(bars: Bars, hours: Hours) -> Iterator[Bars]:
    """Yield the unbroken stretches of bars, oldest first."""
    found = list[Bars]()
    while bars.bars:
        found.append(unbroken(bars, hours))
        bars = Bars(bars=bars.bars[: -len(found[-1].bars)])
    yield from reversed(found)


def too_short(run: Bars, count: int) -> str:
    """Say that a run has fewer sessions than `count`."""
    return f"{len(run.bars)} of {count} sessions known without a gap"


@lru_cache(maxsize=128)
def unbroken(bars: Bars, hours: Hours) -> Bars:
    """Return the newest bars between which no session is missing."""
    days = [bar.day for bar in bars.bars]
    begin = next(
        (n for n in range(len(days) - 1, 0, -1) if days[n - 1] != _day_before(hours, days[n])), 0
    )
    return Bars(bars=bars.bars[begin:]) if begin else bars


@lru_cache(maxsize=128)
def _less_newest(run: Bars) -> Bars:
    # Remembered, so that it is the same bars at every question, as what rests on them asks.
    return Bars(bars=run.bars[:-1])


@lru_cache(maxsize=4_096)
def _day_before(hours: Hours, day: date) -> date:
    return day - _ONE_DAY if hours is Hours.ALWAYS else sessions_back(day, 1)
