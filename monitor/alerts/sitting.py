"""One pass of the policy over the alerts of a step: where each goes, how late, and why."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.desk import Case, Choice, Decision, Desk, Open, Owed, Post, Recalled, Wait
from monitor.alerts.matcher import Labels, labels_of
from monitor.alerts.policy import PLAIN, Policy, Routed, for_the_log, routed, vital
from monitor.alerts.silence import moment
from monitor.alerts.weigh import (
    Barriers,
    Verdict,
    audible,
    barriers,
    frequency,
    gathered,
    group_of,
    held_back,
    hindrance,
    too_faint,
)
from monitor.model.layer import Action
from monitor.rules.pack import Severity

CONSOLE: Final = "console"
"""The channel that tells every event, whatever the policy says."""

BEGINS: Final = frozenset({AlertState.FIRING, AlertState.NODATA, AlertState.ERROR})
"""What may be the first that is told of an alert."""

FOLLOWS: Final = frozenset(
    {
        AlertState.RESOLVED,
        AlertState.FILLED,
        AlertState.RETRACTED,
        AlertState.EXPIRED,
        AlertState.SEEN,
    }
)
"""What is news only to who was told what went before, and to them always."""

_EVERY: Final = Verdict(choice=Choice.SENT, reason="every event")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the policy looks at.

    people: the channels to people; all others are read by machines. now: the observations' time;
    clock: the couriers', by which what was held until then may have gone.
    open: what goes on after the step, by key. again: tells an alert anew with what is known now,
    given its key, the reason and a number; None where there is nothing to tell of. unheard:
    whether people have said more than was heard yet, so that what nobody said is not known.
    """

    policy: Policy
    channels: tuple[str, ...]
    people: frozenset[str]
    now: datetime
    clock: datetime
    open: Mapping[str, Open]
    again: Callable[[str, str, int], Alert | None]
    unheard: Callable[[], bool] = lambda: False


