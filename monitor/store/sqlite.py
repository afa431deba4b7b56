"""The store on one SQLite file."""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from monitor.alerts.desk import Decision, untold
from monitor.errors import Permanent
from monitor.store.connection import Connection, database_path, make_private, unusable
from monitor.store.database import Database, SqlOutbox, batches
from monitor.store.records import Change, Outgoing, Poll, RowKey, Sample, Saved
from monitor.store.retention import forget
from monitor.store.schema import MIGRATIONS, from_micros, maybe_micros, to_micros
from monitor.store.sqlite_checkpoints import SqliteCheckpoints
from monitor.store.sqlite_history import SqliteHistory
from monitor.store.sqlite_inbox import SqliteInbox
from monitor.store.sqlite_outbox import SqliteOutbox

_META: Final = "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID"

_ASKED: Final = 500
"""Keys asked of in one statement."""


def open_sqlite(
    url: str, *, now: datetime | None, check: bool = True, forward: bool = True
) -> "SqliteStore":
    """Open the store at `url`, creating it where there is none and `now` is no None.

    Any process may; the daemon holds a `Lock` besides. check: look through the
    whole file for damage first. forward: migrate an older one.
    Raises ConfigError, in one sentence, when the file cannot be written, is damaged,
    is not a store, or is of another release.
    """
    path = database_path(url)
    make_private(path)
    try:
        database = Connection(path)
    except Permanent as error:
        raise unusable(path, f"the file cannot be used: {error.__cause__ or error}") from error
    try:
        if check:
            _look_through(path, database)
        _migrate(path, database, now, forward=forward)
    except Permanent as error:
        database.close()
        raise unusable(path, f"the file is damaged: {error.__cause__ or error}") from error
    except BaseException:
        database.close()
        raise
    return SqliteStore(database)


def _look_through(path: Path, database: Connection) -> None:
    found = database.read("PRAGMA quick_check(1)")[0][0]
    if found != "ok":
        detail = found.splitlines()[-1]  # the first names the database, again
        raise unusable(path, f"the file is damaged ({detail}): put a copy of it back")


def _migrate(path: Path, database: Connection, now: datetime | None, *, forward: bool) -> None:
    if (found := _schema(path, database)) == len(MIGRATIONS):
        return
    if now is None or (found and not forward):
        raise unusable(path, to_be_migrated(found))
    with database.transaction():
        version = _schema(path, database)  # again: another process may have been first
        if version == 0:
            database.run(_META)
            database.run("INSERT INTO meta VALUES ('created_at', ?)", to_micros(now))
        for script in MIGRATIONS[version:]:
            for statement in script.split(";"):
                database.run(statement)
        database.run("INSERT OR REPLACE INTO meta VALUES ('schema', ?)", len(MIGRATIONS))


def to_be_migrated(schema: int) -> str:
    """Return what is told of an older store, or one of no tables, where it may not be changed."""
    if not schema:
        return "nothing is saved in it yet: `hedgewatch run` makes its tables"
    known = len(MIGRATIONS)
    told = f"an older Hedgewatch wrote this (schema {schema}, known {known})"
    return f"{told}: use that one's commands, or end its `run` and begin this one's"


def _schema(path: Path, database: Connection) -> int:
    tables = {name for (name,) in database.read("SELECT name FROM sqlite_master")}
    if not tables:
        return 0
    rows = database.read("SELECT value FROM meta WHERE name = 'schema'") if "meta" in tables else []
    if not rows:
        raise unusable(path, "the file is a database, but not one of Hedgewatch's")
    version = int(rows[0][0])
    if version > len(MIGRATIONS):
        known = len(MIGRATIONS)
        raise unusable(
            path, f"a newer Hedgewatch wrote this (schema {version}, known {known}): upgrade"
        )
    return version


