"""A value a person dated and typed into `config.toml`."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, ClassVar, Final
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field

_NEW_YORK: Final = ZoneInfo("America/New_York")
_AFTER_THE_CLOSE: Final = time(16, 15)
_AHEAD: Final = timedelta(minutes=1)
"""What two clocks may differ by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualValue:
    """One typed value. as_of: an instant with its offset, or a date for that day's US close."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    value: Annotated[float, Field(strict=True)]
    as_of: datetime | date

    def instant(self) -> datetime:
        """Return `as_of` in UTC; raise ValueError for a time without its offset."""
        if not isinstance(self.as_of, datetime):
            closed = datetime.combine(self.as_of, _AFTER_THE_CLOSE, _NEW_YORK)
            return closed.astimezone(UTC)
        if self.as_of.tzinfo is None:
            raise ValueError(f"needs its offset from UTC, was {self.as_of.isoformat()}")
        return self.as_of.astimezone(UTC)

    def is_to_come(self, now: datetime) -> bool:
        """Return whether its instant is not there yet; then the value says nothing of `now`."""
        return self.instant() - now > _AHEAD

    def untimely(self, now: datetime) -> str:
        """Return why it cannot have been typed by `now`; empty when it can.

        Today's date may be typed before the close, which it then waits for.
        """
        if isinstance(self.as_of, datetime):
            late = self.is_to_come(now)
        else:
            late = self.as_of > now.astimezone(_NEW_YORK).date()
        return f"is dated {self.as_of.isoformat()}, which is to come" if late else ""
