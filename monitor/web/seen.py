"""What the page, the metrics and the health are told from: one moment of a daemon, frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final, Protocol

from monitor.alerts.figures import age
from monitor.alerts.silence import Silence
from monitor.model.layer import LayerState
from monitor.pipeline import State
from monitor.rules.lifecycle import Flag
from monitor.rules.marked import Marked
from monitor.rules.pack import Layer, Rule
from monitor.rules.surroundings import CHAIN_MAX_AGE, View
from monitor.rules.verdict import Value
from monitor.signals.facts import PositionSeen
from monitor.store.course import CourseMark
from monitor.store.endpoints import EndpointSeen
from monitor.store.records import Backlog, Event, Letter, Tally

NEWEST: Final = 20
"""Alerts and dead letters shown: the newest."""


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What of the outbox and the log is shown. told: how many alerts there ever were."""

    backlog: tuple[Backlog, ...] = ()
    dead: tuple[Letter, ...] = ()
    events: tuple[Event, ...] = ()
    told: int = 0


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What the rules and settings in force say. order: the providers of each signal read."""

    instance: str
    chains: tuple[str, ...]
    channels: tuple[str, ...]
    order: Mapping[str, Sequence[str]]
    rules: tuple[Rule, ...]
    layers: tuple[Layer, ...]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One moment. running: whether a daemon is. tallies: of polls, since ever, by chain.

    trouble: why the store takes nothing, or empty.
    """

    ground: Ground
    state: State
    now: datetime
    running: bool = True
    trouble: str = ""
    endpoints: Mapping[str, Sequence[EndpointSeen]] = field(default_factory=dict)
    course: tuple[CourseMark, ...] = ()
    silences: tuple[Silence, ...] = ()
    delivered: Delivered = field(default_factory=Delivered)
    tallies: Mapping[str, Tally] = field(default_factory=dict)

    @cached_property
    def marked(self) -> Marked:
        """Return the markets and the layers on them."""
        return Marked(self.state.facts, self.state.layers, self.now)

    @cached_property
    def errors(self) -> int:
        """Return how many rules fail over some scope."""
        return sum(one.flag is Flag.ERROR for one in self.state.instances.values())

    @cached_property
    def book(self) -> View:
        """Return what rules over the book see."""
        return View(
            facts=self.state.facts,
            scope="book",
            now=self.now,
            rule_errors=self.errors,
            marked=self.marked,
            noted=self.noted,
        )

    def view(self, rule: Rule, scope: str) -> View:
        """Return what one rule sees over one scope."""
        return View(
            facts=self.state.facts,
            scope=scope,
            now=self.now,
            max_age=rule.max_age,
            layer=self.layer(rule, scope),
            rule_errors=self.errors,
            marked=self.marked,
            noted=self.noted,
        )

    @cached_property
    def noted(self) -> dict[tuple[str, timedelta | None], Value]:
        """Return what was worked out of the whole book, for all views of this moment."""
        return {}

    def layer(self, rule: Rule, scope: str) -> LayerState | None:
        """Return the layer a rule stands in, off where nothing was ever said of it."""
        if rule.layer is None:
            return None
        known = self.state.layers.get(f"{rule.layer.id}|{scope}")
        return known or LayerState(layer=rule.layer.id, scope=scope)

    def number(self, name: str) -> float | None:
        """Return a number of the book or the market as rules see it, None where unknown."""
        value = self.book.value(name).value
        return value if isinstance(value, float) else None

    @cached_property
    def blind(self) -> Mapping[str, str]:
        """Return why each chain that cannot be read is blind, by its name."""
        found = dict[str, str]()
        for name in self.ground.chains:
            source = self.state.facts.chains.get(name)
            good = source.good_at if source else None
            why = f": {source.gap}" if source and source.gap else ""
            if good is None:
                found[name] = f"not read yet{why}"
            elif (dark := self.now - good) > CHAIN_MAX_AGE:
                found[name] = f"no good snapshot for {age(dark.total_seconds())}{why}"
        return found

    @cached_property
    def still(self) -> str:
        """Return why nothing is observed, or nothing."""
        if self.state.at is None:
            return "nothing was observed yet"
        passed = self.now - self.state.at
        long = passed > CHAIN_MAX_AGE
        return f"nothing was observed for {age(passed.total_seconds())}" if long else ""

    def name_of(self, scope: str) -> str:
        """Return what people call a scope: `#4471`, a pool's pair, or the book."""
        position = self.state.facts.positions.get(scope)
        pool = self.state.facts.pools.get(scope)
        if position is not None:
            return self.title(position)
        return pool.state.pool.pair if pool is not None else scope

    def title(self, seen: PositionSeen) -> str:
        """Return `#4471`, with its chain where several are configured."""
        chain = f" {seen.chain}" if len(self.ground.chains) > 1 else ""
        return f"#{seen.position.token_id}{chain}"


class Source(Protocol):
    """Where moments come from; nothing it does changes anything."""

    async def look(self) -> Seen:
        """Return the present moment; raise Transient or Permanent where there is none."""
        ...
