"""The grid of shocks as a heat map."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from monitor.alerts.figures import number
from monitor.errors import Permanent
from monitor.hedge.whatif import Outcome
from monitor.shipped import beside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE: Final = (14.0, 6.2)
_DPI: Final = 100
_DARK: Final = 0.62
_PERCENT: Final = 100
_FOOT: Final = (
    "Model prices on both sides, at once and from now on: no fees, no slippage. A VIX jump fades "
    "along the futures curve; SPX falls 0.5 % a point of VIX. Not advice."
)

Grid = Sequence[Sequence[Outcome]]


def draw_grid(
    table: Grid, moves: Sequence[float], levels: Sequence[float], *, told: str = ""
) -> bytes:
    """Return the heat map as a PNG; raise Permanent where the library that draws is missing.

    told: from where the shocks are and when, beneath the title.
    """
    if find_spec("matplotlib") is None:
        raise Permanent(
            f"the grid is drawn with matplotlib, which is not installed: {beside('matplotlib')}"
        )
    import matplotlib as mpl  # noqa: PLC0415 - takes a second to load
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({"font.family": "DejaVu Sans", "font.size": 12})
        figure = Figure(figsize=_SIZE, dpi=_DPI, facecolor="white")
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.06, right=0.985, top=0.83, bottom=0.2, wspace=0.16)
        figure.suptitle("The book after a shock: coin's move across, VIX up", fontsize=15)
        figure.text(0.5, 0.905, told, fontsize=11, color="#555555", ha="center")
        net = [[_net(one) for one in row] for row in table]
        shares = [[one.offset for one in row] for row in table]
        _fill(left, net, _NET)
        _fill(right, shares, _SHARE)
        for panel in (left, right):
            panel.set_xticks(range(len(moves)), [axis_label(move) for move in moves])
            panel.set_yticks(range(len(levels)), [f"{level:g}" for level in levels])
            panel.invert_yaxis()
            panel.set_ylabel("VIX")
        figure.text(0.06, 0.04, _FOOT, fontsize=10, color="#555555", wrap=True)
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=_DPI, metadata={"Software": "hedgewatch whatif"})
    return png.getvalue()


def axis_label(move: float) -> str:
    """Return a move in percent with its sign, a true minus."""
    return f"{'+' if move > 0 else ''}{number(move * _PERCENT, 0)} %"


def _net(one: Outcome) -> float | None:
    hedge = one.hedge_usd
    return None if hedge is None else one.loss_usd + hedge


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """What one half shows. most: where its colours end; None at the largest there is."""

    title: str
    scale: float
    digits: int
    most: float | None = None


_NET: Final = _Panel(
    title="Impermanent loss and hedge together, thousand USD", scale=1e-3, digits=1
)
_SHARE: Final = _Panel(title="Share of the loss offset, %", scale=100.0, digits=0, most=1.0)


def _fill(axes: "Axes", cells: Sequence[Sequence[float | None]], of: _Panel) -> None:
    """Fill one panel; a cell that is unknown is grey and has a dash."""
    known = [abs(one) for row in cells for one in row if one is not None]
    most = of.most or max(known, default=0.0) or 1.0
    shown = [[float("nan") if one is None else one / most for one in row] for row in cells]
    axes.set_facecolor("#dddddd")
    axes.imshow(shown, cmap="RdYlGn", vmin=-1.0, vmax=1.0, aspect="auto")
    for y, row in enumerate(cells):
        for x, one in enumerate(row):
            text = "—" if one is None else number(one * of.scale, of.digits)
            dark = one is not None and abs(one) / most > _DARK
            colour = "white" if dark else "black"
            axes.text(x, y, text, ha="center", va="center", color=colour, fontsize=11)
    axes.set_title(of.title, fontsize=13)
