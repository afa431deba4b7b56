"""Taking the past into the facts: bars of a provider's history, and windows warm by bars.

A window looks back on samples. Where a session has none, because nobody asked yet or the
daemon was down, its bar gives its lowest, highest and last value; what is worked out of
bars has its last only.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import is_session_of, session_close
from monitor.model.observation import Past
from monitor.model.reading import Bar, Reading
from monitor.signals.bars import Bars, day_of, long_ended
from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import Facts
from monitor.signals.of_market import ALONG, market
from monitor.signals.series import INSTANT, Sample, Series, stamp
from monitor.signals.signal import Plausible, Signal

Windows: TypeAlias = Mapping[str, timedelta]
"""How long samples of a name are kept, for each some rule takes a window of."""

_NO_BARS: Final = Bars()
_ANY: Final = Plausible(above=float("-inf"), up_to=float("inf"))
_BEFORE: Final = timedelta(days=5)
"""A window asks what was in force when it begins: so far before it that is looked for."""


def doubt(seen: Past) -> str:
    """Return why a past cannot be believed, in one sentence, or an empty text.

    It is believed whole or not at all.
    """
    signal = BY_NAME.get(seen.name)
    if signal is None or not signal.bars:
        return f"no history is kept of {seen.name}"
    if seen.bars and signal.keyed != bool(seen.key):
        return f"{seen.name} is {'' if signal.keyed else 'not '}a family of values"
    days = [bar.day for bar in seen.bars]
    if days != sorted(set(days)):
        return f"the days of {seen.name} are not in order"
    return next((why for bar in seen.bars if (why := _flaw(signal, bar, seen.observed_at))), "")


def absorb_past(facts: Facts, seen: Past, windows: Windows) -> Facts:
    """Return the facts with bars of past sessions, and windows that rest on them filled.

    What cannot be believed is passed over, and so are days on which the market is closed.
    """
    if doubt(seen):
        return facts
    signal, key = BY_NAME[seen.name], f"{seen.name}|{seen.key}"
    known = facts.bars.get(key, _NO_BARS)
    theirs = (bar for bar in seen.bars if is_session_of(signal.hours, bar.day))
    joined = known.join(theirs, signal.bars)
    if joined is known:
        return facts
    bars = {**facts.bars, key: joined}
    if signal.keyed:
        for gone in long_ended(bars, seen.name, signal.hours, signal.bars):
            del bars[gone]
    resting = {
        name: reach
        for name, reach in windows.items()
        if seen.name == name or seen.name in BY_NAME[name].inputs
    }
    return warmed(replace(facts, bars=bars), resting, seen.observed_at)


def warmed(facts: Facts, windows: Windows, now: datetime) -> Facts:
    """Return the facts with windows filled, as far as they reach, from the bars that are known."""
    filled = dict[str, Series]()
    for name, reach in windows.items():
        known = facts.series.get(f"{name}|", Series())
        signal = BY_NAME[name]
        offered = _sessions(facts, signal, now)
        if signal.inputs:
            offered = _worked_out(facts, signal, now, now - reach - _BEFORE)
        series = _filled(known, offered, signal.hours, now - reach)
        if series is not known:
            filled[f"{name}|"] = series
    return replace(facts, series={**facts.series, **filled}) if filled else facts


def _sessions(facts: Facts, signal: Signal, now: datetime) -> Iterator[Sample]:
    """Yield the lowest, highest and last value of each session, the last at its own instant.

    Within the session: some are published after it. When in it the others were is not
    known; they stand a moment before the last, where windows look for them.
    """
    for bar in facts.bars.get(f"{signal.name}|", _NO_BARS).until(now).bars:
        at = bar.at
        if day_of(signal.hours, at) != bar.day:
            at = min(at, session_close(signal.hours, bar.day) - INSTANT)
        for back, extreme in ((2, bar.low), (1, bar.high)):
            if extreme != bar.close:
                yield Sample(at=at - back * INSTANT, value=extreme)
        yield Sample(at=at, value=bar.close)


def _worked_out(facts: Facts, signal: Signal, now: datetime, since: datetime) -> Iterator[Sample]:
    """Yield what a computed name was whenever one of its inputs had a new last value."""
    if signal.name in ALONG:
        told = ALONG[signal.name](facts, now)
        yield from (Sample(at=at, value=value) for at, value in told if at >= since)
        return
    table = {
        key: bars for key, bars in facts.bars.items() if key.partition("|")[0] in signal.inputs
    }
    instants = {bar.at for bars in table.values() for bar in bars.bars if since <= bar.at <= now}
    for at in sorted(instants):
        value = market(_as_of(table, at), signal.name, at).value
        if isinstance(value, float | int):
            yield Sample(at=at, value=float(value))


def _as_of(table: Mapping[str, Bars], at: datetime) -> Facts:
    """Return what was known at an instant of these bars, as if their last values had been read."""
    known = {key: bars.until(at) for key, bars in table.items()}
    readings = {}
    for key, bars in known.items():
        if bars.bars:
            name, _, member = key.partition("|")
            last = bars.bars[-1]
            readings[key] = Reading(
                name=name,
                key=member,
                value=last.close,
                unit=BY_NAME[name].unit,
                as_of=last.at,
                source="history",
            )
    return Facts(readings=readings, bars=known)


def _filled(known: Series, offered: Iterable[Sample], hours: Hours, since: datetime) -> Series:
    """Return a series with what is offered of the sessions whose end it has not seen.

    since: how far back it is kept; the last sample before that stays.
    """
    lasts = {day_of(hours, sample.at): sample.at for sample in known.samples}
    added = [one for one in offered if _later(one.at, lasts.get(day_of(hours, one.at)))]
    merged = sorted((*known.samples, *added), key=stamp)
    begin = max((n for n, one in enumerate(merged) if one.at <= since), default=0)
    kept = tuple(merged[begin:])
    return known if not added or kept == known.samples else Series(samples=kept)


def _later(at: datetime, than: datetime | None) -> bool:
    return than is None or at > than


def _flaw(signal: Signal, bar: Bar, now: datetime) -> str:
    """Return what is wrong with a bar, or an empty text."""
    what = f"{signal.name} of {bar.day}"
    if bar.at.tzinfo is None or bar.at.astimezone(UTC).date() < bar.day:
        return f"{what} is stamped before its day"
    if bar.at > now:
        return f"{what} is to come: it is stamped {bar.at:%Y-%m-%d %H:%M} UTC"
    plausible = signal.plausible or _ANY
    for value in (bar.open, bar.high, bar.low, bar.close):
        if not plausible.above < value <= plausible.up_to:
            return f"{what} is absurd: {value:g}"
    if not bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high:
        return f"{what} begins or ends outside of its lowest and highest"
    return ""
