"""Samples of thousands of positions, kept a frame a snapshot instead of a series a position.

All positions of a chain are sampled at one instant, so that their stamps are written
down once, and eight bytes a position are all the rest. A frame is only ever added at
one end and dropped at the other; the frames between are shared by old reels and new.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import accumulate, groupby
from struct import Struct
from typing import Final, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from monitor.signals.series import Sample

_CELL: Final = Struct("<d")
Figures: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Whose values a frame holds, in its order. name: a digest of the keys."""

    keys: tuple[str, ...]
    name: str = field(compare=False)
    rows: Mapping[str, int] = field(compare=False, repr=False)


def roster_of(keys: tuple[str, ...]) -> Roster:
    """Return the roster of these keys."""
    name = hashlib.sha256("\n".join(keys).encode()).hexdigest()[:32]
    return Roster(keys=keys, name=name, rows=dict(zip(keys, range(len(keys)), strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Consecutive frames of one roster: when each was taken, and its values as doubles."""

    roster: Roster
    stamps: tuple[datetime, ...]
    cells: tuple[bytes, ...]

    def figures(self, frame: int) -> Figures:
        """Return a frame's values, in the roster's order."""
        return np.frombuffer(self.cells[frame], "<f8")

    def sample(self, frame: int, row: int) -> Sample:
        """Return one position's sample of one frame."""
        (value,) = _CELL.unpack_from(self.cells[frame], row * _CELL.size)
        return Sample(at=self.stamps[frame], value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reel:
    """The frames of one number over one chain's positions, oldest first.

    before: the last sample of whoever has one older than the first frame and is not in
    that: what its value was when the frames begin.
    """

    runs: tuple[Run, ...] = ()
    before: Mapping[str, Sample] = field(default_factory=dict)

    def append(self, at: datetime, values: Mapping[str, float], keep: timedelta) -> "Reel":
        """Return the reel with a frame, less what lies further back than `keep`.

        The last frame before that stays, as in a series. A frame with the newest stamp
        takes the place of the values it has; an older one is overtaken.
        """
        runs = self.runs
        if not values or (runs and at < runs[-1].stamps[-1]):
            return self
        if runs and at == runs[-1].stamps[-1]:
            values = {**_newest(runs[-1]), **values}
            runs = _without_last(runs)
        keys = tuple(values)
        cell = np.fromiter(values.values(), "<f8", len(keys)).tobytes()
        if runs and runs[-1].roster.keys == keys:
            last = runs[-1]
            grown = replace(last, stamps=(*last.stamps, at), cells=(*last.cells, cell))
            runs = (*runs[:-1], grown)
        else:
            runs = (*runs, Run(roster=roster_of(keys), stamps=(at,), cells=(cell,)))
        return _trimmed(Reel(runs=runs, before=self.before), at - keep)

    def cut(self, since: datetime) -> "Reel":
        """Return the reel without its frames from `since` on."""
        runs = self.runs
        while runs and runs[-1].stamps[-1] >= since:
            runs = _without_last(runs)
        return self if runs is self.runs else replace(self, runs=runs)

    def samples(self, key: str) -> Sequence[Sample]:
        """Return one position's samples, oldest first, each made where it is looked at."""
        older = self.before.get(key)
        parts = [(run, run.roster.rows[key]) for run in self.runs if key in run.roster.rows]
        return _Strip(() if older is None else (older,), parts)

    def end(self) -> datetime | None:
        """Return the stamp of the newest frame."""
        return self.runs[-1].stamps[-1] if self.runs else None


def spliced(frames: Iterable[tuple[Roster, datetime, bytes]]) -> tuple[Run, ...]:
    """Return frames, oldest first, as runs."""
    runs = []
    for _, some in groupby(frames, key=lambda frame: frame[0].keys):
        taken = tuple(some)
        stamps, cells = tuple(at for _, at, _ in taken), tuple(cell for _, _, cell in taken)
        runs.append(Run(roster=taken[0][0], stamps=stamps, cells=cells))
    return tuple(runs)


class _Strip(Sequence[Sample]):
    """One position's samples: those before the frames, then a row of each run."""

    __slots__ = ("_before", "_ends", "_parts", "_range")

    def __init__(
        self,
        before: Sequence[Sample],
        parts: Sequence[tuple[Run, int]],
        within: range | None = None,
    ) -> None:
        self._before = before
        self._parts = parts
        self._ends = list(accumulate((len(run.stamps) for run, _ in parts), initial=len(before)))
        self._range = range(self._ends[-1]) if within is None else within

    def __len__(self) -> int:
        return len(self._range)

    @overload
    def __getitem__(self, at: int) -> Sample: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Sample]: ...
    def __getitem__(self, at: int | slice) -> Sample | Sequence[Sample]:
        if isinstance(at, slice):
            return _Strip(self._before, self._parts, self._range[at])
        place = self._range[at]
        if place < len(self._before):
            return self._before[place]
        number = bisect_right(self._ends, place) - 1
        run, row = self._parts[number]
        return run.sample(place - self._ends[number], row)


def _newest(run: Run) -> dict[str, float]:
    return dict(zip(run.roster.keys, run.figures(-1).tolist(), strict=True))


def _without_last(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    last = runs[-1]
    if len(last.stamps) == 1:
        return runs[:-1]
    return (*runs[:-1], replace(last, stamps=last.stamps[:-1], cells=last.cells[:-1]))


def _trimmed(reel: Reel, horizon: datetime) -> Reel:
    """Return the reel from its last frame at or before the horizon on."""
    runs, before = reel.runs, reel.before
    while len(runs) > 1 and runs[1].stamps[0] <= horizon:
        before = _carried(before, runs[0], runs[1])
        runs = runs[1:]
    first = runs[0]
    drop = bisect_right(first.stamps, horizon) - 1
    if drop > 0:
        runs = (replace(first, stamps=first.stamps[drop:], cells=first.cells[drop:]), *runs[1:])
    return Reel(runs=runs, before=before)


def _carried(before: Mapping[str, Sample], old: Run, new: Run) -> Mapping[str, Sample]:
    """Return what stays of a run that is dropped: the last samples the next does not overtake."""
    left = {
        key: old.sample(-1, row)
        for key, row in old.roster.rows.items()
        if key not in new.roster.rows
    }
    kept = {key: one for key, one in before.items() if key not in new.roster.rows}
    return {**kept, **left}
