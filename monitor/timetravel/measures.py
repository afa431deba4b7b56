"""Measures of a course of figures: drawdowns, and how far chance alone would move a figure.

Chance is tried by the block bootstrap: whole blocks of steps, here weeks, are drawn with
replacement, as many as there are, and the figure is worked out anew from each draw. What moves
together within a block stays together; what moves together over longer is not kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

LEVEL: Final = 0.90
"""The share of all draws that an interval holds."""

DRAWS: Final = 1_000
FEWEST: Final = 8
"""With fewer blocks than this no interval is told: the draws are too much alike."""

_MOST_WITHOUT: Final = 0.05
"""More draws than this share without a figure, and there is no interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where a figure lies in LEVEL of all draws."""

    low: float
    high: float


def drawdowns(worth: Floats) -> Floats:
    """Return how far each worth is below the highest before it, a fraction in [-1, 0].

    worth: above 0, in the order of time; from an unknown one (nan) on all is unknown.
    """
    return np.asarray(worth / np.maximum.accumulate(worth) - 1.0)


def deepest(worth: Floats) -> float:
    """Return the deepest drawdown, a fraction in [-1, 0]; nan where any worth is unknown."""
    return float(np.min(drawdowns(worth)))


def share(made: float, lost: float) -> float:
    """Return what was made as a share of what was lost (below 0); nan where nothing was."""
    return made / -lost if lost < 0 else float("nan")


def cut(worth: Floats, hedged: Floats) -> float:
    """Return by what share a hedge made the deepest drawdown less deep; below 0: deeper.

    nan where there was no drawdown to make less deep.
    """
    bare = deepest(worth)
    return 1.0 - deepest(hedged) / bare if bare < 0 else float("nan")


def bootstrap(
    blocks: Sequence[Floats], figure: Callable[[Floats], float], *, seed: int, draws: int = DRAWS
) -> Interval | str:
    """Return where a figure lies when blocks are drawn anew; or why that cannot be told.

    blocks: each an array of steps, one row a step. figure: of the rows of a draw, one
    below the other; nan where the draw has none. seed: the same one gives the same draws.
    """
    if len(blocks) < FEWEST:
        return f"too few weeks for an interval ({len(blocks)}; {FEWEST} are needed)"
    if np.isnan(figure(np.concatenate(blocks))):
        return "no interval: the figure itself is unknown"
    chance = np.random.default_rng(seed)
    picks = chance.integers(0, len(blocks), size=(draws, len(blocks)))
    found = np.array([figure(np.concatenate([blocks[n] for n in row])) for row in picks])
    known = found[~np.isnan(found)]
    without = 1.0 - len(known) / draws
    if without > _MOST_WITHOUT:
        return f"no interval: in {without * 100:.0f} % of the draws there was no loss to measure by"
    tail = (1.0 - LEVEL) / 2
    low, high = np.quantile(known, [tail, 1.0 - tail])
    return Interval(low=float(low), high=float(high))
