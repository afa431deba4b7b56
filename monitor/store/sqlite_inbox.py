"""The inbox's table, which other processes write to while the daemon runs."""

from datetime import datetime

from monitor.store.database import Database
from monitor.store.records import Said
from monitor.store.schema import from_micros, to_micros


class SqliteInbox:
    """Words for the daemon; see `monitor.store.port.Inbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def say(self, word: str, json: str, at: datetime) -> bool:
        added = self._database.run(
            "INSERT INTO inbox (id, json, at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING",
            *(word, json, to_micros(at)),
        )
        return added == 1

    def unheard(self) -> tuple[Said, ...]:
        rows = self._database.read(
            "SELECT id, json, at FROM inbox WHERE result IS NULL ORDER BY seq"
        )
        return tuple(Said(id=word, json=json, at=from_micros(at)) for word, json, at in rows)

    def heard(self, word: str) -> str | None:
        rows = self._database.read("SELECT result FROM inbox WHERE id = ?", word)
        return rows[0][0] if rows else None

    def refused(self, since: datetime) -> tuple[tuple[Said, str], ...]:
        """Return the words left since then that were refused, and why, for people to see."""
        rows = self._database.read(
            "SELECT id, json, at, result FROM inbox WHERE at >= ? AND result LIKE 'refused: %'"
            " ORDER BY seq",
            to_micros(since),
        )
        return tuple(
            (Said(id=word, json=json, at=from_micros(at)), result.removeprefix("refused: "))
            for word, json, at, result in rows
        )
