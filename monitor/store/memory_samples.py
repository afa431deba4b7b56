"""Samples in memory, a series each, so that forgetting the oldest walks no others."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from monitor.store.records import Change, Sample


@dataclass(slots=True)
class _Strand:
    """One series' samples with their place among all. rising: none is older than its last."""

    told: deque[tuple[int, Sample]] = field(default_factory=deque)
    rising: bool = True

    def append(self, place: int, sample: Sample) -> None:
        if self.told and sample.at < self.told[-1][1].at:
            self.rising = False
        self.told.append((place, sample))

    def from_(self, first: datetime) -> None:
        """Forget what is older."""
        if not self.rising:
            self._keep(one for one in self.told if one[1].at >= first)
            return
        while self.told and self.told[0][1].at < first:
            self.told.popleft()

    def until(self, end: datetime) -> None:
        """Forget what is as old or newer."""
        self._keep(one for one in self.told if one[1].at < end)

    def _keep(self, some: Iterable[tuple[int, Sample]]) -> None:
        self.told = deque(some)


@dataclass(slots=True)
class MemorySamples:
    """All series' samples."""

    _strands: dict[str, _Strand] = field(default_factory=dict)
    _count: int = 0

    def take(self, change: Change) -> None:
        """Forget and add, in the order a store promises."""
        for series, end in change.forget_samples_from.items():
            self._strand(series).until(end)
        for sample in change.samples:
            self._count += 1
            self._strand(sample.series).append(self._count, sample)
        for series, first in change.forget_samples_before.items():
            self._strand(series).from_(first)

    def all(self) -> tuple[Sample, ...]:
        """Return every sample, in the order they were committed."""
        told = chain.from_iterable(one.told for one in self._strands.values())
        return tuple(sample for _, sample in sorted(told, key=lambda one: one[0]))

    def _strand(self, series: str) -> _Strand:
        return self._strands.setdefault(series, _Strand())
