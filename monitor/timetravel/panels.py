"""Panels that every chart of a story may have; each fills axes it is given."""

from collections.abc import Sequence
from datetime import datetime
from math import ceil, floor, isnan, log10, nan
from typing import TYPE_CHECKING, Final, TypeAlias

from monitor.timetravel.figures import full, money, percent, range_name, ranges, stormy
from monitor.timetravel.scene import STORM, Holding, Scene, Story

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

INK: Final = "#222222"
FAINT: Final = "#8A8A8A"
HEADROOM: Final = 0.15
"""The share of every panel kept free at its top for the marks of alerts."""

# Okabe and Ito's colours: told apart with any kind of colour vision.
RANGES: Final = ("#D55E00", "#E69F00", "#56B4E9", "#0072B2")
HEDGE: Final = "#009E73"
_WORTH: Final = "#0B6B50"
LOSS: Final = "#CC79A7"
_LEVELS: Final = (15, 20, 25, 30)
_VIX_TICKS: Final = (10, *_LEVELS, 40, 60, 80)
_FEW: Final = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
_MANY: Final = (1.0, 2.0, 4.0)
_DECADE: Final = 12.0
_WHOLE: Final = 100.0
_GAP: Final = 0.095
"""The least distance of two labels, in panel heights, where there is room for all."""

_LABEL_SIZE, _LABEL_EDGE = 13.0, 8.0
"""Letters of a label in points, and the pixels kept free at its right."""

_SWATCH: Final = {"solid": "solid", "dashed": (0, (1.2, 0.75))}

Label: TypeAlias = tuple[float, str, str] | tuple[float, str, str, str]
"""A height in the panel's own unit, the words to stand there, their line's colour, and its style:
solid unless it is said to be dashed."""


def draw_price(panel: "Axes", story: Story, *, pair: str = "WETH/USDC") -> None:
    """Draw the price, and each range as a band with its edges named. pair: base/quote."""
    base, _, quote = pair.partition("/")
    prices = [scene.price for scene in story.scenes]
    panel.plot(times(story), prices, color=INK, linewidth=1.8)
    labels: list[Label] = [(prices[-1], f"{base} {_price(prices[-1])}", INK)]
    heights = list(prices)
    for one, colour in last_held(story):
        if full(one):
            continue
        panel.axhspan(one.price_lower, one.price_upper, color=colour, alpha=0.09, linewidth=0)
        for edge in (one.price_lower, one.price_upper):
            panel.axhline(edge, color=colour, linewidth=1.4, linestyle=(0, (6, 3)))
            labels.append((edge, f"{_price(edge)}  {range_name(one)}", colour))
            heights.append(edge)
    low, high = min(heights) / 1.06, max(heights) * 1.04
    _log_scale(panel, low, high, price_ticks(low, high))
    panel.set_ylabel(f"{quote} per {base} (log)")
    title(panel, f"{base} price, and the ranges of the positions (a full one has no edges)")
    label_right(panel, labels)


def draw_il(panel: "Axes", story: Story) -> None:
    """Draw the IL of every position, unknown moments as holes."""
    labels: list[Label] = []
    lowest = -1.0
    for last, colour in last_held(story):
        course = [_il(scene, last.token_id) for scene in story.scenes]
        panel.plot(times(story), course, color=colour, linewidth=1.8)
        known = [il for il in course if not isnan(il)]
        if known:
            lowest = min(lowest, *known)
            told = f"{percent(known[-1] / 100, places=1)}  {range_name(last)}"
            labels.append((known[-1], told, colour))
    linear_scale(panel, lowest, 0.0)
    panel.set_ylabel("IL, % of holding")
    title(panel, "Impermanent loss by position, fees left out")
    label_right(panel, labels)


def draw_hedge(panel: "Axes", story: Story) -> None:
    """Draw the hedge's profit and value against the loss of all positions, all in dollars."""
    over = times(story)
    labels: list[Label] = []
    heights = [0.0]
    courses = (
        ([or_nan(scene.loss_usd) for scene in story.scenes], "IL", LOSS),
        ([or_nan(scene.hedge_usd) for scene in story.scenes], "profit", HEDGE),
    )
    for course, name, colour in courses:
        panel.plot(over, course, color=colour, linewidth=2.2)
        panel.fill_between(over, course, color=colour, alpha=0.18, linewidth=0)
        if known := [usd for usd in course if not isnan(usd)]:
            heights += known
            labels.append((known[-1], f"{money(known[-1], signed=True)}  {name}", colour))
    worth = [or_nan(scene.hedge_value_usd) for scene in story.scenes]
    panel.plot(over, worth, color=_WORTH, linewidth=1.6, linestyle=(0, (4, 2)))
    if known := [usd for usd in worth if not isnan(usd)]:
        heights += known
        labels.append((known[-1], f"{money(known[-1])}  value", _WORTH))
    linear_scale(panel, min(heights), max(*heights, 1.0))
    panel.yaxis.set_major_formatter(lambda usd, _: money(usd))
    panel.set_ylabel("USD")
    title(panel, "Hedge (model): profit and value, against the IL of all positions together")
    label_right(panel, labels)


