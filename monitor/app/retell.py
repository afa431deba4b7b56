"""Alerts that go on, and one of them told anew with what is known now."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from operator import itemgetter

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.compose import Occasion, compose, short_id
from monitor.alerts.desk import Open
from monitor.pipeline import Rulebook, State
from monitor.rules.lifecycle import Flag, Instance, Phase, Told, Turn
from monitor.rules.marked import Marked
from monitor.rules.pack import Rule
from monitor.rules.surroundings import View
from monitor.signals.facts import Facts


def going_on(book: Rulebook, state: State) -> dict[str, Open]:
    """Return what fires, or cannot be judged and people were told so, by `rule|scope`, sorted."""
    rules = {rule.id: rule for rule in book.rules}
    return {
        key: _open(rules[instance.rule], instance, state)
        for key, instance in sorted(_astir(state), key=itemgetter(0))
        if instance.rule in rules
    }


def again(book: Rulebook, state: State, key: str, reason: str, number: int) -> Alert | None:
    """Return an alert told anew: as a reminder while it goes on, else as its end.

    number: how often its key was told so; part of the idempotency key. None where its rule or
    instance is no more.
    """
    instance = state.instances.get(key)
    rule = next((one for one in book.rules if instance and one.id == instance.rule), None)
    if instance is None or rule is None or state.at is None:
        return None
    view = _view(book, state, rule, instance.scope)
    made = view.layer.proposal if view.layer and instance.phase is Phase.FIRING else None
    mine = made is not None and made.rule == rule.id and not made.expired
    alert = compose(
        Occasion(
            rule=rule,
            instance=instance,
            told=Told(turn=_turn(instance), reason=reason),
            view=view,
            verdict=rule.when.judge(view),
            proposal=made if mine else None,
            epoch=state.epoch,
        )
    )
    # Of an episode told as over that goes on after all, and of one unknown anew, counting begins
    # again: what tells them apart is part of the key.
    turn = f"again.{instance.clouded}.{instance.undone}.{number}"
    return replace(alert, idem=f"{_episode(instance, state)}:{turn}")


def _astir(state: State) -> Iterator[tuple[str, Instance]]:
    standing = state.standing
    if standing is None or standing.instances is not state.instances:
        found = state.instances.items()
    else:
        keys = (
            f"{rule}|{scope}"
            for rule, astir in standing.astir.items()
            for scope in (*astir.moving, *astir.dim)
        )
        found = {key: state.instances[key] for key in keys}.items()
    for key, one in found:
        if one.phase is Phase.FIRING or one.dark_since is not None:
            yield key, one


def _open(rule: Rule, instance: Instance, state: State) -> Open:
    turn = _turn(instance)
    begun = Turn.FIRING if turn is Turn.REPEAT else turn
    number = "" if begun is Turn.FIRING else f".{instance.clouded}"
    return Open(
        key=f"{rule.id}|{instance.scope}",
        id=short_id(instance, state.epoch),
        idem=f"{_episode(instance, state)}:{begun.value}{number}",
        labels=_labels(rule, instance, state.facts, AlertState(begun.value)),
        route=rule.route,
        acked_by=instance.acked_by,
        snoozed_until=instance.snoozed_until,
    )


def _turn(instance: Instance) -> Turn:
    """Return what an instance is told as: reminders of what fires, and what it fires as else."""
    if instance.phase is Phase.FIRING:
        return Turn.REPEAT
    if instance.dark_since is None:
        return Turn.RESOLVED
    return Turn.ERROR if instance.flag is Flag.ERROR else Turn.NODATA


def _labels(rule: Rule, instance: Instance, facts: Facts, state: AlertState) -> Mapping[str, str]:
    return {
        "pack": rule.pack,
        "rule": rule.id,
        "layer": rule.layer.id if rule.layer else "",
        "scope": instance.scope,
        "chain": _chain(instance, facts),
        "severity": rule.severity.value,
        "action": rule.action.value,
        "state": state.value,
    }


def _chain(instance: Instance, facts: Facts) -> str:
    """Return the chain an alert is of, as its own events name it; empty where of several."""
    if (position := facts.positions.get(instance.scope)) is not None:
        return position.chain
    if instance.blind:
        return instance.blind[0] if len(instance.blind) == 1 else ""
    sources = [one.name for one in facts.chains.values() if one.block is not None]
    return sources[0] if len(sources) == 1 else ""


def _episode(instance: Instance, state: State) -> str:
    key = f"{instance.rule}:{instance.scope}:{instance.seq}"
    return f"{state.epoch}:{key}" if state.epoch else key


def _view(book: Rulebook, state: State, rule: Rule, scope: str) -> View:
    assert state.at is not None
    layer = state.layers.get(f"{rule.layer.id}|{scope}") if rule.layer else None
    return View(
        facts=state.facts,
        scope=scope,
        now=state.at,
        max_age=rule.max_age,
        layer=layer,
        marked=Marked(state.facts, state.layers, state.at),
        rule_errors=sum(one.flag is Flag.ERROR for one in state.instances.values()),
        given=book.given,
    )
