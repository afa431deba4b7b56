"""What becomes of alerts whose blocks a chain has dropped.

Every phase of an instance remembers the blocks it began on, and what was before. When
such a block is dropped, the instance is judged on the chain as it is now, from where it
stood before that block. A pending one gives up its time. One that fires and is still
true goes on, as if nothing had been; one that is not is retracted, and leaves no cooldown;
while that is unknown it stays. An end is taken back likewise: still true, it is told of
as a reminder; over again, as it was told, it is not told twice.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeAlias

from monitor.model.observation import Reorg
from monitor.rules.lifecycle import (
    NOT_CLEARED,
    Flag,
    Ground,
    Instance,
    Judged,
    Phase,
    Told,
    Turn,
    advance,
    calm,
)
from monitor.rules.pack import Rule
from monitor.signals.catalogue import BY_NAME, Scope
from monitor.signals.facts import Facts

Outcome: TypeAlias = tuple[Instance, tuple[Told, ...]]
_DEPTH: Final = 16
"""What an instance was before is kept no further back than this many phases."""


class Footing:
    """The blocks rules rest on at one instant."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._peopled: frozenset[str] | None = None

    def under(self, rule: Rule, scope: str) -> tuple[Ground, ...]:
        """Return the newest block of every chain the rule's signals are read from."""
        names = rule.when.names | (rule.clear.names if rule.clear else frozenset())
        asked = {BY_NAME[name].scope for name in names}
        chains = set[str]()
        if asked & {Scope.POOL, Scope.POSITION} or "layer.orphaned" in names:
            seen = self._facts.positions.get(scope) or self._facts.pools.get(scope)
            chains |= {seen.chain} if seen else set()
        if Scope.BOOK in asked:
            chains |= self._with_positions()
        read = [self._facts.chains[name] for name in sorted(chains & self._facts.chains.keys())]
        return tuple(
            Ground(chain=one.name, number=one.block.number, hash=one.block.hash)
            for one in read
            if one.block is not None
        )

    def firm(self, ground: tuple[Ground, ...]) -> bool:
        """Return whether all of it lies deeper than any block still remembered."""
        for one in ground:
            source = self._facts.chains.get(one.chain)
            if source and source.recent and one.number >= source.recent[0].block.number:
                return False
        return True

    def _with_positions(self) -> frozenset[str]:
        if self._peopled is None:
            held = self._facts.positions.values()
            self._peopled = frozenset(one.chain for one in held if not one.gone)
        return self._peopled


def shaken(
    instances: Mapping[str, Instance], chain: str, reorg: Reorg, *, since: datetime
) -> Mapping[str, Instance]:
    """Return the instances, marked where a block they rest on is dropped.

    since: when the first dropped block was observed.
    """
    changed = {
        key: new
        for key, old in instances.items()
        if old.ground and (new := _shaken(old, chain, reorg.ancestor, since)) is not old
    }
    return {**instances, **changed} if changed else instances


def follow(rule: Rule, old: Instance, seen: Judged, footing: Footing) -> Outcome:
    """Return the instance after one evaluation, and the turns people should hear of."""
    if old.lost is None:
        return _onward(rule, old, seen, footing)
    before = _before(old)
    match old.phase:
        case Phase.PENDING if before.phase is Phase.FIRING or before.filled_by != old.filled_by:
            # What ended before it is lost, too; what it was flagged as was told already.
            return _ended(rule, replace(calm(old), flag=old.flag), seen, footing)
        case Phase.PENDING if seen.when.truth is None:
            return _onward(rule, before, seen, footing)
        case Phase.PENDING:
            return _seen(old, _onward(rule, _lit(before), seen, footing))
        case Phase.FIRING:
            return _fired(rule, old, seen, footing)
        case Phase.INACTIVE:
            return _ended(rule, old, seen, footing)


def _shaken(old: Instance, chain: str, ancestor: int, since: datetime) -> Instance:
    def dropped(one: Instance) -> Ground | None:
        return next((g for g in one.ground if g.chain == chain and g.number > ancestor), None)

    lost = old.lost or dropped(old)
    if lost is None:
        rests = any(ground.chain == chain for ground in old.ground)
        return _unclearing(old, since) if rests else old
    past = old.past
    while past and dropped(past[-1]):
        past = past[:-1]
    if past:
        past = (*past[:-1], _unclearing(past[-1], since))
    return old if (lost, past) == (old.lost, old.past) else replace(old, lost=lost, past=past)


def _unclearing(old: Instance, since: datetime) -> Instance:
    """Return the instance without a clearing that began on a dropped block."""
    clearing = old.clear_since is not None and old.clear_since >= since
    return replace(old, clear_since=None) if clearing else old


