"""Taking what a source says into the facts: the newest value, its bars, and its samples."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from monitor.model.observation import Readings
from monitor.model.reading import Reading
from monitor.signals.bars import Bars, day_of, long_ended
from monitor.signals.catalogue import BY_NAME, SIGNALS
from monitor.signals.facts import Facts, SourceSeen
from monitor.signals.of_market import market
from monitor.signals.series import Sample, Series
from monitor.signals.take_quotes import with_quotes

Named: TypeAlias = tuple[str, str, Sample]
"""A signal, its scope or key, and a sample of it."""

Windows: TypeAlias = Mapping[str, timedelta]
"""How long samples of a name are kept, for each some rule takes a window of."""

_NO_BARS: Final = Bars()
_AHEAD: Final = timedelta(minutes=1)
"""How far past its observation a reading may be stamped: clocks differ by that much."""


def _resting_on() -> dict[str, frozenset[str]]:
    """Return the computed names that rest on each name that is read."""
    found: dict[str, set[str]] = {}
    for signal in SIGNALS:
        for one in signal.inputs:
            found.setdefault(one, set()).add(signal.name)
    return {name: frozenset(names) for name, names in found.items()}


_RESTING_ON: Final = _resting_on()


def absorb_readings(facts: Facts, seen: Readings, windows: Windows) -> Facts:
    """Return the facts after readings; one older than what is known of its name fills bars only.

    A source may state several values of a name, oldest first, as a statistic's last prints.
    What is stamped with an instant to come is no reading yet: it would not age until then,
    and shut out every later one.
    """
    latest = seen.observed_at + _AHEAD
    seen = replace(seen, readings=tuple(r for r in seen.readings if r.as_of <= latest))
    fresh = {f"{r.name}|{r.key}": r for r in seen.readings if _newer(facts, r, latest)}
    source = SourceSeen(name=seen.source, good_at=seen.observed_at, missing=seen.refused)
    after = replace(
        facts,
        readings=_believed(facts, seen, fresh),
        bars=_with_bars(facts, seen.readings),
        feeds={**facts.feeds, seen.source: source},
        quotes=with_quotes(facts, seen),
    )
    if not windows:
        return after
    samples = [(r.name, r.key, Sample(at=r.as_of, value=r.value)) for r in seen.readings if r.name]
    samples += _worked_out(after, fresh.values(), windows, seen.observed_at)
    return replace(after, series=sampled(after, samples, windows))


def sampled(facts: Facts, samples: Iterable[Named], windows: Windows) -> Mapping[str, Series]:
    """Return the series with samples of those names that some rule takes a window of."""
    wanted = [(f"{name}|{scope}", name, one) for name, scope, one in samples if name in windows]
    if not wanted:
        return facts.series
    series = dict(facts.series)
    for key, name, sample in wanted:
        series[key] = series.get(key, Series()).append(sample, keep=windows[name])
    return series


def _believed(facts: Facts, seen: Readings, fresh: Mapping[str, Reading]) -> dict[str, Reading]:
    """Return the newest readings, less the members that an issue left out or a source refused."""
    newest = {**_without_overtaken(facts, fresh.values()), **_since(facts, fresh)}
    for one in seen.refused:
        newest.pop(one.key, None)
    return newest


def _since(facts: Facts, fresh: Mapping[str, Reading]) -> dict[str, Reading]:
    """Return readings that say from when on their source has given each its value."""
    found = {}
    for key, reading in fresh.items():
        old = facts.readings.get(key)
        same = old is not None and (old.value, old.source) == (reading.value, reading.source)
        found[key] = replace(
            reading, since=(old.since or old.as_of) if same and old else reading.as_of
        )
    return found


def _with_bars(facts: Facts, readings: Iterable[Reading]) -> Mapping[str, Bars]:
    changed: dict[str, Bars] = {}
    for reading in readings:
        signal = BY_NAME.get(reading.name)
        if signal is None or not signal.bars:
            continue
        key = f"{reading.name}|{reading.key}"
        known = changed.get(key) or facts.bars.get(key, _NO_BARS)
        day = reading.period or day_of(signal.hours, reading.as_of)
        changed[key] = known.take(reading.value, day, reading.as_of, signal.bars)
    moved = {key: bars for key, bars in changed.items() if bars is not facts.bars.get(key)}
    return _still_going({**facts.bars, **moved}, moved) if moved else facts.bars


def _still_going(table: dict[str, Bars], moved: Iterable[str]) -> Mapping[str, Bars]:
    """Return bars without those of a family's members that ended long ago."""
    for name in {key.partition("|")[0] for key in moved}:
        signal = BY_NAME[name]
        if signal.keyed:
            for gone in long_ended(table, name, signal.hours, signal.bars):
                del table[gone]
    return table


def _worked_out(
    facts: Facts, fresh: Iterable[Reading], windows: Windows, now: datetime
) -> list[Named]:
    """Return samples of the computed names that rest on what has just been read."""
    newest = {reading.name: reading.as_of for reading in fresh}
    names = {
        name: max(at for one, at in newest.items() if name in _RESTING_ON.get(one, ()))
        for read in newest
        for name in _RESTING_ON.get(read, frozenset()) & windows.keys()
    }
    told = {name: market(facts, name, now).value for name in names}
    return [
        (name, "", Sample(at=names[name], value=float(value)))
        for name, value in told.items()
        if isinstance(value, float | int)
    ]


def _without_overtaken(facts: Facts, fresh: Iterable[Reading]) -> dict[str, Reading]:
    """Return the readings less the members of a family that its newest issue left out.

    A future that has expired is in no later settlement, and is not merely old.
    """
    issued = {_issuer(r): r.as_of for r in fresh if r.key}
    return {
        key: old
        for key, old in facts.readings.items()
        if not (old.key and old.as_of < issued.get(_issuer(old), old.as_of))
    }


def _issuer(reading: Reading) -> tuple[str, str, str]:
    """Return whose issue a member of a family is of: its source's, and its chain's own."""
    return reading.name, reading.source, reading.key.rpartition(":")[0]


def _newer(facts: Facts, reading: Reading, latest: datetime) -> bool:
    old = facts.readings.get(f"{reading.name}|{reading.key}")
    return old is None or reading.as_of >= old.as_of or old.as_of > latest
