"""What a report's charts show beside price, IL and VIX: with and without the hedge."""

from collections.abc import Callable, Sequence
from math import isnan
from typing import TYPE_CHECKING, Final

from monitor.timetravel.courses import ALL, Course, courses
from monitor.timetravel.figures import money, percent
from monitor.timetravel.measures import Floats, drawdowns
from monitor.timetravel.panels import (
    HEDGE,
    LOSS,
    RANGES,
    Label,
    label_right,
    linear_scale,
    or_nan,
    times,
    title,
)
from monitor.timetravel.scene import Story

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DASHED: Final = (0, (4, 2))
_FEES: Final = "#E69F00"
_PAID: Final = "#0072B2"


def draw_bare_il(panel: "Axes", story: Story) -> None:
    """Draw every range's IL, on the scale of both panels."""
    _draw_il(panel, story, lambda one: one.il)
    title(panel, "Impermanent loss, no hedge, fees left out")


def draw_hedged_il(panel: "Axes", story: Story) -> None:
    """Draw the same with each range's share of the hedge's profit counted to it."""
    _draw_il(panel, story, lambda one: one.hedged_il)
    title(panel, "The same, with its share of the hedge's profit (model)")


def draw_drawdowns(panel: "Axes", story: Story) -> None:
    """Draw how far all ranges together are below their highest, hedged or not, with fees or not.

    Where no hedge was ever on, its lines would hide those without it.
    """
    book = courses(story)[-1]
    idle = story.never_hedged
    told = ((False, LOSS, "LP"), (True, HEDGE, "hedged"))[: 1 if idle else 2]
    labels: list[Label] = []
    low = -1.0
    for hedged, colour, name in told:
        for fees in (False, True):
            course = 100 * drawdowns(book.worth(hedged=hedged, fees=fees))
            style = _DASHED if fees else "solid"
            panel.plot(times(story), course, color=colour, linewidth=1.9, linestyle=style)
            if known := _known(course):
                low = min(low, *known)
                words = f"{percent(known[-1] / 100)} {name}{'+fees' if fees else ''}"
                labels.append((known[-1], words, colour, "dashed" if fees else "solid"))
    linear_scale(panel, low, 0.0)
    panel.set_ylabel("% below the highest")
    also = "; no hedge was ever on" if idle else ", the price's own fall in it"
    title(panel, f"Drawdown of all positions{also}; dashed with fees")
    label_right(panel, labels)


def draw_cost(panel: "Axes", story: Story) -> None:
    """Draw what the hedge cost and made beside the fees that the positions earned."""
    book = courses(story)[-1]
    spent = [
        or_nan(None if None in (s.paid_usd, s.returned_usd) else _net(s.paid_usd, s.returned_usd))
        for s in story.scenes
    ]
    lines = (
        (list(map(float, book.fees)), "fees", _FEES),
        (spent, "net paid", _PAID),
        (list(map(float, book.hedge)), "hedge", HEDGE),
    )
    labels: list[Label] = []
    heights = [0.0, 1.0]
    for course, name, colour in lines:
        panel.plot(times(story), course, color=colour, linewidth=2.0)
        if known := _known(course):
            heights += known
            labels.append((known[-1], f"{money(known[-1], signed=True)} {name}", colour))
    linear_scale(panel, min(heights), max(heights))
    panel.yaxis.set_major_formatter(lambda usd, _: money(usd))
    panel.set_ylabel("USD")
    title(panel, "Fees earned; premium paid less what came back; and what the hedge made (model)")
    label_right(panel, labels)


def _draw_il(panel: "Axes", story: Story, of: Callable[[Course], Floats]) -> None:
    each = [one for one in courses(story) if one.name != ALL]
    reach = [il for one in each for both in (one.il, one.hedged_il) for il in _known(100 * both)]
    labels: list[Label] = []
    for n, one in enumerate(each):
        course = 100 * of(one)
        colour, again = RANGES[n % len(RANGES)], n // len(RANGES) % 2
        style = _DASHED if again else "solid"
        panel.plot(times(story), course, color=colour, linewidth=1.8, linestyle=style)
        if known := _known(course):
            told = f"{percent(known[-1] / 100, places=1)}  {one.name}"
            labels.append((known[-1], told, colour, "dashed" if again else "solid"))
    linear_scale(panel, min([*reach, -1.0]), max([*reach, 0.0]))
    panel.set_ylabel("% of holding")
    label_right(panel, labels)


def _known(course: Sequence[float] | Floats) -> list[float]:
    return [float(one) for one in course if not isnan(one)]


def _net(paid: float | None, returned: float | None) -> float:
    return (paid or 0.0) - (returned or 0.0)
