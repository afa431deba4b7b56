"""`hedgewatch ticket`: a layer's ticket as it would be drawn up now."""

import argparse
from collections.abc import Iterator

from monitor.alerts.figures import figure
from monitor.alerts.ticket import DISCLAIMER, ticket_lines
from monitor.cli.lines import line
from monitor.cli.look import Look, looking, over
from monitor.errors import ConfigError, Fault
from monitor.model.layer import Action, LayerState, Ticket
from monitor.rules.desk import Book, draw
from monitor.rules.pack import Rule
from monitor.signals.book import book_value_usd, live_positions
from monitor.signals.catalogue import Scope
from monitor.signals.market import market_of


def show(asked: argparse.Namespace) -> int:
    """Print the ticket of each action that applies, or why there is none; 1 where none is."""
    with looking(asked) as look:
        rules = [rule for rule in look.rules if rule.layer and rule.layer.id == asked.layer]
        if not rules:
            known = sorted({rule.layer.id for rule in look.rules if rule.layer})
            reason = f"no layer {asked.layer}; the rules have {', '.join(known) or 'none'}"
            raise ConfigError([Fault(file="LAYER", where="", reason=reason)])
        layer = look.state.layers.get(f"{asked.layer}|{_scope(rules[0], asked.position)}")
        layer = layer or LayerState(layer=asked.layer, scope=_scope(rules[0], asked.position))
        shown = [_told(look, rule, layer) for rule in _wanted(rules, layer, asked.action)]
        print("\n".join("\n".join(lines) for _, lines in shown))
        print(f"\n{DISCLAIMER}")
    return 0 if any(good for good, _ in shown) else 1


def _scope(rule: Rule, position: str) -> str:
    """Return the scope asked for; raise ConfigError where the layer has another kind of one."""
    if (rule.scope is Scope.BOOK) == (position == "book"):
        return position
    layer = rule.layer.id if rule.layer else ""
    reason = (
        f"layer {layer} covers the whole book: leave --position out"
        if rule.scope is Scope.BOOK
        else f"layer {layer} covers a {rule.scope.value}: name it with --position"
    )
    raise ConfigError([Fault(file="--position", where="", reason=reason)])


def _wanted(rules: list[Rule], layer: LayerState, action: str | None) -> list[Rule]:
    """Return one rule for each action to show, the layer's own first."""
    usual = [Action.ROLL, Action.REMOVE] if layer.legs else [Action.ADD]
    actions = [Action(action)] if action else usual
    found = {rule.action: rule for rule in reversed(rules)}
    if missing := [one for one in actions if one not in found]:
        has = ", ".join(sorted(found)) or "none"
        reason = f"no rule of {layer.layer} asks to {missing[0]} it; its rules: {has}"
        if action:
            raise ConfigError([Fault(file="--action", where="", reason=reason)])
    return [found[one] for one in actions if one in found]


def _told(look: Look, rule: Rule, layer: LayerState) -> tuple[bool, list[str]]:
    book = Book(
        facts=look.state.facts,
        market=market_of(look.state.facts, look.now),
        layers=look.state.layers,
        now=look.now,
    )
    drawn = draw(rule, layer, book)
    return not isinstance(drawn, str), list(_lines(look, rule, layer, drawn))


def _lines(look: Look, rule: Rule, layer: LayerState, drawn: Ticket | str) -> Iterator[str]:
    title = rule.layer.title if rule.layer else ""
    where = over(look, layer.scope)
    yield f"{rule.action.value.upper()} · {layer.layer} {title}{where}"
    value, held = book_value_usd(look.state.facts), live_positions(look.state.facts)
    of = figure(value, "usd") if value is not None else "value unknown"
    yield f"Book: {len(held)} position{'' if len(held) == 1 else 's'}, {of}"
    if isinstance(drawn, str):
        yield line("No ticket: ", f"{drawn}.")
        return
    for text in ticket_lines(drawn):
        yield line("", text)
