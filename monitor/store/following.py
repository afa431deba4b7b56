"""A store that another process writes, read again and again: of its state only what is new."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from monitor.pipeline import State
from monitor.signals.series import Sample, Series, stamp
from monitor.store.connection import Row
from monitor.store.database import Database
from monitor.store.records import RowKey
from monitor.store.rows import epoch_of, restore
from monitor.store.schema import from_micros

_HEADS: Final = "SELECT series, count(*), min(at), max(at), max(id) FROM sample GROUP BY series"
_SINCE: Final = "SELECT at, value FROM sample WHERE series = ? AND at >= ? ORDER BY at, id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What a store holds. The same object as before where nothing has changed."""

    state: State
    rows: Mapping[RowKey, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What tells one series from what it was: the count, stamps and last number of its rows."""

    count: int
    oldest: int
    newest: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """One series as it was last read. stamps: of its rows, of which several may share one."""

    head: _Head
    stamps: tuple[int, ...]
    series: Series = field(repr=False)


class Following:
    """Reads a store's state, as `restore` would of all of it. database: as `only_read` left it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._series: dict[str, _Known] = {}
        self._last: Followed | None = None

    def look(self) -> Followed:
        """Return the state as the last commit left it; raise as the store does."""
        with self._database.transaction("DEFERRED"):  # one moment's view of it all
            rows = {
                (kind, key): json
                for kind, key, json in self._database.read("SELECT kind, key, json FROM state")
            }
            if self._last is None or rows != self._last.rows:
                self._last = self._read(rows, self._last)
        return self._last

    def _read(self, rows: Mapping[RowKey, str], before: Followed | None) -> Followed:
        state = restore(rows, ())
        if before is not None and _turned(before.state, state):
            self._series = {}
        heads = {name: _head(rest) for name, *rest in self._database.read(_HEADS)}
        self._series = {name: self._followed(name, head) for name, head in heads.items()}
        series = {name: one.series for name, one in self._series.items()}
        [(created,)] = self._database.read("SELECT value FROM meta WHERE name = 'created_at'")
        facts = replace(state.facts, series=series)
        epoch = epoch_of(from_micros(created))
        return Followed(state=replace(state, facts=facts, epoch=epoch), rows=rows)

    def _followed(self, name: str, head: _Head) -> _Known:
        known = self._series.get(name)
        if known is not None and known.head == head:
            return known
        if known is not None:
            grown = _grown(known, head, self._database.read(_SINCE, name, known.head.newest))
            if len(grown.stamps) == head.count:
                return grown  # else samples came in between: a market's past was filled
        return _made(head, self._database.read(_SINCE, name, head.oldest))


def _turned(old: State, new: State) -> bool:
    """Tell whether a chain may have dropped blocks, and samples been replaced with them."""
    after = new.facts.chains
    return any(
        name not in after or before.recent[-1] not in after[name].recent
        for name, before in old.facts.chains.items()
        if before.recent
    )


def _head(rest: Iterable[int]) -> _Head:
    count, oldest, newest, number = rest
    return _Head(count=count, oldest=oldest, newest=newest, number=number)


def _grown(known: _Known, head: _Head, rows: Iterable[Row]) -> _Known:
    """Return a series without what it forgot, and with what it has from its last stamp on."""
    samples, newest = known.series.samples, from_micros(known.head.newest)
    begin = bisect_left(samples, from_micros(head.oldest), key=stamp)
    kept = samples[begin : bisect_left(samples, newest, key=stamp)]
    more = _made(head, rows)
    begin = bisect_left(known.stamps, head.oldest)
    stamps = known.stamps[begin : bisect_left(known.stamps, known.head.newest)]
    series = Series(samples=(*kept, *more.series.samples))
    return _Known(head=head, stamps=(*stamps, *more.stamps), series=series)


def _made(head: _Head, rows: Iterable[Row]) -> _Known:
    # Of two with one stamp the later counts.
    told = dict[int, float]()
    stamps = list[int]()
    for at, value in rows:
        stamps.append(at)
        told[at] = value
    samples = tuple(Sample(at=from_micros(at), value=value) for at, value in told.items())
    return _Known(head=head, stamps=tuple(stamps), series=Series(samples=samples))
