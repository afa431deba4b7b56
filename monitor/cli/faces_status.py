"""`hedgewatch status`: the daemon, its sources, its layers and its outbox."""

import argparse
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from monitor.alerts.figures import age, moment
from monitor.cli.look import Look, line, opened, over
from monitor.feeds.settings import feed_order
from monitor.model.layer import LayerStatus
from monitor.rules.lifecycle import Phase
from monitor.store.connection import database_path
from monitor.store.lock import is_running
from monitor.store.sqlite import SqliteStore

_DAY: Final = timedelta(days=1)
_ENOUGH_POLLS: Final = 20
"""A start costs requests that polling does not: fewer polls than these tell too much of it."""


def status(asked: argparse.Namespace) -> int:
    """Show the daemon, its sources, its layers and its outbox."""
    with opened(asked) as (look, store):
        print(line("daemon    ", _daemon(look)))
        print(f"instance  {look.settings.instance}")
        # Unbroken, however long, for it is there to be copied.
        print(f"store     {database_path(look.settings.store.url).absolute()}")
        for head, name, text in _rows(look, store):
            print(line(f"{head:<9} {name:<12} " if name else f"{head:<9} ", text))
    return 0


def _rows(look: Look, store: SqliteStore) -> Iterator[tuple[str, str, str]]:
    facts = look.state.facts
    for name, chain in look.settings.chain.items():
        yield "chain", name, look.source(facts.chains.get(name))
        yield "", " ", _requests(look, store, name=name, poll_s=chain.poll_s)
    for name in feed_order(look.settings.feeds):
        yield "feed", name, look.source(facts.feeds.get(name))
    yield "layers", "", _layers(look)
    owed = store.outbox.backlog()
    for one in owed:
        since = f", oldest {look.ago(one.oldest)}" if one.oldest else ""
        yield "outbox", one.channel, f"{one.waiting} waiting{since}, {one.dead} given up"
    if not owed:
        yield "outbox", "", "nothing waits, nothing was given up"
    phases = [instance.phase for instance in look.state.instances.values()]
    yield "alerts", "", f"{phases.count(Phase.FIRING)} firing, {len(phases)} rules judged"


def _daemon(look: Look) -> str:
    at = look.state.at
    if is_running(look.settings.store.url):
        return (
            f"running, last observation {look.ago(at)}" if at else "running, nothing observed yet"
        )
    if at is None:
        return "not running, nothing observed yet"
    length = age((look.now - at).total_seconds())
    return f"not running, nothing observed since {moment(at, look.now)} ({length})"


def _requests(look: Look, store: SqliteStore, *, name: str, poll_s: float) -> str:
    day = store.history.tally(name, look.now - _DAY)
    polls = f"{day.polls:,} poll{'s' if day.polls != 1 else ''}"
    gaps = f"{day.gaps:,} gap{'s' if day.gaps != 1 else ''}"
    counted = f"{polls} and {gaps} in 24 h"
    if day.polls < _ENOUGH_POLLS:
        return f"{counted}, requests a day: measuring"
    a_day = day.requests / day.polls * (_DAY.total_seconds() / poll_s)
    return f"{counted}, about {a_day:,.0f} requests a day"


def _layers(look: Look) -> str:
    held = [layer for layer in look.state.layers.values() if layer.legs]
    told = [f"{layer.layer}{over(look, layer.scope)}{_due(layer.status)}" for layer in held]
    return f"on: {', '.join(told)}" if told else "none on"


def _due(status: LayerStatus) -> str:
    return "" if status is LayerStatus.ON else f" ({status.value.replace('_', ' ')})"
