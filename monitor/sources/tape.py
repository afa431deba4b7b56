"""A tape: every observation the road took, a line of JSON each, and where a run began.

A line lies on the disk before the road takes what it tells. How far the road came is for the
store to keep, in the transaction of what came of it: a line beyond that was never taken, and
is cut off when the tape goes on.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, Self, TypeAlias

from pydantic import ConfigDict, TypeAdapter, ValidationError

from monitor.errors import ConfigError, Fault
from monitor.model.observation import Gap, Observation, Past, Readings, Snapshot, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a run began, or went on from the line before.

    rules: the fingerprint of what it judged by. rows, samples: the state it began with, as the
    store has it; None where it went on.
    """

    version: str
    epoch: str
    rules: str
    at: datetime
    rows: tuple[tuple[str, str, str], ...] | None = None
    samples: tuple[tuple[str, datetime, float], ...] = ()


Line: TypeAlias = Head | Observation

_RECORDS: Final[Mapping[str, type[Any]]] = {
    "head": Head,
    "snapshot": Snapshot,
    "readings": Readings,
    "past": Past,
    "gap": Gap,
    "word": Word,
}
_KINDS: Final = {record: kind for kind, record in _RECORDS.items()}

# Else an infinity is written as null, which no float reads. Of lists, since a record of its
# own would not take the configuration.
_ADAPTERS: Final[Mapping[str, TypeAdapter[list[Any]]]] = {
    kind: TypeAdapter(list[record], config=ConfigDict(ser_json_inf_nan="constants"))  # type: ignore[valid-type]
    for kind, record in _RECORDS.items()
}


def written(line: Line) -> str:
    """Return a line of a tape, without its end: `{"gap":{…}}`."""
    kind = _KINDS[type(line)]
    return f'{{"{kind}":{_ADAPTERS[kind].dump_json([line])[1:-1].decode()}}}'


def parsed(text: str) -> Line:
    """Return what a line of a tape tells; raise ValueError where it is none."""
    kind, colon, rest = text.removeprefix('{"').partition('":')
    if not colon or kind not in _ADAPTERS:
        raise ValueError("it is no line of a tape")
    try:
        found: Line = _ADAPTERS[kind].validate_json(f"[{rest[:-1]}]")[0]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        raise ValueError(f"it is no {kind}: {where or kind}: {first['msg']}") from None
    return found


def read_tape(path: Path) -> Iterator[Line]:
    """Yield what a tape tells; a last line that was not written whole is left out.

    Raises ConfigError with the file and the line at fault.
    """
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                if raw.endswith(b"\n"):
                    yield _numbered(path, number, raw)
    except OSError as error:
        raise _refused(path, f"it cannot be read: {error.strerror}") from error


def _numbered(path: Path, number: int, raw: bytes) -> Line:
    try:
        line = parsed(raw.decode("utf-8").rstrip("\n"))
    except ValueError as error:
        raise _refused(path, str(error), line=number) from None
    if number == 1 and not isinstance(line, Head):
        raise _refused(path, "a tape begins with its head", line=number)
    return line


def _refused(path: Path, reason: str, *, line: int | None = None) -> ConfigError:
    return ConfigError([Fault(file=str(path), where="tape", reason=reason, line=line)])


@dataclass(slots=True)
class Recorder:
    """Appends to a tape; close it, or use it as a context.

    goes_on: whether it ends where the store says the road came to.
    """

    path: Path
    file: BinaryIO
    goes_on: bool
    _size: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._size = self.file.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, line: Line) -> int:
        """Return how long the tape is once the line is safe on the disk; raise OSError."""
        raw = f"{written(line)}\n".encode()
        done = 0
        while done < len(raw):  # a disk that fills up takes a part first
            done += self.file.write(raw[done:]) or 0
        os.fdatasync(self.file.fileno())
        self._size += len(raw)
        return self._size


def open_tape(path: Path, *, came_to: int | None) -> Recorder:
    """Open a tape to append to, made where there is none.

    came_to: how long it was when the road last took a line of it, where that is known.
    Raises ConfigError for a file that is no tape, or that cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            next(read_tape(path), None)  # what is no tape is left alone
        # What a store keeps to its owner, its tape does.
        # Nothing is kept back, which a close would try to write once more, and fail at.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        file = os.fdopen(handle, "r+b", buffering=0)
        size = file.seek(0, os.SEEK_END)
        goes_on = came_to is not None and 0 < came_to <= size
        end = came_to if goes_on and came_to is not None else _whole_lines(file, size)
        file.truncate(end)
        file.seek(end)
    except OSError as error:
        raise _refused(path, f"it cannot be written: {error.strerror}") from error
    return Recorder(path=path, file=file, goes_on=goes_on)


def _whole_lines(file: BinaryIO, size: int) -> int:
    """Return where the last line that was written whole ends."""
    step, end = 65_536, size
    while end > 0:
        start = max(end - step, 0)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
