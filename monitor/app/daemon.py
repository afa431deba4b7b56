"""The live driver: one observation after another through `step`, each committed whole."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.wire import to_json
from monitor.app.foresight import weighs, with_doubts
from monitor.app.parting import ended, farewells
from monitor.app.present import describe
from monitor.app.rulebook import retired
from monitor.chain.health import EndpointHealth
from monitor.config.settings import StoreSettings
from monitor.errors import ConfigError
from monitor.hedge.legs import spell_cash, spell_leg
from monitor.model.observation import Gap, Observation, Past, Snapshot, Verb, Word
from monitor.pipeline import Rulebook, State, refusal, step
from monitor.rules.scopes import ruleless
from monitor.signals.take_past import doubt
from monitor.store.endpoints import KIND as ENDPOINTS
from monitor.store.endpoints import row_of
from monitor.store.port import Store
from monitor.store.records import Change, Outgoing, Poll, RowKey
from monitor.store.rows import changed_rows, dropped_samples, forgotten_samples, new_samples

_log = logging.getLogger(__name__)

_DAY: Final = timedelta(days=1)
_LOOK_BACK: Final = 10_000
"""How many events back the last word of an alert is looked for when its rule is gone."""
_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Daemon:
    """The live driver: takes observations, steps, and commits.

    It owns the state; nobody else writes it. reload: reads the rules anew. now: the
    clock, for delivery alone. health: how a chain's endpoints are doing, for people to see.
    record: keeps an observation before it is taken; what it returns is committed with it.
    course: rows of how book and hedge go, for people to see.
    keep: how long the store remembers what is over.
    """

    store: Store
    book: Rulebook
    state: State
    channels: tuple[str, ...]
    reload: Callable[[], Rulebook]
    now: Callable[[], datetime]
    health: Callable[[str], Sequence[EndpointHealth]] = lambda _name: ()
    record: Callable[[Observation], Mapping[RowKey, str | None]] = lambda _seen: {}
    course: Callable[[Observation, State], Mapping[RowKey, str | None]] = lambda _seen, _new: {}
    keep: timedelta = timedelta(days=StoreSettings().keep_days)
    _forgot_at: datetime | None = field(default=None, init=False)
    _told_missing: dict[str, frozenset[str]] = field(default_factory=dict, init=False)
    _told_health: dict[str, str] = field(default_factory=dict, init=False)

    def take(self, seen: Observation, requests: int) -> tuple[Alert, ...]:
        """Step once and commit everything that came of it in one transaction."""
        self._forget(seen.observed_at)
        noted = self.record(seen)
        try:
            reason = _refusal(self.book, self.state, seen)
            done = None if reason else self._worked_out(seen, requests)
        except Exception as error:
            if not isinstance(seen, Word):
                raise
            # Left in the inbox it would be heard again, and end every run that is started.
            reason, done = f"it cannot be worked out: {type(error).__name__}: {error}", None
            _log.exception("%s cannot be worked out", _said(seen))
        if done is None:
            assert isinstance(seen, Word | Past)
            self.store.commit(Change(rows=noted, consumed_words={seen.id: f"refused: {reason}"}))
            _log.warning("%s is refused: %s", _said(seen), reason)
            return ()
        new, alerts, change = done
        self.store.commit(replace(change, rows={**change.rows, **noted}) if noted else change)
        self.state = new
        if isinstance(seen, Snapshot):
            self._tell_missing(seen)
        return alerts

    def _worked_out(
        self, seen: Observation, requests: int
    ) -> tuple[State, tuple[Alert, ...], Change]:
        new, alerts = step(self.book, self.state, seen)
        if isinstance(seen, Snapshot):
            alerts = with_doubts(self.book, new, seen, alerts)
        change = Change(
            rows=changed_rows(self.state, new) | self._health(seen) | self.course(seen, new),
            samples=new_samples(self.state, new),
            forget_samples_before=forgotten_samples(self.state, new),
            forget_samples_from=dropped_samples(self.state, new),
            alerts=tuple(self._outgoing(alert) for alert in alerts),
            consumed_words=_consumed(seen, self.state, new),
            poll=_poll(seen, requests),
        )
        return new, alerts, change

    def _tell_missing(self, seen: Snapshot) -> None:
        """Log what is watched and cannot be read, once, and once that it is read again."""
        told = self._told_missing.get(seen.chain, frozenset())
        missing = {one.key: one.reason for one in seen.missing}
        for key in sorted(missing.keys() - told):
            _log.warning("%s: %s", seen.chain, missing[key])
        there = {one.key for one in seen.positions} | {one.pool.key for one in seen.pools}
        for key in sorted((told - missing.keys()) & there):
            _log.info("%s: %s is read again", seen.chain, key)
        self._told_missing[seen.chain] = frozenset(missing)

    def _health(self, seen: Observation) -> dict[RowKey, str | None]:
        """Return the row of a chain's endpoints, where this chain was polled and it changed."""
        name = seen.chain if isinstance(seen, Snapshot) else getattr(seen, "source", "")
        found = self.health(name)
        row = row_of(found) if found else ""
        if not found or self._told_health.get(name) == row:
            return {}
        self._told_health[name] = row
        return {(ENDPOINTS, name): row}

    def weighs(self, seen: Snapshot) -> bool:
        """Return whether a critical alert would rest on a snapshot not taken yet."""
        return weighs(self.book, self.state, seen)

    def tidy(self) -> None:
        """End what the rules and channels of an earlier run had begun and these do not know."""
        self._retire()
        for owed in self.store.outbox.backlog():
            if owed.waiting and owed.channel not in self.channels:
                _log.warning(
                    "%d alerts wait for %s, which is no longer configured: they are given up",
                    *(owed.waiting, owed.channel),
                )
                _give_up(self.store, owed.channel, self.now())

    def reload_rules(self) -> None:
        """Take the rules anew, or keep the old ones whole and say what is wrong."""
        try:
            self.book = self.reload()
        except ConfigError as error:
            _log.error("the rules in force stay, the new ones are faulty: %s", error)
        else:
            self._retire()
            _log.info("%d rules reloaded", len(self.book.rules))

    def _retire(self) -> None:
        kept, gone = retired(self.book, self.state)
        for instance in gone:
            _log.warning("rule %s is gone, and its alert with it", instance)
        there = (layer for pack in self.book.packs for layer in pack.layers)
        for held in ruleless(there, kept.layers):
            told = ", ".join(map(spell_leg, held.legs))
            _log.warning("layer %s holds %s, and no rule watches it", held.layer, told)
        self.store.commit(
            Change(
                rows=changed_rows(self.state, kept),
                samples=new_samples(self.state, kept),
                forget_samples_before=forgotten_samples(self.state, kept),
                alerts=tuple(self._farewells(kept)),
            )
        )
        self.state = kept

    def _farewells(self, kept: State) -> Iterator[Outgoing]:
        """Yield the end of each alert that goes with its rule, for whoever may have heard of it."""
        keys = ended(self.state, kept)
        told = reversed(self.store.history.latest(_LOOK_BACK)) if keys else ()
        for alert in farewells(keys, told, self.now()):
            yield replace(self._outgoing(alert), takes_back=True)

    def _forget(self, at: datetime) -> None:
        """Drop what is older than `keep`, once a day of the observations' own time."""
        if self._forgot_at is None or at - self._forgot_at >= _DAY:
            self.store.forget(at - self.keep)
            self._forgot_at = at

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
            # Whoever acted on it was told, and must hear.
            takes_back=alert.state is AlertState.RETRACTED and not alert.text,
            # A block may be stamped ahead of our clock; its alerts need not wait for that.
            due=min(alert.at, self.now()),
        )


