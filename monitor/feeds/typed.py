"""A value a person dated and typed into `config.toml`."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from pydantic import ConfigDict

_NEW_YORK: Final = ZoneInfo("America/New_York")
_AFTER_THE_CLOSE: Final = time(16, 15)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualValue:
    """One typed value. as_of: an instant with its offset, or a date for that day's US close."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    value: float
    as_of: datetime | date

    def instant(self) -> datetime:
        """Return `as_of` in UTC; raise ValueError for a time without its offset."""
        if not isinstance(self.as_of, datetime):
            closed = datetime.combine(self.as_of, _AFTER_THE_CLOSE, _NEW_YORK)
            return closed.astimezone(UTC)
        if self.as_of.tzinfo is None:
            raise ValueError(f"needs its offset from UTC, was {self.as_of.isoformat()}")
        return self.as_of.astimezone(UTC)
