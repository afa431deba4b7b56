"""Which instances are not at rest: all that has to be looked at while nothing is true."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.rules.lifecycle import Flag, Instance, at_rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Instances by `rule|scope`, and of them those not at rest: by rule, then by scope.

    errors: how many are flagged as failing.
    """

    instances: Mapping[str, Instance]
    astir: Mapping[str, Mapping[str, Instance]]
    errors: int


def standing_of(instances: Mapping[str, Instance]) -> Standing:
    """Return how instances stand, by walking them all."""
    astir: dict[str, dict[str, Instance]] = {}
    for one in instances.values():
        if not at_rest(one):
            astir.setdefault(one.rule, {})[one.scope] = one
    errors = sum(one.flag is Flag.ERROR for some in astir.values() for one in some.values())
    return Standing(instances=instances, astir=astir, errors=errors)


def moved(before: Standing, changed: Mapping[str, Instance]) -> Standing:
    """Return how instances stand after some have changed, without walking the others."""
    if not changed:
        return before
    astir = dict(before.astir)
    touched: dict[str, dict[str, Instance]] = {}
    errors = before.errors
    for key, new in changed.items():
        old = before.instances.get(key)
        errors += (new.flag is Flag.ERROR) - (old is not None and old.flag is Flag.ERROR)
        some = touched.get(new.rule)
        if some is None:
            some = touched[new.rule] = dict(astir.get(new.rule, {}))
        if at_rest(new):
            some.pop(new.scope, None)
        else:
            some[new.scope] = new
    astir.update(touched)
    return Standing(instances={**before.instances, **changed}, astir=astir, errors=errors)
