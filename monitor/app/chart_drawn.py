"""A phone's chart: price and ranges, loss against hedge, VIX, one above the other."""

import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from math import nan
from typing import TYPE_CHECKING, Any, Final

from monitor.alerts.figures import day, moment, precise
from monitor.app.chart import Band, Point, Scenery
from monitor.app.drawing import SCENERY
from monitor.timetravel.chart import check_drawing
from monitor.timetravel.figures import money
from monitor.timetravel.panels import (
    FAINT,
    HEDGE,
    INK,
    LOSS,
    RANGES,
    Label,
    day_number,
    label_right,
    linear_scale,
    title,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIZE: Final = (8.6, 11.4)
_DPI: Final = 100
_MOST_BANDS: Final = 4
_TITLE: Final = 34
"""Letters that fit above a panel."""

_HEAD: Final = 0.965
_BETWEEN: Final = 20.0
"""Pixels between the pair and what is told of it."""

_FAR: Final = 2.0
"""An edge at more than so many times a price, or less, would make the price a flat line."""

_LEAST_USD: Final = 10.0
_NICE: Final = 5
_LEVELS: Final = (20.0, 30.0)
_SHORTEST: Final = timedelta(hours=2)
_WHOLE: Final = 100.0
_FOOT: Final = "Hedge at model prices. Not advice."
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


def draw(shown: Scenery) -> bytes:
    """Return the chart as PNG; raise Permanent where the library that draws is missing."""
    check_drawing()
    import matplotlib as mpl  # noqa: PLC0415 - takes a second to load, and is an extra
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        figure = Figure(figsize=_SIZE, dpi=_DPI, facecolor="white")
        panels = figure.subplots(3, 1, sharex=True, height_ratios=(1.25, 1.0, 0.8))
        figure.subplots_adjust(left=0.14, right=0.74, top=0.9, bottom=0.085, hspace=0.3)
        first, last = _reach(shown)
        for panel, fill in zip(panels, (_fill_price, _fill_loss, _fill_vix), strict=True):
            panel.set_xlim(day_number(first), day_number(last))
            fill(panel, shown)
            _mark(panel, shown)
        places, names = _ticks(first, last)
        panels[-1].set_xticks(places, labels=names)
        _entitle(figure, shown)
        figure.text(0.02, 0.012, _FOOT, fontsize=12, color="#555555")
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=_DPI, metadata={"Software": "hedgewatch"})
    return png.getvalue()


def _entitle(figure: "Figure", shown: Scenery) -> None:
    """Say above all what is shown and when; a pair's name may be as long as it likes."""
    told = figure.text(0.98, _HEAD, _headline(shown), fontsize=14, va="center", ha="right")
    pair = figure.text(0.02, _HEAD, shown.pair, fontsize=20, fontweight="bold", va="center")
    room = told.get_window_extent().x0 - pair.get_window_extent().x0 - _BETWEEN
    for kept in range(len(shown.pair) - 1, 0, -1):
        if pair.get_window_extent().width <= room:
            break
        pair.set_text(f"{shown.pair[:kept]}…")


def _headline(shown: Scenery) -> str:
    at = shown.moment or shown.at
    told = f"{day(at)} {moment(at, at)}"
    return f"{shown.words[:_TITLE]} · {told}" if shown.words else told


def _reach(shown: Scenery) -> tuple[datetime, datetime]:
    """Return from when to when: all that is known, and two hours at the least."""
    points = (*shown.prices, *shown.lost, *shown.vix)
    first = min((one.at for one in points), default=shown.at)
    return min(first, shown.at - _SHORTEST), shown.at


def _fill_price(panel: "Axes", shown: Scenery) -> None:
    _line(panel, shown.prices, INK)
    low, high = _heights(shown)
    room = 0.08 * (high - low) or 0.02 * high
    panel.set_ylim(low - room, high + 2 * room)
    labels: list[Label] = [
        (one.value, f"now {_price(one.value, high - low)}", INK)
        for one in shown.prices[-1:]
        if one.value is not None
    ]
    for number, band in enumerate(shown.bands[:_MOST_BANDS]):
        colour = RANGES[number % len(RANGES)]
        if band.edges is not None:
            panel.axhspan(*band.edges, color=colour, alpha=0.1, linewidth=0)
        for edge in band.edges or ():
            panel.axhline(edge, color=colour, linewidth=1.4, linestyle=(0, (6, 3)))
            far = "↑ " if edge > high else "↓ " if edge < low else ""
            told = f"{far}{_price(edge, high - low)} {band.name}"
            labels.append((min(max(edge, low), high), told, colour))
    panel.yaxis.set_major_formatter(lambda value, _: _price(value, high - low))
    title(panel, _standing(shown.bands))
    label_right(panel, labels)


def _heights(shown: Scenery) -> tuple[float, float]:
    """Return from where to where prices are shown: with the edges that are not too far off."""
    prices = [one.value for one in shown.prices if one.value is not None]
    near = min(prices) / _FAR, max(prices) * _FAR
    bands = [one.edges for one in shown.bands[:_MOST_BANDS] if one.edges is not None]
    heights = prices + [edge for band in bands for edge in band if near[0] <= edge <= near[1]]
    return min(heights), max(heights)


