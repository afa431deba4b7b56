"""`hedgewatch signals`: every name a rule may use, over all it may be asked of, as it is now."""

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from monitor.alerts.figures import age, figure
from monitor.cli.faces_positions import name_of
from monitor.cli.look import Look, cut, line, looking, over
from monitor.errors import ConfigError, Fault
from monitor.feeds.settings import DEFAULT_ORDER, feed_order
from monitor.hedge.mark import mark
from monitor.rules.lifecycle import Flag
from monitor.rules.surroundings import CHAIN_MAX_AGE, View
from monitor.rules.verdict import Value
from monitor.signals.catalogue import SIGNALS, Scope, Signal
from monitor.signals.facts import PoolSeen
from monitor.signals.market import market_of
from monitor.signals.sessions import open_seconds

_HEAD: Final = ("signal", "scope", "value", "age", "limit", "source")
_CLOSED_S: Final = 60.0
_MOST_SCOPE: Final = 16
_NAMES: Final = 2
"""Columns before this are names, which may be cut; then come figures, which may not."""

_ON_CHAIN: Final = frozenset({Scope.POOL, Scope.POSITION, Scope.BOOK})
_NONE_YET: Final = {
    Scope.POOL: "no pool has been seen yet",
    Scope.POSITION: "no position has been seen yet",
    Scope.LAYER: "no layer has been proposed or filled yet",
}
_OF_POSITION: Final = re.compile(r"^position \S+:\S+:\d+:? ")
"""How a note begins whose row says already which position it is of."""

_UNSAID: Final = frozenset({"points", "ratio"})
"""Units that a figure leaves out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Over:
    """What a scoped signal may be asked of. short: for people; units: as they are said of it."""

    short: str
    view: View
    units: Mapping[str, str] = field(default_factory=dict)


def signals(asked: argparse.Namespace) -> int:
    """Show every signal: value, age, limit and source, or why it is unknown."""
    with looking(asked) as look:
        asked_for = [one for one in SIGNALS if _named(one.name, asked.names)]
        if not asked_for:
            reason = f"no signal is called so or begins so: {' '.join(asked.names)}"
            raise ConfigError([Fault(file="signals", where="", reason=reason)])
        rows = [row for signal in asked_for for row in _rows(look, signal, _scopes(look))]
    told = [row for row in rows if len(row) == len(_HEAD)]
    widths = [max(map(len, column)) for column in zip(_HEAD, *told, strict=True)]
    widths[0] = max(len(row[0]) for row in (_HEAD, *rows))
    widths[1] = min(max(len(row[1]) for row in (_HEAD, *rows)), _MOST_SCOPE)
    for row in (_HEAD, *rows):
        print(_printed(row, widths))
    return 0


def _named(name: str, wanted: Sequence[str]) -> bool:
    return not wanted or any(name == one or name.startswith(f"{one}.") for one in wanted)


def _printed(row: Sequence[str], widths: Sequence[int]) -> str:
    *cells, last = row
    told = [
        f"{cut(cell, width):<{width}}" if column < _NAMES else f"{cell:>{width}}"
        for column, (cell, width) in enumerate(zip(cells, widths, strict=False))
    ]
    return line(" ".join(told) + " ", last)


def _scopes(look: Look) -> dict[Scope, list[_Over]]:
    """Return, by kind, everything a signal may be asked of; the book for all else."""
    facts, now = look.state.facts, look.now
    errors = sum(one.flag is Flag.ERROR for one in look.state.instances.values())
    market = market_of(facts, now)
    whole = View(facts=facts, scope="book", now=now, rule_errors=errors)
    layers = [
        _Over(
            short=layer.layer + over(look, layer.scope),
            view=View(
                facts=facts,
                scope=layer.scope,
                now=now,
                layer=layer,
                mark=mark(layer.legs, market, now) if layer.legs else None,
            ),
        )
        for layer in look.state.layers.values()
    ]
    book = [_Over(short="", view=whole)]
    return {
        **dict.fromkeys(Scope, book),
        Scope.POOL: list(_pools(look)),
        Scope.POSITION: list(_positions(look)),
        Scope.LAYER: layers,
    }


def _pools(look: Look) -> Iterator[_Over]:
    for key, pool in look.state.facts.pools.items():
        view = View(facts=look.state.facts, scope=key, now=look.now)
        yield _Over(short=_pair_of(look, pool), view=view, units=_units(pool))


def _positions(look: Look) -> Iterator[_Over]:
    facts = look.state.facts
    for key, seen in facts.positions.items():
        if not seen.gone:
            view = View(facts=facts, scope=key, now=look.now)
            units = _units(facts.pools.get(seen.position.pool))
            yield _Over(short=name_of(look, seen), view=view, units=units)


def _units(pool: PoolSeen | None) -> dict[str, str]:
    """Return what units are called by a pool's own tokens."""
    if pool is None:
        return {}
    of = pool.state.pool
    base, quote = (of.token0, of.token1) if of.quote == 1 else (of.token1, of.token0)
    return {
        "token0": of.token0.symbol,
        "token1": of.token1.symbol,
        "base": base.symbol,
        "quote per base": quote.symbol,
    }


