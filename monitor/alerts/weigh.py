"""Whether one alert is told on one channel to people now, and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.desk import Case, Choice, Open, Owed
from monitor.alerts.figures import span
from monitor.alerts.matcher import Labels, labels_of
from monitor.alerts.policy import LOUDNESS, Inhibition, Policy
from monitor.alerts.silence import Silence, moment
from monitor.rules.pack import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is decided of an alert on a channel.

    until: of HELD. owed: what is to be told later, where the reason may pass while it fires.
    flapping: whether it waits for a digest.
    """

    choice: Choice
    reason: str
    until: datetime | None = None
    owed: Owed | None = None
    flapping: bool = False


def too_faint(policy: Policy, labels: Labels, channel: str) -> str:
    """Return why an alert's severity is too little for a channel, or an empty text."""
    severity, least = Severity(labels["severity"]), policy.least(channel)
    if LOUDNESS.index(severity) >= LOUDNESS.index(least):
        return ""
    return f"{severity.value} is below {least.value}, the least for {channel}"


Barriers: TypeAlias = Sequence[tuple[Inhibition, Mapping[tuple[str, ...], Sequence[Open]]]]
"""Inhibitions, each with what of it fires, by the labels that it asks to be alike."""


def barriers(policy: Policy, open_: Mapping[str, Open]) -> Barriers:
    """Return the inhibitions that are in force while these alerts go on.

    What cannot be judged explains nothing, unless its state is what the source asks for.
    """
    found = list[tuple[Inhibition, Mapping[tuple[str, ...], Sequence[Open]]]]()
    for one in policy.inhibit:
        alike = dict[tuple[str, ...], list[Open]]()
        for each in open_.values():
            told = one.source.state or each.labels["state"] == AlertState.FIRING.value
            if told and one.source.matches(each.labels):
                alike.setdefault(_alike(one, each.labels), []).append(each)
        if alike:
            found.append((one, alike))
    return found


def _alike(one: Inhibition, labels: Labels) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in one.equal)


def lasting(silences: Iterable[Silence], labels: Labels) -> Silence | None:
    """Return of the silences that an alert is matched by the one that lasts longest."""
    found = (one for one in silences if one.match.matches(labels))
    return max(found, key=lambda one: (one.until, one.id), default=None)


def hindrance(silences: Iterable[Silence], inhibited: Barriers, labels: Labels, *, key: str) -> str:
    """Return why people are not told of an alert now: a silence, or another alert."""
    if found := lasting(silences, labels):
        return found.told()
    for one, sources in inhibited:
        if not one.target.matches(labels) or one.source.matches(labels):
            continue
        for source in sources.get(_alike(one, labels), ()):
            if source.key != key:
                return f"inhibited while {source.labels['rule']} {source.id} fires"
    return ""


def held_back(case: Case | None, now: datetime) -> str:
    """Return why a flapping alert waits for its digest, or an empty text."""
    if case is None or case.digest_at is None or now >= case.digest_at:
        return ""
    return f"flapping: held to the digest of {moment(case.digest_at)}"


def audible(policy: Policy, labels: Labels, at: datetime) -> str:
    """Return what is said of an alert that makes no sound when it goes out, or an empty text."""
    window = policy.hushed(Severity(labels["severity"]), at)
    return f", without a sound: quiet hours {window.told()}" if window else ""


def soundless(policy: Policy, silences: Iterable[Silence], alert: Alert, now: datetime) -> bool:
    """Return whether an alert delivered now makes no sound."""
    if policy.hushed(alert.severity, now):
        return True
    labels = labels_of(alert)
    return any(one.match.matches(labels) for one in silences)


def group_of(policy: Policy, labels: Labels, channel: str, wait: timedelta) -> str:
    """Return the name of the group an alert is told with on a channel: one waits as long as it."""
    alike = (f"{name}={labels.get(name, '')}" for name in policy.group_by)
    return "|".join((channel, span(wait.total_seconds()), *alike))


def gathered(due: datetime | None, now: datetime, wait: timedelta) -> datetime:
    """Return when a group goes out: with what waits already, or a whole wait from now."""
    return due if due is not None and due > now else now + wait


def frequency(count: int, window: timedelta) -> str:
    """Return how often in words: `fired 6 times in 1 h`."""
    return f"fired {count} times in {span(window.total_seconds())}"
