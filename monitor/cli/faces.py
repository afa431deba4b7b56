"""What the daemon last saved, as tables of 80 columns: it need not be running."""

import argparse
import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Final

from monitor.alerts.compose import edges
from monitor.alerts.render import console_line
from monitor.alerts.wire import from_json
from monitor.app.present import clock_of, open_saved
from monitor.config import Settings, load_settings
from monitor.errors import ConfigError, Fault
from monitor.pipeline import State
from monitor.rules.surroundings import View
from monitor.signals.catalogue import SIGNALS, Kind, Scope, Signal
from monitor.signals.facts import PositionSeen, SourceSeen
from monitor.store.lock import is_running
from monitor.store.rows import restore
from monitor.store.sqlite import SqliteStore

_DAY: Final = timedelta(days=1)
_BAR: Final = 13


@contextmanager
def _opened(asked: argparse.Namespace) -> Iterator[tuple[Settings, SqliteStore, State, datetime]]:
    settings = load_settings(asked.config)
    now = clock_of(settings).now()
    with closing(open_saved(settings, now)) as store:
        saved = store.load()
        yield settings, store, restore(saved.rows, saved.samples), now


def status(asked: argparse.Namespace) -> int:
    """Show the daemon, its sources and its outbox."""
    with _opened(asked) as (settings, store, state, now):
        running = is_running(settings.store.url)
        print(f"daemon    {'running' if running else 'not running'}   instance {settings.instance}")
        for name, chain in settings.chain.items():
            seen = state.facts.chains.get(name)
            print(f"chain     {name:<12} {_source(seen, now)}")
            print(f"{'':<22} {_requests(store, name, chain.poll_s, now)}")
        for name, seen in state.facts.feeds.items():
            if name != "self":
                print(f"feed      {name:<12} {_source(seen, now)}")
        owed = store.outbox.backlog()
        for one in owed:
            print(f"outbox    {one.channel:<12} {one.waiting} waiting, {one.dead} given up")
        if not owed:
            print("outbox    empty")
        firing = [i for i in state.instances.values() if i.phase.value == "firing"]
        print(f"alerts    {len(firing)} firing, {len(state.instances)} rules judged")
    return 0


def _source(seen: SourceSeen | None, now: datetime) -> str:
    if seen is None:
        return "not read yet"
    block = f"block {seen.block.number:,}, " if seen.block else ""
    good = f"{block}{_age(now - seen.good_at)} ago" if seen.good_at else "never answered"
    return f"{good}   gap: {seen.gap}" if seen.gap else good


def _requests(store: SqliteStore, name: str, poll_s: float, now: datetime) -> str:
    day = store.history.tally(name, now - _DAY)
    ever = store.history.tally(name)
    each = ever.requests / ever.polls if ever.polls else 0.0
    a_day = f", about {each * _DAY.total_seconds() / poll_s:,.0f} requests a day" if each else ""
    return f"{day.polls:,} polls and {day.gaps:,} gaps in 24 h{a_day}"


def _age(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    if seconds < 120:  # noqa: PLR2004
        return f"{seconds} s"
    if seconds < 7200:  # noqa: PLR2004
        return f"{seconds // 60} m"
    return f"{seconds // 3600} h" if seconds < 172_800 else f"{seconds // 86_400} d"  # noqa: PLR2004


def positions(asked: argparse.Namespace) -> int:
    """Show every position watched: range, loss, fees, value."""
    with _opened(asked) as (_, _, state, now):
        print(
            f"{'position':<9} {'pair':<10} {'range and now':<36} {'IL':>8} {'fees':>8} {'value':>9}"
        )
        for seen in state.facts.positions.values():
            print(_position(seen, now))
        for chain in state.facts.chains.values():
            for one in chain.missing:
                if not (one.gone and one.key in state.facts.positions):
                    print(f"unread    {one.key}: {one.reason}")
    return 0


def _position(seen: PositionSeen, now: datetime) -> str:
    measures = seen.measures
    name = f"#{seen.position.token_id}"
    if seen.gone:
        return f"{name:<9} {seen.pair:<10} gone: {seen.gone}"
    where = f"{_bar(seen)} {edges(measures)}"
    if seen.out_since is not None:
        where += f", out {_age(now - seen.out_since)}"
    il = "unknown" if measures.il is None else _loss(measures.il)
    usd = [_usd(measures.fees.usd), _usd(measures.total.usd)]
    return f"{name:<9} {seen.pair:<10} {where:<36} {il:>8} {usd[0]:>8} {usd[1]:>9}"


def _loss(il: float) -> str:
    text = f"{il:+.2%}".replace("-", "−")
    return "0.00%" if text.strip("+−") == "0.00%" else text


def _bar(seen: PositionSeen) -> str:
    measures = seen.measures
    low, high = math.log(measures.price_lower), math.log(measures.price_upper)
    share = (math.log(measures.price) - low) / (high - low)
    if not 0 <= share <= 1:
        return ("out ▼" if share < 0 else "out ▲").ljust(_BAR)
    spot = min(int(share * (_BAR - 2)), _BAR - 3)
    return "├" + "─" * spot + "●" + "─" * (_BAR - 3 - spot) + "┤"


def _usd(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.0f}"


def signals(asked: argparse.Namespace) -> int:
    """Show every signal with its value, unit and age where it has one now."""
    with _opened(asked) as (_, _, state, now):
        view = View(facts=state.facts, scope="book", now=now)
        print(f"{'signal':<25} {'value':>10}  {'unit':<15} {'age':>6}  source")
        for signal in SIGNALS:
            print(_signal(signal, view))
    return 0


def _signal(signal: Signal, view: View) -> str:
    head = f"{signal.name:<25}"
    if signal.scope in {Scope.POOL, Scope.POSITION, Scope.LAYER}:
        return f"{head} {'':>10}  {signal.unit:<15} {'':>6}  of each {signal.scope.value}"
    if signal.keyed:
        rows = [r for r in view.facts.readings.values() if r.name == signal.name]
        return f"{head} {len(rows) or 'unknown':>10}  {'values':<15} {'':>6}  {signal.source}"
    value = view.value(signal.name)
    text = "unknown"
    if isinstance(value.value, float) and signal.kind is Kind.NUMBER:
        text = f"{value.value:,.4g}"
    age = "" if value.age_s is None else _age(timedelta(seconds=value.age_s))
    why = value.source or signal.source if value.value is not None else value.note
    return f"{head} {text:>10}  {signal.unit:<15} {age:>6}  {why}"[:100]


def log(asked: argparse.Namespace) -> int:
    """Show the newest alerts, oldest first."""
    with _opened(asked) as (_, store, _, _):
        for event in store.history.latest(asked.n):
            print(console_line(from_json(event.payload)))
    return 0


def outbox(asked: argparse.Namespace) -> int:
    """Show what is undelivered and what was given up; give a dead letter a new life."""
    with _opened(asked) as (_, store, _, now):
        if asked.requeue is not None:
            try:
                store.outbox.requeue(asked.requeue, now)
            except LookupError:
                fault = Fault(file="--requeue", where="", reason=f"no dead letter {asked.requeue}")
                raise ConfigError([fault]) from None
            print(f"{asked.requeue} is due again")
        for one in store.outbox.backlog():
            since = f", oldest {_age(now - one.oldest)}" if one.oldest else ""
            print(f"{one.channel:<12} {one.waiting} waiting{since}, {one.dead} given up")
        for letter in store.outbox.dead_letters():
            print(f"  {letter.id:>6} {letter.alert_id} to {letter.channel}: {letter.error}")
    return 0
