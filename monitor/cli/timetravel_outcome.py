"""What a replay came to, in 80 columns."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.render import console_line
from monitor.alerts.terms import say_tight
from monitor.alerts.ticket import DISCLAIMER
from monitor.cli.lines import COLUMNS, cut, line
from monitor.model.layer import Action
from monitor.timetravel.alert_lines import in_order
from monitor.timetravel.figures import money
from monitor.timetravel.outcome import Outcome
from monitor.timetravel.report_words import GROUPS, alarm_word, dark_word, hedge_word, unknowns
from monitor.timetravel.told import Told

MOST_ASKED: Final = 40
"""More moments at which layers were asked for than this are only counted."""

_HEAD: Final = 14
_NAME: Final = 25
_CELL: Final = 11
_ASKING: Final = frozenset({Action.ADD, Action.ROLL, Action.REMOVE})


def shown(told: Told, *, every_alert: bool) -> Iterator[str]:
    """Yield the outcome line by line. every_alert: each alert in a line of its own, first."""
    if every_alert:
        yield from (console_line(alert, dated=True) for alert in in_order(told.story.alerts))
        yield ""
    yield told.title
    yield _told("period", told.days)
    yield _told("packs", ", ".join(told.packs))
    yield _told("trades", told.traded)
    yield ""
    yield from _asked(told)
    yield _told("alerts", _counts(told))
    if told.dark:
        yield _told("not judged", dark_word(told.dark))
    yield _told("false alarms", alarm_word(told))
    yield _told("hedge", hedge_word(told))
    yield _told("fees", f"{money(told.book.fees_usd)} USD ({told.fees_by})")
    yield ""
    yield from _table(told.outcomes)
    yield from (line("", note) for note in unknowns(told))
    yield ""
    yield from _claims(told)
    yield ""
    yield line("", f"Hedge prices are a model's. A cost below zero was earned. Seed {told.seed}.")
    yield DISCLAIMER


def _asked(told: Told) -> Iterator[str]:
    """Yield a line for each moment at which layers were asked to change the same way."""
    asked = [
        alert
        for alert in in_order(told.story.alerts)
        if alert.action in _ASKING and alert.state is AlertState.FIRING
    ]
    asked.sort(key=lambda alert: (alert.at, alert.action))
    moments = [list(some) for _, some in groupby(asked, key=lambda one: (one.at, one.action))]
    for some in moments[:MOST_ASKED]:
        yield _moment(some)
    if not moments:
        yield "no layer was asked for"
    if len(moments) > MOST_ASKED:
        yield f"… and {len(moments) - MOST_ASKED} more such moments: --alerts shows all"


def _moment(asked: Sequence[Alert]) -> str:
    first = asked[0]
    layers = " ".join(dict.fromkeys(alert.layer or alert.rule for alert in asked))
    why = say_tight(first.trace[0]) if first.trace else ""
    head = f"{first.at:%Y-%m-%d %H:%M}Z  {first.action.value:<7} {layers:<20}"
    return cut(f"{head} {why}".rstrip(), COLUMNS)


def _counts(told: Told) -> str:
    counts = [f"{action.value} {told.story.count(action)}" for action in Action]
    others = len(told.story.alerts) - sum(told.story.count(action) for action in Action)
    return f"{', '.join(counts)}; {others:,} other events: --alerts shows all"


def _table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield the measures by range, as many ranges side by side as there is room for."""
    room = (COLUMNS - _NAME) // _CELL
    for first in range(0, len(outcomes), room):
        some = outcomes[first : first + room]
        yield f"{'':<{_NAME}}" + "".join(f"{one.name:>{_CELL}}" for one in some)
        for group in GROUPS:
            yield group.name
            for row in group.rows:
                if row.brief:
                    cells = "".join(f"{row.cell(one):>{_CELL}}" for one in some)
                    yield f"{cut(f'  {row.name}', _NAME):<{_NAME}}{cells}"


def _claims(told: Told) -> Iterator[str]:
    yield "published claims, unaudited, on all positions together"
    for claim, readings in groupby(told.findings, key=lambda one: one.claim):
        yield f"  {claim}"
        for one in readings:
            yield line(f"    {one.verdict.value}: ", one.reading)
            yield line("      ", f"{one.measured}; {one.why}")


def _told(head: str, text: str) -> str:
    return line(f"{head:<{_HEAD}}", text)
