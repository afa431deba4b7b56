"""Charts of a story: panels one above the other over the same time, and the alerts on each."""

import io
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib.util import find_spec
from textwrap import fill
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from monitor.alerts.alert import AlertState
from monitor.errors import Permanent
from monitor.model.layer import Action
from monitor.shipped import beside
from monitor.timetravel.panels import (
    FAINT,
    INK,
    day_number,
    draw_hedge,
    draw_il,
    draw_price,
    draw_vix,
    shade_storm,
)
from monitor.timetravel.scene import STORM, Story

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Panel: TypeAlias = Callable[["Axes", Story], None]

WIDE: Final = 1600
NARROW: Final = 860
"""Widths in pixels: of a desktop, and of a phone, on which letters must be twice as large."""

_MARKS: Final = {Action.ADD: "^", Action.ROLL: "o", Action.REMOVE: "v"}
_NOTE: Final[dict[str, Any]] = {
    "color": FAINT,
    "linewidth": 0.8,
    "alpha": 0.6,
    "linestyle": (0, (1, 3)),
}
_MARK_HEIGHTS: Final = {Action.ADD: 0.94, Action.ROLL: 0.94, Action.REMOVE: 0.87}
_NEAR: Final = 0.065
"""Names closer than this share of the width stand one above the other."""

_FEW_DAYS, _MANY_DAYS, _YEAR = 45, 150, 366
_HALF: Final = 15
_MOST_TICKS: Final = {WIDE: 12, NARROW: 6}
_DPI: Final = 100
_HEAD: Final = {WIDE: 96, NARROW: 150}
_BETWEEN: Final = {WIDE: 58, NARROW: 84}
_NAMES, _FOOT = 78, 74
"""Pixels above the top panel, between two, more above for names of marks, and under all."""

_SOURCE_LINE: Final = 22
_SIDES: Final = {WIDE: (0.095, 0.865), NARROW: (0.155, 0.765)}
_ROW_SIDES: Final = {WIDE: (0.125, 0.985), NARROW: (0.21, 0.97)}
_LETTERS: Final = {WIDE: 184, NARROW: 94}
"""How many letters of the sources fit in a line."""

_TITLE: Final = {WIDE: 100, NARROW: 50}
_STYLE: Final[dict[Any, Any]] = {
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": "DejaVu Sans",
    "font.size": 14,
    "text.color": INK,
    "text.parse_math": False,  # a token's symbol may have anything in it
    "xtick.color": INK,
    "ytick.color": INK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What a chart shows. panels: what fills each, from the top, and its height in pixels.

    title: what was told and where. sources: where the figures come from. marked: whether
    adds, rolls and removes stand on each panel; named: whether above the top one it is said
    which they are; noted: whether what was only told has a line. rows: whether
    names stand at the left instead of figures, and nothing at the right.
    """

    title: str
    sources: str
    panels: tuple[tuple[Panel, int], ...]
    marked: bool = True
    named: bool = False
    noted: bool = False
    rows: bool = False


def demo_chart(title: str, sources: str) -> Chart:
    """Return price and ranges, IL, hedge against loss, and VIX, with every alert on each."""
    panels = ((draw_price, 274), (draw_il, 220), (draw_hedge, 220), (draw_vix, 220))
    return Chart(title=title, sources=sources, panels=panels, named=True, noted=True)


def check_drawing(library: str = "matplotlib") -> None:
    """Raise Permanent where the library that draws is not installed."""
    if find_spec(library) is None:
        raise Permanent(
            f"charts are drawn with {library}, which is not installed: {beside(library)}"
        )


def size(chart: Chart, width: int = WIDE) -> tuple[int, int]:
    """Return a chart's width and height in pixels."""
    between = _BETWEEN[width] * (len(chart.panels) - 1)
    within = sum(height for _, height in chart.panels) + between
    return width, _above(chart, width) + within + _below(chart, width)


def draw(story: Story, chart: Chart, width: int = WIDE) -> bytes:
    """Return the chart as a PNG, WIDE or NARROW; the story has a scene at least.

    Raises Permanent where the library that draws is not installed.
    """
    check_drawing()
    # Here and not above: it takes a second to load, and only what draws has it.
    import matplotlib as mpl  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context():
        mpl.rcdefaults()  # whatever the person's own matplotlibrc says
        mpl.rcParams.update(_STYLE)
        across, high = size(chart, width)
        figure = Figure(figsize=(across / _DPI, high / _DPI), dpi=_DPI, facecolor="white")
        _compose(figure, story, chart, width)
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=_DPI, metadata={"Software": "hedgewatch"})
    return png.getvalue()


def _above(chart: Chart, width: int) -> int:
    return _HEAD[width] + (_NAMES if chart.named else 0)


def _below(chart: Chart, width: int) -> int:
    return _FOOT + _SOURCE_LINE * (1 + fill(chart.sources, _LETTERS[width]).count("\n"))


