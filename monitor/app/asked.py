"""Questions by Telegram that need more than the state: why an alert, and a layer's ticket."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from monitor.alerts.alert import Alert
from monitor.alerts.figures import age, figure, pair
from monitor.alerts.ticket import DISCLAIMER, ticket_lines
from monitor.alerts.wire import from_json
from monitor.app.brief import brief, silences_told
from monitor.app.brief_layers import layers_told
from monitor.app.brief_whatif import whatif_told
from monitor.app.daemon import Daemon
from monitor.channels.spoken import FORMS, LATE
from monitor.model.layer import Action, LayerState, Ticket
from monitor.rules.desk import Book, draw
from monitor.rules.pack import Rule
from monitor.rules.verdict import Term
from monitor.signals.catalogue import Scope
from monitor.signals.market import market_of

_NEWEST: Final = 20
_MOST: Final = 8
_OF_ALERTS: Final = frozenset({"/status", "/alerts"})
_SHORT: Final = frozenset({"/status", "/positions", "/alerts"})
_HELP: Final = (
    "/layers  what the hedge holds",
    "/why ALERT  what it came of",
    "/ticket LAYER  the trade now",
    "/whatif eth -30% vix 45",
    "/chart  price, IL, hedge, VIX",
)
_ORDERED: Final = frozenset({"<", "<=", ">", ">="})


class Asked:
    """Answers what may be asked, from what the daemon holds now.

    now: the observations' time.
    """

    def __init__(self, daemon: Daemon, *, now: Callable[[], datetime], tells: bool) -> None:
        self._daemon = daemon
        self._now = now
        self._tells = tells

    def answer(self, command: str, rest: str) -> str:
        """Return the answer to a command such as `/why` and what followed it."""
        said = rest.split()
        if command == "/why":
            lines = self._why(said[0].upper() if said else "")
        elif command == "/ticket":
            lines = self._ticket(said)
        elif command == "/layers":
            rules, now = self._daemon.book.rules, self._now()
            lines = layers_told(self._daemon.state, rules, now)
        elif command == "/whatif":
            lines = whatif_told(self._daemon.state, said, self._now())
        else:
            first, last = _parted(command, brief(command, self._daemon.state, self._now()))
            lines = iter((*first, *self._more(command), *last))
        return "\n".join(lines)

    def _more(self, command: str) -> Iterator[str]:
        if command in _OF_ALERTS:
            yield from silences_told(self._daemon.dispatch.desk.silences.values(), self._now())
        if command not in _SHORT:
            yield from _HELP
            if self._tells:
                yield from (*FORMS.values(), LATE)

    def _why(self, alert: str) -> Iterator[str]:
        """Yield what an alert came of: each condition, its value, and how far it is from firing."""
        history = self._daemon.store.history
        told = [found for one in history.of_alert(alert) if (found := _read(one.payload))]
        if not told:
            newest = reversed(history.latest(_NEWEST))
            known = ", ".join(dict.fromkeys(one.alert_id for one in newest))
            yield f"no alert {alert[:20]} is remembered" if alert else "which alert? /why A17F3C"
            yield f"the newest: {known or 'none yet'}"
            return
        last = told[-1]
        traced = next((one for one in reversed(told) if one.trace), last)
        yield f"{last.id}  {last.rule}  {last.subject or last.scope}"
        for term in traced.trace:
            yield from _term(term)
        for one in told[-_MOST:]:
            yield f"{one.state.value} {one.at:%Y-%m-%d %H:%M}Z" + (
                f": {one.reason}" if one.reason else ""
            )

    def _ticket(self, said: list[str]) -> Iterator[str]:
        """Yield the ticket of each action that applies to a layer, or why there is none."""
        rules = [rule for rule in self._daemon.book.rules if rule.layer]
        mine = [rule for rule in rules if said and rule.layer and rule.layer.id == said[0]]
        if not mine:
            known = ", ".join(sorted({rule.layer.id for rule in rules if rule.layer}))
            yield f"no layer {said[0][:20] if said else 'named'}; the rules have {known or 'none'}"
            return
        scope = said[-1] if len(said) > 1 else "book"
        if (mine[0].scope is Scope.BOOK) != (scope == "book"):
            covers = "the whole book" if mine[0].scope is Scope.BOOK else f"a {mine[0].scope.value}"
            yield f"layer {said[0]} covers {covers}: /ticket {said[0]}" + (
                "" if mine[0].scope is Scope.BOOK else " position 1:0x…:4471"
            )
            return
        yield from self._drawn(mine, said[0], scope)
        yield DISCLAIMER

    def _drawn(self, mine: list[Rule], name: str, scope: str) -> Iterator[str]:
        state, now = self._daemon.state, self._now()
        layer = state.layers.get(f"{name}|{scope}") or LayerState(layer=name, scope=scope)
        book = Book(
            facts=state.facts, market=market_of(state.facts, now), layers=state.layers, now=now
        )
        wanted = [Action.ROLL, Action.REMOVE] if layer.legs else [Action.ADD]
        first = {rule.action: rule for rule in reversed(mine)}
        for action in wanted:
            if action not in first:
                yield f"no rule asks to {action.value} {name}"
                continue
            drawn = draw(first[action], layer, book)
            yield f"{action.value.upper()} · {name}"
            yield from (
                ticket_lines(drawn) if isinstance(drawn, Ticket) else (f"No ticket: {drawn}.",)
            )


def _parted(command: str, told: str) -> tuple[list[str], list[str]]:
    """Return the lines of an answer, and those that stand below everything else."""
    lines = told.splitlines()
    return (lines, []) if command in _SHORT else (lines[:-1], lines[-1:])


def _read(payload: str) -> Alert | None:
    """Return the alert an event tells of, None where another release wrote it."""
    try:
        return from_json(payload)
    except ValueError:
        return None


def _term(term: Term) -> Iterator[str]:
    yield term.text
    if term.left is None:
        yield f"  unknown{f': {term.note}' if term.note else ''}"
        return
    value = figure(term.left, term.unit)
    if term.right is not None:
        value = pair(term.left, term.right, term.unit)[0]
    numbers = isinstance(term.left, float) and isinstance(term.right, float)
    if numbers and term.margin and term.op in _ORDERED:
        side = "above" if float(term.left) > float(term.right or 0.0) else "below"
        value += f", {side} by {figure(abs(term.margin), term.unit)}"
    elif term.truth is not None:
        value += ", so" if term.truth else ", not so"
    yield f"  {value}" + (f", {age(term.age_s)} old" if term.age_s is not None else "")
