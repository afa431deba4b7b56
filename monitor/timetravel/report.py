"""A replay's report: its alerts as lines, its charts, and one page that needs nothing beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from monitor.errors import Permanent
from monitor.timetravel.alert_lines import in_order, json_line
from monitor.timetravel.chart import NARROW, WIDE, Chart, Panel, draw
from monitor.timetravel.panels import draw_price, draw_vix
from monitor.timetravel.report_page import Drawn, report_page
from monitor.timetravel.report_panels import (
    draw_bare_il,
    draw_cost,
    draw_drawdowns,
    draw_hedged_il,
)
from monitor.timetravel.timeline import (
    LayerTimeline,
    RuleTimeline,
    height,
    layer_stretches,
    spoken,
)
from monitor.timetravel.told import Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart, the file it is written to, and what it shows in words."""

    name: str
    chart: Chart
    alt: str


def write_report(told: Told, out: Path) -> list[Path]:
    """Write the alerts, the charts and the page; return their paths. Raises Permanent."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        content = _content(told)
        for name, each in content.items():
            (out / name).write_bytes(each)
    except OSError as error:
        raise Permanent(f"nothing can be written to {out}: {error.strerror}") from error
    return [out / name for name in content]


def _content(told: Told) -> dict[str, bytes]:
    """Return what each file holds, by its name."""
    story, found = told.story, list(figures(told))
    lines = "".join(f"{json_line(alert)}\n" for alert in in_order(story.alerts))
    drawn = [
        Drawn(alt=one.alt, wide=draw(story, one.chart, WIDE), narrow=draw(story, one.chart, NARROW))
        for one in found
    ]
    pngs = {f"{one.name}.png": made.wide for one, made in zip(found, drawn, strict=True)}
    page = report_page(told, drawn).encode()
    return {"alerts.jsonl": lines.encode()} | pngs | {"report.html": page}


def figures(told: Told) -> Iterator[Figure]:
    """Yield the charts of a report, as they stand on its page."""
    sources, price = " ".join(told.sources), partial(draw_price, pair=told.pair)
    yield Figure(
        name="price",
        chart=Chart(
            title=told.title,
            sources=sources,
            panels=((price, 340), (draw_vix, 200)),
        ),
        alt="The price with the ranges of the positions, and VIX under it.",
    )
    yield _timeline(told, sources)
    for name, topic, panels, alt in _COURSES:
        title = f"{told.title}: {topic}"
        yield Figure(name=name, chart=Chart(title=title, sources=sources, panels=panels), alt=alt)


_COURSES: Final[tuple[tuple[str, str, tuple[tuple[Panel, int], ...], str], ...]] = (
    (
        "il",
        "IL",
        ((draw_bare_il, 270), (draw_hedged_il, 270)),
        "Impermanent loss of each range, without the hedge and with its share of it.",
    ),
    (
        "drawdown",
        "drawdown",
        ((draw_drawdowns, 420),),
        "Drawdown of all positions, alone and with the hedge, with fees and without.",
    ),
    (
        "cost",
        "cost against fees",
        ((draw_cost, 380),),
        "Fees earned, premium paid less what came back, and what the hedge made, by the model.",
    ),
)
"""What is drawn of the course of it: the file, the topic, the panels, and in words."""


def _timeline(told: Told, sources: str) -> Figure:
    layers = LayerTimeline(layer_stretches(told.layers))
    rules = RuleTimeline(spoken(told.story.alerts))
    return Figure(
        name="layers",
        chart=Chart(
            title=f"{told.title}: layers and alerts",
            sources=sources,
            panels=((layers, height(len(layers.rows))), (rules, height(len(rules.rows)))),
            marked=False,
            rows=True,
        ),
        alt="What each hedge layer held and when, and when each rule's alert stood.",
    )
