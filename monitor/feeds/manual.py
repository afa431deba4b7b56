"""Values a person dated and typed into `config.toml`, for what has no live source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from pydantic import ConfigDict

from monitor.model.reading import Reading
from monitor.signals.catalogue import BY_NAME

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualFeed:
    """Gives the typed values, by signal; their age shows like any other's."""

    values: Mapping[str, ManualValue] = field(default_factory=dict)
    name: str = "manual"

    async def read(self) -> tuple[Reading, ...]:
        """Return every typed value."""
        return tuple(
            Reading(
                name=name,
                value=typed.value,
                unit=BY_NAME[name].unit,
                as_of=typed.instant(),
                source=self.name,
            )
            for name, typed in self.values.items()
        )
