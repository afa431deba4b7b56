"""The folder the demo runs in: emptied for each run, and only where the demo made it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from monitor.errors import Permanent

MARK: Final = ".hedgewatch-demo"
"""A file by which the demo knows its own folder."""

_SAYS: Final = "`hedgewatch demo` made this folder, and empties it when it is run again.\n"


def claim(folder: Path) -> None:
    """Make the folder, or take that of an earlier run as it stands; nothing is removed.

    Raises Permanent where it holds something and no demo made it, or cannot be made.
    """
    with _sentence(folder):
        folder.mkdir(parents=True, exist_ok=True)
        mark = folder / MARK
        if not mark.is_file() and any(folder.iterdir()):
            raise Permanent(
                f"{folder} is not the demo's and would be emptied: move it, or give another --out"
            )
        mark.write_text(_SAYS, encoding="ascii")


def empty(folder: Path) -> None:
    """Remove what an earlier run left in a claimed folder; raises Permanent where it cannot."""
    with _sentence(folder):
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != MARK:
                path.unlink()


@contextmanager
def _sentence(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Permanent(f"the demo cannot run in {folder}: {error.strerror}") from error
