"""Rules judged over a whole past at once: when each would begin to fire, and when it ends.

The conditions are array arithmetic over a film's rows, the rules' own back-end for many
rows; the life of an alert is `lifecycle.advance` itself, asked only where something may turn.
What rests on trades (a layer's legs, a proposal that another rule's stands against) a film
cannot know: `blind_to` says so, and `step` has to be asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.model.layer import Action
from monitor.pipeline import Rulebook
from monitor.rules.columns import Column
from monitor.rules.expression import GLANCES, Expression
from monitor.rules.functions import Input
from monitor.rules.lifecycle import Instance, Judged, Phase, Turn, advance, at_rest, unmoved
from monitor.rules.pack import Rule
from monitor.signals.catalogue import Scope
from monitor.timetravel.film import (
    OF_A_POSITION,
    OF_THE_BOOK,
    Film,
    Strip,
    book_il,
    known_name,
)

Codes = NDArray[np.int8]
_FALSE: Final = 0
_TOLD: Final = frozenset({Turn.FIRING, Turn.RESOLVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """One turn of one rule. row: of the film; scope: `book`, or the position's number from 1."""

    row: int
    rule: str
    scope: str
    turn: Turn


def blind_to(rule: Rule, book: Rulebook) -> str:
    """Return why a film cannot tell a rule's turns while nobody trades, or an empty text."""
    if rule.scope not in {Scope.BOOK, Scope.POSITION}:
        return f"it is judged over each {rule.scope.value}"
    for name in sorted(asked_by(rule)):
        if not known_name(name):
            return f"it asks for {name}"
    for function, name, _ in (*rule.when.windows, *(rule.clear.windows if rule.clear else ())):
        if name in OF_A_POSITION or name in OF_THE_BOOK:
            return f"it asks for {function}({name})"
    by_id = {one.id: one for one in book.rules}
    for other in rule.inhibited_by:
        if other in by_id and (why := blind_to(by_id[other], book)):
            return f"{other} silences it, and {why}"
    if rule.layer is None or rule.action is not Action.ADD:
        return "" if rule.action is Action.NOTIFY else "it asks for what depends on trades"
    rivals = [o for o in book.rules if o.layer == rule.layer and o.action is Action.ADD]
    return "" if len(rivals) == 1 else f"{len(rivals)} rules add to layer {rule.layer.id}"


def asked_by(rule: Rule) -> frozenset[str]:
    """Return the names a rule's conditions ask for."""
    return rule.when.names | (rule.clear.names if rule.clear else frozenset())


@dataclass(frozen=True, slots=True)
class _Table:
    """What one rule's conditions ask of a film. strip: its position; all: the whole book's."""

    film: Film
    limits: Mapping[str, timedelta]
    strip: Strip | None
    all: Sequence[Strip]

    def column(self, asked: Input) -> Column:
        """Return a column a row of the film each."""
        if asked.name in OF_THE_BOOK:
            return book_il(self.all)
        if self.strip is not None and asked.name in OF_A_POSITION:
            return self.strip.column(asked.name)
        return self.film.column(asked, self.limits.get(asked.name))


