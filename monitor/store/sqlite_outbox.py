"""The outbox's tables."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from monitor.store.connection import Row
from monitor.store.database import Database
from monitor.store.records import Backlog, Carried, Letter, Outgoing, Recall
from monitor.store.schema import from_micros, maybe_instant, to_micros

_ALL: Final = 2**62
WITHDRAWN: Final = "taken back before it was sent"
WAITING: Final = "o.done_at IS NULL AND o.dead_at IS NULL"
HEAD: Final = (
    "NOT EXISTS (SELECT 1 FROM outbox p WHERE p.channel = o.channel AND p.key = o.key"
    " AND p.id < o.id AND p.done_at IS NULL AND p.dead_at IS NULL)"
)
_LETTER: Final = (
    "SELECT o.id, o.channel, e.idem, o.key, e.alert_id, e.payload, o.queued_at, o.due, o.tries,"
    " o.sending | o.ambiguous, o.unanswered + o.sending, e.expires_at, o.error, o.dead_at"
    " FROM outbox o JOIN event e ON e.id = o.event"
)
_KEYS: Final = "SELECT DISTINCT o.key FROM outbox o"
_HELD: Final = (
    "SELECT e.alert_id, o.channel, coalesce(d.reason, 'held') FROM outbox o"
    " JOIN event e ON e.id = o.event LEFT JOIN decision d"
    " ON d.idem = e.idem AND d.channel = o.channel AND d.choice = 'held'"
)


class SqliteOutbox:
    """Letters on their way; see `monitor.store.port.Outbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, channel: str, now: datetime, limit: int) -> tuple[Letter, ...]:
        rows = self._database.read(
            f"{_LETTER} WHERE o.channel = ? AND {WAITING} AND o.due <= ? AND {HEAD}"
            " ORDER BY o.id LIMIT ?",
            *(channel, to_micros(now), limit),
        )
        return tuple(_letter(row) for row in rows)

    def find(self, channel: str, idem: str) -> Letter | None:
        asked = f"{_LETTER} WHERE e.idem = ? AND o.channel = ? AND {WAITING}"
        rows = self._database.read(asked, idem, channel)
        return _letter(rows[0]) if rows else None

    def waiting(self, channel: str, but: Collection[int]) -> set[str]:
        ended = ", ".join("?" * len(but)) or "0"
        sql = f"{_KEYS} WHERE o.channel = ? AND {WAITING} AND o.id NOT IN ({ended})"
        return {key for (key,) in self._database.read(sql, channel, *but)}

    def letters(self, numbers: Sequence[int]) -> tuple[Letter, ...]:
        """Return the letters of these numbers, in their order."""
        if not numbers:
            return ()
        asked = ", ".join("?" * len(numbers))
        rows = self._database.read(f"{_LETTER} WHERE o.id IN ({asked}) ORDER BY o.id", *numbers)
        return tuple(_letter(row) for row in rows)

    def next_due(self, channel: str) -> datetime | None:
        [(due,)] = self._database.read(
            f"SELECT min(o.due) FROM outbox o WHERE o.channel = ? AND {WAITING} AND {HEAD}",  # noqa: S608 - constants
            channel,
        )
        return maybe_instant(due)

    def sending(self, letter: int) -> None:
        self._change(
            letter,
            "tries = tries + 1, unanswered = unanswered + sending,"
            " ambiguous = ambiguous | sending, sending = 1",
        )

    def delivered(self, letter: int, at: datetime) -> None:
        self._change(letter, "done_at = ?, sending = 0", to_micros(at))

    def failed(self, letter: int, *, due: datetime, error: str, ambiguous: bool) -> None:
        self._change(
            letter,
            "due = ?1, error = ?2, unanswered = unanswered + ?3, ambiguous = ambiguous | ?3,"
            " sending = 0",
            *(to_micros(due), error, ambiguous),
        )

    def dead(self, letter: int, at: datetime, error: str) -> None:
        self._change(letter, "dead_at = ?, error = ?, sending = 0", to_micros(at), error)

    def withdraw(self, alert: Outgoing) -> set[str]:
        """End the letters of an alert taken back that were not begun; return who knows of it.

        A letter that may have arrived stays, and so does one given up: a person may
        send that again. One that was recalled told nobody. Runs in the caller's transaction.
        """
        rows = self._database.read(
            "SELECT o.id, o.channel, o.done_at IS NULL AND o.dead_at IS NULL"
            " AND (o.sending | o.ambiguous) = 0"
            " FROM outbox o JOIN event e ON e.id = o.event WHERE o.key = ? AND e.alert_id = ?"
            " AND (o.done_at IS NULL OR o.tries > 0 AND o.error <> ?)",
            *(alert.key, alert.alert_id, WITHDRAWN),
        )
        self._database.run_many(
            "UPDATE outbox SET done_at = ?, error = ? WHERE id = ?",
            [(to_micros(alert.at), WITHDRAWN, letter) for letter, _, unsent in rows if unsent],
        )
        return {channel for _, channel, unsent in rows if not unsent}

    def recall(self, recall: Recall) -> None:
        """End letters held by will that were not begun. Runs in the caller's transaction."""
        self._database.run(
            "UPDATE outbox SET done_at = ?1, error = ?2 WHERE channel = ?3 AND key = ?4"
            " AND queued_at > ?1 AND tries = 0 AND done_at IS NULL AND dead_at IS NULL"
            " AND event IN (SELECT id FROM event WHERE alert_id = ?5)",
            *(to_micros(recall.at), recall.reason, recall.channel, recall.key, recall.alert),
        )

    def requeue(self, letter: int, at: datetime) -> None:
        changed = self._database.run(
            "UPDATE outbox SET dead_at = NULL, tries = 0, unanswered = 0, queued_at = ?1, due = ?1"
            " WHERE id = ?2 AND dead_at IS NOT NULL",
            *(to_micros(at), letter),
        )
        if not changed:
            raise LookupError(f"no dead letter has the number {letter}")

    def oldest_undelivered(self, now: datetime) -> float | None:
        [(oldest,)] = self._database.read(
            f"SELECT min(o.queued_at) FROM outbox o WHERE {WAITING}"  # noqa: S608 - constants
        )
        return None if oldest is None else max(0.0, (now - from_micros(oldest)).total_seconds())

    def dead_letters(self, newest: int | None = None) -> tuple[Letter, ...]:
        rows = self._database.read(
            f"{_LETTER} WHERE o.dead_at IS NOT NULL ORDER BY o.id DESC LIMIT ?",
            _ALL if newest is None else newest,
        )
        return tuple(_letter(row) for row in reversed(rows))

    def backlog(self) -> tuple[Backlog, ...]:
        # Each half by an index of its own, however many letters have arrived.
        rows = self._database.read(
            "SELECT channel, CAST(sum(waiting) AS bigint), CAST(sum(dead) AS bigint), min(oldest)"
            " FROM ("
            "SELECT channel, count(*) AS waiting, 0 AS dead, min(queued_at) AS oldest"
            " FROM outbox WHERE done_at IS NULL AND dead_at IS NULL GROUP BY channel UNION ALL"
            " SELECT channel, 0, count(*), NULL FROM outbox WHERE dead_at IS NOT NULL"
            " AND done_at IS NULL GROUP BY channel) AS owed GROUP BY channel ORDER BY channel"
        )
        return tuple(
            Backlog(channel=channel, waiting=waiting, dead=dead, oldest=maybe_instant(oldest))
            for channel, waiting, dead, oldest in rows
        )

    def held(self, now: datetime) -> tuple[tuple[str, str, str], ...]:
        """Return what waits by will: alert, channel and why, for people to see."""
        rows = self._database.read(
            f"{_HELD} WHERE {WAITING} AND o.queued_at > ? ORDER BY o.id", to_micros(now)
        )
        return tuple((alert, channel, reason) for alert, channel, reason in rows)

    def carried(self, event: int) -> tuple[Carried, ...]:
        """Return what became of an event's letters, for people to see."""
        rows = self._database.read(
            "SELECT channel, tries, error, done_at, dead_at FROM outbox WHERE event = ?"
            " ORDER BY id",
            event,
        )
        return tuple(map(_carried, rows))

    def _change(self, letter: int, assignments: str, *values: object) -> None:
        sql = f"UPDATE outbox SET {assignments} WHERE id = ?"  # noqa: S608 - constants
        if not self._database.run(sql, *values, letter):
            raise LookupError(f"no letter has the number {letter}")


def _letter(row: Row) -> Letter:
    (number, channel, idem, key, alert_id, payload) = row[:6]
    (queued_at, due, tries, repeat, unanswered, expires_at, error, dead_at) = row[6:]
    return Letter(
        id=number,
        channel=channel,
        idem=idem,
        key=key,
        alert_id=alert_id,
        payload=payload,
        queued_at=from_micros(queued_at),
        due=from_micros(due),
        tries=tries,
        repeat=bool(repeat),
        unanswered=unanswered,
        expires_at=maybe_instant(expires_at),
        error=error,
        dead_at=maybe_instant(dead_at),
    )


def _carried(row: Row) -> Carried:
    channel, tries, error, done_at, dead_at = row
    return Carried(
        channel=channel,
        tries=tries,
        error=error,
        done_at=maybe_instant(done_at),
        dead_at=maybe_instant(dead_at),
    )
