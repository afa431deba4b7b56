"""The past storms that ship: when each was, and from when on it is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of days, UTC, both included. title: for people."""

    first: date
    last: date
    title: str

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.first, time(), UTC)

    @property
    def ends(self) -> datetime:
        """Return the midnight after the last day."""
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)


EVENTS: Final[Mapping[str, Window]] = {
    "covid_2020": Window(
        first=date(2020, 2, 14), last=date(2020, 6, 15), title="the pandemic's spring of 2020"
    ),
    "bear_2022": Window(
        first=date(2022, 1, 3), last=date(2022, 12, 30), title="the bear market of 2022"
    ),
    "luna_2022": Window(
        first=date(2022, 5, 1), last=date(2022, 6, 30), title="Terra and Luna, spring of 2022"
    ),
    "ftx_2022": Window(
        first=date(2022, 10, 24), last=date(2022, 12, 15), title="FTX, autumn of 2022"
    ),
    "yen_2024": Window(
        first=date(2024, 7, 23), last=date(2024, 9, 6), title="the yen carry trade, August 2024"
    ),
    "tariff_2025": Window(
        first=date(2025, 3, 10), last=date(2025, 5, 16), title="the tariffs of April 2025"
    ),
}