@dataclass(slots=True, kw_only=True)
class Sitting:
    """The desk as it becomes, and what leaves it. cases: its own, by key, changed in place."""

    scene: Scene
    desk: Desk
    cases: dict[str, Case] = field(init=False)
    inhibited: Barriers = field(init=False)
    posts: list[Post] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    recalled: list[Recalled] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cases = dict(self.desk.cases)
        self.inhibited = barriers(self.scene.policy, self.scene.open)

    def take(self, alert: Alert) -> None:
        """Decide where an alert of the step goes."""
        labels = labels_of(alert)
        case, digest_at = self._case(alert, labels), None
        if case is not None and alert.state is AlertState.FIRING:
            case, digest_at = _counted(case, alert, self.scene)
        if case is not None and digest_at is not None:
            told = f"{frequency(len(case.fired), self.scene.policy.flap_window)}: "
            told += f"held to a digest at {moment(digest_at)}"
            alert = replace(alert, reason="; ".join(filter(None, (alert.reason, told))))
        to = _route(self.scene, alert, labels)
        found = {n: self._verdict(alert, case, to, name=n) for n in self.scene.channels}
        self._post(alert, found)
        if case is not None:
            case = _told(case, alert, found, self.scene.now)
            self.keep(case if digest_at is None else replace(case, digest_at=digest_at, held=0))

    def tell(self, case: Case, told: Mapping[str, str], reason: str) -> Case:
        """Tell an alert anew on channels, each for its own reason; return its case."""
        alert = self.scene.again(case.key, reason, case.again + 1)
        if alert is None:
            return replace(case, owed={n: o for n, o in case.owed.items() if n not in told})
        labels = labels_of(alert)
        now = self.scene.now
        for name in told:
            case = recall(self, case, name, "it is told anew")
        found = {
            name: Verdict(choice=Choice.SENT, reason=told[name] + self._sound(name, labels, now))
            for name in self.scene.channels
            if name in told
        }
        if CONSOLE in self.scene.channels:
            found = {CONSOLE: _EVERY} | found
        self._post(alert, found)
        return replace(_told(case, alert, found, now), again=case.again + 1)

    def silent(self, case: Case, channel: str, reason: str) -> None:
        """Note that an alert is not told on a channel after all."""
        told = Verdict(choice=Choice.SILENT, reason=reason)
        self.decisions.append(self._decision(case.id, case.idem, channel, told))

    def keep(self, case: Case) -> None:
        """Remember a case."""
        self.cases[case.key] = case

    def hindered(self, case: Case, labels: Labels, channel: str) -> str:
        """Return why an alert is not told on a channel now, or an empty text."""
        if channel not in self.scene.people:
            return ""
        return self.hindrance(labels, case.key) or held_back(case, self.scene.now)

    def hindrance(self, labels: Labels, key: str) -> str:
        """Return the silence, or the other alert, for which people are not told of an alert."""
        return hindrance(self.desk.silences.values(), self.inhibited, labels, key=key)

    def _case(self, alert: Alert, labels: Labels) -> Case | None:
        """Return what is known of an alert; nothing where it need not be remembered."""
        case = self.cases.get(alert.key)
        if alert.state in FOLLOWS or for_the_log(alert):
            return case if case is not None and case.id == alert.id else None
        if case is None:
            return fresh(alert, labels, self.scene.now) if remembers(self) else None
        if case.id == alert.id:
            return case
        case = recall_untold(self, case, "it begins anew")
        new = replace(case, id=alert.id, begun=self.scene.now, told=(), owed={}, waits={}, steps=())
        return replace(new, idem=alert.idem, labels=labels)

    def _verdict(self, alert: Alert, case: Case | None, to: Routed, *, name: str) -> Verdict:
        """Return whether an alert is told on a channel; the first reason not to is the reason."""
        if name == CONSOLE:
            return _EVERY
        labels = labels_of(alert)
        before = case if alert.state in FOLLOWS else None
        knows = before is not None and name in before.told
        if knows:
            to = replace(to, why={name: "its beginning was told here", **to.why})
        elif name not in to.why:
            return _not_routed(to, name)
        elif faint := too_faint(self.scene.policy, labels, name):
            return Verdict(choice=Choice.SILENT, reason=faint)
        elif before is not None:
            then = f": {before.owed[name].why}" if name in before.owed else ""
            reason = f"its beginning was not told here{then}"
            return Verdict(choice=Choice.SILENT, reason=reason)
        hears = name in self.scene.people and not (knows and _binds(alert))
        if hears and (late := _later(self, alert, case)):
            return late
        return self._timed(alert, case, to, name=name)

    def _timed(self, alert: Alert, case: Case | None, to: Routed, *, name: str) -> Verdict:
        """Return when an alert that nothing hinders goes out: never before what is held of it."""
        labels, now, until = labels_of(alert), self.scene.now, self.scene.now
        lone = alert.severity is Severity.CRITICAL or _binds(alert)
        if to.wait and name in self.scene.people and not lone:
            group = group_of(self.scene.policy, labels, name, to.wait)
            due = gathered(self.desk.groups.get(group), now, to.wait)
            # A proposal is not held until it is void.
            if alert.expires_at is None or due < alert.expires_at:
                until = due
                self.desk = replace(self.desk, groups={**self.desk.groups, group: until})
        if case is not None and name in case.waits and not takes_back(alert):
            until = max(until, case.waits[name].until)
        reason = to.why[name] + self._sound(name, labels, until)
        if until == now:
            return Verdict(choice=Choice.SENT, reason=reason)
        held = f"{reason}, held until {until:%H:%M:%S} UTC for more of its group"
        return Verdict(choice=Choice.HELD, reason=held, until=until)

    def _sound(self, name: str, labels: Labels, at: datetime) -> str:
        return audible(self.scene.policy, labels, at) if name in self.scene.people else ""

    def _post(self, alert: Alert, found: Mapping[str, Verdict]) -> None:
        self.posts.append(
            Post(
                alert=alert,
                channels=tuple(n for n, v in found.items() if v.choice is not Choice.SILENT),
                held={name: v.until for name, v in found.items() if v.until is not None},
                decisions=tuple(
                    self._decision(alert.id, alert.idem, name, v) for name, v in found.items()
                ),
            )
        )

    def _decision(self, alert: str, idem: str, channel: str, found: Verdict) -> Decision:
        return Decision(
            at=self.scene.now,
            alert_id=alert,
            idem=idem,
            channel=channel,
            choice=found.choice,
            reason=found.reason,
        )


def recall(sitting: Sitting, case: Case, channel: str, reason: str) -> Case:
    """Have a channel not be sent what it has held of an alert, if it has."""
    wait = case.waits.get(channel)
    if wait is None or wait.until <= max(sitting.scene.now, sitting.scene.clock):
        return case
    sitting.recalled.append(Recalled(key=case.key, alert=case.id, channel=channel, reason=reason))
    sitting.silent(case, channel, f"taken back while it was held: {reason}")
    return replace(
        case,
        told=tuple(name for name in case.told if name != channel or not wait.first),
        waits={name: one for name, one in case.waits.items() if name != channel},
    )


