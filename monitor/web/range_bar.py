"""Where a price is in its range, as a small drawing that needs no colour."""

import math
from collections.abc import Iterator
from typing import Final

from monitor.amm.measure import Measures
from monitor.web.markup import Markup, el

_LOW, _HIGH = 15.0, 85.0
"""Where the range begins and ends, of 100."""
_EDGE: Final = 3.0


def place(measures: Measures) -> float:
    """Return where the price stands, 0 to 100; a range's edges stand at 15 and 85."""
    low, high = math.log(measures.price_lower), math.log(measures.price_upper)
    share = (math.log(measures.price) - low) / (high - low)
    return min(max(_LOW + share * (_HIGH - _LOW), _EDGE), 100 - _EDGE)


def range_bar(measures: Measures, told: str, *, dim: bool) -> Markup:
    """Return the bar. told: the same in words; dim: the figures are old, or the range is idle."""
    kind = "dim" if dim else "in" if measures.in_range else "out"
    return el(
        "svg",
        el("use", href=f"#range-{kind}"),
        el("rect", x=f"{place(measures) - 0.9:.1f}", y="0", width="1.8", height="20"),
        viewBox="0 0 100 20",
        preserveAspectRatio="none",
        class_="range",
        role="img",
        aria_label=told,
    )


def drawn_once() -> Markup:
    """Return the parts of all bars and the pattern of what is unknown, which pages hold once."""
    tile = [el("rect", width="8", height="8"), el("path", d="M-2 10 10 -2M-2 2 2 -2M6 10 10 6")]
    size = {"width": "8", "height": "8", "patternUnits": "userSpaceOnUse"}
    pattern = el("pattern", *tile, id="hatch", **size)
    frames = [el("g", *_frame(kind), id=f"range-{kind}") for kind in ("in", "out", "dim")]
    hidden = {"aria_hidden": "true", "focusable": "false"}
    return el("svg", el("defs", pattern, *frames), class_="hatching", **hidden)


def _frame(kind: str) -> Iterator[Markup]:
    fill = "url(#hatch)" if kind == "dim" else None
    band = {"x": f"{_LOW:g}", "y": "5", "width": f"{_HIGH - _LOW:g}", "height": "10"}
    yield el("rect", x="0", y="9", width="100", height="2", class_="track")
    yield el("rect", **band, class_=f"band {kind}", fill=fill)
    for at in (_LOW, _HIGH - 0.8):
        yield el("rect", x=f"{at:g}", y="2", width="0.8", height="16", class_="edge")
