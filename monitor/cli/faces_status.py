"""`hedgewatch status`: the daemon, its sources, its layers and its outbox."""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from monitor.alerts.figures import age, moment
from monitor.cli.lines import line
from monitor.cli.look import Look, opened, over
from monitor.cli.seen import fed, judged, missing
from monitor.model.layer import LayerStatus
from monitor.store.endpoints import EndpointSeen
from monitor.store.lock import is_running
from monitor.store.opening import is_shared, living, reading, shown
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
        print(f"store     {shown(look.settings.store.url)}")
        for head, name, text in _rows(look, store):
            print(line(f"{head:<9} {name:<12} " if name else f"{head:<9} ", text))
    return 0


def _rows(look: Look, store: SqliteStore) -> Iterator[tuple[str, str, str]]:
    facts = look.state.facts
    for name, chain in look.settings.chain.items():
        yield "chain", name, look.source(facts.chains.get(name))
        yield "", " ", _requests(look, store, name=name, poll_s=chain.poll_s)
        for endpoint in look.endpoints.get(name, ()):
            yield "endpoint", name, _endpoint(endpoint, look.now)
        for told in missing(facts.chains.get(name)):
            yield "missing", name, told
    for name in look.order:
        yield "feed", name, fed(look, name)
        for told in missing(facts.feeds.get(name)):
            yield "missing", name, told
    yield "layers", "", _layers(look)
    owed = store.outbox.backlog()
    for one in owed:
        since = f", oldest {look.ago(one.oldest)}" if one.oldest else ""
        yield "outbox", one.channel, f"{one.waiting} waiting{since}, {one.dead} given up"
    if not owed:
        yield "outbox", "", "nothing waits, nothing was given up"
    yield "alerts", "", judged(look)
    for silence in look.desk.silences.values():
        yield "silence", silence.id, f"{silence.match.told()}: {silence.told()}"


def _endpoint(one: EndpointSeen, now: datetime) -> str:
    """Return how an endpoint was when that last changed: which serves, which rests and why."""
    told = [f"{one.host} {'serves' if one.serving else 'stands by'}"]
    if not one.asked:
        told.append("not asked yet")
    if one.resting_until is not None:
        told.append(_rest("rests", one.host, until=one.resting_until, why=one.resting_why, now=now))
    if one.quarantined_since is not None:
        since = moment(one.quarantined_since, now)
        told.append(f"put aside since {since}: {one.quarantined_why}")
    if one.logs_resting_until is not None:
        until, why = one.logs_resting_until, one.logs_resting_why
        told.append(_rest("its logs rest", one.host, until=until, why=why, now=now))
    if one.log_width is not None:
        told.append(f"gives logs of {one.log_width:,} blocks at once")
    return "; ".join(told)


def _rest(what: str, host: str, *, until: datetime, why: str, now: datetime) -> str:
    """Return until when something rests; past that it is asked again once it is needed."""
    when = f"until {moment(until, now)}" if until > now else "until it is needed again"
    return f"{what} {when}: it {_without(why, host)}"


def _without(why: str, host: str) -> str:
    return why.removeprefix(f"{host} ")


def _daemon(look: Look) -> str:
    at = look.state.at
    if is_shared(look.settings.store.url):
        return _daemons(look)
    if is_running(look.settings.store.url):
        return (
            f"running, last observation {look.ago(at)}" if at else "running, nothing observed yet"
        )
    if at is None:
        return "not running, nothing observed yet"
    length = age((look.now - at).total_seconds())
    return f"not running, nothing observed since {moment(at, look.now)} ({length})"


def _daemons(look: Look) -> str:
    """Return who leads of those that share the store, who stands by, and who reads which chains."""
    url = look.settings.store.url
    crew = living(url)
    at = look.state.at
    seen = f"last observation {look.ago(at)}" if at else "nothing observed yet"
    led = [one for one in crew if one.leads]
    helpers = [one.name for one in crew if not one.leads]
    if not crew:
        return f"none is running, {seen}"
    told = f"{led[0].name} leads since {_clock(led[0].since)}" if led else "nobody leads just now"
    if helpers:
        told += f", {', '.join(helpers)} stand{'' if len(helpers) > 1 else 's'} by"
    read = (f"{name} reads {', '.join(chains)}" for name, chains in reading(url) if chains)
    return "; ".join((told, *read, seen))


def _clock(at: datetime) -> str:
    """Return an instant of the database's clock, which the story's does not go by."""
    return f"{at.astimezone(UTC):%d %b %H:%M} UTC"


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
