"""One connection to a PostgreSQL: bounded in time, reconnected aside, its failures given meaning.

No call waits longer than its patience, whoever hangs: the server is told to give up by then,
and where nothing is heard from it at all, we do. A connection that was lost is made anew on a
thread of its own; until it stands every call fails at once, so that the daemon's loop never
waits for a database that is away.
"""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, Final

import psycopg
from psycopg import errors
from psycopg.conninfo import make_conninfo

from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.store.connection import Row
from monitor.store.database import batches

PATIENCE_S: Final = 2.0
"""What one statement may take: a commit takes milliseconds, a disk that stalls a second."""

READING_S: Final = 30.0
"""What reading all of the state may take, or making tables new: only a start waits for it."""

CONNECT_S: Final = 5
_AT_ONCE: Final = 200
"""Rows of one question: few enough for its patience, so many that a far server is asked seldom."""
_AGAIN_S: Final = 0.25
_NOT_LET_IN_S: Final = 5.0
"""A server that answers and lets nobody in is asked seldom: it may count what fails."""

_VALUE: Final = re.compile(r"\?(\d*)")
_BEGIN: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# A daemon that stands still within a transaction must not hold the others up.
_SETTINGS: Final = (
    f"SET statement_timeout = {int(PATIENCE_S * 900)}",
    f"SET lock_timeout = {int(PATIENCE_S * 500)}",
    f"SET idle_in_transaction_session_timeout = {int(PATIENCE_S * 1000)}",
    "SET TimeZone = 'UTC'",
)
_ONLY_READ: Final = "SET default_transaction_read_only = on"
# Full, out of memory or connections, told to go, read-only as a standby is, or in each other's way.
_PASSING: Final = ("08", "40", "53", "55", "57", "58", "25006", "25P03")
# Not let in, no such database, no right to a table, damaged.
_LASTING: Final = ("28", "3D", "42501", "XX001", "XX002")
# Of a connection that fails no code is known, only words; what is not among these may pass.
_NOT_LET_IN: Final = re.compile(
    r"no password supplied|authentication failed|does not exist|no pg_hba\.conf entry"
    r"|permission denied|root certificate|certificate verify failed"
)
_BEFORE: Final = re.compile(r".*\bfailed: (?=\S)|FATAL:\s+")


class _Bounded(psycopg.Connection[Row]):
    """A connection whose every wait ends."""

    patience_s: float = PATIENCE_S

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:  # noqa: ANN401 - psycopg's generators
        return super().wait(gen, interval, self.patience_s if timeout is None else timeout)


