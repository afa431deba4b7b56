"""The end of alerts whose rule is no longer in force."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.wire import from_json
from monitor.pipeline import State
from monitor.rules.lifecycle import Instance, Phase
from monitor.store.records import Event

REASON: Final = "its rule is no longer in force"
_GOES_ON: Final = frozenset({AlertState.FIRING, AlertState.REPEAT, AlertState.EXPIRED})
_DARK: Final = frozenset({AlertState.NODATA, AlertState.ERROR})


def ended(before: State, kept: State) -> Mapping[str, Collection[AlertState]]:
    """Return the keys of what went on before, and of which nothing was kept.

    With each, what may have been told of it last: of what fired that it does, SEEN and the like
    say nothing of the firing itself; of what did not, that it could not be judged.
    """
    went_on = {
        key: _GOES_ON if old.phase is Phase.FIRING else _DARK
        for key, old in before.instances.items()
        if old.phase is Phase.FIRING or old.dark_since is not None
    }
    return {key: told for key, told in went_on.items() if _is_over(kept.instances[key])}


def farewells(
    keys: Mapping[str, Collection[AlertState]], told: Iterable[Event], at: datetime
) -> Iterator[Alert]:
    """Yield the last event of each key's alert, told last as going on.

    told: newest first.
    """
    left = dict(keys)
    for event in told:
        if event.key not in left:
            continue
        try:
            last = from_json(event.payload)
        except ValueError:  # of another release
            continue
        if last.state not in left[event.key]:
            continue
        del left[event.key]
        yield _farewell(last, max(at, last.at))


def _is_over(instance: Instance) -> bool:
    return instance.phase is not Phase.FIRING and instance.dark_since is None


def _farewell(last: Alert, at: datetime) -> Alert:
    # An event was told of each episode once: what is told last names this one's too. An episode
    # may be dark, and its rule gone, more than once.
    episode = last.idem.rpartition(":")[0]
    return replace(
        last,
        idem=f"{last.idem}.gone" if last.state in _DARK else f"{episode}:gone",
        state=AlertState.RESOLVED,
        at=at,
        text="",
        reason=REASON,
        trace=(),
        ticket=None,
        expires_at=None,
        unconfirmed="",
    )
