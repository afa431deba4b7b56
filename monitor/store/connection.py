"""One SQLite file: how it is found, opened, written to, and what its failures mean."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

from monitor.errors import ConfigError, Fault, HedgewatchError, Permanent, Transient

Row: TypeAlias = tuple[Any, ...]

# Another process holds the write lock for about a millisecond: 5 s is a process that hangs.
_BUSY_S: Final = 5.0
_MODE_TRIES: Final = 50
_SCHEME: Final = "sqlite:///"
_PASSING: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PROTOCOL,
}
_LASTING: Final = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
}


def database_path(url: str) -> Path:
    """Return the file a store URL names: `sqlite:///var/x.db` or `sqlite:////srv/x.db`.

    Three slashes are relative to the working directory, four are absolute; what a config
    file says has been resolved `beside` it. Raises ConfigError for anything else.
    """
    rest = url.removeprefix(_SCHEME)
    if rest == url or not rest or rest.endswith("/") or set(rest) & {"?", "#", "\0"}:
        reason = f'{url!r} is not a store: write "sqlite:///var/hedgewatch.db"'
        raise ConfigError([Fault(file="config", where="store.url", reason=reason)])
    return Path(rest)


def beside(url: str, folder: Path) -> str:
    """Return a store URL with a relative path taken from `folder`; another is left alone."""
    try:
        path = database_path(url)
    except ConfigError:
        return url  # it is refused, as it stands, by whoever opens it
    return f"{_SCHEME}{folder / path}"


def is_there(path: Path) -> bool:
    """Tell whether a store's file exists; raise Permanent where we may not even look."""
    try:
        return path.exists()
    except PermissionError:
        reason = "is for who runs the daemon alone: run this as that user, or as root"
        raise Permanent(f"{path} {reason}") from None


def unusable(path: Path, reason: str) -> ConfigError:
    """Return the error of a store that a person must mend."""
    return ConfigError([Fault(file=str(path), where="store", reason=reason)])


def make_private(path: Path) -> None:
    """Create a file of mode 600 where none is, in directories of mode 700."""
    try:
        for folder in reversed(path.parents):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        # Never opened where it is there already: closing any descriptor of a database
        # drops the locks of every connection this process has to it.
        if path.is_dir():
            raise unusable(path, "the file cannot be written: Is a directory") from None
        if not os.access(path, os.R_OK | os.W_OK):
            raise unusable(path, "the file cannot be written: Permission denied") from None
    except OSError as error:
        raise unusable(path, f"the file cannot be written: {error.strerror}") from error


class Connection:
    """A connection in WAL mode whose every write is on the disk when it returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._verdicts():
            self._raw = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_S)
        try:
            self._prepare()
        except BaseException:
            self._raw.close()
            raise

    def read(self, sql: str, *values: object) -> list[Row]:
        """Return all rows of a query as tuples."""
        with self._verdicts():
            return self._raw.execute(sql, values).fetchall()

    def run(self, sql: str, *values: object) -> int:
        """Execute one statement, its own transaction unless inside one; return rows changed."""
        with self._verdicts():
            return self._raw.execute(sql, values).rowcount

    def run_many(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Execute one statement for each row."""
        if rows:
            with self._verdicts():
                self._raw.executemany(sql, rows)

    @contextmanager
    def transaction(self, kind: str = "IMMEDIATE") -> Iterator[None]:
        """Commit everything run inside, or none of it."""
        self.run(f"BEGIN {kind}")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
            raise

    def only_read(self) -> None:
        self.run("PRAGMA query_only = ON")

    def close(self) -> None:
        self._raw.close()

    def _prepare(self) -> None:
        if self._write_ahead() != "wal":
            raise Permanent(f"{self._path}: this file system cannot keep a write-ahead log")
        self.run("PRAGMA synchronous = FULL")
        self.run("PRAGMA foreign_keys = ON")

    def _write_ahead(self) -> str:
        # SQLite does not wait for a lock when the mode is changed, so that of several who open
        # a new file at once some are refused: wait for the file as a writer does, and try again.
        for _ in range(_MODE_TRIES):
            try:
                [(mode,)] = self.read("PRAGMA journal_mode = WAL")
            except Transient:
                with self.transaction("EXCLUSIVE"):
                    pass
            else:
                return str(mode)
        raise Transient(f"{self._path}: others keep opening it: cannot become a write-ahead log")

    @contextmanager
    def _verdicts(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            verdict = _verdict(self._path, error)
            if verdict is None:
                raise  # a statement that is wrong, which no retry and no person mends
            raise verdict from error


def _verdict(path: Path, error: sqlite3.Error) -> HedgewatchError | None:
    # The low byte is the primary code; the rest only says which kind of it.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _PASSING:
        return Transient(f"{path}: {error}")
    if code in _LASTING:
        return Permanent(f"{path}: {error}")
    return None
