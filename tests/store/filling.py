"""A disk that is filled to its last byte, and a store that is filled until it holds."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.store.holding import HoldingStore
from monitor.store.port import Store
from monitor.store.records import Change


class Disk:
    """A file system of eight megabytes, which can be filled to the last byte and emptied."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        with self._ballast.open("ab", buffering=0) as file:
            for size in (4096, 1):
                try:
                    while file.write(b"x" * size):
                        pass
                except OSError:
                    continue

    def empty(self) -> None:
        self._ballast.unlink()


def filler(number: int) -> Change:
    """Return a change that takes room: a full disk may hold one that takes none."""
    return Change(rows={("meta", "n"): f"{number} {'x' * 5000}"})


def filled(store: Store) -> None:
    for number in range(200):
        store.commit(filler(number))


def held(store: HoldingStore, disk: Disk) -> None:
    """Fill the disk until the store holds."""
    disk.fill()
    for number in range(200):
        store.commit(filler(number))
        if store.trouble:
            return
    raise AssertionError("a full disk took everything")


@contextmanager
def file_system(folder: Path, size: str) -> Iterator[Path]:
    """Mount a file system of its own at a folder; skip the test where that cannot be had."""
    if os.geteuid() != 0:
        pytest.skip("a file system of one's own is mounted by root alone")
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted in here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
