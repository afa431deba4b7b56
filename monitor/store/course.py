"""How book and hedge went, a mark a quarter of an hour, as rows of the store people look at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pydantic import TypeAdapter, ValidationError

from monitor.store.records import RowKey

KIND: Final = "course"


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseMark:
    """Book and hedge at one instant; None is unknown.

    at: seconds since 1970 UTC. il: of the book, a fraction <= 0. lost_usd: what all positions
    lost in their lives, <= 0. hedge_usd: what the hedge made in its life. vix: points.
    """

    at: int
    il: float | None = None
    lost_usd: float | None = None
    hedge_usd: float | None = None
    value_usd: float | None = None
    vix: float | None = None

    @property
    def day(self) -> str:
        """Return its day in UTC, which is its row's key."""
        return datetime.fromtimestamp(self.at, UTC).date().isoformat()


_MARKS: Final = TypeAdapter(tuple[CourseMark, ...])


def row_of(marks: Iterable[CourseMark]) -> str:
    """Return one day's row."""
    return _MARKS.dump_json(tuple(marks)).decode()


def saved_course(rows: Mapping[RowKey, str]) -> tuple[CourseMark, ...]:
    """Return every mark saved, oldest first; a row that cannot be read is left out."""
    found = list[CourseMark]()
    for (kind, _), text in rows.items():
        if kind == KIND:
            try:
                found += _MARKS.validate_json(text)
            except ValidationError:
                continue  # of another version
    return tuple(sorted(found, key=lambda mark: mark.at))
