"""Telling people, by what needs no disk, that the store's disk takes nothing, and its end."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.desk import decided
from monitor.alerts.wire import to_json
from monitor.model.layer import Action
from monitor.pipeline import State
from monitor.rules.pack import Severity
from monitor.store.holding import HoldingStore
from monitor.store.records import Change, Outgoing

_log = logging.getLogger(__name__)
_RULE = "self.disk"
_EVERYWHERE = "told on every channel, whatever the policy says"
_GOES_ON = (
    "Watching goes on, and alerts are told from memory. What has come since would be lost if it "
    "stopped now: make room. Words said to it are not taken meanwhile."
)


@dataclass(slots=True)
class Room:
    """Looks at a store after each step. there: the channels this run has."""

    store: HoldingStore
    there: Sequence[str]
    _since: datetime | None = field(default=None, init=False)

    def look(self, state: State, at: datetime) -> None:
        """Tell of trouble that is new, and of its end."""
        trouble = self.store.trouble
        if trouble and self._since is None:
            self._since = at
            _log.error("the store takes nothing, what comes is held in memory: %s", trouble)
            self._tell(_alert(state, at, at, reason=trouble))
        elif not trouble and self._since is not None:
            since, self._since = self._since, None
            _log.info("the store takes everything again, and has all that was held")
            self._tell(_alert(state, since, at, reason="Nothing of it was lost."))

    def _tell(self, alert: Alert) -> None:
        outgoing = Outgoing(
            idem=alert.idem,
            key=alert.key,
            alert_id=alert.id,
            at=alert.at,
            payload=to_json(alert),
            channels=tuple(self.there),
            decisions=decided(alert, dict.fromkeys(self.there, _EVERYWHERE), sent=True),
        )
        self.store.commit(Change(alerts=(outgoing,)))


def _alert(state: State, since: datetime, at: datetime, *, reason: str) -> Alert:
    """Return what is told; it is over where `at` is not `since`."""
    over = at != since
    episode = f"{state.epoch}:{_RULE}:{since:%Y%m%dT%H%M%S.%f}"
    return Alert(
        id=sha256(episode.encode()).hexdigest()[:6].upper(),
        idem=f"{episode}:{'resolved' if over else 'firing'}",
        key=f"{_RULE}|book",
        rule=_RULE,
        pack="self",
        scope="book",
        layer=None,
        layer_title="",
        action=Action.NOTIFY,
        state=AlertState.RESOLVED if over else AlertState.FIRING,
        severity=Severity.CRITICAL,
        at=at,
        since=since,
        title="the store takes nothing",
        text="" if over else _GOES_ON,
        reason=reason,
    )
