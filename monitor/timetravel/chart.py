"""The demo's chart: price and ranges, IL, hedge against loss, VIX, and the alerts on each."""

import io
from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from monitor.alerts.alert import AlertState
from monitor.errors import Permanent
from monitor.model.layer import Action
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

SIZE: Final = (1600, 1400)
"""Width and height in pixels."""

SOURCES: Final = (
    "Positions and IL: measured on a local chain with the Uniswap v3 contracts. "
    "Hedge: a model, Black-76 on VIX futures with a stated vol, not traded prices.\n"
    "ETH: Binance closes, six-hourly. VIX: Cboe daily closes. VIX futures: Cboe settlements, "
    "from May 2020 prices seen at 16:31 New York."
)
_PANELS: Final = (draw_price, draw_il, draw_hedge, draw_vix)
_MARKS: Final = {Action.ADD: "^", Action.ROLL: "o", Action.REMOVE: "v"}
_NOTE: Final[dict[str, Any]] = {
    "color": FAINT,
    "linewidth": 0.8,
    "alpha": 0.6,
    "linestyle": (0, (1, 3)),
}
_MARK_HEIGHT: Final = 0.93
_NEAR: Final = 0.065
"""Names closer than this share of the width stand one above the other."""

_FEW_DAYS: Final = 45
_MOST_TICKS: Final = 12
_DPI: Final = 100
_STYLE: Final[dict[Any, Any]] = {
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": "DejaVu Sans",
    "font.size": 14,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def check_drawing(library: str = "matplotlib") -> None:
    """Raise Permanent where the library that draws is not installed."""
    if find_spec(library) is None:
        raise Permanent(
            f"the demo draws with {library}, which is not installed: "
            'run pip install "hedgewatch[demo]"'
        )


def draw(story: Story) -> bytes:
    """Return the chart as a PNG of SIZE; the story has at least one scene. Raises Permanent."""
    check_drawing()
    # Here and not above: it takes a second to load, and only the demo has it.
    import matplotlib as mpl  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context():
        mpl.rcdefaults()  # whatever the person's own matplotlibrc says
        mpl.rcParams.update(_STYLE)
        figure = Figure(figsize=(SIZE[0] / _DPI, SIZE[1] / _DPI), dpi=_DPI, facecolor="white")
        _compose(figure, story)
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=_DPI, metadata={"Software": "hedgewatch demo"})
    return png.getvalue()


def _compose(figure: "Figure", story: Story) -> None:
    heights = {"height_ratios": [3.0, 2.3, 2.3, 2.3], "hspace": 0.22}
    panels = figure.subplots(len(_PANELS), 1, sharex=True, gridspec_kw=heights)
    figure.subplots_adjust(left=0.095, right=0.87, top=0.88, bottom=0.085)
    marks = _marks(story)
    _time_axis(panels[-1], story)
    for panel, fill in zip(panels, _PANELS, strict=True):
        fill(panel, story)
        shade_storm(panel, story)
        for at in _noted(story):
            panel.axvline(day_number(at), **_NOTE)
        for at, action, _ in marks:
            _mark(panel, at, action)
        panel.yaxis.set_label_coords(-0.083, 0.5)
    _name_marks(panels[0], marks)
    _frame(figure, story)


def _time_axis(panel: "Axes", story: Story) -> None:
    first, last = story.scenes[0].at, story.scenes[-1].at
    margin = max((last - first) * 0.02, timedelta(hours=6))
    panel.set_xlim(day_number(first - margin), day_number(last + margin))
    days = [first.date() + timedelta(days=n) for n in range((last - first).days + 2)]
    told = [day for day in days if day.day in {1, 15}] if len(days) > _FEW_DAYS else days
    told = told[:: -(-len(told) // _MOST_TICKS)]
    places = [day_number(datetime.combine(day, time(), UTC)) for day in told]
    panel.set_xticks(places, labels=[f"{day.day} {day:%b}" for day in told])
    panel.set_xlabel(f"{first:%Y}, UTC")


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
        [_MARK_HEIGHT],
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


def _frame(figure: "Figure", story: Story) -> None:
    from matplotlib.lines import Line2D  # noqa: PLC0415
    from matplotlib.patches import Patch  # noqa: PLC0415

    first, last = story.scenes[0].at, story.scenes[-1].at
    title = f"{first.day} {first:%B} to {last.day} {last:%B %Y}, told on a local chain"
    figure.text(0.02, 0.972, title, fontsize=20, fontweight="bold", va="center")
    keys = [
        Line2D([], [], marker=shape, color=INK, linestyle="", markersize=10, label=action.value)
        for action, shape in _MARKS.items()
    ]
    keys.append(Line2D([], [], label=Action.NOTIFY.value, **_NOTE | {"alpha": 1.0}))
    storm = Patch(color="#000000", alpha=0.1, linewidth=0, label=f"VIX > {STORM:.0f}")
    figure.legend(
        handles=[*keys, storm],
        loc="upper right",
        ncols=5,
        frameon=False,
        bbox_to_anchor=(0.99, 0.992),
    )
    figure.text(0.02, 0.012, SOURCES, fontsize=11.5, color="#555555", va="bottom", linespacing=1.35)
