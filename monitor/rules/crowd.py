"""What one rule sees over many scopes at once: the columns beside `View`'s single values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import repeat
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

Mask: TypeAlias = NDArray[np.bool_]
_BLANK: Final[Mapping[Kind, Scalar]] = {Kind.NUMBER: np.nan, Kind.BOOL: False, Kind.TEXT: ""}
_EXACT: Final = frozenset({float, type(None)})


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
        return self._which(lambda seen: bool(seen.gone))

    @cached_property
    def unread(self) -> Mask:
        """Return which rows are positions the newest snapshot did not read."""
        return self._which(lambda seen: bool(seen.gone or seen.unread))

    @cached_property
    def empty(self) -> Mask:
        """Return which rows are positions without liquidity."""
        return self._which(lambda seen: not seen.position.liquidity)

    @cached_property
    def live(self) -> Mask:
        """Return which rows nothing bars: neither gone nor known to be empty for good."""
        if not self.empty.any():
            return ~self.gone
        return ~(self.gone | self._which(lambda seen: drained(seen) and not seen.unread))

    def _which(self, holds: Callable[[PositionSeen], bool]) -> Mask:
        if self.scope is not Scope.POSITION:
            return np.zeros(len(self.keys), np.bool_)
        return np.fromiter(map(holds, self.seen), np.bool_, len(self.keys))

    @cached_property
    def chains(self) -> Sequence[str]:
        """Return each position's chain."""
        return [seen.chain for seen in self.seen]

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
            case Scope.POOL | Scope.POSITION:
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
        if dark.any():
            found = [
                None if hidden else answer(facts, one, now)[0]
                for one, hidden in zip(seen, dark.tolist(), strict=True)
            ]
        else:
            found = [answer(facts, one, now)[0] for one in seen]
        return column_of(found, BY_NAME[name].kind)

    def _too_old(self, name: str) -> Mask:
        chains = self.crowd.chains
        old = {
            chain: too_old(self.view(self.crowd.keys[chains.index(chain)]), name, chain) is not None
            for chain in dict.fromkeys(chains)
        }
        return np.array([old[chain] for chain in chains], np.bool_)

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
