"""A sweep's outcomes as a plot: what the hedge cost against how far the book fell with it."""

import io
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.errors import Permanent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE: Final = (11.0, 7.0)
_DPI: Final = 100
_COLOURS: Final = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad", "#b9770e", "#34495e")
_FOOT: Final = (
    "Model prices and modelled fills; the pool and its fees are a model. Cost: what the hedge lost "
    "over the story, below zero a gain.\nFall: the deepest fall from a peak of the position and "
    "its hedge against holding the same tokens. Chosen on these very events: no forecast. "
    "Not advice."
)


class Dot(NamedTuple):
    """One outcome. best: no other of its place is better at both."""

    place: str
    cost_usd: float
    fall_usd: float
    best: bool


def draw_pareto(title: str, dots: Sequence[Dot], bare: dict[str, float]) -> bytes:
    """Return the plot as a PNG; raise Permanent where the library that draws is missing.

    bare: by place, how far the book fell without a hedge.
    """
    if find_spec("matplotlib") is None:
        raise Permanent(
            "the plot is drawn with matplotlib, which is not installed: "
            'run pip install "hedgewatch[demo]"'
        )
    import matplotlib as mpl  # noqa: PLC0415 - takes a second to load
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({"font.family": "DejaVu Sans", "font.size": 11})
        figure = Figure(figsize=_SIZE, dpi=_DPI)
        figure.suptitle(title, x=0.07, y=0.965, ha="left", fontsize=14, fontweight="bold")
        figure.text(0.07, 0.025, _FOOT, fontsize=8.5, color="#555555", va="bottom")
        axes = figure.add_axes((0.09, 0.17, 0.87, 0.72))
        for number, place in enumerate(sorted({dot.place for dot in dots})):
            colour = _COLOURS[number % len(_COLOURS)]
            some = [dot for dot in dots if dot.place == place]
            _place(axes, place, some, colour=colour, bare=bare.get(place))
        axes.set_xlabel("cost of the hedge, USD (model)")
        axes.set_ylabel("deepest fall against holding, USD (model)")
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="best")
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=_DPI, metadata={"Software": "hedgewatch sweep"})
    return png.getvalue()


def _place(
    axes: "Axes", place: str, dots: Sequence[Dot], *, colour: str, bare: float | None
) -> None:
    axes.scatter(
        [dot.cost_usd for dot in dots], [dot.fall_usd for dot in dots], s=26, c=colour, alpha=0.35
    )
    best = sorted((dot.cost_usd, dot.fall_usd) for dot in dots if dot.best)
    axes.plot(*zip(*best, strict=True), "-o", color=colour, lw=1.6, ms=6, label=f"{place}, best")
    if bare is not None:
        axes.axhline(bare, color=colour, lw=1, ls=(0, (2, 3)), label=f"{place}, no hedge")
