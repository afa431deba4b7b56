"""A little room on the disk, given up where a store could not be opened without it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from monitor.errors import Transient

T = TypeVar("T")
_SIZE: Final = 1 << 18
"""In bytes. SQLite makes two files beside one it opens, the larger of 32 KiB and a little."""


class Reserve:
    """A file beside a database, of no use but its size."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self.path = database.with_name(database.name + ".reserve")

    def opened(self, open_it: Callable[[], T]) -> T:
        """Return what opens the database, on a full disk too; raise Transient as that does."""
        try:
            made = open_it()
        except Transient as error:
            if shutil.disk_usage(self._database.parent).free >= _SIZE:
                raise
            if not self.path.exists():
                reason = "its disk is full, and so it cannot be opened: make room"
                raise Transient(f"{self._database}: {reason}") from error
            self.path.unlink()
            return open_it()
        self.keep()
        return made

    def keep(self) -> None:
        """Take the room where it is not taken and there is any."""
        try:
            file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError:  # it is there; or there is no room, and whatever writes says so
            return
        try:
            taken = os.write(file, bytes(_SIZE)) == _SIZE
        except OSError:
            taken = False
        finally:
            os.close(file)
        if not taken:
            self.path.unlink()
