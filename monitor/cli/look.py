"""One look at what the daemon last saved."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from monitor.alerts.alert import Alert
from monitor.alerts.desk import Desk
from monitor.alerts.figures import age
from monitor.alerts.wire import from_json
from monitor.app.present import clock_of, open_saved
from monitor.app.rulebook import polled, read_enabled, rulebook, unkeyed
from monitor.config import Settings, load_settings
from monitor.pipeline import State
from monitor.rules.pack import Rule
from monitor.signals.facts import SourceSeen
from monitor.store.desk import restored_desk
from monitor.store.endpoints import EndpointSeen, saved_endpoints
from monitor.store.records import Event
from monitor.store.rows import epoch_of, restore
from monitor.store.sqlite import SqliteStore

_EMPTY: Final = Desk()
STRANGE: Final = "an event of another release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is configured, what is known, and when it is looked at.

    order: the providers of each signal that is read. unkeyed: signals asked for that only an
    API key would bring. endpoints: of each chain, as last saved.
    rules: those in force, the built-in ones too. desk: what the policy of alerts remembers.
    """

    settings: Settings
    state: State
    now: datetime
    order: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unkeyed: frozenset[str] = frozenset()
    endpoints: Mapping[str, Sequence[EndpointSeen]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    desk: Desk = _EMPTY

    def ago(self, at: datetime) -> str:
        """Return how long ago an instant was: `4 s ago`."""
        return f"{age((self.now - at).total_seconds())} ago"

    def source(self, seen: SourceSeen | None) -> str:
        """Return how a chain or feed answers: `block 21,204,511, 4 m ago: 429 since …`."""
        if seen is None or (seen.good_at is None and not seen.gap):
            return "not read yet"
        block = f"block {seen.block.number:,}, " if seen.block else ""
        good = f"{block}{self.ago(seen.good_at)}" if seen.good_at else "never answered"
        return f"{good}: {seen.gap}" if seen.gap else good


@contextmanager
def looking(asked: argparse.Namespace) -> Iterator[Look]:
    """Look at what was saved; raise Permanent where nothing is, ConfigError for a faulty file."""
    with opened(asked) as (look, _):
        yield look


@contextmanager
def opened(asked: argparse.Namespace) -> Iterator[tuple[Look, SqliteStore]]:
    """Look at what was saved, with the store it is in; raise as `looking` does."""
    settings = load_settings(asked.config)
    now = clock_of(settings).now()
    with closing(open_saved(settings)) as store:
        saved = store.load()
        state = replace(restore(saved.rows, saved.samples), epoch=epoch_of(saved.created_at))
        packs, _ = read_enabled(settings.rules, settings.channel.names())
        order = polled(settings, packs)
        endpoints = saved_endpoints(saved.rows)
        rules = rulebook(settings, packs).rules
        look = Look(
            settings=settings,
            state=state,
            now=now,
            order=order,
            unkeyed=unkeyed(settings, packs),
            endpoints=endpoints,
            rules=rules,
            desk=restored_desk(saved.rows),
        )
        yield look, store


def told_by(event: Event) -> Alert | None:
    """Return the alert an event tells of, None where another release wrote it."""
    try:
        return from_json(event.payload)
    except ValueError:
        return None


def over(look: Look, scope: str) -> str:
    """Return a layer's position or pool as it follows the layer's id: ` #2`; empty for the book."""
    position = look.state.facts.positions.get(scope)
    pool = look.state.facts.pools.get(scope)
    if position is not None:
        return f" #{position.position.token_id}"
    return f" {pool.state.pool.pair}" if pool is not None else ""
