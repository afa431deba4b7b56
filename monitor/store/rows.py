"""The road's state as rows of the store, and back."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter

from monitor.hedge.track import BookTrack
from monitor.model.layer import LayerState
from monitor.model.reading import Reading
from monitor.pipeline import State
from monitor.rules.lifecycle import Instance
from monitor.signals.facts import Facts, PoolSeen, SourceSeen
from monitor.signals.series import Sample, Series, stamp
from monitor.signals.track import PoolHours, PoolTrack
from monitor.signals.turns import PositionTrack
from monitor.store.bars import changed_bars, restored_bars
from monitor.store.late import Cell, Rows
from monitor.store.positions import KIND as POSITION
from monitor.store.positions import changed_positions, restored_positions
from monitor.store.records import RowKey
from monitor.store.records import Sample as SampleRow
from monitor.store.reels import changed_reels, restored_reels


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """One mapping of the state. pick: from a state."""

    kind: str
    record: type[Any]
    pick: Callable[[State], Mapping[str, Any]]


_TABLES: Final = (
    _Table(kind="instance", record=Instance, pick=lambda s: s.instances),
    _Table(kind="layer", record=LayerState, pick=lambda s: s.layers),
    _Table(kind="pool", record=PoolSeen, pick=lambda s: s.facts.pools),
    _Table(kind="reading", record=Reading, pick=lambda s: s.facts.readings),
    _Table(kind="chain", record=SourceSeen, pick=lambda s: s.facts.chains),
    _Table(kind="feed", record=SourceSeen, pick=lambda s: s.facts.feeds),
    _Table(kind="track", record=PoolTrack, pick=lambda s: s.facts.tracks),
    _Table(kind="hours", record=PoolHours, pick=lambda s: s.facts.hours),
    _Table(kind="path", record=PositionTrack, pick=lambda s: s.facts.paths),
    _Table(kind="hedged", record=BookTrack, pick=lambda s: s.facts.hedged),
)


_NEVER: Final = datetime.max.replace(tzinfo=UTC)

# Else an infinity is written as null, which no float reads.
_EXACT: Final = ConfigDict(ser_json_inf_nan="constants")


def _adapters() -> dict[str, TypeAdapter[list[Any]]]:
    # Of lists, since a record of its own would not take the configuration.
    return {table.kind: TypeAdapter(list[table.record], config=_EXACT) for table in _TABLES}  # type: ignore[name-defined]


_ADAPTERS: Final = _adapters()


def _written(kind: str, record: object) -> str:
    return _ADAPTERS[kind].dump_json([record])[1:-1].decode()


def _read(kind: str, text: str) -> Any:  # noqa: ANN401 - the table's record
    return _ADAPTERS[kind].validate_json(f"[{text}]")[0]


def changed_rows(old: State, new: State) -> Rows:
    """Return the rows that differ; None for those that are gone.

    A record that did not change is the same object, so identity tells.
    """
    rows: dict[RowKey, Cell] = {}
    for table in _TABLES:
        before, after = table.pick(old), table.pick(new)
        if before is after:
            continue
        for key, record in after.items():
            if before.get(key) is not record:
                rows[table.kind, key] = partial(_written, table.kind, record)
        rows.update({(table.kind, key): None for key in before if key not in after})
    rows.update(changed_positions(old.facts, new.facts))
    rows.update(changed_reels(old.facts.reels, new.facts.reels))
    rows.update(changed_bars(old.facts.bars, new.facts.bars))
    if new.at is not None and new.at != old.at:
        rows["meta", "at"] = new.at.isoformat()
    return Rows(rows)


def new_samples(old: State, new: State) -> tuple[SampleRow, ...]:
    """Return the samples the new state has and the old had not."""
    before = old.facts.series
    turned = _reorganised(old, new)
    found = list[SampleRow]()
    for key, series in new.facts.series.items():
        known = before.get(key, Series())
        if known is not series:
            known = _shared(known, series) if turned else known
            found += [
                SampleRow(series=key, at=sample.at, value=sample.value)
                for sample in _added(known, series)
            ]
    return tuple(found)


def _added(old: Series, new: Series) -> Iterable[Sample]:
    """Return what a series has more of, at its end or, where its past was filled, before.

    Between two states samples are appended, the last replaced, the oldest dropped; only
    a past puts some between them. Their number tells, so that long series are not walked.
    """
    tail = _tail(old, new)
    if not old.samples or not new.samples:
        return tail
    first = bisect_left(old.samples, new.samples[0].at, key=stamp)
    beyond = bisect_right(new.samples, old.samples[-1].at, key=stamp)
    if beyond == len(old.samples) - first:
        return tail
    known = set(old.samples)
    return [sample for sample in new.samples if sample not in known]


def _tail(old: Series, new: Series) -> Iterable[Sample]:
    if not old.samples:
        return new.samples
    last, first = old.samples[-1], len(new.samples)
    while first and new.samples[first - 1].at > last.at:
        first -= 1
    replaced = first and new.samples[first - 1].at == last.at and new.samples[first - 1] != last
    return new.samples[first - 1 if replaced else first :]


def forgotten_samples(old: State, new: State) -> dict[str, datetime]:
    """Return, for each series that dropped its oldest samples, the first stamp it still has.

    The end of time for one that is gone whole.
    """
    after = new.facts.series
    if old.facts.series is after:
        return {}
    return {
        key: after[key].samples[0].at if key in after else _NEVER
        for key, series in old.facts.series.items()
        if key not in after or series.samples[0].at < after[key].samples[0].at
    }


def dropped_samples(old: State, new: State) -> dict[str, datetime]:
    """Return, for each series whose newest samples were taken back, the first stamp of those."""
    if not _reorganised(old, new):
        return {}
    found: dict[str, datetime] = {}
    for key, series in old.facts.series.items():
        after = new.facts.series.get(key, Series())
        shared = series if after is series else _shared(series, after)
        if len(shared.samples) < len(series.samples):
            found[key] = series.samples[len(shared.samples)].at
    return found


def _reorganised(old: State, new: State) -> bool:
    """Return whether a chain has dropped the newest block it was known by."""
    after = new.facts.chains
    return any(
        before.recent[-1] not in after[name].recent[-2:]
        for name, before in old.facts.chains.items()
        if before.recent and name in after and before is not after[name]
    )


def _shared(old: Series, new: Series) -> Series:
    """Return the old series up to where the new one, whose oldest samples may be gone, parts."""
    if not new.samples:
        return Series()
    # Of what stands, the window's horizon always leaves one: none in common is none left.
    first = bisect_left(old.samples, new.samples[0].at, key=stamp)
    count = 0
    for before, after in zip(old.samples[first:], new.samples, strict=False):
        if before != after:
            break
        count += 1
    return Series(samples=old.samples[: first + count] if count else ())


def epoch_of(created_at: datetime) -> str:
    """Return a store's name for itself: the second it was made in, in hexadecimal."""
    return f"{int(created_at.timestamp()):x}"


