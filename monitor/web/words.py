"""Small parts that every section is made of: ages that tick, states with a shape, unknowns."""

from datetime import datetime
from typing import Final

from monitor.alerts.figures import age, figure
from monitor.rules.verdict import Scalar
from monitor.web.markup import Markup, Part, el
from monitor.web.standing import Stand

SHAPES: Final = {
    Stand.FIRING: "●",
    Stand.PENDING: "◐",
    Stand.UNKNOWN: "?",
    Stand.QUIET: "○",
}
"""A state's own shape, so that it is read without its colour."""


def ago(at: datetime, now: datetime) -> Markup:
    """Return how long ago an instant was; the page's script lets it tick."""
    told = f"{age((now - at).total_seconds())} ago"
    return el("time", told, datetime=at.isoformat(), title=f"{at:%Y-%m-%d %H:%M:%S} UTC")


def lasting(told: str) -> Markup:
    """Return words of how long something has lasted, of which a little longer is no news."""
    return el("i", told, class_="span")


def until(at: datetime, now: datetime) -> str:
    """Return how long it is until an instant, or that it has passed."""
    left = (at - now).total_seconds()
    return f"in {age(left)}" if left > 0 else "passed"


def known(value: Scalar | None, unit: str) -> Markup:
    """Return a figure, or `unknown`, grey and hatched."""
    if value is None:
        return unknown()
    return el("span", figure(value, unit), class_="figure")


def unknown() -> Markup:
    """Return the word `unknown` as it is shown everywhere; why stands beside or beneath it."""
    return el("span", "unknown", class_="unknown")


def badge(stand: Stand, *inside: Part) -> Markup:
    """Return a state with its shape."""
    shape = el("span", SHAPES[stand], class_="shape", aria_hidden="true")
    return el("span", shape, " ", *(inside or (stand.value,)), class_=f"badge {stand.value}")


def note(*inside: Part) -> Markup:
    """Return a line of small print."""
    return el("p", *inside, class_="note")


def section(name: str, title: str, *inside: Part) -> Markup:
    """Return the inside of a section: its heading, and what follows."""
    return el("div", el("h2", title, id=f"{name}-title"), *inside, class_="inside")
