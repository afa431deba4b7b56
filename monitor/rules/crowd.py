"""What one rule sees over many scopes at once: the columns beside `View`'s single values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import repeat
from operator import attrgetter
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitor.rules.closures import known
from monitor.rules.columns import KNOWN, UNKNOWN, Column
from monitor.rules.functions import Input
from monitor.rules.scopes import drained
from monitor.rules.surroundings import View, too_old
from monitor.rules.verdict import Scalar, Surroundings
from monitor.signals.catalogue import BY_NAME, Kind, Scope
from monitor.signals.facts import Facts, PositionSeen
from monitor.signals.of_position import OF_A_RANGE, OF_POSITION
from monitor.signals.reel import Roster
from monitor.signals.spread import spread

Mask: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.intp] | slice
_BLANK: Final[Mapping[Kind, Scalar]] = {Kind.NUMBER: np.nan, Kind.BOOL: False, Kind.TEXT: ""}
_EXACT: Final = frozenset({float, type(None)})
FIELDS: Final[Mapping[str, Callable[[PositionSeen], Scalar | None]]] = {
    "position.il": attrgetter("measures.il"),
    "position.in_range": attrgetter("measures.in_range"),
    "position.distance_lower": attrgetter("measures.distance_lower"),
    "position.distance_upper": attrgetter("measures.distance_upper"),
    "position.value_usd": attrgetter("measures.total.usd"),
    "position.fees_usd": attrgetter("measures.fees_usd"),
}
"""What is a mere field of a position, and the same as what the table answers."""


class Crowd:
    """All positions, or all pools, at one instant; a row each, in the facts' own order.

    What was worked out for one rule is kept for the next: columns by what was asked and
    how old it may be.
    """

    def __init__(self, facts: Facts, scope: Scope, now: datetime) -> None:
        self.facts = facts
        self.scope = scope
        self.now = now
        self.keys: Sequence[str] = tuple(
            facts.positions if scope is Scope.POSITION else facts.pools
        )
        self.kept: dict[tuple[Input, timedelta | None], Column] = {}
        self._places: dict[str, tuple[Places, Places]] = {}

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Return each scope's row."""
        return dict(zip(self.keys, range(len(self.keys)), strict=True))

    @cached_property
    def seen(self) -> Sequence[PositionSeen]:
        """Return the positions; none where the rows are pools."""
        return tuple(self.facts.positions.values()) if self.scope is Scope.POSITION else ()

    @cached_property
    def gone(self) -> Mask:
        """Return which rows are positions the chain no longer has."""
        return self._marked("gone")

    @cached_property
    def unread(self) -> Mask:
        """Return which rows are positions the newest snapshot did not read, or that are gone."""
        return self._marked("unread") | self.gone

    @cached_property
    def empty(self) -> Mask:
        """Return which rows are positions without liquidity."""
        return ~self._marked("position.liquidity")

    @cached_property
    def live(self) -> Mask:
        """Return which rows nothing bars: neither gone nor known to be empty for good."""
        drained_out = self.empty & ~self.unread
        for row in np.flatnonzero(drained_out).tolist():
            drained_out[row] = drained(self.seen[row])
        return ~(self.gone | drained_out)

    def _marked(self, field: str) -> Mask:
        """Return where a field of the positions is not empty, no, or none."""
        if self.scope is not Scope.POSITION:
            return np.full(len(self.keys), field == "position.liquidity")
        return np.fromiter(map(bool, map(attrgetter(field), self.seen)), np.bool_, len(self.keys))

    def places(self, roster: Roster) -> tuple[Places, Places]:
        """Return the rows that a roster has, and where it has them."""
        found = self._places.get(roster.name)
        if found is None:
            if roster.keys == self.keys:
                found = (slice(None), slice(None))
            else:
                at = np.array([roster.rows.get(key, -1) for key in self.keys], np.intp)
                found = (np.flatnonzero(at >= 0), at[at >= 0])
            self._places[roster.name] = found
        return found

    @cached_property
    def chains(self) -> Mapping[str, Mask]:
        """Return which positions each chain has."""
        found = [seen.chain for seen in self.seen]
        names = dict.fromkeys(found)
        if len(names) == 1:
            return {found[0]: np.ones(len(found), np.bool_)}
        return {name: np.array([one == name for one in found], np.bool_) for name in names}

    @cached_property
    def pools(self) -> Sequence[str]:
        """Return each row's pool."""
        if self.scope is not Scope.POSITION:
            return self.keys
        return [seen.position.pool for seen in self.seen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """A crowd as one rule sees it. view: the rule's view of one scope.

    layered: the scopes over which the rule's layer has a state of its own.
    """

    crowd: Crowd
    view: Callable[[str], View]
    max_age: Mapping[str, timedelta]
    layered: Sequence[str] = ()

    def column(self, asked: Input) -> Column:
        """Return a signal or a window over every row."""
        if BY_NAME[asked.name].scope is Scope.LAYER:
            return self._of_layer(asked)
        key = (asked, self.max_age.get(asked.name))
        kept = self.crowd.kept
        if key not in kept:
            kept[key] = self._made(asked)
        return kept[key]

    def _made(self, asked: Input) -> Column:
        match BY_NAME[asked.name].scope:
            case Scope.POSITION if not asked.function:
                return self._of_position(asked.name)
            case Scope.POOL if self.crowd.scope is Scope.POSITION:
                pools = self.crowd.pools
                found = {pool: self._one(asked, pool) for pool in dict.fromkeys(pools)}
                return column_of([found[pool] for pool in pools], _kind(asked))
            case Scope.POSITION:
                return self._of_window(asked)
            case Scope.POOL | Scope.CHAIN:
                return self._one_by_one(asked)
            case _:
                return even(self._one(asked, self.crowd.keys[0]), _kind(asked))

    def _of_position(self, name: str) -> Column:
        """Return what `View` gives of every position, by the same table."""
        facts, now, answer = self.crowd.facts, self.crowd.now, OF_POSITION[name]
        dark = self.crowd.unread | self._too_old(name)
        if name in OF_A_RANGE:
            dark = dark | self.crowd.empty
        seen = self.crowd.seen
        found: list[Scalar | None]
        if name in FIELDS and not dark.any():
            found = list(map(FIELDS[name], seen))
        else:
            found = [
                None if hidden else answer(facts, one, now)[0]
                for one, hidden in zip(seen, dark.tolist(), strict=True)
            ]
        return column_of(found, BY_NAME[name].kind)

    def _of_window(self, asked: Input) -> Column:
        """Return a window over each position's own samples."""
        crowd, count = self.crowd, len(self.crowd.keys)
        kind = np.bool_ if _kind(asked) is Kind.BOOL else np.float64
        values: NDArray[Any] = np.zeros(count, kind)
        known = np.zeros(count, np.bool_)
        alone = np.ones(count, np.bool_)
        for chain in crowd.chains:
            reel = crowd.facts.reels.get(f"{asked.name}|{chain}")
            found = spread(reel, asked.function, asked.argument, crowd.now) if reel else None
            if found is None:
                continue
            rows, places = crowd.places(found.roster)
            values[rows], known[rows] = found.values[places], found.known[places]
            alone[rows] = found.alone[places]
        present = np.broadcast_to(self.column(Input(asked.name)).cloud == KNOWN, count)
        for row in np.flatnonzero(alone & present).tolist():
            value = self._one(asked, crowd.keys[row])
            known[row] = value is not None
            values[row] = values[row] if value is None else value
        if kind is np.float64:
            known &= np.isfinite(values)
        return clouded(values, ~(known & present))

    def _too_old(self, name: str) -> Mask:
        """Return which positions' chains were not read lately enough for the rule."""
        old = np.zeros(len(self.crowd.keys), np.bool_)
        for chain, there in self.crowd.chains.items():
            if too_old(self.view(""), name, chain) is not None:
                old |= there
        return old

    def _of_layer(self, asked: Input) -> Column:
        """Return what a layer says of each row; where it has no state they all say the same."""
        crowd = self.crowd
        if asked.name == "layer.orphaned":
            if crowd.scope is not Scope.POSITION:
                return even(None, Kind.BOOL)
            return Column(crowd.gone | crowd.empty)
        own = {crowd.rows[scope]: scope for scope in self.layered if scope in crowd.rows}
        other = next((row for row in range(len(crowd.keys)) if row not in own), 0)
        values = [self._one(asked, crowd.keys[other])] * len(crowd.keys)
        for row, scope in own.items():
            values[row] = self._one(asked, scope)
        return column_of(values, _kind(asked))

    def _one_by_one(self, asked: Input) -> Column:
        return column_of([self._one(asked, key) for key in self.crowd.keys], _kind(asked))

    def _one(self, asked: Input, scope: str) -> Scalar | None:
        return ask(self.view(scope), asked)


def ask(surroundings: Surroundings, asked: Input) -> Scalar | None:
    """Return an input's value over one scope, None where it is not known."""
    if asked.function:
        seen = surroundings.window(asked.function, asked.name, asked.argument)
    else:
        seen = surroundings.value(asked.name)
    return known(seen.value, _kind(asked))


def even(value: Scalar | None, kind: Kind) -> Column:
    """Return one value for all rows as a column."""
    return Column(_BLANK[kind], UNKNOWN) if value is None else Column(value)


def column_of(values: Sequence[Scalar | None], kind: Kind) -> Column:
    """Return values, a row each, as a column; what is not of its kind or finite is unknown."""
    if kind is Kind.NUMBER and _EXACT.issuperset(map(type, values)):
        array: NDArray[Any] = np.array(values, np.float64)  # None becomes not a number
        return clouded(array, ~np.isfinite(array))
    if kind is Kind.BOOL and set(map(type, values)) == {bool}:
        return Column(np.array(values, np.bool_))
    sure = [known(value, kind) for value in values]
    dark = np.array([value is None for value in sure], np.bool_)
    blank = repeat(_BLANK[kind])
    filled = [other if value is None else value for value, other in zip(sure, blank, strict=False)]
    return clouded(np.array(filled, object if kind is Kind.TEXT else None), dark)


def clouded(values: NDArray[Any], dark: Mask) -> Column:
    """Return values as a column, unknown where it is dark."""
    if not dark.any():
        return Column(values)
    return Column(values, np.where(dark, np.int8(UNKNOWN), np.int8(KNOWN)))


def _kind(asked: Input) -> Kind:
    return Kind.BOOL if asked.function.startswith("crossed") else BY_NAME[asked.name].kind