def restore(rows: Mapping[RowKey, str], samples: Iterable[SampleRow]) -> State:
    """Return the state that was saved; raises ValueError where a row does not parse."""
    tables: dict[str, dict[str, Any]] = {table.kind: {} for table in _TABLES}
    for (kind, key), text in rows.items():
        if kind in _ADAPTERS:
            tables[kind][key] = _read(kind, text)
    at = rows.get(("meta", "at"))
    positions = {key: text for (kind, key), text in rows.items() if kind == POSITION}
    return State(
        at=datetime.fromisoformat(at) if at else None,
        instances=tables["instance"],
        layers=tables["layer"],
        facts=Facts(
            pools=tables["pool"],
            positions=restored_positions(positions, tables["pool"]),
            readings=tables["reading"],
            chains=tables["chain"],
            feeds=tables["feed"],
            tracks=tables["track"],
            hours=tables["hours"],
            paths=tables["path"],
            hedged=tables["hedged"],
            series=_series(samples),
            reels=restored_reels(rows),
            bars=restored_bars(rows),
        ),
    )


def _series(samples: Iterable[SampleRow]) -> dict[str, Series]:
    found: dict[str, dict[datetime, Sample]] = {}
    for row in samples:
        found.setdefault(row.series, {})[row.at] = Sample(at=row.at, value=row.value)
    return {
        key: Series(samples=tuple(sorted(each.values(), key=lambda s: s.at)))
        for key, each in found.items()
    }
