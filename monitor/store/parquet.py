"""Bars of past sessions as Parquet files: a file a chunk, with its origin and its checksum.

    DIR/vix/cboe_history/2019-01-02_2025-05-30.parquet
    DIR/SHA256SUMS                                      as `sha256sum -c` reads it

pyarrow is wanted here alone: the extra `hedgewatch[parquet]`.
"""

import fcntl
import importlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from monitor import __version__
from monitor.errors import Permanent
from monitor.model.reading import Bar
from monitor.shipped import beside

SUMS: Final = "SHA256SUMS"
_FIELDS: Final = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Days of one signal from one source, both included."""

    signal: str
    source: str
    first: date
    last: date

    @property
    def path(self) -> str:
        return f"{self.signal}/{self.source}/{self.first}_{self.last}.parquet"

    def within(self, other: "Chunk") -> bool:
        """Return whether another chunk of the same source holds all of these days."""
        same = (self.signal, self.source) == (other.signal, other.source)
        return same and other.first <= self.first and self.last <= other.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where bars came from. urls: what was asked, without secrets."""

    urls: tuple[str, ...]
    fetched_at: datetime


class Archive:
    """A folder of such files. A file without its checksum, or with another, counts as none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def check(self) -> None:
        """Raise Permanent where nothing could be saved: no folder can be made, or no pyarrow."""
        _arrow("parquet")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Permanent(f"{self.folder} cannot be made: {error.strerror}") from error

    def had(self, chunk: Chunk) -> bool:
        """Return whether the days of a chunk are there, whole and unharmed."""
        sums = self._sums()
        return any(
            chunk.within(one) and self._sum(one.path) == sums[one.path] for one in _chunks(sums)
        )

    def save(self, chunk: Chunk, bars: Mapping[str, tuple[Bar, ...]], origin: Origin) -> Path:
        """Write a chunk, its checksum after it; remove what of the same source it replaces.

        Several pulls may fill a folder at once: each waits here for the others. Raises
        Permanent where pyarrow is absent or the folder cannot be written.
        """
        path = self.folder / chunk.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with _alone_in(self.folder):
                fresh = path.with_suffix(".new")
                _arrow("parquet").write_table(_table(bars, chunk, origin), fresh)
                os.replace(fresh, path)  # noqa: PTH105 - atomic, and said so
                sums = self._sums()
                old = [one for one in _chunks(sums) if one.within(chunk) and one != chunk]
                kept = {name: told for name, told in sums.items() if name not in _paths(old)}
                self._write_sums({**kept, chunk.path: self._sum(chunk.path)})
                for one in old:
                    (self.folder / one.path).unlink(missing_ok=True)
        except OSError as error:
            raise Permanent(f"nothing can be written to {self.folder}: {error.strerror}") from error
        return path

    def bars(self, signal: str, sources: tuple[str, ...]) -> dict[str, tuple[Bar, ...]]:
        """Return a signal's bars by the key of each member; of a day, the first source's that has.

        Raises Permanent where a file does not match its checksum, or pyarrow is absent.
        """
        sums = self._sums()
        found: dict[str, dict[date, Bar]] = {}
        for source in sources:
            for chunk in sorted(_chunks(sums), key=lambda one: (one.first, one.last)):
                if (chunk.signal, chunk.source) != (signal, source):
                    continue
                if self._sum(chunk.path) != sums[chunk.path]:
                    file = self.folder / chunk.path
                    raise Permanent(f"{file} is not what {SUMS} says: pull {signal} once more")
                for key, bar in _rows(self.folder / chunk.path):
                    found.setdefault(key, {}).setdefault(bar.day, bar)
        return {key: tuple(days[day] for day in sorted(days)) for key, days in found.items()}

    def _sum(self, path: str) -> str:
        try:
            return sha256((self.folder / path).read_bytes()).hexdigest()
        except OSError:
            return ""

    def _sums(self) -> dict[str, str]:
        """Return what each file should hold, by its path."""
        try:
            lines = (self.folder / SUMS).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise Permanent(f"{self.folder / SUMS} cannot be read: {error.strerror}") from error
        parted = (line.partition("  ") for line in lines)
        return {path: told for told, blanks, path in parted if blanks}

    def _write_sums(self, sums: Mapping[str, str]) -> None:
        fresh = self.folder / f"{SUMS}.new"
        lines = "".join(f"{told}  {path}\n" for path, told in sorted(sums.items()))
        fresh.write_text(lines, encoding="utf-8")
        os.replace(fresh, self.folder / SUMS)  # noqa: PTH105 - atomic, and said so


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder for oneself; the kernel lets go of it with the process."""
    held = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _paths(chunks: list[Chunk]) -> set[str]:
    return {one.path for one in chunks}


def _chunks(paths: Mapping[str, str]) -> Iterator[Chunk]:
    """Yield the chunks that paths are of; what else is listed is nobody's concern here."""
    for path in paths:
        signal, _, rest = path.partition("/")
        source, _, name = rest.partition("/")
        first, _, last = name.removesuffix(".parquet").partition("_")
        try:
            begin, end = date.fromisoformat(first), date.fromisoformat(last)
        except ValueError:
            continue
        yield Chunk(signal=signal, source=source, first=begin, last=end)


def _table(bars: Mapping[str, tuple[Bar, ...]], chunk: Chunk, origin: Origin) -> Any:  # noqa: ANN401 - pyarrow's own
    arrow = _arrow()
    rows = [(key, bar) for key in sorted(bars) for bar in bars[key]]
    columns = {
        "key": arrow.array([key for key, _ in rows], arrow.string()),
        "day": arrow.array([bar.day for _, bar in rows], arrow.date32()),
        **{
            name: arrow.array([getattr(bar, name) for _, bar in rows], arrow.float64())
            for name in _FIELDS
        },
        "at": arrow.array([bar.at for _, bar in rows], arrow.timestamp("us", tz="UTC")),
    }
    told = {
        "signal": chunk.signal,
        "source": chunk.source,
        "urls": json.dumps(origin.urls),
        "fetched_at": origin.fetched_at.isoformat(),
        "hedgewatch": __version__,
    }
    return arrow.table(columns).replace_schema_metadata(told)


def _rows(path: Path) -> Iterator[tuple[str, Bar]]:
    for row in _arrow("parquet").read_table(path).to_pylist():
        yield row.pop("key"), Bar(**row)


def _arrow(part: str = "") -> Any:  # noqa: ANN401 - it has no types
    try:
        return importlib.import_module(f"pyarrow.{part}" if part else "pyarrow")
    except ImportError as error:
        reason = f"Parquet files need pyarrow: {beside('pyarrow')}"
        raise Permanent(reason) from error
