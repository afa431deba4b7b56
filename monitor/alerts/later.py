"""One step of the policy: words, alerts, and what time alone brings about."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.desk import Case, Desk, Open, Owed
from monitor.alerts.figures import span
from monitor.alerts.policy import Escalation, Routed, ever, routed
from monitor.alerts.silence import SPOKEN, Silence, heard, refusal
from monitor.alerts.sitting import (
    BEGINS,
    Scene,
    Sitting,
    own_route,
    recall,
    recall_untold,
    remembers,
)
from monitor.alerts.weigh import lasting, too_faint
from monitor.model.observation import Word

_FIRING: Final = AlertState.FIRING.value


def sat(scene: Scene, desk: Desk, alerts: Sequence[Alert], word: Word | None) -> Sitting:
    """Return the desk after one step, and what leaves it: the step's alerts and some told anew."""
    sitting = Sitting(scene=scene, desk=desk)
    before = desk.silences
    if word is not None and word.verb in SPOKEN and not refusal(before, word, scene.now):
        sitting.desk = replace(desk, silences=heard(before, word))
    going = {key: one for key, one in sitting.desk.silences.items() if one.until > scene.now}
    ended = [one for key, one in before.items() if key not in going]
    if going != sitting.desk.silences:
        sitting.desk = replace(sitting.desk, silences=going)
    if ended or remembers(sitting):
        _adopt(sitting, alerts)
    _recall(sitting)
    _wake(sitting, ended)
    for alert in alerts:
        sitting.take(alert)
    _digest(sitting)
    _settle(sitting)
    _escalate(sitting)
    _tidy(sitting)
    return sitting


def _adopt(sitting: Sitting, alerts: Iterable[Alert]) -> None:
    """Remember what was told before there was anything to remember, as told where it went."""
    begun = {alert.key for alert in alerts if alert.state in BEGINS}
    for one in sitting.scene.open.values():
        if one.key in sitting.cases or one.key in begun:
            continue
        case = Case(
            key=one.key, id=one.id, idem=one.idem, begun=sitting.scene.now, labels=one.labels
        )
        # Without a policy and silences it went wherever its rule says.
        sitting.keep(replace(case, told=tuple(own_route(one.route, sitting.scene.channels))))


def _recall(sitting: Sitting) -> None:
    """Take back what is held for its group and people are not to be told by now.

    The end of what they were told of is told them, whatever hinders it.
    """
    for case, one in _going_on(sitting):
        waits = any(wait.until > sitting.scene.now for wait in case.waits.values())
        if waits and (why := sitting.hindrance(one.labels, case.key)):
            kept = case
            for name in case.waits:
                kept = recall(sitting, kept, name, why)
            owed = dict.fromkeys(case.waits.keys() - kept.waits.keys(), Owed(why=why))
            sitting.keep(replace(kept, owed={**kept.owed, **owed}))
    for case in [one for key, one in sitting.cases.items() if one.waits and _over(sitting, key)]:
        if why := sitting.hindrance(case.labels, case.key):
            sitting.keep(recall_untold(sitting, case, why))


def _over(sitting: Sitting, key: str) -> bool:
    one = sitting.scene.open.get(key)
    return one is None or one.id != sitting.cases[key].id


def _wake(sitting: Sitting, ended: Sequence[Silence]) -> None:
    """Owe people what still fires at the end of a silence."""
    for case, one in _going_on(sitting):
        over = lasting(ended, one.labels)
        if over is None:
            continue
        why = f"goes on at the end of the silence by {over.by}"
        why = f"{why}: {over.reason}" if over.reason else why
        to = _routed(sitting.scene, one)
        led = sitting.scene.people & {*to.why, *to.shut}
        names = [name for name in _heard_on(sitting.scene, one) if name in led]
        owed = {
            name: Owed(why=why, news=True, further=name in case.owed and case.owed[name].further)
            for name in names
        }
        sitting.keep(replace(case, owed={**case.owed, **owed}))


def _routed(scene: Scene, one: Open) -> Routed:
    return routed(scene.policy, one.labels, own_route(one.route, scene.channels), scene.now)


def _heard_on(scene: Scene, one: Open) -> list[str]:
    """Return the channels that an alert is not too faint for."""
    return [name for name in scene.channels if not too_faint(scene.policy, one.labels, name)]


def _digest(sitting: Sitting) -> None:
    """Tell of what flapped, once its time has come."""
    scene = sitting.scene
    for _, case in sorted(sitting.cases.items()):
        if case.digest_at is None or case.digest_at > scene.now:
            continue
        new = replace(case, digest_at=None, held=0)
        told = f"digest: {case.held} events of it were held back while it flapped"
        known = {*case.told, *case.owed} & scene.people
        names = [name for name in scene.channels if name in known]
        if not (case.held and names):
            sitting.keep(new)
        elif case.key in scene.open:
            owed = Owed(why=told, news=True)
            sitting.keep(replace(new, owed={**case.owed, **dict.fromkeys(names, owed)}))
        else:
            why = f"{told}; it is over now"
            sitting.keep(sitting.tell(new, dict.fromkeys(names, why), why))


