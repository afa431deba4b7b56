"""Times of the week, by the wall clock of a place."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Final, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ConfigDict

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS: Final = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)", re.ASCII)
_MIDNIGHT: Final = (24, 0)
_DAY: Final = timedelta(days=1)


def _several(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    return given if isinstance(given, list | tuple) else (given,)


Texts: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_several)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours of some days of the week.

    days: as `mon` or `mon-fri`; all where none is given. hours: as `09:00-17:30`, the end not
    within; `22:00-07:00` begins on a day named and ends on the next. zone: an IANA name.
    Raises ValueError in a sentence.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    days: Texts = ()
    hours: Texts = ()
    zone: str = "UTC"

    def __post_init__(self) -> None:
        _zone(self.zone)
        for text in self.days:
            _days(text)
        for text in self.hours:
            _hours(text)

    def holds(self, now: datetime) -> bool:
        """Return whether an aware instant lies within."""
        here = now.astimezone(_zone(self.zone))
        days = frozenset(day for text in self.days for day in _days(text)) or frozenset(range(7))
        clock = here.time()
        for begin, end in map(_hours, self.hours or ("00:00-24:00",)):
            late = end is None or clock < end
            over_midnight = end is not None and end <= begin
            if here.weekday() in days and clock >= begin and (late or over_midnight):
                return True
            if over_midnight and late and (here - _DAY).weekday() in days:
                return True
        return False

    def told(self) -> str:
        """Return it in words: `mon-fri 09:00-17:30 Europe/Berlin`."""
        return " ".join((*(",".join(one) for one in (self.days, self.hours) if one), self.zone))


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # none of that name, or a name that is a path
        raise ValueError(f"no time zone {name[:40]!r}: such as Europe/Berlin or UTC") from None


@lru_cache(maxsize=256)
def _days(text: str) -> tuple[int, ...]:
    first, sign, last = text.partition("-")
    if first not in DAYS or (sign and last not in DAYS):
        raise ValueError(f"{text[:20]!r} is no day: {' '.join(DAYS)}, or from one to another")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return tuple(day % 7 for day in range(begin, end + 1 + (7 if end < begin else 0)))


@lru_cache(maxsize=256)
def _hours(text: str) -> tuple[time, time | None]:
    """Return where hours begin and end; None is the end of the day."""
    found = _HOURS.fullmatch(text)
    reason = f"{text[:20]!r} are no hours: as in 09:00-17:30, or 22:00-07:00 over midnight"
    if found is None:
        raise ValueError(reason)
    begin, end = (int(found[1]), int(found[2])), (int(found[3]), int(found[4]))
    try:
        return time(*begin), None if end == _MIDNIGHT else time(*end)
    except ValueError:
        raise ValueError(reason) from None
