"""`hedgewatch signals`: every name a rule may use, over all it may be asked of, as it is now."""

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from monitor.alerts.figures import age, figure
from monitor.app.usage import rests_on, shipped_packs, usage_of
from monitor.calendars.sessions import open_seconds
from monitor.cli.catalogue_page import page
from monitor.cli.catalogue_told import entries, in_catalogue
from monitor.cli.faces_positions import name_of
from monitor.cli.lines import cut, line
from monitor.cli.look import Look, looking, over
from monitor.cli.watch import watch
from monitor.errors import ConfigError, Fault
from monitor.feeds.settings import DEFAULT_ORDER, keys_in, needs_key
from monitor.rules.lifecycle import Flag
from monitor.rules.marked import Marked
from monitor.rules.surroundings import CHAIN_MAX_AGE, View
from monitor.rules.verdict import Value
from monitor.signals.catalogue import BY_NAME, Scope, Signal
from monitor.signals.facts import PoolSeen
from monitor.signals.of_carry import proxy_fits
from monitor.signals.of_market import market

_HEAD: Final = ("signal", "scope", "value", "age", "limit", "source")
_CLOSED_S: Final = 60.0
_MOST_SCOPE: Final = 16
_GROUP: Final = 12
_NAMES: Final = 2
"""Columns before this are names, which may be cut; then come figures, which may not."""

