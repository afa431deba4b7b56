"""A number from a feed, with everything needed to distrust it."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value of one signal as its source stated it.

    name: as in the catalogue. key: which one, for signals that come as a family
    (`vx.settle` has a key per expiry, ISO date); empty otherwise.
    as_of: when the source says it was true. source: the adapter's name. period: the first
    day of the month or quarter a statistic speaks of. since: from when on the source has
    said this very value, however often it stamped it anew; filled in where it is known.
    """

    name: str
    value: float
    unit: str
    as_of: datetime
    source: str
    key: str = ""
    period: date | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """The first, highest, lowest and last value of one session, or of a month or quarter.

    day: the session, the UTC date, or the first day of the period a statistic speaks of.
    at: when the last value was true, or was published.
    """

    day: date
    open: float
    high: float
    low: float
    close: float
    at: datetime
