"""The live driver: one observation after another through `step`, each committed whole."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from monitor.alerts.alert import Alert
from monitor.alerts.wire import to_json
from monitor.app.present import describe
from monitor.errors import ConfigError
from monitor.model.observation import Gap, Observation, Snapshot, Verb, Word
from monitor.pipeline import Rulebook, State, refusal, step
from monitor.store.port import Store
from monitor.store.records import Change, Outgoing, Poll
from monitor.store.rows import changed_rows, forgotten_samples, new_samples

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Daemon:
    """The live driver: takes observations, steps, and commits.

    It owns the state; nobody else writes it. reload: reads the rules anew.
    """

    store: Store
    book: Rulebook
    state: State
    channels: tuple[str, ...]
    reload: Callable[[], Rulebook]
    reload_asked: bool = False

    def take(self, seen: Observation, requests: int) -> tuple[Alert, ...]:
        """Step once and commit everything that came of it in one transaction."""
        if isinstance(seen, Word) and (reason := refusal(self.book, self.state, seen)):
            self.store.commit(Change(consumed_words={seen.id: f"refused: {reason}"}))
            return ()
        new, alerts = step(self.book, self.state, seen)
        change = Change(
            rows=changed_rows(self.state, new),
            samples=new_samples(self.state, new),
            forget_samples_before=forgotten_samples(self.state, new),
            alerts=tuple(self._outgoing(alert) for alert in alerts),
            consumed_words=_consumed(seen, new),
            poll=_poll(seen, requests),
        )
        self.store.commit(change)
        self.state = new
        return alerts

    def reload_rules(self) -> None:
        """Take the rules anew, or keep the old ones whole and say what is wrong."""
        self.reload_asked = False
        try:
            self.book = self.reload()
        except ConfigError as error:
            _log.error("the rules in force stay, the new ones are faulty: %s", error)
        else:
            _log.info("%d rules reloaded", len(self.book.rules))

    def _outgoing(self, alert: Alert) -> Outgoing:
        wanted = {*alert.route, "console"} if alert.route else set(self.channels)
        return Outgoing(
            idem=alert.idem,
            key=alert.key,
            alert_id=alert.id,
            at=alert.at,
            payload=to_json(alert),
            channels=tuple(name for name in self.channels if name in wanted),
            expires_at=alert.expires_at,
        )


def _consumed(seen: Observation, state: State) -> dict[str, str]:
    if not isinstance(seen, Word):
        return {}
    if seen.verb in {Verb.ACK, Verb.SNOOZE}:
        until = f" until {seen.until:%Y-%m-%d %H:%M} UTC" if seen.until else ""
        return {seen.id: f"{seen.alert} {seen.verb.value}ed{until} by {seen.by}"}
    layer = state.layers.get(f"{seen.layer}|{seen.scope}")
    return {seen.id: describe(layer) if layer else f"{seen.layer} off"}


def _poll(seen: Observation, requests: int) -> Poll | None:
    match seen:
        case Snapshot():
            return Poll(
                source=seen.chain,
                at=seen.observed_at,
                number=seen.block.number,
                hash=seen.block.hash,
                requests=requests,
            )
        case Gap():
            return Poll(source=seen.source, at=seen.observed_at, gap=seen.reason, requests=requests)
        case _:
            return None
