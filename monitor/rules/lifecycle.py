"""The life of one rule over one scope: inactive, pending, firing, resolved.

Time is the observation's own. `for` counts only between fresh, true samples: an
unknown input freezes it, a silence longer than `max_gap` restarts it. The states
are Prometheus's; `clear`, `keep_firing_for`, `cooldown` and `expires` are added.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

from monitor.model.layer import Action
from monitor.rules.pack import OnNodata, Rule
from monitor.rules.verdict import Verdict

NOT_CLEARED: Final = "not cleared"
"""What is said of an alert that fires on while nobody knows whether it is true."""


class Phase(StrEnum):
    """Where an instance stands."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


class Flag(StrEnum):
    """What clouds an instance, whatever its phase."""

    NONE = ""
    NODATA = "nodata"
    ERROR = "error"


class Turn(StrEnum):
    """A turn worth telling."""

    FIRING = "firing"
    REPEAT = "repeat"
    RESOLVED = "resolved"
    EXPIRED = "expired"
    NODATA = "nodata"
    ERROR = "error"
    SEEN = "seen"
    FILLED = "filled"
    RETRACTED = "retracted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A block that a standing rests on. chain: its name in config."""

    chain: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One rule over one scope.

    seq: which episode it is in, or the newest; begun: how many there have been, those
    taken back among them. since: when the condition became true. held: fresh true
    time gathered while pending, and judged_at the last evaluation then that was not
    unknown. clear_since: since when the clearing condition has held while firing.
    proposed_at: when the present proposal was made; voided: it has expired. told: the
    number of repeats. blind: which chains it last told of, where it tells of blindness.
    ended: since when the condition of the newest episode that is over had been true.
    clouded: how often it was flagged in its whole life. undone: how often the episode's
    end was taken back. dark_since: since when people have known that it cannot be judged,
    None where they were not told. filled_by: who ended the episode by acting. ground: the
    blocks its phase began on, none where no chain had a say; past: what it was before,
    oldest first, as far as those blocks may yet be dropped; lost: a block of its ground
    that was, until it is known what holds without it.
    """

    rule: str
    scope: str
    phase: Phase = Phase.INACTIVE
    flag: Flag = Flag.NONE
    seq: int = 0
    held: timedelta = timedelta(0)
    judged_at: datetime | None = None
    since: datetime | None = None
    clear_since: datetime | None = None
    proposed_at: datetime | None = None
    voided: bool = False
    told: int = 0
    blind: tuple[str, ...] = ()
    resolved_at: datetime | None = None
    ended: datetime | None = None
    clouded: int = 0
    acked_by: str = ""
    snoozed_until: datetime | None = None
    begun: int = 0
    undone: int = 0
    dark_since: datetime | None = None
    filled_by: str = ""
    ground: tuple[Ground, ...] = ()
    past: tuple["Instance", ...] = ()
    lost: Ground | None = None


@lru_cache(maxsize=4096)
def unmoved(rule: str, scope: str) -> Instance:
    """Return an instance of which nothing was ever said."""
    return Instance(rule=rule, scope=scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One evaluation of a rule, and what stands in its way.

    barred: why the action does not apply now ("the layer is off"), or empty.
    done: who has just done it, when that is why it is barred, or empty; deed: what.
    inhibited: the rule that silences this one, or empty. blind: the chains that cannot be
    read, where the rule speaks of that. awaited: a source that was not heard yet since the
    daemon began, for which what is unknown is no news; or empty.
    """

    now: datetime
    when: Verdict
    clear: Verdict | None
    max_gap: timedelta
    barred: str = ""
    done: str = ""
    deed: str = ""
    inhibited: str = ""
    blind: tuple[str, ...] = ()
    awaited: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A turn and its reason, in words.

    number: which, of the turns an episode has many of. of: the episode it ends, where
    that is not the one the instance is in now.
    """

    turn: Turn
    reason: str = ""
    number: int | None = None
    of: Instance | None = None


def advance(rule: Rule, old: Instance, seen: Judged) -> tuple[Instance, tuple[Told, ...]]:
    """Return the instance after one evaluation, and the turns people should hear of."""
    new, turns = _advance(rule, old, seen)
    if old.dark_since is None or new.flag is not Flag.NONE:
        return new, turns
    # One word ends what was told as unknown, and it is the first.
    lit = replace(new, dark_since=None)
    if any(told.turn in {Turn.RESOLVED, Turn.FILLED} for told in turns):
        return lit, turns
    return lit, (Told(turn=Turn.SEEN, reason=seen.barred, number=old.clouded, of=old), *turns)


def _advance(rule: Rule, old: Instance, seen: Judged) -> tuple[Instance, tuple[Told, ...]]:
    if seen.barred:
        return _barred(old, seen)
    if seen.when.truth is None and (old.phase is not Phase.FIRING or _clearing(rule, seen) is None):
        return _unknown(rule, old, seen)
    flag = Flag.NONE if seen.when.truth is not None else Flag.NODATA
    fresh = old if flag is old.flag else replace(old, flag=flag)
    match old.phase:
        case Phase.FIRING:
            return _firing(rule, fresh, seen)
        case Phase.PENDING | Phase.INACTIVE:
            return _quiet(rule, fresh, seen)


def at_rest(instance: Instance) -> bool:
    """Return whether only a true or an unknown condition could change anything about it."""
    return (
        instance.phase is Phase.INACTIVE
        and instance.flag is Flag.NONE
        and instance.since is None
        and instance.lost is None
    )


def _quiet(rule: Rule, old: Instance, seen: Judged) -> tuple[Instance, tuple[Told, ...]]:
    if not seen.when.truth or _cooling(rule, old, seen.now):
        return calm(old), ()
    held = _held(old, seen)
    since = old.since if old.phase is Phase.PENDING and held else seen.now
    pending = replace(old, phase=Phase.PENDING, held=held, judged_at=seen.now, since=since)
    if held < rule.hold or seen.inhibited:
        return pending, ()
    return _fire(pending, seen), (Told(turn=Turn.FIRING),)


def _held(old: Instance, seen: Judged) -> timedelta:
    if old.phase is not Phase.PENDING or _silent(old, seen):
        return timedelta(0)
    if old.judged_at is None:
        return old.held  # unknown until now: frozen, not counted
    return old.held + (seen.now - old.judged_at)


def _silent(old: Instance, seen: Judged) -> bool:
    """Return whether nothing was judged for longer than time is held over."""
    return old.judged_at is not None and seen.now - old.judged_at > seen.max_gap


def _fire(old: Instance, seen: Judged) -> Instance:
    episode = max(old.seq, old.begun) + 1
    return replace(
        old,
        phase=Phase.FIRING,
        judged_at=None,
        seq=episode,
        begun=episode,
        undone=0,
        filled_by="",
        since=old.since or seen.now,
        clear_since=None,
        proposed_at=seen.now,
        voided=False,
        told=0,
        blind=seen.blind,
        acked_by="",
        snoozed_until=None,
    )


def _firing(rule: Rule, old: Instance, seen: Judged) -> tuple[Instance, tuple[Told, ...]]:
    if not _clearing(rule, seen):
        held = old if old.clear_since is None else replace(old, clear_since=None)
        return _still_firing(rule, held, seen)
    if seen.done and rule.action is not Action.NOTIFY:  # what it asked for is what cleared it
        return _filled(old, seen)
    clear_since = old.clear_since or seen.now
    if seen.now - clear_since >= rule.keep_firing_for:
        return _resolve(old, seen.now), (Told(turn=Turn.RESOLVED, reason="condition cleared"),)
    held = old if old.clear_since is not None else replace(old, clear_since=clear_since)
    return _still_firing(rule, held, seen)


def _still_firing(rule: Rule, old: Instance, seen: Judged) -> tuple[Instance, tuple[Told, ...]]:
    if news := _shifted(old, seen):
        told = Told(turn=Turn.REPEAT, reason=news, number=old.told + 1)
        shifted = replace(old, blind=seen.blind, told=old.told + 1)
        return replace(shifted, proposed_at=seen.now, voided=False), (told,)
    instance, turns = old, tuple(_reminders(rule, old, seen))
    for told in turns:
        if told.turn is Turn.EXPIRED:
            instance = replace(instance, voided=True)
        else:
            instance = replace(instance, proposed_at=seen.now, voided=False, told=instance.told + 1)
    return instance, turns


def _shifted(old: Instance, seen: Judged) -> str:
    """Return which chains are blind that were not, and the reverse; nothing where that is told.

    An acknowledgement or a snooze was of what had been told.
    """
    if not seen.when.truth or seen.inhibited or not (seen.blind and old.blind):
        return ""
    more = [f"{one} is blind now" for one in seen.blind if one not in old.blind]
    return "; ".join(more + [f"{one} sees again" for one in old.blind if one not in seen.blind])


def _reminders(rule: Rule, old: Instance, seen: Judged) -> Iterator[Told]:
    if old.proposed_at is None:
        return
    age = seen.now - old.proposed_at
    if rule.expires is not None and age >= rule.expires and not old.voided:
        yield Told(turn=Turn.EXPIRED, reason=_unanswered(old), number=old.told)
    quiet = bool(old.acked_by) or (old.snoozed_until is not None and seen.now < old.snoozed_until)
    quiet = quiet or bool(seen.inhibited or seen.awaited) or seen.when.truth is False
    if rule.repeat is not None and age >= rule.repeat and not quiet:
        reason = "still true" if seen.when.truth else f"{NOT_CLEARED}: an input is unknown"
        yield Told(turn=Turn.REPEAT, reason=reason, number=old.told + 1)


def _unanswered(old: Instance) -> str:
    """Return how a proposal came to be void."""
    if old.acked_by:
        return f"acknowledged by {old.acked_by}, and no trade was told in time"
    return "nobody acted in time"


def _unknown(rule: Rule, old: Instance, seen: Judged) -> tuple[Instance, tuple[Told, ...]]:
    flag = Flag.ERROR if seen.when.error else Flag.NODATA
    reason = seen.when.error or _missing(seen.when)
    waits = bool(seen.awaited) and flag is Flag.NODATA
    if waits:
        flag = old.flag
    news = flag is not old.flag
    instance = old
    if news or old.judged_at is not None:
        held = timedelta(0) if _silent(old, seen) else old.held
        clouded = old.clouded + news
        instance = replace(old, flag=flag, clouded=clouded, held=held, judged_at=None)
    told = flag is Flag.ERROR or rule.on_nodata is OnNodata.ALERT
    if news and told and old.dark_since is None:
        instance = replace(instance, dark_since=seen.now)
    if flag is Flag.ERROR:
        return instance, (_cloud(Turn.ERROR, reason, instance),) if news else ()
    if rule.on_nodata is OnNodata.RESOLVE and not waits and old.phase is Phase.FIRING:
        return _resolve(instance, seen.now), (Told(turn=Turn.RESOLVED, reason=reason),)
    if rule.on_nodata is OnNodata.ALERT and news:
        return instance, (_cloud(Turn.NODATA, reason, instance),)
    if old.phase is Phase.FIRING:
        return _still_firing(rule, instance, seen)
    return instance, ()


def _cloud(turn: Turn, reason: str, instance: Instance) -> Told:
    return Told(turn=turn, reason=reason, number=instance.clouded)


def _missing(verdict: Verdict) -> str:
    notes = dict.fromkeys(term.note for term in verdict.trace if term.truth is None and term.note)
    return "; ".join(notes) or "an input is unknown"


def _barred(old: Instance, seen: Judged) -> tuple[Instance, tuple[Told, ...]]:
    if old.phase is not Phase.FIRING:
        return calm(old), ()
    if seen.done:
        return _filled(old, seen)
    return _resolve(old, seen.now), (Told(turn=Turn.RESOLVED, reason=seen.barred),)


def _filled(old: Instance, seen: Judged) -> tuple[Instance, tuple[Told, ...]]:
    told = Told(turn=Turn.FILLED, reason=seen.deed or f"done by {seen.done}")
    return replace(_resolve(old, seen.now), filled_by=seen.done), (told,)


def _clearing(rule: Rule, seen: Judged) -> bool | None:
    if rule.clear is None:
        return None if seen.when.truth is None else not seen.when.truth
    return seen.clear.truth if seen.clear is not None else None


def _cooling(rule: Rule, old: Instance, now: datetime) -> bool:
    return old.resolved_at is not None and now - old.resolved_at < rule.cooldown


def calm(old: Instance) -> Instance:
    """Return an instance whose condition is not true, and known."""
    if at_rest(old):
        return old  # as nearly every instance is at nearly every evaluation
    return replace(
        old,
        phase=Phase.INACTIVE,
        flag=Flag.NONE,
        held=timedelta(0),
        judged_at=None,
        since=None,
    )


def _resolve(old: Instance, now: datetime) -> Instance:
    return replace(
        calm(old),
        resolved_at=now,
        ended=old.since,
        clear_since=None,
        proposed_at=None,
        voided=False,
    )
