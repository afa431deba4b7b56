"""The sessions of a number that are known without a gap, up to the newest.

What indicators run over: past a session nobody saw they would join two stretches of time
as if they were one.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from monitor.signals.bars import Bars
from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import Facts
from monitor.signals.sessions import session_close, sessions_back
from monitor.signals.signal import Hours

_NONE: Final = Bars()
_ONE_DAY: Final = timedelta(days=1)
_AT_ONCE: Final = timedelta(0)


def run_of(facts: Facts, name: str, now: datetime) -> Bars:
    """Return a number's unbroken bars by `now`, the present session's so far included."""
    bars = facts.bars.get(f"{name}|", _NONE)
    return unbroken(bars.until(now), BY_NAME[name].hours)


def whole_of(facts: Facts, name: str, now: datetime) -> Bars:
    """Return the same less the newest session, until its last value has come.

    A late quote brings that after the close: it has come when it is stamped so late, or
    when the market has been closed for as long as a value may be old.
    """
    run, signal = run_of(facts, name, now), BY_NAME[name]
    if not run.bars:
        return run
    close = session_close(signal.hours, run.bars[-1].day)
    if run.bars[-1].at >= close or close + (signal.max_age or _AT_ONCE) <= now:
        return run
    return _less_newest(run)


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


def _day_before(hours: Hours, day: date) -> date:
    return day - _ONE_DAY if hours is Hours.ALWAYS else sessions_back(day, 1)
