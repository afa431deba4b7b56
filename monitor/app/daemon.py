"""The live driver: one observation after another through `step`, each committed whole."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from monitor.alerts.alert import Alert
from monitor.alerts.desk import Desk
from monitor.alerts.policy import PLAIN, Policy
from monitor.alerts.silence import SPOKEN, outcome
from monitor.app.dispatch import Dispatch, Dispatched
from monitor.app.foresight import weighs, with_doubts
from monitor.app.parting import ended, farewells
from monitor.app.present import describe
from monitor.app.retell import going_on
from monitor.app.rulebook import retired
from monitor.chain.health import EndpointHealth
from monitor.config.settings import StoreSettings
from monitor.errors import ConfigError, Transient
from monitor.hedge.legs import spell_cash, spell_leg
from monitor.model.observation import Gap, Observation, Past, Snapshot, Verb, Word
from monitor.pipeline import Rulebook, State, refusal, step
from monitor.rules.scopes import ruleless
from monitor.signals.take_past import doubt
from monitor.store.endpoints import KIND as ENDPOINTS
from monitor.store.endpoints import row_of
from monitor.store.port import Store
from monitor.store.records import Change, Poll, RowKey
from monitor.store.rows import changed_rows, dropped_samples, forgotten_samples, new_samples

_log = logging.getLogger(__name__)

_DAY: Final = timedelta(days=1)
_LOOK_BACK: Final = 10_000
"""How many events back the last word of an alert is looked for when its rule is gone."""
_EMPTY: Final = Desk()
_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Daemon:
    """The live driver: takes observations, steps, and commits.

    It owns the state; nobody else writes it. reload: reads the rules anew. now: the
    clock, for delivery alone. health: how a chain's endpoints are doing, for people to see.
    record: keeps an observation before it is taken; what it returns is committed with it.
    course: rows of how book and hedge go, for people to see.
    keep: how long the store remembers what is over.
    policy: which alert goes where. people: the channels people read. desk: what the policy knows.
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
    reload_policy: Callable[[], Policy] | None = None
    policy: InitVar[Policy] = PLAIN
    people: InitVar[frozenset[str]] = frozenset()
    desk: InitVar[Desk] = _EMPTY
    dispatch: Dispatch = field(init=False)
    _forgot_at: datetime | None = field(default=None, init=False)
    _told_missing: dict[str, frozenset[str]] = field(default_factory=dict, init=False)
    _told_health: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self, policy: Policy, people: frozenset[str], desk: Desk) -> None:
        self.dispatch = Dispatch(
            channels=self.channels, now=self.now, policy=policy, people=people, desk=desk
        )
        self.dispatch.waiting = partial(_waiting, self.store)

    def take(self, seen: Observation, requests: int) -> tuple[Alert, ...]:
        """Step once and commit everything that came of it in one transaction."""
        self._forget(seen.observed_at)
        noted = self.record(seen)
        try:
            reason = _refusal(self, seen)
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
        new, alerts, desk, change = done
        self.store.commit(replace(change, rows={**change.rows, **noted}) if noted else change)
        self.state, self.dispatch.desk = new, desk
        if isinstance(seen, Snapshot):
            _tell_missing(self._told_missing, seen)
        return alerts

    def _worked_out(
        self, seen: Observation, requests: int
    ) -> tuple[State, tuple[Alert, ...], Desk, Change]:
        new, alerts = step(self.book, self.state, seen)
        if isinstance(seen, Snapshot):
            alerts = with_doubts(self.book, new, seen, alerts)
        out = self.dispatch.made_of(self.book, new, alerts, seen)
        change = Change(
            rows=changed_rows(self.state, new)
            | self._health(seen)
            | self.course(seen, new)
            | out.rows,
            samples=new_samples(self.state, new),
            forget_samples_before=forgotten_samples(self.state, new),
            forget_samples_from=dropped_samples(self.state, new),
            alerts=out.alerts,
            decisions=out.decisions,
            recalls=out.recalls,
            consumed_words=_consumed(seen, self.state, new, out.desk),
            poll=_poll(seen, requests),
        )
        return new, alerts, out.desk, change

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
            policy = self.reload_policy() if self.reload_policy else self.dispatch.policy
            self.book = self.reload()
        except ConfigError as error:
            _log.error("the rules in force stay, the new ones are faulty: %s", error)
        else:
            self.dispatch.heed(policy)
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
        out = self._farewells(kept)
        self.store.commit(
            Change(
                rows=changed_rows(self.state, kept) | out.rows,
                samples=new_samples(self.state, kept),
                forget_samples_before=forgotten_samples(self.state, kept),
                alerts=out.alerts,
                decisions=out.decisions,
                recalls=out.recalls,
            )
        )
        self.state, self.dispatch.desk = kept, out.desk

    def _farewells(self, kept: State) -> Dispatched:
        """Return the end of each alert that goes with its rule, for whoever may know of it."""
        keys = ended(self.state, kept)
        told = reversed(self.store.history.latest(_LOOK_BACK)) if keys else ()
        last = tuple(farewells(keys, told, self.now()))
        out = self.dispatch.made_of(self.book, kept, last, None)
        ends = {alert.idem for alert in last}
        alerts = tuple(replace(one, takes_back=one.idem in ends) for one in out.alerts)
        return replace(out, alerts=alerts)

    def _forget(self, at: datetime) -> None:
        """Drop what is older than `keep`, once a day of the observations' own time, in steps."""
        if self._forgot_at is None or at - self._forgot_at >= _DAY:
            needed = [one.id for one in going_on(self.book, self.state).values()]
            if self.store.forget(at - self.keep, needed):
                self._forgot_at = at


def _waiting(store: Store) -> tuple[str, ...]:
    """Return the words of people that were not heard yet; none where that cannot be told."""
    try:
        return tuple(said.id for said in store.inbox.unheard() if not said.is_past)
    except Transient:
        return ()


def _refusal(daemon: Daemon, seen: Observation) -> str:
    """Return why a word or a past cannot be taken; empty where it can."""
    if isinstance(seen, Past):
        return doubt(seen)
    if not isinstance(seen, Word):
        return ""
    state = daemon.state
    return daemon.dispatch.refusal(seen, state.at) or refusal(daemon.book, state, seen)


def _tell_missing(known: dict[str, frozenset[str]], seen: Snapshot) -> None:
    """Log what is watched and cannot be read, once, and once that it is read again."""
    told = known.get(seen.chain, frozenset())
    missing = {one.key: one.reason for one in seen.missing}
    for key in sorted(missing.keys() - told):
        _log.warning("%s: %s", seen.chain, missing[key])
    there = {one.key for one in seen.positions} | {one.pool.key for one in seen.pools}
    for key in sorted((told - missing.keys()) & there):
        _log.info("%s: %s is read again", seen.chain, key)
    known[seen.chain] = frozenset(missing)


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


def _consumed(seen: Observation, before: State, state: State, desk: Desk) -> dict[str, str]:
    if isinstance(seen, Past):
        return {seen.id: f"{len(seen.bars)} sessions of {seen.name} from {seen.source}"}
    if not isinstance(seen, Word) or seen.verb in SPOKEN:
        return {seen.id: outcome(desk.silences, seen)} if isinstance(seen, Word) else {}
    if seen.verb in {Verb.ACK, Verb.SNOOZE}:
        what = (
            seen.note or "acked"
            if seen.until is None
            else f"snoozed until {seen.until:%Y-%m-%d %H:%M} UTC"
        )
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
