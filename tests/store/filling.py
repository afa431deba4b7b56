"""A disk that is filled to its last byte, and a store that is filled until it holds."""

from pathlib import Path

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
