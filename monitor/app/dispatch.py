"""Alerts on their way out: what the policy makes of them, as the store takes it."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial

from monitor.alerts.alert import Alert
from monitor.alerts.desk import Decision, Desk, Post
from monitor.alerts.later import sat
from monitor.alerts.policy import PLAIN, Policy
from monitor.alerts.silence import SPOKEN, refusal
from monitor.alerts.sitting import Scene, takes_back
from monitor.alerts.weigh import soundless
from monitor.alerts.wire import to_json
from monitor.app.retell import again, going_on
from monitor.model.observation import Observation, Word
from monitor.pipeline import Rulebook, State
from monitor.store.desk import changed_desk
from monitor.store.records import Outgoing, Recall, RowKey

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatched:
    """What leaves after one step, to be committed with it. desk: what is remembered then."""

    desk: Desk
    alerts: tuple[Outgoing, ...]
    decisions: tuple[Decision, ...]
    recalls: tuple[Recall, ...] = ()
    rows: Mapping[RowKey, str | None]


@dataclass(slots=True, kw_only=True)
class Dispatch:
    """The policy at work. people: which of the channels people read. now: the delivery clock's.

    waiting: the ids of words that were not heard yet.
    """

    channels: tuple[str, ...]
    now: Callable[[], datetime]
    policy: Policy = PLAIN
    people: frozenset[str] = frozenset()
    desk: Desk = field(default_factory=Desk)
    waiting: Callable[[], Collection[str]] = tuple

    def heed(self, policy: Policy) -> None:
        """Go by another policy from now on."""
        if missing := sorted({name for _, name in policy.named()} - {*self.channels}):
            told = "not opened before the next start, and nothing is told there until then"
            _log.warning("%s: %s", ", ".join(missing), told)
        self.policy = policy

    def refusal(self, word: Word, at: datetime | None) -> str:
        """Return why a word about silences cannot be taken, or an empty text.

        at: the time of what was observed last.
        """
        if word.verb not in SPOKEN:
            return ""
        return refusal(self.desk.silences, word, at or word.observed_at)

    def made_of(
        self, book: Rulebook, state: State, alerts: Sequence[Alert], seen: Observation | None
    ) -> Dispatched:
        """Return what leaves after a step that came to `state` and made `alerts`."""
        word = seen if isinstance(seen, Word) and seen.verb in SPOKEN else None
        idle = self.policy == PLAIN and self.desk.empty and word is None
        if idle and not alerts:
            return Dispatched(desk=self.desk, alerts=(), decisions=(), rows={})
        scene = Scene(
            policy=self.policy,
            channels=self.channels,
            people=self.people,
            now=state.at or (seen.observed_at if seen else self.now()),
            clock=self.now(),
            open={} if idle else going_on(book, state),
            again=partial(again, book, state),
            unheard=cache(lambda: any(one != getattr(seen, "id", "") for one in self.waiting())),
        )
        sitting = sat(scene, self.desk, alerts, word)
        return Dispatched(
            desk=sitting.desk,
            alerts=tuple(self.outgoing(post) for post in sitting.posts),
            decisions=tuple(sitting.decisions),
            recalls=tuple(
                Recall(
                    key=one.key,
                    alert=one.alert,
                    channel=one.channel,
                    at=scene.now,
                    reason=one.reason,
                )
                for one in sitting.recalled
            ),
            rows=changed_desk(self.desk, sitting.desk),
        )

    def hush(self, alert: Alert, now: datetime) -> bool:
        """Return whether an alert delivered now makes no sound."""
        return soundless(self.policy, self.desk.silences.values(), alert, now)

    def outgoing(self, post: Post) -> Outgoing:
        """Return an alert as the store takes it."""
        alert = post.alert
        return Outgoing(
            idem=alert.idem,
            key=alert.key,
            alert_id=alert.id,
            at=alert.at,
            payload=to_json(alert),
            channels=post.channels,
            expires_at=alert.expires_at,
            takes_back=takes_back(alert),
            # A block may be stamped ahead of our clock; its alerts need not wait for that.
            due=min(alert.at, self.now()),
            held=post.held,
            decisions=post.decisions,
        )
