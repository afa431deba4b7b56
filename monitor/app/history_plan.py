"""What a pull is to fetch: of which signal, from when to when, and from whom."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from monitor.config import Settings
from monitor.errors import ConfigError, Fault
from monitor.feeds.provider import Provider, Stretch, providers
from monitor.signals.catalogue import BY_NAME
from monitor.signals.days import first_kept, last_whole, monthly, sessions_of
from monitor.signals.signal import Signal

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to pull. first, last: of what is kept and over. asked: who, the first one first."""

    signal: Signal
    first: date
    last: date
    asked: tuple[Provider, ...]


def plan_of(
    settings: Settings,
    name: str,
    days: tuple[str, str | None],
    *,
    source: str | None,
    now: datetime,
) -> Plan:
    """Return what is to be pulled of what is kept; raise ConfigError where nothing can be.

    days: the first and the last, as a person wrote them. source: the only one to ask.
    """
    plan = whole_plan_of(settings, name, days, source=source, now=now)
    signal, whole = plan.signal, last_whole(plan.signal, now)
    kept = first_kept(signal, whole)
    if plan.last < kept:
        what = "months" if monthly(signal) else "sessions"
        raise _wrong("--to", f"only {signal.bars} {what} are kept, from {kept} on")
    return replace(plan, first=max(plan.first, kept))


def whole_plan_of(
    settings: Settings,
    name: str,
    days: tuple[str, str | None],
    *,
    source: str | None,
    now: datetime,
) -> Plan:
    """Return what is to be pulled, however long ago; raise ConfigError in one sentence."""
    signal = signal_of(name)
    asked = _asked_of(settings, signal, source)
    first, last = days
    begin, end = _day("--from", first), None if last is None else _day("--to", last)
    if end is not None and end < begin:
        raise _wrong("--to", f"{end} is before {begin}")
    whole = last_whole(signal, now)
    if begin > whole:
        over = f"the last session that is over is {whole}"
        raise _wrong("--from", f"nothing from {begin} on is over yet: {over}")
    return Plan(
        signal=signal,
        first=begin,
        last=whole if end is None else min(end, whole),
        asked=asked,
    )


def signal_of(name: str) -> Signal:
    """Return the signal that is called so; raise ConfigError where none of a market is."""
    if name in BY_NAME:
        return BY_NAME[name]
    close = difflib.get_close_matches(name, pullable(), n=1)
    hint = f"did you mean {close[0]}?" if close else "`hedgewatch signals --catalogue` has them all"
    raise _wrong("SIGNAL", f"no signal is called {name!r}; {hint}")


def pullable() -> tuple[str, ...]:
    """Return the signals some provider has a history of, as the catalogue orders them."""
    return tuple(name for name, one in BY_NAME.items() if one.bars and _historians(one))


def chunks_of(plan: Plan, first: date, days: int) -> Iterator[Stretch]:
    """Yield the plan's stretches from `first` on: at most `days` each, none without a session."""
    while first <= plan.last:
        end = date.fromordinal((first.toordinal() // days + 1) * days - 1)
        last = min(end, plan.last)
        if monthly(plan.signal) or sessions_of(plan.signal, first, last):
            yield Stretch(signal=plan.signal.name, first=first, last=last)
        first = last + _DAY


def _historians(signal: Signal) -> tuple[Provider, ...]:
    known = (providers().get(name) for name in signal.providers)
    return tuple(
        one
        for one in known
        if one is not None and one.history is not None and signal.name in one.history.signals
    )


def _asked_of(settings: Settings, signal: Signal, source: str | None) -> tuple[Provider, ...]:
    """Return who is asked: all who have a history of it, but whom `[feeds]` must name first."""
    if signal.inputs:
        of = " and ".join(signal.inputs)
        raise _wrong("SIGNAL", f"{signal.name} is worked out of {of}: pull what it rests on")
    known = _historians(signal)
    if not known or not signal.bars:
        raise _wrong("SIGNAL", f"nobody has a history of {signal.name}")
    have = " and ".join(one.name for one in known)
    verb = "has" if len(known) == 1 else "have"
    if source is not None:
        chosen = tuple(one for one in known if one.name == source)
        if not chosen:
            raise _wrong("--source", f"{source} has no history of {signal.name}; {have} {verb}")
        return chosen
    named = settings.feeds.get(signal.name, ())
    allowed = tuple(one for one in known if not one.opt_in or one.name in named)
    if not allowed:
        are = "is" if len(known) == 1 else "are"
        reason = (
            f"only {have} {verb} a history of {signal.name}, and {are} opt-in:"
            f" give --source {known[0].name}"
        )
        raise _wrong("SIGNAL", reason)
    return allowed


def _day(where: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wrong(where, f"{text[:40]!r} is no date: write it as 2026-01-31") from None


def _wrong(where: str, reason: str) -> ConfigError:
    return ConfigError([Fault(file=where, where="", reason=reason)])
