"""Which of many scopes a rule has to be judged over now: where something may change.

Of thousands of rows nearly all are at rest and false; they are passed over by columns,
at no cost each. What is left is judged one by one, with what the columns said of it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.hedge.layer import may
from monitor.model.layer import LayerState, untouched
from monitor.model.same import Same
from monitor.rules.crowd import Crowd, Outlook
from monitor.rules.expression import GLANCES
from monitor.rules.lifecycle import Phase
from monitor.rules.pack import Rule
from monitor.rules.scopes import Layers, has_layer, scopes_of
from monitor.rules.standing import NONE, Astir, Standing
from monitor.rules.surroundings import View
from monitor.rules.verdict import Verdict
from monitor.signals.catalogue import Scope
from monitor.signals.facts import Facts

_FALSE: Final = 0


class Case(NamedTuple):
    """One scope to judge a rule over; what is known of it already, None where nothing is.

    there: the rule stands in no layer, and its position or pool is there and not empty.
    """

    scope: str
    when: Verdict | None = None
    clear: Verdict | None = None
    there: bool = False


_BOOK: Final = (Case("book"),)


class Sieve:
    """Sifts the scopes of one rule after another at one instant.

    layers: as they were when the instant began. many: from how many rows on columns
    are worth their while.
    """

    def __init__(self, facts: Facts, layers: Layers, now: datetime, *, many: int) -> None:
        self._facts = facts
        self._layers = layers
        self._now = now
        self._many = many
        self._crowds: dict[Scope, Crowd] = {}

    def cases(
        self,
        rule: Rule,
        astir: Astir,
        layers: Layers,
        view: Callable[[str], View],
    ) -> Iterable[Case]:
        """Return what a rule is to be judged over.

        In the order of the facts, then what is astir and no longer there. astir: the
        rule's instances not at rest. layers: as they are by now.
        """
        if self._rows(rule.scope) >= self._many:
            return self._sifted(rule, astir, layers, view)
        if astir is NONE and rule.scope is Scope.BOOK:
            return _BOOK
        scopes = dict.fromkeys(scopes_of(rule, self._facts, self._layers))
        some = (*astir.moving, *astir.dim)
        return map(Case, (*scopes, *sorted(one for one in some if one not in scopes)))

    def _sifted(
        self, rule: Rule, astir: Astir, layers: Layers, view: Callable[[str], View]
    ) -> Iterator[Case]:
        layer = rule.layer.id if rule.layer else None
        look = Outlook(
            crowd=self._crowd(rule.scope),
            view=view,
            max_age=rule.max_age,
            layered=[one.scope for one in layers.values() if one.layer == layer],
        )
        kept = {one for one in look.layered if has_layer(rule, self._layers, one)}
        untouched = LayerState(layer=layer, scope="") if layer else None
        if untouched and may(rule.action, untouched, rule=rule.id, top_up=rule.top_up):
            yield from _barred_but_for(look, astir, kept=kept)
        else:
            yield from _sifted(rule, look, astir, kept=kept)

    def _rows(self, scope: Scope) -> int:
        if scope is Scope.POSITION:
            return len(self._facts.positions)
        return len(self._facts.pools) if scope is Scope.POOL else 0

    def _crowd(self, scope: Scope) -> Crowd:
        if scope not in self._crowds:
            self._crowds[scope] = Crowd(self._facts, scope, self._now)
        return self._crowds[scope]


@lru_cache(maxsize=64)
def asleep(
    rules: Same[tuple[Rule, ...]], layers: Same[Layers], standing: Same[Standing]
) -> frozenset[str]:
    """Return the rules over the book that are at rest and that their layer bars.

    While layers and instances stay, nothing that could be true would change anything of them.
    """
    return frozenset(rule.id for rule in rules.of if _asleep(rule, layers.of, standing.of))


def _asleep(rule: Rule, layers: Layers, standing: Standing) -> bool:
    if rule.scope is not Scope.BOOK or rule.layer is None:
        return False
    astir = standing.astir.get(rule.id, NONE)
    one = standing.instances.get(f"{rule.id}|book")
    if astir.moving or astir.dim or (one is not None and one.dark_since is not None):
        return False
    layer = layers.get(f"{rule.layer.id}|book") or untouched(rule.layer.id, "book")
    return may(rule.action, layer, rule=rule.id, top_up=rule.top_up) is not None


def _sifted(rule: Rule, look: Outlook, astir: Astir, *, kept: Collection[str]) -> Iterator[Case]:
    """Yield the scopes over which judging the rule may change or tell something.

    kept: scopes that are judged even if their position is gone, for a layer protects it.
    """
    crowd = look.crowd
    codes = rule.when.glances(look, len(crowd.keys))
    wanted = (codes != _FALSE) & crowd.live
    if astir.dim:
        rows = np.array([crowd.rows.get(scope, -1) for scope in astir.dim], np.intp)
        flags = np.fromiter(astir.dim.values(), np.int8, len(rows))
        there, flags = rows[rows >= 0], flags[rows >= 0]
        settled = crowd.live[there] & (codes[there] == flags)
        wanted[there] = ~settled if rule.layer is None else True
    for scope in look.layered:
        if scope not in astir.dim and not _elsewhere(crowd, scope, kept):
            wanted[crowd.rows[scope]] = codes[crowd.rows[scope]] != _FALSE
    for scope in astir.moving:
        if scope in crowd.rows:
            wanted[crowd.rows[scope]] = True
    others = _others(crowd, astir, kept)
    for scope in others:
        if scope in crowd.rows:
            wanted[crowd.rows[scope]] = False
    yield from _cases(rule, look, np.flatnonzero(wanted), codes, astir)
    yield from map(Case, others)


def _barred_but_for(look: Outlook, astir: Astir, *, kept: Collection[str]) -> Iterator[Case]:
    """Yield the scopes of a rule that is barred wherever its layer has no state of its own."""
    crowd = look.crowd
    some = {*look.layered, *astir.moving, *astir.dim}
    there = [one for one in some if not _elsewhere(crowd, one, kept)]
    yield from map(Case, sorted(there, key=crowd.rows.__getitem__))
    yield from map(Case, _others(crowd, astir, kept))


def _others(crowd: Crowd, astir: Astir, kept: Collection[str]) -> list[str]:
    """Return what is astir and no row, or one of a position that is gone."""
    there = len(astir.dim.keys() & crowd.rows.keys()) == len(astir.dim) and not crowd.gone.any()
    some = astir.moving if there else {**astir.dim, **astir.moving}
    return sorted(one for one in some if _elsewhere(crowd, one, kept))


def _elsewhere(crowd: Crowd, scope: str, kept: Collection[str]) -> bool:
    row = crowd.rows.get(scope)
    return row is None or bool(crowd.gone[row] and scope not in kept)


def _cases(
    rule: Rule, look: Outlook, rows: NDArray[np.intp], codes: NDArray[np.int8], astir: Astir
) -> Iterator[Case]:
    keys, clear = look.crowd.keys, _clear(rule, look, astir)
    there = look.crowd.live if rule.layer is None else np.zeros(len(keys), np.bool_)
    cleared = [None] * len(rows) if clear is None else [GLANCES[c] for c in clear[rows].tolist()]
    when = [GLANCES[code] for code in codes[rows].tolist()]
    yield from map(Case, [keys[row] for row in rows.tolist()], when, cleared, there[rows].tolist())


def _clear(rule: Rule, look: Outlook, astir: Astir) -> NDArray[np.int8] | None:
    """Return what the clearing condition says, if anything fires that it may end."""
    if rule.clear is None or all(one.phase is not Phase.FIRING for one in astir.moving.values()):
        return None
    return rule.clear.glances(look, len(look.crowd.keys))
