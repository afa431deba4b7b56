"""A sweep's outcomes as a plot: what the hedge cost against how far the book fell with it."""

import io
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from monitor.errors import Permanent
from monitor.shipped import beside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Place: TypeAlias = tuple[str, str]
"""An event, and a range in words."""

_SIZE: Final = (13.0, 7.0)
_DPI: Final = 100
# Okabe and Ito's colours: told apart with any kind of colour vision.
_COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#222222")
_SHAPES: Final = ("o", "s", "^", "D", "v", "P", "X", "*")
_PALE: Final = 0.35
_DOTTED: Final = (0, (2, 3))
_FOOT: Final = (
    "Model prices and modelled fills; the pool and its fees are a model. Cost: what the hedge lost "
    "over the story, below zero a gain.\nFall: the deepest fall from a peak of the position and "
    "its hedge against holding the same tokens. Chosen on these very events: no forecast. "
    "Not advice."
)


class Dot(NamedTuple):
    """One outcome. best: no other of its place is better at both."""

    place: Place
    cost_usd: float
    fall_usd: float
    best: bool


class Style(NamedTuple):
    """What tells a place from the others: a colour for its event, a shape for its range."""

    colour: str
    shape: str


def styles(places: Iterable[Place]) -> dict[Place, Style]:
    """Return each place's style, in their order."""
    of = list(dict.fromkeys(places))
    events = list(dict.fromkeys(event for event, _ in of))
    ranges = list(dict.fromkeys(reach for _, reach in of))
    return {
        (event, reach): Style(
            _COLOURS[events.index(event) % len(_COLOURS)],
            _SHAPES[ranges.index(reach) % len(_SHAPES)],
        )
        for event, reach in of
    }


def draw_pareto(title: str, dots: Sequence[Dot], bare: Mapping[Place, float]) -> bytes:
    """Return the plot as a PNG; raise Permanent where the library that draws is missing.

    bare: by place, how far the book fell without a hedge.
    """
    if find_spec("matplotlib") is None:
        raise Permanent(
            f"the plot is drawn with matplotlib, which is not installed: {beside('matplotlib')}"
        )
    import matplotlib as mpl  # noqa: PLC0415 - takes a second to load
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({"font.family": "DejaVu Sans", "font.size": 11})
        figure = Figure(figsize=_SIZE, dpi=_DPI)
        figure.suptitle(title, x=0.07, y=0.965, ha="left", fontsize=14, fontweight="bold")
        figure.text(0.07, 0.025, _FOOT, fontsize=8.5, color="#555555", va="bottom")
        axes = figure.add_axes((0.08, 0.17, 0.68, 0.72))
        for place, style in styles(dot.place for dot in dots).items():
            some = [dot for dot in dots if dot.place == place]
            _place(axes, place, some, style=style, bare=bare.get(place))
        axes.plot([], [], "o", color="#555555", alpha=_PALE, label="another is better")
        axes.plot([], [], color="#555555", lw=1, ls=_DOTTED, label="fall with no hedge")
        axes.set_xlabel("cost of the hedge, USD (model)")
        axes.set_ylabel("deepest fall against holding, USD (model)")
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize=10)
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=_DPI, metadata={"Software": "hedgewatch sweep"})
    return png.getvalue()


def _place(
    axes: "Axes", place: Place, dots: Sequence[Dot], *, style: Style, bare: float | None
) -> None:
    colour, shape = style
    others = [dot for dot in dots if not dot.best]
    costs, falls = [dot.cost_usd for dot in others], [dot.fall_usd for dot in others]
    axes.scatter(costs, falls, s=26, c=colour, marker=shape, alpha=_PALE)
    best = sorted((dot.cost_usd, dot.fall_usd) for dot in dots if dot.best)
    axes.plot(
        *zip(*best, strict=True),
        linestyle="solid",
        marker=shape,
        color=colour,
        lw=1.6,
        ms=6,
        label=f"{' '.join(place)}, best",
    )
    if bare is not None:
        axes.axhline(bare, color=colour, lw=1, ls=_DOTTED)
        axes.plot(  # whose line it is, at its right end
            [1.0],
            [bare],
            marker=shape,
            color=colour,
            markerfacecolor="white",
            transform=axes.get_yaxis_transform(),
            clip_on=False,
        )
