"""IL and hedge over time: a place for the drawing, and the numbers it is drawn from."""

import json
import math
from collections.abc import Callable
from typing import Final

from monitor.alerts.figures import figure
from monitor.store.course import CourseMark
from monitor.web.markup import Markup, Part, el
from monitor.web.seen import Seen
from monitor.web.words import known, section


def _together(mark: CourseMark) -> float | None:
    if mark.lost_usd is None or mark.hedge_usd is None:
        return None
    return mark.lost_usd + mark.hedge_usd


_COLUMNS: Final[tuple[tuple[str, Callable[[CourseMark], float | None]], ...]] = (
    ("il", lambda mark: None if mark.il is None else 100 * mark.il),
    ("lost_usd", lambda mark: mark.lost_usd),
    ("hedge_usd", lambda mark: mark.hedge_usd),
    ("together_usd", _together),
    ("vix", lambda mark: mark.vix),
)


def charts(seen: Seen) -> Markup:
    """Return the section; without the script it is its last figures in words."""
    return section(
        "charts",
        "IL and hedge over time",
        el("div", id="chart-usd", class_="chart", data_title="IL and hedge, USD"),
        el("div", id="chart-il", class_="chart", data_title="IL, % of holding, and VIX"),
        el("p", _last(seen), id="chart-note", class_="note", data_marks=str(len(seen.course))),
    )


def _last(seen: Seen) -> Part:
    if not seen.course:
        return "Nothing noted yet: a mark is made every quarter of an hour."
    first, last = seen.course[0], seen.course[-1]
    made = "no hedge yet" if last.hedge_usd is None else figure(last.hedge_usd, "usd")
    return [
        f"{len(seen.course):,} marks since {first.day}, one a quarter of an hour. The last: IL ",
        known(last.il, "fraction"),
        ", lost ",
        known(last.lost_usd, "usd"),
        f", hedge {made}.",
    ]


def series(course: tuple[CourseMark, ...]) -> str:
    """Return the columns as JSON: `at` in seconds since 1970, USD, percent; null is unknown."""
    columns = {name: [_round(pick(mark)) for mark in course] for name, pick in _COLUMNS}
    return json.dumps({"at": [mark.at for mark in course], **columns}, allow_nan=False)


def _round(value: float | None) -> float | None:
    return round(value, 4) if value is not None and math.isfinite(value) else None