def _compose(figure: "Figure", story: Story, chart: Chart, width: int) -> None:
    heights = [height for _, height in chart.panels]
    _, high = size(chart, width)
    left, right = (_ROW_SIDES if chart.rows else _SIDES)[width]
    mean = sum(heights) / len(heights)
    shape = {"height_ratios": heights, "hspace": _BETWEEN[width] / mean}
    panels = figure.subplots(len(heights), 1, sharex=True, squeeze=False, gridspec_kw=shape)[:, 0]
    top, bottom = 1 - _above(chart, width) / high, _below(chart, width) / high
    figure.subplots_adjust(left=left, right=right, top=top, bottom=bottom)
    marks = _marks(story) if chart.marked else []
    _time_axis(panels[-1], story, width)
    for panel, (fills, _) in zip(panels, chart.panels, strict=True):
        fills(panel, story)
        shade_storm(panel, story)
        for at in _noted(story) if chart.noted else ():
            panel.axvline(day_number(at), **_NOTE)
        for at, action, _ in marks:
            _mark(panel, at, action)
        panel.yaxis.set_label_coords(-left * 0.7 / (right - left), 0.5)
        title = fill(panel.get_title(loc="left"), _TITLE[width])
        panel.set_title(title, loc="left", fontsize=15, fontweight="bold", pad=6)
    if chart.named:
        _name_marks(panels[0], marks)
    _frame(figure, chart, width)


def _time_axis(panel: "Axes", story: Story, width: int) -> None:
    first, last = story.scenes[0].at, story.scenes[-1].at
    margin = max((last - first) * 0.02, timedelta(hours=6))
    panel.set_xlim(day_number(first - margin), day_number(last + margin))
    told = list(_ticked(first.date(), last.date()))
    most = _MOST_TICKS[width] if (last - first).days <= _YEAR else _MOST_TICKS[width] * 2 // 3
    told = told[:: -(-len(told) // most)]
    places = [day_number(datetime.combine(day, time(), UTC)) for day in told]
    panel.set_xticks(places, labels=[_tick(day, last - first) for day in told])
    panel.set_xlabel(f"{first:%Y}, UTC" if first.year == last.year else "UTC")


def _ticked(first: date, last: date) -> Iterator[date]:
    """Yield the days an axis may name: all of few, the months' halves, or their beginnings."""
    days = (last - first).days + 1
    for n in range(days):
        day = first + timedelta(days=n)
        if days <= _FEW_DAYS or day.day == 1 or (days <= _MANY_DAYS and day.day == _HALF):
            yield day


def _tick(day: date, over: timedelta) -> str:
    return f"{day.day} {day:%b}" if over.days <= _YEAR else f"{day:%b %Y}"


def _marks(story: Story) -> list[tuple[datetime, Action, str]]:
    """Return when layers were asked to change, how, and which ones."""
    asked: defaultdict[tuple[datetime, Action], set[str]] = defaultdict(set)
    for alert in story.alerts:
        if alert.action in _MARKS and alert.state is AlertState.FIRING:
            asked[alert.at, alert.action].add(alert.layer or alert.rule)
    return [
        (at, action, " ".join(sorted(layers))) for (at, action), layers in sorted(asked.items())
    ]


def _noted(story: Story) -> list[datetime]:
    """Return when something was only told, such as a position out of its range."""
    return sorted(
        {
            alert.at
            for alert in story.alerts
            if alert.action is Action.NOTIFY and alert.state is AlertState.FIRING
        }
    )


def _mark(panel: "Axes", at: datetime, action: Action) -> None:
    x = day_number(at)
    panel.axvline(x, color=INK, linewidth=0.7, alpha=0.45)
    panel.plot(
        [x],
        [_MARK_HEIGHTS[action]],
        marker=_MARKS[action],
        markersize=10,
        color=INK,
        transform=panel.get_xaxis_transform(),
    )


def _name_marks(panel: "Axes", marks: list[tuple[datetime, Action, str]]) -> None:
    """Name the marks above the top panel, in two rows where they crowd."""
    low, high = panel.get_xlim()
    ends = [-1.0, -1.0]
    for at, action, layers in marks:
        share = (day_number(at) - low) / (high - low)
        row = 0 if share - ends[0] >= _NEAR else 1
        ends[row] = share
        panel.text(
            share,
            1.115 + 0.12 * row,
            f"{action.value}\n{layers}",
            transform=panel.transAxes,
            ha="center",
            va="bottom",
            fontsize=12,
            linespacing=1.1,
        )


def _frame(figure: "Figure", chart: Chart, width: int) -> None:
    _, high = size(chart, width)
    figure.text(
        0.02,
        1 - 36 / high,
        chart.title[:1].upper() + chart.title[1:],
        fontsize=20,
        fontweight="bold",
        va="center",
    )
    told = fill(chart.sources, _LETTERS[width])
    figure.text(
        0.02, 16 / high, told, fontsize=11.5, color="#555555", va="bottom", linespacing=1.35
    )
    wide = width == WIDE
    figure.legend(
        handles=_keys(chart),
        loc="upper right" if wide else "upper left",
        bbox_to_anchor=(0.99, 1 - 11 / high) if wide else (0.0, 1 - 52 / high),
        ncols=5,
        frameon=False,
        handletextpad=0.3,
        columnspacing=1.2,
    )


def _keys(chart: Chart) -> list[Any]:
    from matplotlib.lines import Line2D  # noqa: PLC0415
    from matplotlib.patches import Patch  # noqa: PLC0415

    keys: list[Any] = [
        Line2D([], [], marker=shape, color=INK, linestyle="", markersize=10, label=action.value)
        for action, shape in _MARKS.items()
        if chart.marked
    ]
    if chart.noted:
        keys.append(Line2D([], [], label=Action.NOTIFY.value, **_NOTE | {"alpha": 1.0}))
    keys.append(Patch(color="#000000", alpha=0.1, linewidth=0, label=f"VIX > {STORM:.0f}"))
    return keys