def _pair_of(look: Look, pool: PoolSeen) -> str:
    """Return a pool's pair, with its fee where another pool has the same."""
    pair = pool.state.pool.pair
    same = [one for one in look.state.facts.pools.values() if one.state.pool.pair == pair]
    return pair if len(same) == 1 else f"{pair} {pool.state.pool.fee_pips / 10_000:g} %"


def _rows(
    look: Look, signal: Signal, scopes: dict[Scope, list[_Over]]
) -> Iterator[tuple[str, ...]]:
    """Yield a row of six cells for what is known, of three for what is not."""
    if signal.keyed:
        yield _family(look, signal)
        return
    if not scopes[signal.scope]:
        yield signal.name, "", _NONE_YET[signal.scope]
    for asked in scopes[signal.scope]:
        value = asked.view.value(signal.name)
        if value.value is None:
            yield signal.name, asked.short, f"unknown: {_why(look, signal, value)}"
        else:
            unit = asked.units.get(signal.unit, signal.unit if signal.unit in _UNSAID else "")
            told = f"{figure(value.value, signal.unit)} {unit}".rstrip()
            yield signal.name, asked.short, told, *_age(look, signal, value)


def _age(look: Look, signal: Signal, value: Value) -> tuple[str, str, str]:
    """Return age, limit and source; the source says where a market has been closed."""
    whole = (look.now - value.as_of).total_seconds() if value.as_of else None
    shut = whole is not None and value.age_s is not None and whole - value.age_s > _CLOSED_S
    source = value.source or signal.source
    limit = CHAIN_MAX_AGE if signal.scope in _ON_CHAIN else signal.max_age
    return (
        "" if whole is None else age(whole),
        "" if limit is None else _limit(limit),
        f"{source}, market closed" if shut else source,
    )


def _limit(limit: timedelta) -> str:
    return age(limit.total_seconds())


def _why(look: Look, signal: Signal, value: Value) -> str:
    if signal.name in DEFAULT_ORDER and signal.name not in feed_order(look.settings.feeds):
        return "its feed is off in [feeds]"
    note = value.note or "nothing tells it"
    note = _OF_POSITION.sub("", note)
    for known in (f"{signal.name} ", f"{signal.name}: "):
        note = note.removeprefix(known)
    feed = look.state.facts.feeds.get(signal.name)
    return f"{note}; {feed.gap}" if feed is not None and feed.gap else note


def _family(look: Look, signal: Signal) -> tuple[str, ...]:
    """Return the row of a family of readings: how many its newest issue has."""
    rows = [one for one in look.state.facts.readings.values() if one.name == signal.name]
    why = "has not been read yet"
    if rows:
        newest = max(rows, key=lambda one: one.as_of)
        passed = timedelta(seconds=open_seconds(signal.hours, newest.as_of, look.now))
        if signal.max_age is None or passed <= signal.max_age:
            told = Value(value=float(len(rows)), as_of=newest.as_of, source=newest.source)
            return signal.name, "", f"{len(rows)} values", *_age(look, signal, told)
        why = f"is {_limit(passed)} old in session, limit {_limit(signal.max_age)}"
    return signal.name, "", f"unknown: {_why(look, signal, Value(value=None, note=why))}"
