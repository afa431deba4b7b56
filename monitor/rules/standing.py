"""Which instances are not at rest: all that has to be looked at while nothing is true."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monitor.rules.lifecycle import Flag, Instance, Phase, at_rest

UNKNOWN: Final = 2
FAILED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Astir:
    """A rule's instances that are not at rest, by scope.

    moving: judged at every instant. dim: at rest but for their flag; by the place in
    GLANCES of what they are flagged as, and while that stays there is nothing to judge.
    """

    moving: Mapping[str, Instance]
    dim: Mapping[str, int]


NONE: Final = Astir(moving={}, dim={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Instances by `rule|scope`, and of them those not at rest, by rule.

    errors: how many are flagged as failing.
    """

    instances: Mapping[str, Instance]
    astir: Mapping[str, Astir]
    errors: int


def standing_of(instances: Mapping[str, Instance]) -> Standing:
    """Return how instances stand, by walking them all."""
    nothing = Standing(instances={}, astir={}, errors=0)
    return Standing(
        instances=instances,
        astir=_moved(nothing, {k: one for k, one in instances.items() if not at_rest(one)}),
        errors=sum(one.flag is Flag.ERROR for one in instances.values()),
    )


def moved(before: Standing, changed: Mapping[str, Instance]) -> Standing:
    """Return how instances stand after some have changed, without walking the others."""
    if not changed:
        return before
    old = [one for key in changed if (one := before.instances.get(key)) is not None]
    errors = sum(one.flag is Flag.ERROR for one in changed.values())
    return Standing(
        instances={**before.instances, **changed},
        astir=_moved(before, changed),
        errors=before.errors + errors - sum(one.flag is Flag.ERROR for one in old),
    )


def _moved(before: Standing, changed: Mapping[str, Instance]) -> Mapping[str, Astir]:
    touched: dict[str, tuple[dict[str, Instance], dict[str, int]]] = {}
    for new in changed.values():
        if new.rule not in touched:
            was = before.astir.get(new.rule, NONE)
            touched[new.rule] = dict(was.moving), dict(was.dim)
        moving, dim = touched[new.rule]
        moving.pop(new.scope, None)
        dim.pop(new.scope, None)
        if (code := _dim(new)) is not None:
            dim[new.scope] = code
        elif not at_rest(new):
            moving[new.scope] = new
    some = {rule: Astir(moving=moving, dim=dim) for rule, (moving, dim) in touched.items()}
    return {**before.astir, **some}


def _dim(one: Instance) -> int | None:
    """Return what an instance that is at rest but for its flag is flagged as."""
    if one.phase is not Phase.INACTIVE or one.flag is Flag.NONE:
        return None
    if one.since is not None or one.judged_at is not None or one.lost is not None:
        return None
    return FAILED if one.flag is Flag.ERROR else UNKNOWN
