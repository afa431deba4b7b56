"""Walk-forward: parameters are chosen on what was past, and judged on what came after.

No number of a shipped pack was chosen by a search, so that their reports need none of it.
Whoever chooses parameters on events tells figures of the events that were judged on alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from monitor.timetravel.events import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Events that parameters may be chosen on, oldest first, and the one they are judged on."""

    chosen_on: tuple[str, ...]
    judged_on: str


def folds(events: Mapping[str, Window]) -> Iterator[Fold]:
    """Yield a fold for each event before which any other had ended, oldest first.

    What overlaps the judged event, or lies after it, is never chosen on.
    """
    for name, window in sorted(events.items(), key=lambda one: one[1].first):
        past = [other for other, told in events.items() if told.last < window.first]
        if past:
            past.sort(key=lambda other: events[other].last)
            yield Fold(chosen_on=tuple(past), judged_on=name)
