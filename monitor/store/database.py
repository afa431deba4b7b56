"""What the tables' SQL runs on: one file of SQLite's, or a PostgreSQL that several share.

The statements are the same for both, in the words both understand.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, TypeVar

from monitor.store.connection import Row
from monitor.store.port import Outbox
from monitor.store.records import Carried, Outgoing, Recall

T = TypeVar("T")


class Database(Protocol):
    """Runs statements whose values stand as `?`, or as `?1` where one is used twice.

    Every call raises Transient or Permanent as the store does.
    """

    def read(self, sql: str, *values: object) -> list[Row]:
        """Return all rows of a query as tuples."""
        ...

    def run(self, sql: str, *values: object) -> int:
        """Execute one statement, its own transaction unless inside one; return rows changed."""
        ...

    def run_many(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Execute one statement for each row."""
        ...

    def transaction(self, kind: str = "IMMEDIATE") -> AbstractContextManager[None]:
        """Commit everything run inside, or none of it.

        kind: DEFERRED for one that only reads, EXCLUSIVE for one that makes the tables new.
        """
        ...

    def only_read(self) -> None:
        """Refuse whatever would change anything from here on."""
        ...

    def close(self) -> None: ...


class SqlOutbox(Outbox, Protocol):
    """An outbox kept in tables."""

    def waiting(self, channel: str, but: Collection[int]) -> set[str]:
        """Return the keys of which letters wait for a channel, begun or not, beside those named."""
        ...

    def withdraw(self, alert: Outgoing) -> set[str]:
        """End the letters of an alert taken back that were not begun; return who knows of it.

        Runs in the caller's transaction.
        """
        ...

    def recall(self, recall: Recall) -> None:
        """End letters held by will that were not begun. Runs in the caller's transaction."""
        ...

    def held(self, now: datetime) -> tuple[tuple[str, str, str], ...]:
        """Return what waits by will: alert, channel and why, for people to see."""
        ...

    def carried(self, event: int) -> tuple[Carried, ...]:
        """Return what became of an event's letters, for people to see."""
        ...


def batches(rows: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """Return rows in their order, at most so many at once."""
    return (rows[first : first + most] for first in range(0, len(rows), most))
