"""What a snapshot would bring about, found out by a step that is not taken."""

from collections.abc import Iterator
from dataclasses import replace

from monitor.alerts.alert import Alert, AlertState
from monitor.model.observation import Snapshot
from monitor.pipeline import Rulebook, State, step
from monitor.rules.lifecycle import Phase
from monitor.rules.pack import Severity


def weighs(book: Rulebook, state: State, seen: Snapshot) -> bool:
    """Return whether a critical alert would begin, or ripen, on what this snapshot says.

    One that ripens may fire between two snapshots, so each under it must hold.
    """
    after, _ = step(book, state, seen)
    return any(
        (old := state.instances.get(key)) is None or old.phase is not Phase.FIRING
        for key in _critical(book, after, seen)
    )


def with_doubts(
    book: Rulebook, after: State, seen: Snapshot, alerts: tuple[Alert, ...]
) -> tuple[Alert, ...]:
    """Return the alerts of a snapshot, the critical ones saying what speaks against it."""
    if not seen.unconfirmed:
        return alerts
    doubtful = set(_critical(book, after, seen))
    return tuple(
        replace(alert, unconfirmed=seen.unconfirmed)
        if alert.state is AlertState.FIRING and f"{alert.rule}|{alert.scope}" in doubtful
        else alert
        for alert in alerts
    )


def _critical(book: Rulebook, after: State, seen: Snapshot) -> Iterator[str]:
    """Yield the instances of critical rules that are up and rest on the snapshot's chain."""
    rules = {rule.id for rule in book.rules if rule.severity is Severity.CRITICAL}
    for key, instance in after.instances.items():
        up = instance.rule in rules and instance.phase is not Phase.INACTIVE
        if up and any(ground.chain == seen.chain for ground in instance.ground):
            yield key
