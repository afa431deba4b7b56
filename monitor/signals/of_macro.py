"""What statistics and the Fed say: surprises, hours to what is to come, the dollar's pace."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from statistics import fmean, stdev
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import sessions_back, sessions_between
from monitor.signals.answers import Found, OfMarket
from monitor.signals.bars import last_sessions
from monitor.signals.facts import Facts, bars_until

_NEW_YORK: Final = ZoneInfo("America/New_York")
_RELEASES: Final = frozenset({"cpi", "ppi"})
_DECIDED: Final = time(14)
_RELEASED: Final = time(8, 30)
_SHUT: Final = time(16)
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_YEAR: Final = 12
_LEFT_OUT: Final = 2
"""So many months of a year may never have been published, as October 2025 was not."""

_MOVE: Final = 0.0010
_AFTER: Final = 2
_QUARTER: Final = 3
_LOOKED_AT: Final = 60
_ENOUGH: Final = 36


class _Known(NamedTuple):
    """A day of a calendar. told_at: when its source said so last."""

    day: date
    scheduled: bool
    told_at: datetime


def _calendar(facts: Facts, event: str) -> list[_Known]:
    """Return the days known of a calendar, in order; there is at least one."""
    name = f"calendar.{event}"
    return sorted(
        _Known(date.fromisoformat(one.key), bool(one.value), one.as_of)
        for one in facts.readings.values()
        if one.name == name
    )


def _at(day: date, hour: time) -> datetime:
    """Return an hour of a day in New York, in UTC."""
    return datetime.combine(day, hour, _NEW_YORK).astimezone(UTC)


def _surprise(index: str) -> OfMarket:
    """Return the last month's change less the mean of the 12 months' before it."""

    def answer(facts: Facts, now: datetime) -> Found:
        known = bars_until(facts, f"macro.{index}_mom", now).bars[-_YEAR - 1 :]
        if len(known) <= _YEAR:
            return None, f"{len(known)} of {_YEAR + 1} months known"
        *before, last = known
        missing = _month(last.day) - _month(before[0].day) - _YEAR
        if missing > _LEFT_OUT:
            return None, f"{missing} of the months since {before[0].day:%B %Y} are not known"
        mean = fmean(bar.close for bar in before)
        note = f"{last.day:%B %Y} {last.close:+.2%}, the {_YEAR} before {mean:+.2%}"
        return last.close - mean, note + (f", {missing} missing" if missing else "")

    return answer


def _hours(event: str, hour: time) -> OfMarket:
    """Return the hours to the next scheduled day a calendar knows, at the hour it comes."""

    def answer(facts: Facts, now: datetime) -> Found:
        known = _calendar(facts, event)
        days = (one.day for one in known if one.scheduled)
        after = next((day for day in days if _at(day, hour) >= now), None)
        if after is None:
            needs = ": later ones need [feed.releases] key" if event in _RELEASES else ""
            return None, f"no day after {known[-1].day} is known{needs}"
        return (_at(after, hour) - now) / _HOUR, f"{after} {hour:%H:%M} New York"

    return answer


def _fomc_window(facts: Facts, now: datetime) -> Found:
    """Say whether the Fed decides about now; nobody knows once the calendar has run out."""
    days = _calendar(facts, "fomc")
    for one in days:
        begin, end = _around(one)
        if begin <= now < end:
            said = "" if one.scheduled else ", which was not scheduled"
            return True, f"about the decision of {one.day}{said}"
    after = next((one for one in days if one.scheduled and _around(one)[0] > now), None)
    if after is None:
        return None, f"no decision after {days[-1].day} is known"
    return False, f"the next decision known is on {after.day}"


def _around(one: _Known) -> tuple[datetime, datetime]:
    """Return from when to when a decision is about. What was not scheduled nobody foresaw."""
    end = _at(one.day + _DAY, _SHUT)
    if one.scheduled:
        return _at(sessions_back(one.day - _DAY, 0), _SHUT), end
    return max(_at(one.day, time()), one.told_at), end


def _fed_moved(facts: Facts, now: datetime) -> Found:
    """Say whether the funds rate last moved although no decision had been scheduled for it."""
    bars = bars_until(facts, "rates.fed_funds", now)
    seen = last_sessions(bars, Hours.XNYS_CLOSE, 2)
    if isinstance(seen, str):
        return None, seen
    before, after = seen
    told = f"{before.close:.2%} to {after.close:.2%} on {after.day}"
    # Rates are stated to a hundredth of a percent; binary fractions of them are not.
    if round(abs(after.close - before.close), 6) < _MOVE:
        return False, told
    for one in _calendar(facts, "fomc"):
        due = one.scheduled and one.day <= after.day
        if due and sessions_between(one.day, after.day) <= _AFTER:
            return False, f"{told}, after the decision of {one.day}"
    return True, f"{told}, after no scheduled decision"


def _reer_z(facts: Facts, now: datetime) -> Found:
    """Return the dollar's change over 3 months among those of the 60 months before."""
    bars = bars_until(facts, "macro.reer", now).bars
    values = {_month(bar.day): bar.close for bar in bars}
    changes = {
        month: value / values[month - _QUARTER] - 1
        for month, value in values.items()
        if month - _QUARTER in values
    }
    last = max(values, default=0)
    if last not in changes:
        return None, f"its value of {_QUARTER} months before is not known"
    before = [changes[n] for n in range(last - _LOOKED_AT, last) if n in changes]
    if len(before) < _ENOUGH:
        return None, f"{len(before)} of {_ENOUGH} changes before it known"
    return z_score(changes[last], before, f"{changes[last]:+.2%} in {_QUARTER} months")


def z_score(value: float, among: Sequence[float], told: str) -> Found:
    """Return how many sample standard deviations a value is above the mean of others."""
    spread = stdev(among)
    if not spread:
        return None, "it has not changed"
    return (value - fmean(among)) / spread, f"{told}, among {len(among)} before"


def _month(day: date) -> int:
    return day.year * _YEAR + day.month


OF_MACRO: Final[Mapping[str, OfMarket]] = {
    "macro.cpi_surprise": _surprise("cpi"),
    "macro.ppi_surprise": _surprise("ppi"),
    "macro.fomc_hours": _hours("fomc", _DECIDED),
    "macro.cpi_hours": _hours("cpi", _RELEASED),
    "macro.ppi_hours": _hours("ppi", _RELEASED),
    "macro.fomc_window": _fomc_window,
    "macro.fed_moved": _fed_moved,
    "macro.reer_z": _reer_z,
}