def _refusal(book: Rulebook, state: State, seen: Observation) -> str:
    """Return why a word or a past cannot be taken; empty where it can."""
    if isinstance(seen, Past):
        return doubt(seen)
    return refusal(book, state, seen) if isinstance(seen, Word) else ""


def _give_up(store: Store, channel: str, at: datetime) -> None:
    reason = f"{channel} is no longer configured"
    # One a key at a time: the next comes forward as the one before it is given up.
    while letters := store.outbox.due(channel, _FOR_EVER, 1000):
        for letter in letters:
            store.outbox.dead(letter.id, at, reason)


def _said(seen: Word | Past) -> str:
    """Return what was said, and by whom, in few words."""
    if isinstance(seen, Past):
        return f"the past of {seen.name} from {seen.source}"
    return f"`{seen.verb.value} {seen.layer or seen.alert}` by {seen.by}"


def _consumed(seen: Observation, before: State, state: State) -> dict[str, str]:
    if isinstance(seen, Past):
        return {seen.id: f"{len(seen.bars)} sessions of {seen.name} from {seen.source}"}
    if not isinstance(seen, Word):
        return {}
    if seen.verb in {Verb.ACK, Verb.SNOOZE}:
        what = "acked" if seen.until is None else f"snoozed until {seen.until:%Y-%m-%d %H:%M} UTC"
        return {seen.id: f"{seen.alert} {what} by {seen.by}"}
    key = f"{seen.layer}|{seen.scope}"
    layer = state.layers.get(key)
    if layer is None:
        return {seen.id: f"{seen.layer} off"}
    if seen.verb is Verb.CASH:
        booked = (spell_cash(one) for one in layer.cash if one.word == seen.id)
        return {seen.id: "; ".join((*booked, describe(layer)))}
    others = (one for name, one in state.layers.items() if name != key)
    return {seen.id: describe(layer, before.layers.get(key), others)}


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
