"""Changes of a monthly index over a month and a year, and when each was first known.

A month that was never published leaves its own changes unknown, and those that would be
counted from it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from monitor.errors import Transient
from monitor.feeds.foreign import number, past
from monitor.feeds.new_york import NEW_YORK, release_time
from monitor.feeds.releases import released_at
from monitor.feeds.stated import stated
from monitor.feeds.witness import Witness
from monitor.model.reading import Reading
from monitor.signals.signal import Plausible

_LAG: Final = timedelta(days=16)
"""From a month's last day to when its CPI and PPI have usually come, most often before."""
_LAGS: Final[Mapping[str, timedelta]] = {"reer": timedelta(days=25)}
_ONE_DAY: Final = timedelta(days=1)
_LEVEL: Final = Plausible(above=0, up_to=100_000)
_YEARS: Final = range(1900, 2100)
_SPANS: Final[Mapping[str, int]] = {"mom": 1, "yoy": 12}


def changes(index: str, levels: Mapping[date, float]) -> Iterator[tuple[str, date, float]]:
    """Yield the signal, the month and the change, oldest first; a fraction of the earlier level.

    index: `cpi` or `ppi`. levels: by the first day of their month, above 0.
    """
    for month in sorted(levels):
        for span, back in _SPANS.items():
            before = levels.get(months_before(month, back))
            if before is not None:
                yield f"macro.{index}_{span}", month, levels[month] / before - 1


def months_before(month: date, n: int) -> date:
    """Return the first day of the month `n` before."""
    count = month.year * 12 + month.month - 1 - n
    return date(count // 12, count % 12 + 1, 1)


def known_at(index: str, month: date, seen: datetime) -> datetime:
    """Return from when on a month's value counts as known, that was already there when seen.

    Its release, where that day is known; otherwise when such a month has usually come:
    16 days after its last day (the REER 25), at 08:30 New York. Never later than seen. So
    a file that stands still ages, whatever is started anew.
    """
    usual = release_time(months_before(month, -1) - _ONE_DAY + _LAGS.get(index, _LAG))
    return min(seen, released_at(index, month) or usual)


def month_end(month: date) -> datetime:
    """Return the instant a month ends in New York, in UTC."""
    return datetime.combine(months_before(month, -1), time(), NEW_YORK).astimezone(UTC)


@dataclass(slots=True)
class FirstSeen:
    """Remembers when each month of an index was first seen."""

    _seen: dict[tuple[str, date], datetime] = field(default_factory=dict, init=False)
    _looked: set[str] = field(default_factory=set, init=False)

    def note(self, index: str, months: Iterable[date], witness: Witness) -> None:
        """Note the months there are now; raise Transient for one that is not over.

        What is there at the first look was published at some time before it; what comes
        later is published as it comes.
        """
        now, first_look = witness.now, index not in self._looked
        for month in months:
            _check(month, source=witness.source)
            past(month_end(month), now=now, lead=witness.lead, source=witness.source)
            at = known_at(index, month, now) if first_look else now
            self._seen.setdefault((index, month), at)
        self._looked.add(index)

    def instant(self, index: str, month: date) -> datetime:
        """Return from when on a noted month's value counts as known."""
        at = self._seen[index, month]
        released = released_at(index, month)
        return at if released is None else min(at, released)


def levels_of(rows: Iterable[tuple[date, float]], *, source: str) -> Mapping[date, float]:
    """Return an index by month; raise Transient for a level or a month that is none."""
    found = {}
    for month, value in rows:
        _check(month, source=source)
        level = number(value, what="an index", source=source, plausible=_LEVEL)
        found[month.replace(day=1)] = level
    return found


def _check(month: date, *, source: str) -> None:
    if month.year not in _YEARS:
        raise Transient(f"{source} sent a value of {month:%b} {month.year}, which is absurd")


def change_readings(
    index: str, levels: Mapping[date, float], seen: FirstSeen, witness: Witness
) -> Iterator[Reading]:
    """Yield a reading a change, oldest first; raise Transient when one is absurd or to come."""
    seen.note(index, levels, witness)
    for name, month, change in changes(index, levels):
        told = stated(witness, name, change, at=seen.instant(index, month))
        yield replace(told, period=month)
