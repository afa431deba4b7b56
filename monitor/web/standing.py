"""How every rule stands over all it is judged over, and over which of it that is told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from monitor.hedge.layer import may
from monitor.rules.crowd import Crowd, Outlook
from monitor.rules.expression import GLANCES
from monitor.rules.lifecycle import Instance, Phase
from monitor.rules.pack import Rule
from monitor.rules.scopes import drained, scopes_of
from monitor.signals.catalogue import Scope
from monitor.web.seen import Seen

SHOWN: Final = 5
"""Scopes of one rule whose conditions are told."""

_MANY: Final = 6
"""From so many scopes on they are judged together."""


class Stand(StrEnum):
    """How a rule stands, the loudest first."""

    FIRING = "firing"
    PENDING = "pending"
    UNKNOWN = "unknown"
    QUIET = "quiet"


_LOUDNESS: Final = tuple(Stand)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """One rule. stand: the loudest over its scopes; counts: of them, by stand.

    shown: the loudest scopes, of a quiet rule one. idle: why it asks for nothing over any of
    them, whatever its condition says; or empty.
    """

    rule: Rule
    stand: Stand
    counts: Mapping[Stand, int]
    shown: tuple[tuple[str, Stand], ...]
    idle: str = ""


def rulings(seen: Seen) -> tuple[Ruling, ...]:
    """Return every rule in force, the loudest first, else in their order."""
    crowds = dict[Scope, Crowd]()
    found = [_ruling(seen, rule, crowds) for rule in seen.ground.rules]
    return tuple(sorted(found, key=lambda one: _LOUDNESS.index(one.stand)))


def _ruling(seen: Seen, rule: Rule, crowds: dict[Scope, Crowd]) -> Ruling:
    scopes = list(scopes_of(rule, seen.state.facts, seen.state.layers))
    known = _glanced(seen, rule, scopes, crowds)
    stands = [(scope, _stand(seen, rule, scope, truth)) for scope, truth in known]
    counts = {one: sum(stand is one for _, stand in stands) for one in Stand}
    loud = sorted(stands, key=lambda one: _LOUDNESS.index(one[1]))
    return Ruling(
        rule=rule,
        stand=loud[0][1] if loud else _unseen(seen, rule),
        counts={one: count for one, count in counts.items() if count},
        shown=tuple([one for one in loud if one[1] is not Stand.QUIET][:SHOWN] or loud[:1]),
        idle=_idle(seen, rule, scopes),
    )


def _stand(seen: Seen, rule: Rule, scope: str, truth: bool | None) -> Stand:
    instance: Instance | None = seen.state.instances.get(f"{rule.id}|{scope}")
    if instance is not None and instance.phase is Phase.FIRING:
        return Stand.FIRING
    if _barred(seen, rule, scope):
        return Stand.QUIET
    if truth is None or (instance is not None and instance.flag):
        return Stand.UNKNOWN
    if instance is not None and instance.phase is Phase.PENDING:
        return Stand.PENDING
    return Stand.QUIET


def _barred(seen: Seen, rule: Rule, scope: str) -> str:
    """Return why a rule may not ask for its action over a scope; what it says is then no matter."""
    layer = seen.layer(rule, scope)
    if layer is None:
        there = seen.state.facts.positions.get(scope)
        return "the position is empty" if there and drained(there) and not there.unread else ""
    return may(rule.action, layer, rule=rule.id, top_up=rule.top_up) or ""


def _unseen(seen: Seen, rule: Rule) -> Stand:
    """Return how a rule stands that nothing was seen for: quiet once every chain was read."""
    chains = seen.state.facts.chains
    read = all(name in chains and chains[name].good_at for name in seen.ground.chains)
    return Stand.QUIET if read or rule.scope is Scope.BOOK else Stand.UNKNOWN


def _idle(seen: Seen, rule: Rule, scopes: Sequence[str]) -> str:
    if not scopes:
        return f"no {rule.scope.value} to judge it over has been seen yet"
    why = dict.fromkeys(_barred(seen, rule, scope) for scope in scopes)
    return next(iter(why)) if len(why) == 1 else ""


def _glanced(
    seen: Seen, rule: Rule, scopes: Sequence[str], crowds: dict[Scope, Crowd]
) -> Iterator[tuple[str, bool | None]]:
    """Yield whether a rule's condition holds over each scope, None where that is unknown."""
    if len(scopes) < _MANY or rule.scope not in {Scope.POSITION, Scope.POOL}:
        yield from ((one, rule.when.glance(seen.view(rule, one)).truth) for one in scopes)
        return
    if rule.scope not in crowds:
        crowds[rule.scope] = Crowd(seen.state.facts, rule.scope, seen.now)
    crowd, layer = crowds[rule.scope], rule.layer.id if rule.layer else None
    look = Outlook(
        crowd=crowd,
        view=lambda scope: seen.view(rule, scope),
        max_age=rule.max_age,
        layered=[one.scope for one in seen.state.layers.values() if one.layer == layer],
    )
    codes = rule.when.glances(look, len(crowd.keys)).tolist()
    yield from ((one, GLANCES[codes[crowd.rows[one]]].truth) for one in scopes)