class PostgresConnection:
    """A `Database` on a PostgreSQL; see the module.

    url: how it is reached, told in no message. where: what of it people may see. fence: run
    first in every transaction that writes; it raises where that must not be. Raises Transient or
    Permanent where it cannot be reached now.
    """

    def __init__(self, url: str, where: str) -> None:
        self.where = where
        self.fence: Callable[[], None] = lambda: None
        self._url = make_conninfo(url, connect_timeout=CONNECT_S, application_name="hedgewatch")
        self._settings: Sequence[str] = _SETTINGS
        self._closed = threading.Event()
        self._trouble = ""
        self._again: threading.Thread | None = None
        try:
            self._raw: _Bounded | None = self._connected()
        except psycopg.Error as error:
            raise self._verdict(error) or Permanent(self._told(error)) from None

    def read(self, sql: str, *values: object) -> list[Row]:
        """Return all rows of a query as tuples."""
        with self._verdicts() as raw:
            return raw.execute(*_spoken(sql, values)).fetchall()

    def run(self, sql: str, *values: object) -> int:
        """Execute one statement, its own transaction unless inside one; return rows changed."""
        with self._verdicts() as raw:
            return raw.execute(*_spoken(sql, values)).rowcount

    def run_many(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Execute one statement for each row, many of them at each question to the server.

        As a text of statements and not as a pipeline: within one the server counts no time, and
        a daemon that stands still there would hold the lease for ever.
        """
        with self._verdicts() as raw, psycopg.ClientCursor(raw) as cursor:
            for some in batches(rows, _AT_ONCE):
                texts = [cursor.mogrify(*_spoken(sql, row)) for row in some]
                cursor.execute(";".join(texts).encode())

    @contextmanager
    def transaction(self, kind: str = "IMMEDIATE") -> Iterator[None]:
        """Commit everything run inside, or none of it; all but an IMMEDIATE one may take longer.

        A connection lost over the COMMIT leaves unknown whether it was done: it is raised as a
        failure, and whoever goes on must load what there is.
        """
        reads = kind == "DEFERRED"
        self.run(_BEGIN if reads else "BEGIN")
        raw = self._raw
        try:
            if kind != "IMMEDIATE":
                self._be_patient(READING_S)
            if not reads:
                self.fence()
            yield
            self.run("COMMIT")
        except BaseException:
            if raw is not None and raw is self._raw and not raw.closed:
                with suppress(HedgewatchError):
                    self.run("ROLLBACK")
            raise
        finally:
            if raw is not None:
                raw.patience_s = PATIENCE_S

    def only_read(self) -> None:
        self._settings = (*_SETTINGS, _ONLY_READ)  # of the next connection, too
        self.run(_ONLY_READ)

    def close(self) -> None:
        self._closed.set()
        raw, self._raw = self._raw, None
        if raw is not None:
            raw.close()

    def _be_patient(self, seconds: float) -> None:
        self.run(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
        if self._raw is not None:
            self._raw.patience_s = seconds

    def _connected(self) -> _Bounded:
        raw = _Bounded.connect(self._url, autocommit=True)
        try:
            for setting in self._settings:
                raw.execute(setting)
        except BaseException:
            raw.close()
            raise
        return raw

    @contextmanager
    def _verdicts(self) -> Iterator[_Bounded]:
        raw = self._raw
        if raw is None:
            raise Transient(f"{self.where} is away: {self._trouble}")
        try:
            yield raw
        except psycopg.Error as error:
            verdict = self._verdict(error)
            if raw.closed or isinstance(error, errors._WaitTimeout):  # noqa: SLF001 - no public name
                self._lose(raw, str(verdict or error))
            if verdict is None:
                raise  # a statement that is wrong, which no retry and no person mends
            raise verdict from error

    def _lose(self, raw: _Bounded, why: str) -> None:
        """Give a connection up, and make the next one aside."""
        raw.close()
        if self._raw is raw and not self._closed.is_set():
            self._raw, self._trouble = None, why.removeprefix(f"{self.where}: ")
            self._again = threading.Thread(target=self._reconnect, name="postgres", daemon=True)
            self._again.start()

    def _reconnect(self) -> None:
        again_s = _AGAIN_S
        while not self._closed.wait(again_s):
            try:
                raw = self._connected()
            except psycopg.Error as error:
                self._trouble = _words(error)
                again_s = _NOT_LET_IN_S if _is_turned_away(error) else _AGAIN_S
                continue
            self._raw = raw
            if self._closed.is_set():
                raw.close()
            return

    def _verdict(self, error: psycopg.Error) -> HedgewatchError | None:
        state = error.sqlstate or ""
        if isinstance(error, errors._WaitTimeout):  # noqa: SLF001 - no public name
            return Transient(f"{self.where}: no answer within {PATIENCE_S:g} s", ambiguous=True)
        if state.startswith(_LASTING) or (not state and _NOT_LET_IN.search(str(error))):
            return Permanent(self._told(error))
        if state.startswith(_PASSING) or (
            not state and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        ):
            return Transient(self._told(error))
        return None

    def _told(self, error: psycopg.Error) -> str:
        return f"{self.where}: {_words(error)}"


def _words(error: psycopg.Error) -> str:
    """Return the first line of what a failure says, without how it came about."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = [line for line in lines if not line.startswith(("DETAIL", "HINT", "CONTEXT", "LINE"))]
    told = _BEFORE.sub("", (said or lines or [type(error).__name__])[0])
    # Of a connection that fails there is no code, and its words may be of any language.
    if _is_turned_away(error):
        return f"it answers and, given the password, does not let us in: {told}"
    return told


def _is_turned_away(error: psycopg.Error) -> bool:
    """Return whether a server let nobody in although it was given the password."""
    return error.sqlstate is None and error.pgconn is not None and error.pgconn.used_password


def _spoken(sql: str, values: Sequence[object]) -> tuple[Any, list[object]]:
    """Return a statement and its values as psycopg takes them."""
    text, places = _translated(sql)
    given = [_plain(one) for one in values]
    return text, [given[place] for place in places]


@lru_cache(maxsize=256)
def _translated(sql: str) -> tuple[bytes, tuple[int, ...]]:
    places = list[int]()

    def place(found: re.Match[str]) -> str:
        places.append(int(found[1]) - 1 if found[1] else len(places))
        return "%s"

    return _VALUE.sub(place, sql.replace("%", "%%")).encode(), tuple(places)


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    # The one character its texts cannot hold.
    return value.replace("\0", "�") if isinstance(value, str) else value
