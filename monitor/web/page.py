"""The whole page, and its sections one by one as they are sent when they change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monitor import __version__
from monitor.web.charts import charts
from monitor.web.deliveries import deliveries
from monitor.web.headline import headline
from monitor.web.layers import layers
from monitor.web.markup import Markup, el, joined
from monitor.web.positions import positions
from monitor.web.range_bar import drawn_once
from monitor.web.rules import rules
from monitor.web.seen import Seen
from monitor.web.signals import signals
from monitor.web.sources import sources
from monitor.web.standing import rulings

_LINKS: Final = {
    "positions": "Positions",
    "layers": "Layers",
    "charts": "Charts",
    "signals": "Signals",
    "rules": "Rules",
    "outbox": "Alerts",
    "sources": "Sources",
}
_LEFT: Final = ("positions", "layers", "charts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """One moment, written out. parts: each section's inside, by its id; seen: of what moment."""

    seen: Seen
    parts: Mapping[str, Markup]


def built(seen: Seen) -> Built:
    """Return every section of a moment; pure, and the work of a thread where many wait."""
    found = rulings(seen)
    parts = {
        "headline": headline(seen, found),
        "positions": positions(seen),
        "charts": charts(seen),
        "layers": layers(seen),
        "rules": rules(seen, found),
        "signals": signals(seen),
        "outbox": deliveries(seen),
        "sources": sources(seen),
    }
    return Built(seen=seen, parts=parts)


def page(made: Built, stamp: str) -> Markup:
    """Return the page. stamp: of the moment, from where the stream of changes goes on."""
    instance = made.seen.ground.instance
    body = joined(
        el("a", "Skip to positions", href="#positions", class_="skip"),
        drawn_once(),
        _head(made, instance),
        el("main", _column(made, left=True), _column(made, left=False), id="main"),
        _foot(),
    )
    at = made.seen.now.isoformat()
    return document(f"Hedgewatch · {instance}", body, stamp=stamp, at=at)


def document(
    title: str, body: Markup, *, stamp: str | None = None, at: str = "", again_s: int = 0
) -> Markup:
    """Return a document around a body. stamp, at: of a page that goes on by itself.

    again_s: in how many seconds another is asked for that does not, 0 for never.
    """
    live = stamp is not None
    again = el("meta", http_equiv="refresh", content=f"{again_s}") if again_s else None
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        again,
        el("title", title),
        el("link", rel="icon", href="static/icon.svg", type="image/svg+xml"),
        el("link", rel="stylesheet", href="static/vendor/uPlot.min.css") if live else None,
        el("link", rel="stylesheet", href="static/page.css"),
        el("script", src="static/vendor/uPlot.iife.min.js", defer=True) if live else None,
        el("script", src="static/page.js", defer=True) if live else None,
        el("noscript", el("meta", http_equiv="refresh", content="30")) if live else None,
    )
    whole = el("html", head, el("body", body, data_stamp=stamp, data_at=at), lang="en")
    return Markup(f"<!doctype html>{whole}")


def _head(made: Built, instance: str) -> Markup:
    links = [el("li", el("a", words, href=f"#{name}")) for name, words in _LINKS.items()]
    return el(
        "header",
        el("h1", "Hedgewatch", el("small", f" {instance}")),
        el("div", made.parts["headline"], id="headline"),
        el("p", id="line", class_="line", role="alert"),
        el("nav", el("ul", *links), aria_label="Sections"),
    )


def _column(made: Built, *, left: bool) -> Markup:
    names = [name for name in _LINKS if (name in _LEFT) is left]
    return el("div", *(_section(made, name) for name in names), class_="column")


def _section(made: Built, name: str) -> Markup:
    return el("section", made.parts[name], id=name, aria_labelledby=f"{name}-title", tabindex="-1")


def _foot() -> Markup:
    return el(
        "footer",
        el("p", f"Hedgewatch {__version__}. It never trades; this page changes nothing."),
        el("p", "Prices by the model are no quotes. Not advice."),
    )
