"""The page of a replay's report."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template
from typing import Final

from monitor.alerts.alert import Alert, AlertState
from monitor.model.layer import Action
from monitor.timetravel.alert_lines import in_order
from monitor.timetravel.claims import Finding
from monitor.timetravel.false_alarms import WORDS
from monitor.timetravel.figures import day_of, money, percent, ranges
from monitor.timetravel.outcome import CALM, FEWEST_CALM, SMALL
from monitor.timetravel.page import Head, alert_rows, embedded, items, numbers, page, whole
from monitor.timetravel.report_words import (
    GROUPS,
    LITTLE,
    WALK_FORWARD,
    Row,
    alarm_word,
    amounts,
    dark_word,
    hedge_word,
    share_cell,
    uncertainty,
    unknowns,
)
from monitor.timetravel.scene import STORM
from monitor.timetravel.told import Told

MOST_ALERTS: Final = 400
"""More of the other alerts than this are not on the page, but in alerts.jsonl."""

_PHONE: Final = "(max-width: 46rem)"
_ASKING: Final = frozenset({Action.ADD, Action.ROLL, Action.REMOVE})
_HEADS: Final = ("when, UTC", "rule", "event", "about", "words", "evidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A chart as PNGs, for a desktop and for a phone. alt: what it shows."""

    alt: str
    wide: bytes
    narrow: bytes


def report_page(told: Told, drawn: Sequence[Drawn]) -> str:
    """Return the page in HTML, the charts within."""
    template = files("monitor.timetravel") / "data" / "report.html"
    title = f"{told.title[0].upper()}{told.title[1:]}"
    asked, others = _parted(in_order(told.story.alerts))
    body = Template(template.read_text(encoding="utf-8")).substitute(
        claims="\n".join(_claim(one) for one in told.findings),
        names="".join(
            f'<th scope="col" class="number">{whole(one.name)}</th>' for one in told.outcomes
        ),
        measures="\n".join(_measures(told)),
        unknowns=items(unknowns(told)),
        charts="\n".join(_picture(one) for one in drawn),
        asked=_alerts(asked, told) if asked else "<p>No layer was asked for.</p>",
        others=f"{len(others):,}",
        rest=_rest(others, told),
        storm=f"{STORM:.0f}",
        small=escape(percent(SMALL)),
        little=LITTLE,
        calm=f"{CALM:.0f}",
        calm_days=FEWEST_CALM,
        uncertainty=escape(uncertainty(told.seed)),
        walk_forward=escape(WALK_FORWARD),
        traded=escape(told.traded),
        sources=items(told.sources),
    )
    head = Head(
        title=f"Hedgewatch: {told.title}", heading=title, lead=_lead(told), facts=_facts(told)
    )
    return page(head, body)


def _lead(told: Told) -> str:
    add, roll, remove = (told.story.count(one) for one in (Action.ADD, Action.ROLL, Action.REMOVE))
    asked = f"From {told.days}, layers the rules asked to add: {add}, to roll: {roll}, "
    asked += f"to remove: {remove}."
    worst = told.story.worst_scene()
    if worst is None:
        return f"{asked} How far the positions were behind holding is unknown."
    share = share_cell(told.book, told.book.at_worst)
    on = day_of(worst, told.story)
    return (
        f"{asked} On {on.day} {on:%B} the positions were furthest behind holding, by "
        f"{money(-(worst.loss_usd or 0.0))} USD; of that the hedge had made good: {share} (model)."
    )


def _facts(told: Told) -> dict[str, str]:
    story, book = told.story, told.book
    held = ranges(story)
    value = money(book.start_usd)
    return {
        "period": f"{told.first:%Y-%m-%d %H:%M} to {told.last:%Y-%m-%d %H:%M} UTC",
        "packs": ", ".join(told.packs),
        "positions": f"{len(held)}, {told.pair}, {value} USD in all: {', '.join(held.values())}",
        "hedge": hedge_word(told),
        "hedge on the loss": f"{amounts(book.at_worst)} USD at the worst moment, "
        f"{amounts(book.whole)} USD at the end",
        "fees": f"{money(book.fees_usd)} USD ({told.fees_by})",
        "alerts": ", ".join(f"{one.value} {story.count(one)}" for one in Action),
        **({"not judged": dark_word(told.dark)} if told.dark else {}),
        "false alarms": f"{alarm_word(told)}. {WORDS}",
    }


def _claim(one: Finding) -> str:
    cells = (one.reading, one.measured)
    told = "".join(f"<td>{whole(cell)}</td>" for cell in cells)
    verdict = f'<td class="verdict">{escape(one.verdict.value)}</td><td>{whole(one.why)}</td>'
    return f'<tr><th scope="row">{escape(one.claim)}</th>{told}{verdict}</tr>'


def _measures(told: Told) -> Iterator[str]:
    across = len(told.outcomes) + 1
    for group in GROUPS:
        name = f"<span>{escape(group.name)}</span>"
        yield f'<tr><th scope="rowgroup" colspan="{across}">{name}</th></tr>'
        for row in group.rows:
            yield numbers(row.name, [_cell(row, told, n) for n in range(len(told.outcomes))])


def _cell(row: Row, told: Told, number: int) -> str:
    one = told.outcomes[number]
    small = row.small(one)
    return f"{row.cell(one)}\n{small}" if small else row.cell(one)


def _picture(one: Drawn) -> str:
    return (
        f'<figure><picture><source media="{_PHONE}" srcset="{embedded(one.narrow)}">'
        f'<img alt="{escape(one.alt)}" src="{embedded(one.wide)}"></picture></figure>'
    )


def _parted(alerts: Iterable[Alert]) -> tuple[list[Alert], list[Alert]]:
    """Return the proposals and trades, and all else."""
    asked: list[Alert] = []
    others: list[Alert] = []
    for alert in alerts:
        weighty = alert.action in _ASKING and alert.state in {AlertState.FIRING, AlertState.FILLED}
        (asked if weighty else others).append(alert)
    return asked, others


def _alerts(alerts: Iterable[Alert], told: Told) -> str:
    heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADS)
    rows = "\n".join(alert_rows(alerts, ranges(told.story)))
    return f"<table>\n<thead>\n<tr>{heads}</tr>\n</thead>\n<tbody>\n{rows}\n</tbody>\n</table>"


def _rest(others: Sequence[Alert], told: Told) -> str:
    if not others:
        return "<p>None.</p>"
    more = len(others) - MOST_ALERTS
    note = f"<p>{more:,} later ones are in alerts.jsonl.</p>" if more > 0 else ""
    return _alerts(others[:MOST_ALERTS], told) + note
