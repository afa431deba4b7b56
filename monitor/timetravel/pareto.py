"""Which of many outcomes no other beats at both of two things."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import TypeVar

T = TypeVar("T")


def front(
    outcomes: Iterable[T], *, cost: Callable[[T], float], harm: Callable[[T], float]
) -> tuple[T, ...]:
    """Return those no other is at most as dear and as harmful as and better at one; by cost.

    Of several that are equal at both all are in it.
    """
    ranked: Sequence[T] = sorted(outcomes, key=lambda one: (cost(one), harm(one)))
    found, least = list[T](), float("inf")
    for _, some in groupby(ranked, key=cost):
        alike = list(some)
        best = harm(alike[0])
        if best < least:
            found += [one for one in alike if harm(one) == best]
            least = best
    return tuple(found)


def deepest_fall(path: Sequence[float]) -> float:
    """Return the largest fall from a peak to what came after it, >= 0; 0 of an empty path."""
    fall, peak = 0.0, float("-inf")
    for level in path:
        peak = max(peak, level)
        fall = max(fall, peak - level)
    return fall
