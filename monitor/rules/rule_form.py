"""A `[[rule]]` or `[[layer.rule]]` table, with the pack's defaults folded in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from monitor.model.layer import Action
from monitor.rules.checker import unknown_name
from monitor.rules.expression import Expression, RuleError, compile_rule
from monitor.rules.form import Table, spans_of
from monitor.rules.layer_form import SCOPES
from monitor.rules.pack import Layer, OnNodata, Rule, Severity
from monitor.rules.satisfy import always, never
from monitor.rules.suggest import did_you_mean, one_of
from monitor.rules.template import TEXT_NAMES, Template, compile_template
from monitor.signals.catalogue import Scope, Signal

ROUTES: Final = ("console", "telegram", "mqtt")

# The least each span may be, so that nothing floods and nothing is void at once.
_LEAST: Final = {
    "for": timedelta(0),
    "keep_firing_for": timedelta(0),
    "cooldown": timedelta(0),
    "repeat": timedelta(minutes=1),
    "expires": timedelta(minutes=1),
    "max_gap": timedelta(seconds=1),
}
_NONE: Final = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What `[defaults]` says; each rule may say otherwise. spans: by the file's keys."""

    severity: Severity = Severity.WARNING
    on_nodata: OnNodata = OnNodata.KEEP
    route: tuple[str, ...] = ()
    max_age: Mapping[str, timedelta] = field(default_factory=dict)
    spans: Mapping[str, timedelta] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Words:
    """The compiled parts of a rule."""

    when: Expression
    clear: Expression | None
    title: Template
    text: Template

    @property
    def names(self) -> frozenset[str]:
        cleared = self.clear.names if self.clear else frozenset()
        return self.when.names | cleared | self.title.names | self.text.names


