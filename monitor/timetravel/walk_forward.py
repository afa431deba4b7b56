"""Walk-forward: parameters are chosen on what was past, and judged on what came after.

No number of a shipped pack was chosen by a search, so that their reports need none of it.
Whoever chooses parameters on events tells figures of the events that were judged on alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from monitor.timetravel.events import Window

Harms: TypeAlias = Mapping[str, Sequence[float | None]]
"""By event, of each reading in the same order what it came to, USD; None where that is unknown."""

_CENT: Final = 0.01
"""Readings that came as near as this to each other, USD, are equals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Events that parameters may be chosen on, oldest first, and the one they are judged on."""

    chosen_on: tuple[str, ...]
    judged_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What a fold chose, readings by their place in the order.

    chosen: those none was less harmful than on what was past; none where all are unknown there.
    judged: of these, which nothing told apart, the one that did worst on the judged event; None
    where one of them is unknown there. best: who did best there; None where any is unknown.
    """

    fold: Fold
    chosen: tuple[int, ...]
    judged: int | None
    best: int | None


def folds(events: Mapping[str, Window]) -> Iterator[Fold]:
    """Yield a fold for each event before which any other had ended, oldest first.

    What overlaps the judged event, or lies after it, is never chosen on.
    """
    for name, window in sorted(events.items(), key=lambda one: one[1].first):
        past = [other for other, told in events.items() if told.last < window.first]
        if past:
            past.sort(key=lambda other: events[other].last)
            yield Fold(chosen_on=tuple(past), judged_on=name)


def walked(events: Mapping[str, Window], harms: Harms) -> Iterator[Walked]:
    """Yield what each fold chose by the least harm, summed over what was past, and its judgement.

    A reading that is unknown on any event of the past is not chosen.
    """
    for fold in folds(events):
        past = _known(_sums([harms[name] for name in fold.chosen_on]))
        least = min(past.values(), default=0.0)
        chosen = tuple(n for n, harm in past.items() if harm <= least + _CENT)
        came = _known(harms[fold.judged_on])
        told = bool(chosen) and came.keys() >= set(chosen)
        whole = len(came) == len(harms[fold.judged_on]) > 0
        yield Walked(
            fold=fold,
            chosen=chosen,
            judged=max(chosen, key=came.__getitem__) if told else None,
            best=min(came, key=came.__getitem__) if whole else None,
        )


def _sums(told: Sequence[Sequence[float | None]]) -> list[float | None]:
    """Return each reading's sum over events; None where any of it is unknown."""
    return [
        sum(one for one in each if one is not None) if None not in each else None
        for each in zip(*told, strict=True)
    ]


def _known(told: Sequence[float | None]) -> dict[int, float]:
    return {n: one for n, one in enumerate(told) if one is not None}