class SqliteStore:
    """State, outbox, inbox and history in one database; see `open_sqlite` and `open_postgres`.

    outbox: the one of a database that several daemons share.
    """

    def __init__(self, database: Database, outbox: SqlOutbox | None = None) -> None:
        self._database = database
        self.outbox: SqlOutbox = outbox or SqliteOutbox(database)
        self.inbox = SqliteInbox(database)
        self.history = SqliteHistory(database)
        self.checkpoints = SqliteCheckpoints(database)

    def load(self) -> Saved:
        with self._database.transaction("DEFERRED"):  # one moment's view of it all
            meta: dict[str, int] = dict(self._database.read("SELECT name, value FROM meta"))
            rows = self._database.read("SELECT kind, key, json FROM state")
            samples = self._database.read("SELECT series, at, value FROM sample ORDER BY id")
        return Saved(
            created_at=from_micros(meta["created_at"]),
            schema=meta["schema"],
            rows={(kind, key): json for kind, key, json in rows},
            samples=tuple(
                Sample(series=series, at=from_micros(at), value=value)
                for series, at, value in samples
            ),
        )

    def rows(self, kind: str) -> dict[RowKey, str]:
        """Return the state's rows of one kind."""
        found = self._database.read("SELECT key, json FROM state WHERE kind = ?", kind)
        return {(kind, key): json for key, json in found}

    def commit(self, *changes: Change) -> None:
        with self._database.transaction():
            for change in changes:
                self._put(change)

    def forget(self, before: datetime, needed: Collection[str] = ()) -> bool:
        return forget(self._database, before, needed)

    def only_read(self) -> Database:
        """Have the database itself refuse whatever would change it from here on; return it."""
        self._database.only_read()
        return self._database

    def close(self) -> None:
        self._database.close()

    def _put(self, change: Change) -> None:
        self._put_rows(change)
        self._put_samples(change)
        for recall in change.recalls:
            self.outbox.recall(recall)
        decided = self._put_alerts(self._unknown(change.alerts))
        self.history.decide([*decided, *change.decisions])
        self._database.run_many(
            "UPDATE inbox SET result = ? WHERE id = ? AND result IS NULL",
            [(result, word) for word, result in change.consumed_words.items()],
        )
        if change.poll is not None:
            self._put_poll(change.poll)

    def _put_rows(self, change: Change) -> None:
        self._database.run_many(
            "INSERT INTO state VALUES (?, ?, ?)"
            " ON CONFLICT (kind, key) DO UPDATE SET json = excluded.json",
            [(kind, key, json) for (kind, key), json in change.rows.items() if json is not None],
        )
        self._database.run_many(
            "DELETE FROM state WHERE kind = ? AND key = ?",
            [row for row, json in change.rows.items() if json is None],
        )

    def _put_samples(self, change: Change) -> None:
        self._database.run_many(
            "DELETE FROM sample WHERE series = ? AND at >= ?",
            [(series, to_micros(at)) for series, at in change.forget_samples_from.items()],
        )
        self._database.run_many(
            "INSERT INTO sample (series, at, value) VALUES (?, ?, ?)",
            [(sample.series, to_micros(sample.at), sample.value) for sample in change.samples],
        )
        self._database.run_many(
            "DELETE FROM sample WHERE series = ? AND at < ?",
            [(series, to_micros(at)) for series, at in change.forget_samples_before.items()],
        )

    def _unknown(self, alerts: Sequence[Outgoing]) -> list[Outgoing]:
        """Return the alerts that are not kept yet, the first of each key."""
        first = dict[str, Outgoing]()
        for alert in alerts:
            first.setdefault(alert.idem, alert)
        known = set[str]()
        for some in batches(list(first), _ASKED):
            known |= {
                idem
                for (idem,) in self._database.read(
                    f"SELECT idem FROM event WHERE idem IN ({', '.join('?' * len(some))})",  # noqa: S608 - marks
                    *some,
                )
            }
        return [alert for idem, alert in first.items() if idem not in known]

    def _put_alerts(self, alerts: Sequence[Outgoing]) -> list[Decision]:
        """Put alerts and their letters; return what was decided of them."""
        self._database.run_many(
            "INSERT INTO event (idem, key, alert_id, at, payload, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (one.idem, one.key, one.alert_id, to_micros(one.at), one.payload, expiry)
                for one in alerts
                for expiry in [maybe_micros(one.expires_at)]
            ],
        )
        letters, decided = list[tuple[object, ...]](), list[Decision]()
        for alert in alerts:
            told = set(alert.channels)
            if alert.takes_back:
                self._put_letters(letters)  # what is taken back may be among them
                letters, told = [], self.outbox.withdraw(alert)
            letters += _letters(alert, told)
            decided += untold(alert.decisions, told)
        self._put_letters(letters)
        return decided

    def _put_letters(self, letters: Sequence[tuple[object, ...]]) -> None:
        self._database.run_many(
            "INSERT INTO outbox (event, channel, key, queued_at, due)"
            " VALUES ((SELECT id FROM event WHERE idem = ?), ?, ?, ?, ?)",
            letters,
        )

    def _put_poll(self, poll: Poll) -> None:
        self._database.run(
            "INSERT INTO poll (source, at, number, hash, gap, requests) VALUES (?, ?, ?, ?, ?, ?)",
            *(poll.source, to_micros(poll.at), poll.number, poll.hash, poll.gap, poll.requests),
        )
        self._database.run(
            "INSERT INTO tally VALUES (?, 1, ?, ?) ON CONFLICT (source) DO UPDATE"
            " SET polls = tally.polls + 1, gaps = tally.gaps + excluded.gaps,"
            " requests = tally.requests + excluded.requests",
            *(poll.source, poll.gap is not None, poll.requests),
        )


def _letters(alert: Outgoing, told: set[str]) -> list[tuple[object, ...]]:
    at, due = to_micros(alert.at), to_micros(alert.due or alert.at)
    held = {channel: to_micros(until) for channel, until in alert.held.items()}
    return [
        (alert.idem, channel, alert.key, held.get(channel, at), held.get(channel, due))
        for channel in dict.fromkeys(alert.channels)
        if channel in told
    ]