def read_defaults(table: Table, names: Mapping[str, Signal]) -> Defaults:
    """Return the pack's defaults, noting faults."""
    defaults = Defaults(
        severity=table.word("severity", Severity) or Severity.WARNING,
        on_nodata=table.word("on_nodata", OnNodata) or OnNodata.KEEP,
        route=_route(table) or (),
        max_age=_max_age(table, names),
        spans=_spans(table),
    )
    table.close()
    return defaults


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReader:
    """Reads the rules of one pack that stand in one layer, or in none.

    layered: whether they stand in one, even if that layer could not be read.
    """

    pack: str
    defaults: Defaults
    names: Mapping[str, Signal]
    layered: bool = False
    layer: Layer | None = None

    def read(self, table: Table) -> Rule | None:
        """Return the rule, or None after noting what is wrong with it."""
        before, name = table.faulty, table.name("id")
        action, scope = self._action(table), self._scope(table)
        words, spans = self._words(table, scope, name), self._timing(table, action)
        ages = self._ages(table, words)
        severity, on_nodata = table.word("severity", Severity), table.word("on_nodata", OnNodata)
        route, inhibited_by = _route(table), _inhibited_by(table, name)
        top_up = _top_up(table, action)
        table.close()
        if words is None or table.faulty > before:
            return None
        return Rule(
            id=name,
            pack=self.pack,
            action=action,
            scope=scope,
            layer=self.layer,
            when=words.when,
            clear=words.clear,
            title=words.title,
            text=words.text,
            severity=severity or self.defaults.severity,
            hold=spans.get("for", _NONE),
            keep_firing_for=spans.get("keep_firing_for", _NONE),
            cooldown=spans.get("cooldown", _NONE),
            repeat=spans.get("repeat"),
            expires=spans.get("expires"),
            max_gap=spans.get("max_gap"),
            on_nodata=on_nodata or self.defaults.on_nodata,
            max_age=ages,
            route=self.defaults.route if route is None else route,
            inhibited_by=inhibited_by,
            top_up=top_up,
        )

    def _ages(self, table: Table, words: _Words | None) -> dict[str, timedelta]:
        """Return the age limits of the names this rule uses, the pack's and its own."""
        own = _max_age(table, self.names)
        if words is None:
            return own
        for one in sorted(own.keys() - words.names):
            table.fault("max_age", f"this rule does not use {one}")
        both = {**self.defaults.max_age, **own}
        return {one: age for one, age in both.items() if one in words.names}

    def _action(self, table: Table) -> Action:
        allowed = tuple(Action) if self.layered else (Action.NOTIFY,)
        if "action" not in table:
            table.fault("action", f"must be given: {one_of(allowed)}")
        said = table.text("action")
        if said is not None and said in set(Action) - set(allowed):
            table.fault("action", f"{said} concerns a layer: the rule must stand in a [[layer]]")
            return Action.NOTIFY
        return table.word("action", Action, allowed) or Action.NOTIFY

    def _scope(self, table: Table) -> Scope:
        if self.layered:
            if "scope" in table:
                table.fault("scope", "is the layer's, not the rule's")
            table.text("scope")
            return self.layer.scope if self.layer else Scope.POSITION
        if "scope" not in table:
            table.fault("scope", f"must be given: {one_of(SCOPES)}")
        return table.word("scope", Scope, SCOPES) or Scope.POSITION

    def _words(self, table: Table, scope: Scope, name: str) -> _Words | None:
        closed = self._closed(scope)
        texts = dict.fromkeys(TEXT_NAMES, "is for texts only") | closed
        when = self._expression(table, "when", texts)
        clear = self._expression(table, "clear", texts)
        plain = f"{self.layer.id} {self.layer.title}" if self.layer else name
        title = self._text(table, "title", closed, plain)
        text = self._text(table, "text", closed, "")
        if when and clear and when.tree == clear.tree:
            table.fault("clear", "is the same as when: the alert would end as it begins")
        if when is None or title is None or text is None:
            return None
        return _Words(when, clear, title, text)

    def _closed(self, scope: Scope) -> dict[str, str]:
        """Return the names this rule may not use, each with the reason."""
        over = "the book" if scope is Scope.BOOK else f"a {scope}"
        seen = {Scope.MARKET, Scope.BOOK, Scope.SYSTEM}
        seen |= {Scope.POOL, Scope.CHAIN} if scope is not Scope.BOOK else set()
        seen |= {Scope.POSITION} if scope is Scope.POSITION else set()
        seen |= {Scope.LAYER} if self.layered else set()
        return {
            signal.name: "speaks of a layer; this rule stands in none"
            if signal.scope is Scope.LAYER
            else f"speaks of one {signal.scope}; this rule is over {over}"
            for signal in (*self.names.values(), *TEXT_NAMES.values())
            if signal.scope not in seen
        }

    def _expression(self, table: Table, key: str, closed: Mapping[str, str]) -> Expression | None:
        text = table.text(key, need=key == "when")
        if not text:
            return None
        try:
            expression = compile_rule(text, self.names, closed=closed)
        except RuleError as error:
            _note(table, key, error, text)
            return None
        if never(expression.tree):
            table.fault(key, "can never be true")
        elif always(expression.tree):
            table.fault(key, "is always true")
        return expression

    def _text(
        self, table: Table, key: str, closed: Mapping[str, str], plain: str
    ) -> Template | None:
        text = table.text(key)
        if text is None:
            text = plain.replace("{", "{{").replace("}", "}}")
        try:
            return compile_template(text, self.names, closed=closed)
        except RuleError as error:
            _note(table, key, error, text)
            return None

    def _timing(self, table: Table, action: Action) -> dict[str, timedelta]:
        """Return the spans with the defaults folded in; a notify proposes nothing to expire."""
        own = _spans(table)
        if action is Action.NOTIFY and "expires" in own:
            table.fault("expires", "a notify proposes nothing that could expire")
        folded = {**self.defaults.spans, **own}
        if action is Action.NOTIFY:
            folded.pop("expires", None)
        if folded.get("repeat", timedelta.max) < folded.get("expires", _NONE):
            key = "repeat" if "repeat" in own else "expires"
            table.fault(key, "repeat is shorter than expires: the proposal would never expire")
        return folded


def _inhibited_by(table: Table, name: str) -> tuple[str, ...]:
    inhibited_by = table.texts("inhibited_by") or ()
    if name in inhibited_by:
        table.fault("inhibited_by", "a rule cannot inhibit itself")
    return inhibited_by


def _top_up(table: Table, action: Action) -> bool:
    top_up = table.flag("top_up")
    if top_up and action is not Action.ADD:
        table.fault("top_up", f"only an add can top up, this is a {action}")
    return top_up


def _route(table: Table) -> tuple[str, ...] | None:
    route = table.texts("route")
    for one in route or ():
        if one not in ROUTES:
            hint = did_you_mean(one, ROUTES) or f"; there are {', '.join(ROUTES)}"
            table.fault("route", f'there is no channel "{one[:40]}"{hint}')
    return route


def _note(table: Table, key: str, error: RuleError, text: str) -> None:
    for one in (error, *error.also):
        table.fault(key, one.reason, within=one.column, text=text)


def _spans(table: Table) -> dict[str, timedelta]:
    found = {key: table.span(key, least=least) for key, least in _LEAST.items()}
    return {key: span for key, span in found.items() if span is not None}


def _max_age(table: Table, names: Mapping[str, Signal]) -> dict[str, timedelta]:
    ages = spans_of(table, "max_age")
    for name, age in ages.items():
        signal = names.get(name)
        if signal is None:
            table.fault("max_age", unknown_name(name, names))
        elif signal.max_age is not None and age > signal.max_age:
            own = signal.max_age.total_seconds() / 60
            table.fault("max_age", f"{name} is never used when older than {own:g} minutes")
    return {name: age for name, age in ages.items() if name in names}