_ON_CHAIN: Final = frozenset({Scope.POOL, Scope.POSITION, Scope.BOOK})
_NONE_YET: Final = {
    Scope.CHAIN: "no pool has been seen yet",
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
    """Show signals: value, age, limit and source, or why one is unknown; or the catalogue."""
    if asked.catalogue or asked.markdown:
        if asked.watch:
            raise ConfigError(
                [Fault(file="signals", where="--watch", reason="the catalogue does not change")]
            )
        return _catalogue(asked)
    if asked.watch:
        return watch(asked.every, lambda: _frame(asked))
    _, lines = _frame(asked)
    for text in lines:
        print(text)
    return 0


def _frame(asked: argparse.Namespace) -> tuple[datetime, list[str]]:
    """Return when was looked, and the rows: of what is read, where none is named."""
    named = _named(asked)
    with looking(asked) as look:
        return look.now, _table(look, named, whole=bool(asked.all or asked.names))


def _catalogue(asked: argparse.Namespace) -> int:
    used = usage_of(shipped_packs())
    for text in page(used) if asked.markdown else entries(_named(asked), used):
        print(text)
    return 0


def _named(asked: argparse.Namespace) -> list[Signal]:
    found = in_catalogue(asked.names)
    wrong = [one for one in asked.names if not in_catalogue([one])]
    if wrong:
        reason = f"no signal is called so or begins so: {' '.join(wrong)}"
        raise ConfigError([Fault(file="signals", where="", reason=reason)])
    return found


def _table(look: Look, asked: Sequence[Signal], *, whole: bool) -> list[str]:
    """Return the rows of signals. whole: those that nothing reads, too, each in a row."""
    scopes = _scopes(look)
    shown = [one for one in asked if whole or not (_idle(look, one) or not scopes[one.scope])]
    rows = [row for signal in shown for row in _rows(look, signal, scopes)]
    told = [row for row in rows if len(row) == len(_HEAD)]
    widths = [max(map(len, column)) for column in zip(_HEAD, *told, strict=True)]
    widths[0] = max(len(row[0]) for row in (_HEAD, *rows))
    widths[1] = min(max(len(row[1]) for row in (_HEAD, *rows)), _MOST_SCOPE)
    lines = [_printed(row, widths) for row in (_HEAD, *rows)]
    return lines if whole else [*lines, *_folded(look, asked, scopes)]


def _idle(look: Look, signal: Signal) -> bool:
    """Return whether nothing reads it, nor what it is worked out of; off by name is told."""
    if signal.name in look.unkeyed:
        return False
    if signal.providers:
        return not _asked(look, signal) and look.settings.feeds.get(signal.name) != ()
    rests = rests_on(signal.name)
    read = [one in look.unkeyed or bool(_asked(look, BY_NAME[one])) for one in rests]
    # Of what the book is asked for not all is needed; what is missing, its row tells.
    return not any(read) if read and signal.scope in _ON_CHAIN else not all(read)


def _folded(
    look: Look, asked: Sequence[Signal], scopes: Mapping[Scope, Sequence[_Over]]
) -> Iterator[str]:
    """Yield a line for what there is nothing to ask of, and one for what nothing reads."""
    for scope, why in _NONE_YET.items():
        count = sum(one.scope is scope and not _idle(look, one) for one in asked)
        if count and not scopes[scope]:
            names = "name" if count == 1 else "names"
            yield line(f"{scope.value + '.*':<{_GROUP}}", f"{count} {names}: {why}")
    idle = sum(_idle(look, one) for one in asked)
    if idle:
        are = "more name is" if idle == 1 else "more names are"
        yield line(
            "",
            f"{idle} {are} not read, for no enabled rule asks for them: `hedgewatch signals --all`"
            " shows them, `--catalogue` says what they mean",
        )


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
    marked = Marked(facts, look.state.layers, now)
    whole = View(facts=facts, scope="book", now=now, rule_errors=errors, marked=marked)
    layers = [
        _Over(
            short=layer.layer + over(look, layer.scope),
            view=View(
                facts=facts,
                scope=layer.scope,
                now=now,
                layer=layer,
                marked=marked,
            ),
        )
        for layer in look.state.layers.values()
    ]
    book = [_Over(short="", view=whole)]
    return {
        **dict.fromkeys(Scope, book),
        Scope.CHAIN: list(_chains(look)),
        Scope.POOL: list(_pools(look)),
        Scope.POSITION: list(_positions(look)),
        Scope.LAYER: layers,
    }


def _chains(look: Look) -> Iterator[_Over]:
    """Yield each chain by one of its pools, which is how rules ask of it."""
    for name in look.settings.chain:
        pools = look.state.facts.pools.items()
        if key := next((key for key, pool in pools if pool.chain == name), ""):
            yield _Over(short=name, view=View(facts=look.state.facts, scope=key, now=look.now))


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
        yield from _fits(look, signal) if signal.inputs else (_family(look, signal),)
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
    asked = _asked(look, signal)
    if signal.providers and not asked:
        return _why_not_read(look, signal)
    lacking = [one for one in rests_on(signal.name) if one in look.unkeyed]
    if lacking:
        return "; ".join(f"{one} {_why_not_read(look, BY_NAME[one])}" for one in lacking)
    note = value.note or "nothing tells it"
    note = _OF_POSITION.sub("", note)
    for known in (f"{signal.name} ", f"{signal.name}: "):
        note = note.removeprefix(known)
    rests = [one for one in rests_on(signal.name) if note.startswith(f"{one} ")]
    feeds = [look.state.facts.feeds.get(name) for name in dict.fromkeys([*asked, *rests])]
    return "; ".join((note, *(feed.gap for feed in feeds if feed is not None and feed.gap)))


def _asked(look: Look, signal: Signal) -> list[str]:
    """Return the polls that bring a signal: its own, or those of chains' markets."""
    if signal.name in look.order:
        return [signal.name]
    wanted = set(signal.providers)
    return [n for n, asked in look.order.items() if n not in BY_NAME and wanted & set(asked)]


def _why_not_read(look: Look, signal: Signal) -> str:
    if look.settings.feeds.get(signal.name) == ():
        return "off in [feeds]"
    if signal.providers == ("manual",):
        return "not typed: [feed.manual.values]"
    keys = keys_in(look.settings.feed)
    keyed = [one for one in signal.providers if needs_key(signal.name, one, keys)]
    if keyed and len(keyed) == len(signal.providers):
        return f"needs {' or '.join(f'[feed.{one}] key' for one in keyed)}"
    if signal.name not in DEFAULT_ORDER:
        return "not read, no rule asks for it, or no chain of yours has it"
    if not DEFAULT_ORDER[signal.name]:
        return f"opt-in: name {' or '.join(signal.providers)} in [feeds]"
    return "not read, no rule asks for it"


def _fits(look: Look, signal: Signal) -> Iterator[tuple[str, ...]]:
    """Yield a row a proxy: its own figure of the regression, or why it has none."""
    whole = market(look.state.facts, signal.name, look.now)
    if not whole.source:  # what it rests on is not known
        yield signal.name, "", f"unknown: {whole.note}"
        return
    for key, fit in proxy_fits(look.state.facts, look.now).items():
        if isinstance(fit, str):
            yield signal.name, key, f"unknown: {fit}"
            continue
        value = getattr(fit, signal.name.rpartition(".")[2])
        told = Value(value=value, as_of=fit.as_of, source=f"{fit.sessions} sessions")
        yield signal.name, key, figure(value, signal.unit), *_age(look, signal, told)


def _family(look: Look, signal: Signal) -> tuple[str, ...]:
    """Return the row of a family of readings: how many its newest issue has."""
    rows = [one for one in look.state.facts.readings.values() if one.name == signal.name]
    why = "has not been read yet"
    if rows:
        newest = max(rows, key=lambda one: one.as_of)
        passed = timedelta(seconds=open_seconds(signal.hours, newest.as_of, look.now))
        if signal.max_age is None or passed <= signal.max_age:
            told = Value(value=float(len(rows)), as_of=newest.as_of, source=newest.source)
            count = f"{len(rows)} value{'' if len(rows) == 1 else 's'}"
            return signal.name, "", count, *_age(look, signal, told)
        why = f"is {_limit(passed)} old in session, limit {_limit(signal.max_age)}"
    return signal.name, "", f"unknown: {_why(look, signal, Value(value=None, note=why))}"