def _before(old: Instance) -> Instance:
    """Return what the instance was before its lost ground, with what only ever counts up."""
    was = old.past[-1] if old.past else Instance(rule=old.rule, scope=old.scope)
    seq = was.seq if was.phase is Phase.FIRING else max(old.seq, old.begun)
    past = old.past[:-1]
    return replace(
        was,
        past=past,
        seq=seq,
        begun=old.begun,
        clouded=old.clouded,
        flag=old.flag,
        dark_since=old.dark_since,
        lost=None,
    )


def _onward(rule: Rule, old: Instance, seen: Judged, footing: Footing) -> Outcome:
    """Advance, and note what a new phase rests on and what was before it."""
    new, turns = advance(rule, old, seen)
    if new.phase is old.phase:
        return new, turns  # as nearly every evaluation
    if old.undone:
        turns = tuple(
            replace(told, number=old.undone) if told.turn in {Turn.RESOLVED, Turn.FILLED} else told
            for told in turns
        )
    return _standing(old, new, footing, footing.under(rule, old.scope)), turns


def _standing(
    old: Instance, new: Instance, footing: Footing, ground: tuple[Ground, ...]
) -> Instance:
    match old.phase, new.phase:
        case Phase.PENDING, Phase.INACTIVE:
            was = old.past[-1].ground if old.past else ()
            return replace(new, past=old.past[:-1], ground=was)
        case Phase.PENDING, _:
            past = old.past
        case Phase.FIRING, _ if new.filled_by:
            return new  # what a person did rests on what was asked of them, on no block
        case _:
            past = (*old.past, replace(old, past=()))
    if not ground and all(not one.ground for one in past):
        return new
    # Of two phases the older is needed only while the ground of the newer may be lost.
    above = [*(one.ground for one in past[1:]), ground]
    firm = 0
    while firm < len(past) and footing.firm(above[firm]):
        firm += 1
    return replace(new, past=past[firm:][-_DEPTH:], ground=ground)


def _fired(rule: Rule, old: Instance, seen: Judged, footing: Footing) -> Outcome:
    """Judge an alert that fires on lost ground."""
    if seen.when.truth:
        ground = footing.under(rule, old.scope)
        return _onward(
            rule, replace(old, lost=None, clear_since=None, ground=ground), seen, footing
        )
    if seen.when.truth is None or seen.done:
        new, turns = advance(rule, replace(old, lost=None), seen)
        if new.phase is Phase.FIRING or new.filled_by:
            return replace(new, lost=old.lost), turns
    return _retract(rule, old, seen, footing)


def _ended(rule: Rule, old: Instance, seen: Judged, footing: Footing) -> Outcome:
    """Judge an alert that ended on lost ground, or whose whole episode is lost."""
    before = _before(old)
    fires = before.phase is Phase.FIRING
    if seen.when.truth is None and not (fires and seen.barred):
        new, turns = advance(rule, replace(old, lost=None), seen)
        return replace(new, lost=old.lost), turns
    if not old.filled_by:
        return _seen(old, _resume(rule, before, seen, footing, lost=old.lost))
    if seen.when.truth:
        fresh = replace(old, lost=None, ground=footing.under(rule, old.scope))
        return _onward(rule, fresh, seen, footing)
    return _retract(rule, old, seen, footing)


def _retract(rule: Rule, old: Instance, seen: Judged, footing: Footing) -> Outcome:
    reason = _gone(old.lost)
    if seen.barred and seen.when.truth is None:
        reason += f"; {seen.barred}"
    told = Told(turn=Turn.RETRACTED, reason=reason, of=old)
    new, turns = _resume(rule, _before(old), seen, footing, lost=old.lost)
    return new, (told, *turns)


def _resume(
    rule: Rule, before: Instance, seen: Judged, footing: Footing, *, lost: Ground | None
) -> Outcome:
    """Go on from before the lost ground. What ended there and ends again is not told twice."""
    new, turns = _onward(rule, _lit(before), seen, footing)
    if before.phase is not Phase.FIRING:
        return new, turns
    if new.phase is not Phase.FIRING:
        return new, ()
    still = "still true" if seen.when.truth else NOT_CLEARED
    number = before.told + 1
    told = Told(
        turn=Turn.REPEAT, reason=f"its end is taken back, {still}: {_gone(lost)}", number=number
    )
    return replace(
        new, proposed_at=seen.now, voided=False, told=number, undone=before.undone + 1
    ), (told,)


def _lit(before: Instance) -> Instance:
    """Return an instance of which nobody was told that it cannot be judged."""
    return before if before.dark_since is None else replace(before, dark_since=None, flag=Flag.NONE)


def _seen(old: Instance, outcome: Outcome) -> Outcome:
    """Tell first, under the name it was told by, of the end of what was told as unknown."""
    if old.dark_since is None:
        return outcome
    new, turns = outcome
    return new, (Told(turn=Turn.SEEN, number=old.clouded, of=old), *turns)


def _gone(lost: Ground | None) -> str:
    if lost is None:
        return ""
    return f"block {lost.number:,} {lost.hash[:6]}… is no longer part of {lost.chain}"
