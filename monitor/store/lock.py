"""One daemon a store."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from monitor.errors import Permanent
from monitor.store.connection import database_path, is_there, make_private
from monitor.store.opening import is_shared, living

# `is_running` holds the lock for microseconds; a daemon that starts in them must not give up.
_ATTEMPTS: Final = 200


def _lock_path(url: str) -> Path:
    database = database_path(url)
    return database.with_name(database.name + ".lock")


class Lock:
    """The right to be the daemon of a store, held while inside `with`.

    Kept by the kernel, so that it ends with the process however that ends.
    Raises Permanent when another daemon holds it.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.path = _lock_path(url)
        self._file: int | None = None

    def __enter__(self) -> Self:
        make_private(self.path)
        file = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        if not any(_take(file, fcntl.LOCK_EX) for _ in range(_ATTEMPTS)):
            holder = os.read(file, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(file)
            raise Permanent(
                f"another hedgewatch (process {holder}) already runs on {self._url}: stop it first"
            )
        with suppress(OSError):  # a full disk: it is held all the same, by a number nobody reads
            os.ftruncate(file, 0)
            os.write(file, f"{os.getpid()}\n".encode("ascii"))
        self._file = file
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            os.close(self._file)  # the file itself stays: unlinking it would let two hold "it"
            self._file = None


def is_running(url: str) -> bool:
    """Tell whether a daemon holds the store's lock now, or leads on a shared one."""
    if is_shared(url):
        return any(one.leads for one in living(url))
    path = _lock_path(url)
    if not is_there(path):
        return False
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return not _take(file, fcntl.LOCK_SH)
    finally:
        os.close(file)


def _take(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