def draw_vix(panel: "Axes", story: Story) -> None:
    """Draw the last VIX close, and the levels rules and claim speak of."""
    closes = [or_nan(scene.vix) for scene in story.scenes]
    panel.step(times(story), closes, where="post", color=INK, linewidth=1.8)
    for level in _LEVELS:
        panel.axhline(level, color=FAINT, linewidth=1.1, linestyle=(0, (2, 2)))
    known = [vix for vix in closes if not isnan(vix)]
    _log_scale(panel, min([*known, 12.0]), max([*known, 35.0]) * 1.05, _VIX_TICKS)
    panel.set_ylabel("VIX points (log)")
    title(panel, "VIX, last daily close; levels 15, 20, 25 and 30")
    if known:
        label_right(panel, [(known[-1], f"VIX {known[-1]:.2f}", INK)])


def price_ticks(low: float, high: float) -> list[float]:
    """Return round prices from `low` to `high`, fewer a decade where there are several."""
    steps = _FEW if high / low < _DECADE else _MANY
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    return [step * 10.0**n for n in decades for step in steps if low <= step * 10.0**n <= high]


def shade_storm(panel: "Axes", story: Story) -> None:
    """Shade the time in which the last VIX close was above the claim's level."""
    panel.fill_between(
        times(story),
        0,
        1,
        where=[stormy(scene) for scene in story.scenes],
        step="post",
        transform=panel.get_xaxis_transform(),
        color="#000000",
        alpha=0.055,
        linewidth=0,
        label=f"VIX > {STORM:.0f}",
    )


def day_number(at: datetime) -> float:
    """Return an instant as a place on the time axis: days since 1970 in UTC."""
    return at.timestamp() / 86_400


def times(story: Story) -> list[float]:
    """Return where each scene stands on the time axis."""
    return [day_number(scene.at) for scene in story.scenes]


def last_held(story: Story) -> list[tuple[Holding, str]]:
    """Return every position as last seen, with its colour."""
    seen = {one.token_id: one for scene in story.scenes for one in scene.holdings}
    tokens = ranges(story)
    return [(seen[token], RANGES[n % len(RANGES)]) for n, token in enumerate(tokens)]


def _il(scene: Scene, token_id: int) -> float:
    """Return a position's IL in percent, nan where it is unknown."""
    held = next((one for one in scene.holdings if one.token_id == token_id), None)
    return or_nan(100 * held.il if held and held.il is not None else None)


def or_nan(value: float | None) -> float:
    """Return a figure, nan where it is unknown."""
    return nan if value is None else value


def _log_scale(panel: "Axes", low: float, high: float, ticks: Sequence[float]) -> None:
    panel.set_yscale("log")
    panel.set_ylim(low, high * (high / low) ** HEADROOM)
    shown = [tick for tick in ticks if low <= tick <= high]
    panel.set_yticks(shown, labels=[_price(tick) for tick in shown])
    panel.minorticks_off()


def _price(value: float) -> str:
    return f"{value:,.0f}" if value >= _WHOLE else f"{value:.4g}"


def linear_scale(panel: "Axes", low: float, high: float) -> None:
    """Set a panel's heights, with room for marks above, and draw its zero."""
    panel.axhline(0, color=FAINT, linewidth=0.9)
    reach = high - low
    panel.set_ylim(low - 0.05 * reach, high + 1.2 * HEADROOM * reach)


def title(panel: "Axes", text: str) -> None:
    """Say above a panel what it shows."""
    panel.set_title(text, loc="left", fontsize=15, fontweight="bold", pad=6)


def label_right(panel: "Axes", labels: Sequence[Label]) -> None:
    """Name the lines at their right ends, none over another, and all within the figure."""
    to_panel = panel.transData + panel.transAxes.inverted()
    x = panel.get_xlim()[1]
    wanted = [float(to_panel.transform((x, label[0]))[1]) for label in labels]
    texts = []
    gap = min(_GAP, 1.0 / max(len(labels) - 1, 1))
    for (_, text, colour, *style), y in zip(labels, spread(wanted, gap), strict=True):
        panel.plot(
            [1.006, 1.02],
            [y, y],
            color=colour,
            linewidth=4,
            linestyle=_SWATCH[style[0] if style else "solid"],
            solid_capstyle="butt",
            transform=panel.transAxes,
            clip_on=False,
        )
        texts.append(
            panel.text(1.034, y, text, transform=panel.transAxes, va="center", fontsize=_LABEL_SIZE)
        )
    _fit(panel, texts)


def _fit(panel: "Axes", texts: Sequence["Text"]) -> None:
    """Make letters smaller where a text would be cut off at the right, all of them alike."""
    boxes = [text.get_window_extent() for text in texts]
    room = panel.figure.bbox.x1 - _LABEL_EDGE
    share = min(((room - box.x0) / box.width for box in boxes), default=1.0)
    for text in texts:
        text.set_fontsize(_LABEL_SIZE * min(share, 1.0))


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Return heights near those wanted, `gap` apart, in the same order, none above 1 if it fits."""
    order = sorted(range(len(wanted)), key=lambda n: wanted[n])
    placed = [0.0] * len(wanted)
    floor = -1.0
    for n in order:
        placed[n] = max(wanted[n], floor)
        floor = placed[n] + gap
    ceiling = 1.0
    for n in reversed(order):
        placed[n] = min(placed[n], ceiling)
        ceiling = placed[n] - gap
    return placed
