"""Taking profit by rungs: at a multiple of what was paid, sell a share of what is left.

The ladder only goes up: a rung that was taken is never taken again, however the price
comes back, until the layer is opened anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """At this multiple of what was paid, sell this share, in (0, 1], of what is left."""

    at: float
    sell: float


def reached(ladder: Sequence[Rung], multiple: float | None, taken: int) -> int:
    """Return how many rungs are due or taken, once the next one is known to be due.

    A price that jumps over several makes them all due at once.
    """
    passed = sum(multiple is not None and rung.at <= multiple for rung in ladder)
    return min(max(passed, taken + 1), len(ladder))


def share_due(ladder: Sequence[Rung], taken: int, due: int) -> float:
    """Return the share of what is held now to sell, for the rungs from `taken` to `due`."""
    return 1.0 - prod(1.0 - rung.sell for rung in ladder[taken:due])