def _standing(bands: Sequence[Band]) -> str:
    """Return which ranges the price has left, or how many where there is no room."""
    out = [band.name for band in bands if not band.inside]
    head = "Price and ranges"
    if len(bands) > _MOST_BANDS:
        head = f"Price, {_MOST_BANDS} of {len(bands)} ranges"
    told = f"{head}; out: {' '.join(out)}" if out else head
    return told if len(told) <= _TITLE else f"{head}; {len(out)} out"


def _fill_loss(panel: "Axes", shown: Scenery) -> None:
    labels: list[Label] = []
    heights = [0.0]
    for points, name, colour in ((shown.lost, "IL", LOSS), (shown.hedge, "hedge", HEDGE)):
        known = [one.value for one in points if one.value is not None]
        if not known:
            continue
        _line(panel, points, colour, filled=True)
        heights += known
        labels.append((known[-1], f"{money(known[-1], signed=True)} {name}", colour))
    linear_scale(panel, min(heights), max(*heights, _LEAST_USD))
    panel.locator_params(axis="y", integer=True)
    panel.yaxis.set_major_formatter(lambda usd, _: money(usd))
    title(panel, "IL of all positions, and the hedge, USD")
    if not labels:
        _say(panel, "IL is not known yet")
        panel.set_yticks([])
    elif not any(one.value is not None for one in shown.hedge):
        _say(panel, "no hedge is booked, or it has no price")
    label_right(panel, labels)


def _fill_vix(panel: "Axes", shown: Scenery) -> None:
    known = [one.value for one in shown.vix if one.value is not None]
    _line(panel, shown.vix, INK, step=True)
    for level in _LEVELS:
        panel.axhline(level, color=FAINT, linewidth=1.1, linestyle=(0, (2, 2)))
    panel.set_ylim(min([*known, 15.0]) - 1, max([*known, 32.0]) * 1.08)
    title(panel, "VIX, with 20 and 30")
    if not known:
        _say(panel, "the VIX is not known yet")
        panel.set_yticks([])
        return
    stale = shown.vix[-1].value is None
    told = f"{known[-1]:.2f}{' (old)' if stale else ''}"
    label_right(panel, [(known[-1], told, INK)])


def _line(
    panel: "Axes", points: Sequence[Point], colour: str, *, filled: bool = False, step: bool = False
) -> None:
    over = [day_number(one.at) for one in points]
    course = [nan if one.value is None else one.value for one in points]
    draw_one: Callable[..., object] = panel.step if step else panel.plot
    # A single known moment between unknown ones would be no line at all.
    lonely = {"marker": "o", "markersize": 4} if sum(one == one for one in course) < 2 else {}  # noqa: PLR0124, PLR2004
    where = {"where": "post"} if step else {}
    draw_one(over, course, color=colour, linewidth=2.0, **lonely, **where)
    if filled:
        panel.fill_between(over, course, color=colour, alpha=0.18, linewidth=0)


def _mark(panel: "Axes", shown: Scenery) -> None:
    """Mark the moment that is told of."""
    if shown.moment is None:
        return
    x = day_number(shown.moment)
    panel.axvline(x, color=INK, linewidth=1.2, alpha=0.6)
    panel.plot(
        [x], [0.95], marker="v", markersize=11, color=INK, transform=panel.get_xaxis_transform(),
        clip_on=False,
    )  # fmt: skip


def _say(panel: "Axes", text: str) -> None:
    said = panel.text(0.5, 0.85, text, transform=panel.transAxes, ha="center", color="#555555")
    said.set_bbox({"color": "white", "pad": 2.0})


def _ticks(first: datetime, last: datetime) -> tuple[list[float], list[str]]:
    """Return where ticks stand, four or five of them, and what they are called."""
    reach = last - first
    if reach < timedelta(days=2):
        step = timedelta(hours=next(n for n in (1, 2, 3, 6, 12) if reach <= timedelta(hours=5 * n)))
        return _ticked(first, last, step, lambda at: f"{at:%H:%M}")
    days = next(n for n in (1, 2, 3, 5, 7, 14) if reach <= timedelta(days=5 * n))
    return _ticked(first, last, timedelta(days=days), lambda at: day(at).rpartition(" ")[0])


def _ticked(
    first: datetime, last: datetime, step: timedelta, name: Callable[[datetime], str]
) -> tuple[list[float], list[str]]:
    places = list(_stepped(first, last, step))
    return [day_number(at) for at in places], [name(at) for at in places]


def _stepped(first: datetime, last: datetime, step: timedelta) -> Iterator[datetime]:
    at = datetime.combine(first.astimezone(UTC).date(), time(), UTC)
    while at <= last:
        if at >= first:
            yield at
        at += step


def _price(value: float, within: float) -> str:
    return precise(f"{value:,.0f}" if value >= _WHOLE else f"{value:.4g}", value, within)


if __name__ == "__main__":
    os.nice(_NICE)  # everything else goes first
    sys.stdout.buffer.write(draw(SCENERY.validate_json(sys.stdin.buffer.read())))