@dataclass
class Screen:
    """A rulebook's rules over one film, while nobody trades. strips: the positions."""

    book: Rulebook
    film: Film
    strips: Sequence[Strip]
    _firing: dict[str, NDArray[np.bool_]] = field(default_factory=dict, init=False)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Return the rules whose turns can be told, in the order they are judged."""
        return tuple(rule for rule in self.book.rules if not blind_to(rule, self.book))

    def codes(self, expression: Expression, rule: Rule, strip: Strip | None) -> Codes:
        """Return what a condition is at each row, as places in GLANCES."""
        table = _Table(self.film, rule.max_age, strip, self.strips)
        return expression.glances(table, len(self.film.at))

    def turned(self) -> list[Turned]:
        """Return when each rule began to fire and ended, in the order of a replay."""
        places = {rule.id: place for place, rule in enumerate(self.rules)}
        found = [one for rule in self.rules for one in self._turned(rule)]
        return sorted(found, key=lambda one: (one.row, places[one.rule], one.scope))

    def _turned(self, rule: Rule) -> Iterator[Turned]:
        for scope, strip in self._scopes(rule):
            for row, turn in self._lived(rule, scope, strip)[1]:
                yield Turned(row=row, rule=rule.id, scope=scope, turn=turn)

    def _scopes(self, rule: Rule) -> Iterator[tuple[str, Strip | None]]:
        if rule.scope is Scope.POSITION:
            yield from ((str(n), strip) for n, strip in enumerate(self.strips, 1))
        else:
            yield "book", None

    def _lived(
        self, rule: Rule, scope: str, strip: Strip | None
    ) -> tuple[NDArray[np.bool_], list[tuple[int, Turn]]]:
        when = self.codes(rule.when, rule, strip)
        clear = None if rule.clear is None else self.codes(rule.clear, rule, strip)
        life = _Life(
            rule=rule,
            film=self.film,
            when=when,
            clear=clear,
            max_gap=rule.max_gap or self.book.max_gap,
            silent=self._silenced(rule, scope),
        )
        return life.lived(unmoved(rule.id, scope), 0 if strip is None else self.film.first)

    def _silenced(self, rule: Rule, scope: str) -> Mapping[str, NDArray[np.bool_]]:
        """Return where each rule that silences this one fires, as it is seen when it is judged."""
        order = {one.id: n for n, one in enumerate(self.book.rules)}
        found: dict[str, NDArray[np.bool_]] = {}
        for other in (one for one in self.book.rules if one.id in rule.inhibited_by):
            for there, strip in self._scopes(other):
                if there not in {scope, "book"}:
                    continue
                key = f"{other.id}|{there}"
                if key not in self._firing:
                    self._firing[key] = self._lived(other, there, strip)[0]
                firing = self._firing[key]
                later = order[other.id] > order[rule.id]
                found[key] = np.concatenate(([False], firing[:-1])) if later else firing
        return found


@dataclass(slots=True, kw_only=True)
class _Life:
    """One rule over one scope, along a film."""

    rule: Rule
    film: Film
    when: Codes
    clear: Codes | None
    max_gap: timedelta
    silent: Mapping[str, NDArray[np.bool_]]

    def lived(self, one: Instance, row: int) -> tuple[NDArray[np.bool_], list[tuple[int, Turn]]]:
        """Return at which rows it fires, and its turns. row: the first it is judged at."""
        firing, turns = np.zeros(len(self.when), np.bool_), list[tuple[int, Turn]]()
        changes = self._changes()
        while row < len(self.when):
            old = one
            if not (at_rest(old) and self.when[row] == _FALSE):
                one, told = advance(self.rule, old, self._judged(old, row))
                turns += [(row, each.turn) for each in told if each.turn in _TOLD]
            end = self._until(one, row, changes)
            firing[row:end] = one.phase is Phase.FIRING
            row = end
        return firing, turns

    def _changes(self) -> NDArray[np.intp]:
        """Return the rows at which a condition is other than at the row before."""
        moved = np.diff(self.when) != 0
        if self.clear is not None:
            moved = moved | (np.diff(self.clear) != 0)
        return np.append(np.flatnonzero(moved) + 1, len(self.when))

    def _until(self, one: Instance, row: int, changes: NDArray[np.intp]) -> int:
        """Return the next row at which anything may turn, after what is so at this one."""
        waits = one.phase is Phase.PENDING or one.clear_since is not None
        if waits or (self.when[row] == 1 and one.phase is Phase.INACTIVE):
            return row + 1  # time alone may turn it
        return int(changes[np.searchsorted(changes, row, side="right")])

    def _judged(self, old: Instance, row: int) -> Judged:
        clear = None
        if self.clear is not None and old.phase is Phase.FIRING:
            clear = GLANCES[self.clear[row]]
        quiet = next((key for key, firing in self.silent.items() if firing[row]), "")
        return Judged(
            now=self.film.at[row],
            when=GLANCES[self.when[row]],
            clear=clear,
            max_gap=self.max_gap,
            inhibited=quiet,
        )
