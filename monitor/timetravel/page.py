"""Pages of figures, charts and alerts that need nothing beside them; what was told is escaped."""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template

from monitor.alerts.alert import Alert
from monitor.model.layer import Action
from monitor.timetravel.alert_lines import evidence, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a page says first. title: of its window. facts: what came of it, by their names."""

    title: str
    heading: str
    lead: str
    facts: Mapping[str, str]


def page(head: Head, body: str) -> str:
    """Return a whole page. body: HTML."""
    template = files("monitor.timetravel") / "data" / "page.html"
    return Template(template.read_text(encoding="utf-8")).substitute(
        title=escape(head.title),
        heading=escape(head.heading),
        lead=whole(head.lead),
        facts="\n".join(fact(name, told) for name, told in head.facts.items()),
        body=body,
    )


def fact(name: str, told: str) -> str:
    """Return a row of a table of facts."""
    return f'<tr><th scope="row">{escape(name)}</th><td>{whole(told)}</td></tr>'


def numbers(name: str, cells: Sequence[str]) -> str:
    """Return a row of numbers under one name; what follows a newline in a cell stands small."""
    told = "".join(f'<td class="number">{_number(cell)}</td>' for cell in cells)
    return f'<tr><th scope="row">{whole(name)}</th>{told}</tr>'


def alert_rows(alerts: Iterable[Alert], names: Mapping[int, str]) -> Iterator[str]:
    """Yield a row an alert. names: each position's range by its token id."""
    for alert in alerts:
        when = f'<time datetime="{alert.at.isoformat()}">{alert.at:%d %b %H:%M}</time>'
        cells = (
            ("brief when", when),
            ("brief", f"{escape(alert.rule)} <code>{escape(alert.id)}</code>"),
            ("brief asked", escape(_event(alert))),
            ("brief", whole(_about(alert, names))),
            ("", "<br>".join(escape(line) for line in words(alert))),
            ("", f"<ul>{items(evidence(alert))}</ul>"),
        )
        yield "<tr>" + "".join(f'<td class="{kind}">{cell}</td>' for kind, cell in cells) + "</tr>"


def embedded(png: bytes) -> str:
    """Return a picture's address that holds the picture."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def whole(text: str) -> str:
    """Return escaped text in which no range's name is broken over two lines."""
    return escape(text).replace("×/÷", "×/&NoBreak;÷")


def items(texts: Iterable[str]) -> str:
    """Return the items of a list."""
    return "".join(f"<li>{escape(text)}</li>" for text in texts)


def _number(cell: str) -> str:
    figure, _, small = cell.partition("\n")
    return whole(figure) + (f"<small>{whole(small)}</small>" if small else "")


def _event(alert: Alert) -> str:
    asked = "" if alert.action is Action.NOTIFY else f"{alert.action.value}, "
    return f"{asked}{alert.state.value}"


def _about(alert: Alert, names: Mapping[int, str]) -> str:
    """Return whom an alert is about: a position by its number and range, else its scope."""
    if alert.position is None:
        return alert.scope
    token = alert.position.rpartition(":")[2]
    name = names.get(int(token)) if token.isdecimal() else None
    return f"#{token} {name}" if name else f"#{token}"
