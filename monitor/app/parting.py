"""The end of alerts whose rule is no longer in force."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.wire import from_json
from monitor.pipeline import State
from monitor.rules.lifecycle import Phase
from monitor.store.records import Event

REASON: Final = "its rule is no longer in force"
_GOES_ON: Final = frozenset({AlertState.FIRING, AlertState.REPEAT, AlertState.EXPIRED})


def ended(before: State, kept: State) -> frozenset[str]:
    """Return the keys of what fired before, and of which nothing was kept."""
    return frozenset(
        key
        for key, old in before.instances.items()
        if old.phase is Phase.FIRING and kept.instances[key].phase is not Phase.FIRING
    )


def farewells(keys: frozenset[str], told: Iterable[Event], at: datetime) -> Iterator[Alert]:
    """Yield the last event of each key's alert, told last as going on.

    told: newest first.
    """
    left = set(keys)
    for event in told:
        if event.key not in left:
            continue
        try:
            last = from_json(event.payload)
        except ValueError:  # of another release
            continue
        if last.state not in _GOES_ON:
            continue  # SEEN and the like say nothing of the firing itself
        left.discard(event.key)
        yield _farewell(last, max(at, last.at))


def _farewell(last: Alert, at: datetime) -> Alert:
    # An event was told of each episode once: what is told last names this one's too.
    episode = last.idem.rpartition(":")[0]
    return replace(
        last,
        idem=f"{episode}:gone",
        state=AlertState.RESOLVED,
        at=at,
        text="",
        reason=REASON,
        trace=(),
        ticket=None,
        expires_at=None,
        unconfirmed="",
    )
