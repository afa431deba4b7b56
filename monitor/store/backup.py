"""A copy of a store's file: taken while it is written to, looked through, and put back."""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from monitor.errors import Permanent
from monitor.store.connection import is_there
from monitor.store.lock import Lock
from monitor.store.schema import MIGRATIONS, to_micros

_CHUNK: Final = 1 << 20
_BUSY_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What a copy holds. waiting: letters that were not delivered when it was taken."""

    bytes: int
    sha256: str
    schema: int
    events: int
    waiting: int


def back_up(store: Path, file: Path) -> Copy:
    """Copy the store, as it is at one moment, into a new file, and its checksum into another.

    Whoever writes to the store goes on. The copy is one file, private, on the disk and looked
    through when this returns. Raises Permanent, in one sentence, when there is no store, the
    file is there already or cannot be written, or the store is damaged.
    """
    if not is_there(store):
        raise Permanent(f"there is no store to copy: {store} is made by `hedgewatch run`")
    for one in (file, _sum_file(file)):
        if one.exists():
            raise Permanent(f"{one} is there already: nothing is written over a backup")
    part = file.with_name(f".{file.name}.part")
    with _removed(part), _told(file):
        _new(part)
        with closing(_opened(store)) as source, closing(_opened(part)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
        copy = look_through(part)
        _flush(part)
        _new(_sum_file(file))
        _sum_file(file).write_text(f"{copy.sha256}  {file.name}\n", encoding="utf-8")
        _flush(_sum_file(file))
        part.rename(file)
        _flush(file.parent)
    return copy


def look_through(file: Path) -> Copy:
    """Return what a copy holds; raise Permanent where it is damaged, or no store of ours."""
    with _told(file):
        digest = _digest(file)
        with closing(_opened(file)) as database:
            [(found,)] = database.execute("PRAGMA integrity_check(1)").fetchall()
            if found != "ok":
                raise Permanent(f"{file} is damaged: {found.splitlines()[-1]}")
            if (schema := _schema(database)) is None:
                raise Permanent(f"{file} is a database, but not one of Hedgewatch's")
            [(events,)] = database.execute("SELECT count(*) FROM event")
            waiting = "SELECT count(*) FROM outbox WHERE done_at IS NULL AND dead_at IS NULL"
            [(owed,)] = database.execute(waiting)
        if schema > len(MIGRATIONS):
            raise Permanent(f"a newer Hedgewatch wrote {file} (schema {schema}): upgrade first")
    size = file.stat().st_size
    return Copy(bytes=size, sha256=digest, schema=schema, events=events, waiting=owed)


def put_back(file: Path, store: Path, url: str, *, now: datetime) -> tuple[Copy, Path | None]:
    """Put a copy in the store's place; return what it holds, and where the old store is kept.

    What fires from here on has keys of its own, as a new store's: else a consumer that drops
    repeats would drop it for what was told after the copy was taken. Raises Permanent while a
    daemon runs, and where the copy is not sound; then nothing has changed.
    """
    with Lock(url) as lock, _told(store):
        kept, digest = _sum_file(file), _digest(file)
        if kept.exists() and kept.read_bytes().split()[:1] != [digest.encode()]:
            raise Permanent(f"{file} is not what was written: its checksum is another")
        copy = look_through(file)
        part = store.with_name(f".{store.name}.part")
        with _removed(part):
            _new(part)
            with closing(_opened(file)) as source, closing(_opened(part)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")
                born = "UPDATE meta SET value = ? WHERE name = 'created_at'"
                with target:
                    target.execute(born, (to_micros(now),))
            _flush(part)
            _own(store, part, lock.path)
            aside = _set_aside(store, now)
            part.replace(store)
            _flush(store.parent)
    return copy, aside


def _schema(database: sqlite3.Connection) -> int | None:
    """Return the schema of a store, None of a database that is none."""
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    if not {"meta", "state", "event", "outbox"} <= tables:
        return None
    found = database.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
    return found[0] if found else None


def _own(store: Path, *made: Path) -> None:
    """Have what was made belong to whom the store belongs to: root restores for a service."""
    if os.geteuid() == 0:
        like = (store if store.exists() else store.parent).stat()
        for one in made:
            os.chown(one, like.st_uid, like.st_gid)


def _set_aside(store: Path, now: datetime) -> Path | None:
    """Keep the store by another name, with all that belongs to it, until another takes its own.

    So there is a store at every moment: a daemon that finds none makes an empty one.
    """
    if not store.exists():
        return None
    aside = store.with_name(f"{store.name}.before-{now:%Y%m%dT%H%M%SZ}")
    # Were this the last that is done, a log moved away would be missed by its database; left
    # there, it would be taken for the new one's. So it is emptied, where the store is sound.
    try:
        with closing(_opened(store)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.Error:
        pass  # it is put aside because it is damaged, as like as not
    aside.hardlink_to(store)
    for tail in ("-wal", "-shm"):
        beside = store.with_name(store.name + tail)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + tail))
    _flush(store.parent)
    return aside


def _sum_file(file: Path) -> Path:
    return file.parent / f"{file.name}.sha256"


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_BUSY_S)


def _new(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _flush(path: Path) -> None:
    """Have a file, or a folder's names, on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _removed(part: Path) -> Iterator[None]:
    """Leave no half of a copy behind."""
    try:
        yield
    finally:
        for one in (part, part.with_name(f"{part.name}-journal")):
            one.unlink(missing_ok=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise Permanent(f"{path}: {error}") from error
    except OSError as error:
        raise Permanent(f"{error.filename or path}: {error.strerror}") from error
