"""How things are timed on a machine that others use too.

Two sides take turns, so that what slows one slows the other. Of repeated times the
least counts: all else is what the machine did besides. One quiet moment that only one
side met would make a ratio of chance, so it goes on until each side met its least again.
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Final

_AGREE: Final = 3
_NEAR: Final = 1.1


def settled(seconds: Sequence[float]) -> bool:
    """Return whether the least was met again: three within a tenth of it."""
    least = sorted(seconds)[:_AGREE]
    return len(least) == _AGREE and least[-1] <= _NEAR * least[0]


@dataclass(slots=True)
class Times:
    """Seconds of one thing, measured again and again: on the wall, and of our own CPU."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure the block, its own garbage too, but not that of all that was there before."""
        gc.freeze()
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.cpu.append(time.process_time() - cpu)
        self.wall.append(time.perf_counter() - wall)
        gc.unfreeze()

    @property
    def least_wall(self) -> float:
        return min(self.wall)

    @property
    def least_cpu(self) -> float:
        return min(self.cpu)

    @property
    def middle_cpu(self) -> float:
        return median(self.cpu)


def microseconds(work: Callable[[], object], *, operations: int) -> float:
    """Return the CPU time of one of the `operations` that `work` does, in microseconds."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e6 / operations
