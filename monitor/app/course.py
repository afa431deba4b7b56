"""Noting how book and hedge go, for the status page's chart."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from monitor.model.observation import Observation, Snapshot
from monitor.pipeline import State
from monitor.rules.marked import Marked
from monitor.rules.surroundings import View
from monitor.signals.of_hedge import lost_usd
from monitor.store.course import KIND, CourseMark, row_of, saved_course
from monitor.store.records import RowKey

EVERY: Final = timedelta(minutes=15)
KEPT: Final = timedelta(days=90)
"""As long as alerts are remembered."""


class Course:
    """The marks so far. rows: as they were saved."""

    def __init__(self, rows: Mapping[RowKey, str] | None = None) -> None:
        self.marks = saved_course(rows or {})

    def noted(self, seen: Observation, state: State) -> dict[RowKey, str | None]:
        """Return the rows of a new mark, at a block once a quarter of an hour; else none."""
        if state.at is None or not isinstance(seen, Snapshot) or not self._due(state.at):
            return {}
        mark = mark_of(state, state.at)
        last = int((state.at - KEPT).timestamp())
        gone = {one.day for one in self.marks if one.at < last}
        kept = tuple(one for one in self.marks if one.at >= last)
        self.marks = (*kept, mark)
        day = [one for one in self.marks if one.day == mark.day]
        dropped = gone - {one.day for one in kept}
        return {**{(KIND, one): None for one in dropped}, (KIND, mark.day): row_of(day)}

    def _due(self, at: datetime) -> bool:
        slot = int(EVERY.total_seconds())
        return not self.marks or int(at.timestamp()) // slot > self.marks[-1].at // slot


def mark_of(state: State, at: datetime) -> CourseMark:
    """Return how book and hedge stand; what rules would take for unknown is unknown here."""
    marked = Marked(state.facts, state.layers, at)
    view = View(facts=state.facts, scope="book", now=at, marked=marked)

    def known(name: str) -> float | None:
        value = view.value(name).value
        return value if isinstance(value, float) else None

    il = known("book.il")
    return CourseMark(
        at=int(at.timestamp()),
        il=il,
        lost_usd=None if il is None else lost_usd(state.facts)[0],
        hedge_usd=known("book.hedge_usd") if marked.ledger.lines else None,
        value_usd=known("book.value_usd"),
        vix=known("vix"),
    )