def _escalate(sitting: Sitting) -> None:
    """Tell more channels of what fires and nobody has acknowledged."""
    for case, one in _going_on(sitting):
        for step in sitting.scene.policy.escalate:
            ripe = _ripe(sitting, step, sitting.cases[case.key], one)
            if ripe and not sitting.scene.unheard():
                sitting.keep(_escalated(sitting, step, sitting.cases[case.key], one))


def _ripe(sitting: Sitting, step: Escalation, case: Case, one: Open) -> bool:
    now = sitting.scene.now
    if now - case.begun < step.after or step.name in case.steps:
        return False
    if one.labels["state"] != _FIRING or not step.match.matches(one.labels):
        return False
    # Nobody acknowledges what is kept from people.
    snoozed = one.snoozed_until is not None and now < one.snoozed_until
    return not (snoozed or sitting.hindrance(one.labels, case.key))


def _escalated(sitting: Sitting, step: Escalation, case: Case, one: Open) -> Case:
    case = replace(case, steps=(*case.steps, step.name))
    names = [name for name in sitting.scene.channels if name in step.channels]
    people = sitting.scene.people
    kept = people & case.owed.keys() and not people & {*case.told}
    what = "was told of" if kept else "acknowledged"
    why = f"escalated: nobody {what} it within {span(step.after.total_seconds())}"
    ready = dict[str, str]()
    for name in names:
        if one.acked_by:
            sitting.silent(case, name, f"not escalated: acknowledged by {one.acked_by}")
        elif hindered := sitting.hindered(case, one.labels, name):
            sitting.silent(case, name, f"escalation waits: {hindered}")
            owed = Owed(why=why, news=True, further=True)
            case = replace(case, owed={**case.owed, name: owed})
        else:
            ready[name] = why
    return sitting.tell(case, ready, why) if ready else case


def _settle(sitting: Sitting) -> None:
    """Tell what is owed and hindered no more; what was acknowledged is owed no more."""
    people = sitting.scene.people
    for case, one in _going_on(sitting):
        if not case.owed or (one.snoozed_until and sitting.scene.now < one.snoozed_until):
            continue
        if one.acked_by:
            for name in case.owed:
                sitting.silent(case, name, f"not told again: acknowledged by {one.acked_by}")
            sitting.keep(replace(case, owed={}))
        # Of very many that are silenced most have nothing else to them.
        elif case.owed.keys() - people or not _hindered(sitting, case, one):
            sitting.keep(_settled(sitting, case, one))


def _hindered(sitting: Sitting, case: Case, one: Open) -> bool:
    return any(sitting.hindered(case, one.labels, name) for name in case.owed)


def _settled(sitting: Sitting, case: Case, one: Open) -> Case:
    led = _led(sitting.scene, case, one)
    for name in case.owed.keys() - led:
        why = case.owed[name].why
        sitting.silent(case, name, f"not told late, for no route leads here now: {why}")
    ready = {name: why for name, why in _ready(sitting, case, one).items() if name in led}
    if ready and sitting.scene.unheard():
        ready = {}
    if not ready and case.owed.keys() <= led:
        return case
    kept = replace(case, owed={name: o for name, o in case.owed.items() if name in led})
    if not ready:
        return kept
    told = sitting.tell(kept, ready, "; ".join(dict.fromkeys(ready.values())))
    # Whoever hears of it only now has his time to acknowledge it.
    return replace(told, begun=sitting.scene.now)


def _led(scene: Scene, case: Case, one: Open) -> set[str]:
    """Return the channels that an alert may be told on late, at whatever hour."""
    own = own_route(one.route, scene.channels)
    return {
        *(name for name, owed in case.owed.items() if owed.further),
        *(ever(scene.policy, one.labels, own) & {*_heard_on(scene, one)}),
    }


def _ready(sitting: Sitting, case: Case, one: Open) -> dict[str, str]:
    """Return the channels that can be told now of what is owed, and what is said of it.

    Besides those it is owed to also those that the routes of this hour lead to, unless they know.
    """
    scene, ready = sitting.scene, dict[str, str]()
    to = _routed(scene, one)
    for name in scene.channels:
        owed = case.owed.get(name)
        if owed is None and name in to.why and name not in case.told:
            why = "told late: routed here at this hour"
        elif owed is not None and (owed.further or name not in to.shut):
            why = owed.why if owed.news else f"told late: {owed.why}"
        else:
            continue
        if not sitting.hindered(case, one.labels, name):
            ready[name] = why
    return ready


def _tidy(sitting: Sitting) -> None:
    """Forget what is over, and firings too old to count."""
    scene, desk = sitting.scene, sitting.desk
    window = scene.policy.flap_window if scene.policy.max_flaps else None
    cases = {
        key: case
        for key, case in sitting.cases.items()
        if key in scene.open
        or case.digest_at is not None
        or any(wait.until > scene.now for wait in case.waits.values())
        or (window is not None and case.fired and scene.now - case.fired[-1] < window)
    }
    groups = {name: at for name, at in desk.groups.items() if at > scene.now}
    # What did not change stays the same object, by which others tell.
    if cases != desk.cases:
        sitting.desk = replace(sitting.desk, cases=cases)
    if len(groups) < len(desk.groups):
        sitting.desk = replace(sitting.desk, groups=groups)


def _going_on(sitting: Sitting) -> Iterator[tuple[Case, Open]]:
    for key, one in sitting.scene.open.items():
        case = sitting.cases.get(key)
        if case is not None and case.id == one.id:
            yield case, one
