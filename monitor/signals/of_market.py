"""What the market's names are now: as they were read, or worked out of what was read.

Nothing here is guessed: a number whose source is late, frozen or silent is unknown, and
so is everything worked out of it, with the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import open_seconds
from monitor.model.reading import Reading
from monitor.model.swift import swift
from monitor.signals.answers import Along, OfMarket
from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import Facts, newest
from monitor.signals.of_breadth import ALONG_BREADTH, OF_BREADTH
from monitor.signals.of_carry import OF_CARRY
from monitor.signals.of_macro import OF_MACRO
from monitor.signals.of_parity import OF_PARITY
from monitor.signals.of_pool_gap import OF_POOL_GAP
from monitor.signals.of_realised import OF_REALISED
from monitor.signals.of_surface import OF_SURFACE
from monitor.signals.of_technical import ALONG_TECHNICAL, OF_TECHNICAL
from monitor.signals.of_term import OF_TERM
from monitor.signals.of_value import OF_VALUE
from monitor.signals.signal import Signal
from monitor.signals.spans import spell

OF_MARKET: Final[Mapping[str, OfMarket]] = {
    **OF_TERM,
    **OF_REALISED,
    **OF_TECHNICAL,
    **OF_BREADTH,
    **OF_MACRO,
    **OF_CARRY,
    **OF_VALUE,
    **OF_PARITY,
    **OF_SURFACE,
    **OF_POOL_GAP,
}
ALONG: Final[Mapping[str, Along]] = {**ALONG_TECHNICAL, **ALONG_BREADTH}
"""Those that take long, and are worked out once for all instants of a past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a name is. age_s: in open time of its market; of several, that of the oldest.

    as_of: the oldest of what it rests on.
    """

    value: float | bool | str | None
    as_of: datetime | None = None
    source: str = ""
    note: str = ""
    age_s: float | None = None


_told: Final = swift(Told)


def market(facts: Facts, name: str, now: datetime, limit: timedelta | None = None) -> Told:
    """Return what a market's name is now. limit: an age tighter than the catalogue's."""
    signal = BY_NAME[name]
    if signal.inputs:
        return _worked_out(facts, signal, now, limit)
    if signal.keyed:
        return _family(facts, signal, now)
    reading = newest(facts, name)
    if reading is None:
        return Told(value=None, note=f"{name} has not been read yet")
    return believed(signal, reading, now, limit)


def believed(signal: Signal, reading: Reading, now: datetime, limit: timedelta | None) -> Told:
    """Return a reading's value, unless it is too old or has repeated for too long."""
    age_s = open_seconds(signal.hours, reading.as_of, now)
    most = min(limit or timedelta.max, signal.max_age or timedelta.max)
    note = ""
    if timedelta(seconds=age_s) > most:
        session = "" if signal.hours is Hours.ALWAYS else " in session"
        note = f"{signal.name} is {spell(age_s)} old{session}, limit {spell(most.total_seconds())}"
    elif frozen_s(signal, reading) > 0:
        note = f"{repeating(signal, reading)}, however newly stamped: is its source frozen?"
    return _told(
        value=None if note else reading.value,
        as_of=reading.as_of,
        source=reading.source,
        note=note,
        age_s=age_s,
    )


def frozen_s(signal: Signal, reading: Reading) -> float:
    """Return by how much a value has repeated for too long, in its market's hours, or 0."""
    if signal.frozen_after is None:
        return 0.0
    if reading.since is None or reading.since == reading.as_of:
        return 0.0
    return max(0.0, _still_s(signal, reading) - signal.frozen_after.total_seconds())


def repeating(signal: Signal, reading: Reading) -> str:
    """Return for how long a signal has been what it is."""
    still = spell(_still_s(signal, reading))
    return f"{signal.name} has been {reading.value:g} for {still} of its hours"


def _still_s(signal: Signal, reading: Reading) -> float:
    return open_seconds(signal.hours, reading.since or reading.as_of, reading.as_of)


def _family(facts: Facts, signal: Signal, now: datetime) -> Told:
    """Return how many members of a family there are, by the age of its newest issue."""
    rows = [one for one in facts.readings.values() if one.name == signal.name]
    if not rows:
        return Told(value=None, note=f"{signal.name} has not been read yet")
    told = believed(signal, max(rows, key=lambda one: one.as_of), now, None)
    return told if told.value is None else Told(
        value=float(len(rows)), as_of=told.as_of, source=told.source, age_s=told.age_s
    )  # fmt: skip


def _worked_out(facts: Facts, signal: Signal, now: datetime, limit: timedelta | None) -> Told:
    seen = [market(facts, one, now) for one in signal.inputs]
    for one in seen:
        if one.value is None:
            return Told(value=None, as_of=one.as_of, note=one.note)
    as_of = min(one.as_of for one in seen if one.as_of is not None)
    age_s = max(one.age_s or 0.0 for one in seen)
    if limit is not None and timedelta(seconds=age_s) > limit:
        note = f"{signal.name} rests on what is {spell(age_s)} old"
        return Told(value=None, as_of=as_of, note=f"{note}, limit {spell(limit.total_seconds())}")
    value, note = OF_MARKET[signal.name](facts, now)
    return Told(value=value, as_of=as_of, source="computed", note=note, age_s=age_s)