def recall_untold(sitting: Sitting, case: Case, reason: str) -> Case:
    """Have channels not be sent all of an alert that they have held: beginning and end."""
    for name in [name for name, wait in case.waits.items() if wait.first]:
        case = recall(sitting, case, name, reason)
    return case


def remembers(sitting: Sitting) -> bool:
    """Return whether alerts have to be remembered: else all of them are told where they go."""
    return sitting.scene.policy != PLAIN or bool(sitting.desk.silences)


def fresh(alert: Alert, labels: Labels, now: datetime) -> Case:
    """Return the case of an alert that nothing was known of."""
    return Case(key=alert.key, id=alert.id, idem=alert.idem, begun=now, labels=labels)


def own_route(route: tuple[str, ...], channels: tuple[str, ...]) -> Mapping[str, str]:
    """Return the channels of a rule's own route, and why each of them."""
    if not route:
        return dict.fromkeys(channels, "its rule names no channel, so all")
    return {name: "its rule's route" for name in channels if name in route}


def takes_back(alert: Alert) -> bool:
    """Return whether an alert says that what was told of it was nothing, and nobody acted on it."""
    # Whoever acted on it was told, and must hear.
    return alert.state is AlertState.RETRACTED and not alert.text


def _binds(alert: Alert) -> bool:
    """Return whether whoever may act on what was told must know this at once."""
    return alert.state in FOLLOWS and (
        alert.action is not Action.NOTIFY or alert.state is AlertState.RETRACTED
    )


def _route(scene: Scene, alert: Alert, labels: Labels) -> Routed:
    own = own_route(alert.route, scene.channels)
    if for_the_log(alert):
        return Routed(why=own, shut={}, wait=scene.policy.group_wait)
    now = None if alert.state in FOLLOWS else scene.now
    return routed(scene.policy, labels, own, now)


def _later(sitting: Sitting, alert: Alert, case: Case | None) -> Verdict | None:
    """Return why people are not told of an alert now; None where nothing hinders it."""
    if flaps := held_back(case, sitting.scene.now):
        owed = Owed(why=flaps)
        return Verdict(choice=Choice.SILENT, reason=flaps, owed=owed, flapping=True)
    if alert.state in FOLLOWS:
        return None
    why = sitting.hindrance(labels_of(alert), alert.key)
    return Verdict(choice=Choice.SILENT, reason=why, owed=Owed(why=why)) if why else None


def _not_routed(to: Routed, name: str) -> Verdict:
    if late := to.shut.get(name):
        return Verdict(choice=Choice.SILENT, reason=late, owed=Owed(why=late))
    by = " and ".join(dict.fromkeys(to.why.values())) or "every route"
    return Verdict(choice=Choice.SILENT, reason=f"left out by {by}")


def _counted(case: Case, alert: Alert, scene: Scene) -> tuple[Case, datetime | None]:
    """Count a firing; return with it when the digest is due that begins with this one."""
    most, window, now = scene.policy.max_flaps, scene.policy.flap_window, scene.now
    if not most or vital(alert.pack, alert.severity.value):
        return case, None
    fired = (*(at for at in case.fired if now - at < window), now)[-(most + 1) :]
    begins = len(fired) > most and case.digest_at is None
    return replace(case, fired=fired), now + window if begins else None


def _told(case: Case, alert: Alert, found: Mapping[str, Verdict], now: datetime) -> Case:
    """Return what is known of an alert after it was, or was not, told."""
    waits = {name: wait for name, wait in case.waits.items() if wait.until > now}
    sent = [name for name, one in found.items() if one.choice is not Choice.SILENT]
    owed = {name: one for name, one in case.owed.items() if name not in sent}
    if alert.state not in FOLLOWS:
        owed |= {name: one.owed for name, one in found.items() if one.owed is not None}
    return replace(
        case,
        idem=alert.idem,
        told=tuple(dict.fromkeys((*case.told, *sent))),
        owed=owed,
        waits=waits | dict(_waits(replace(case, waits=waits), found)),
        held=case.held + any(one.flapping for one in found.values()),
    )


def _waits(case: Case, found: Mapping[str, Verdict]) -> Iterator[tuple[str, Wait]]:
    """Yield what channels have held of an alert from now on."""
    for name, one in found.items():
        if one.until is not None:
            before = case.waits.get(name)
            first = name not in case.told or (before is not None and before.first)
            yield name, Wait(until=one.until, first=first)
