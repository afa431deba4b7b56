"""A daemon with a policy over a store in memory; time passes by observations alone."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from monitor.alerts.alert import Alert
from monitor.alerts.desk import Decision
from monitor.alerts.policy import Policy
from monitor.alerts.wire import from_json
from monitor.app.daemon import Daemon
from monitor.model.observation import Readings, Verb, Word
from monitor.pipeline import Rulebook, State
from monitor.store.desk import restored_desk
from monitor.store.memory import MemoryStore
from monitor.store.rows import epoch_of, restore

# A Wednesday, 15:00 in New York: the VIX is in session.
AT = datetime(2020, 3, 4, 20, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CHANNELS = ("console", "telegram", "mqtt")
RULES = """\
schema = 1
[pack]
id = "calm"
title = "Four rules over one number"
evidence = "claim"
sources = []
[[rule]]
id = "r.info"
scope = "book"
action = "notify"
severity = "info"
when = 'vix > 16.0'
text = "{vix:.1f}"
[[rule]]
id = "r.warn"
scope = "book"
action = "notify"
when = 'vix > 20.0'
text = "{vix:.1f}"
[[rule]]
id = "r.crit"
scope = "book"
action = "notify"
severity = "critical"
when = 'vix > 30.0'
text = "{vix:.1f}"
[[rule]]
id = "r.mqtt"
scope = "book"
action = "notify"
route = ["mqtt"]
when = 'vix > 40.0'
text = "{vix:.1f}"
"""
_POLICY: TypeAdapter[Policy] = TypeAdapter(Policy)


def policy(text: str) -> Policy:
    """Return what an `[alerts]` says, its tables named as in config.toml."""
    return _POLICY.validate_python(tomllib.loads(text).get("alerts", {}))


def rules(hand: Any, folder: Path) -> Rulebook:
    """Return the four rules."""
    file = folder / "calm.toml"
    file.write_text(RULES)
    book: Rulebook = hand.book(files=(file,))
    return book


@dataclass
class Policed:
    """The daemon, and what reached whom. now: the observations' time and the couriers'."""

    book: Rulebook
    policy: Policy
    hand: Any
    now: datetime = AT
    store: MemoryStore = field(default_factory=lambda: MemoryStore(now=AT))
    daemon: Daemon = field(init=False)
    _words: Callable[[], int] = field(default_factory=lambda: count().__next__)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start the daemon, anew where it ran before."""
        saved = self.store.load()
        state = restore(saved.rows, saved.samples) if saved.rows else State()
        self.daemon = Daemon(
            store=self.store,
            book=self.book,
            state=replace(state, epoch=epoch_of(AT)),
            channels=CHANNELS,
            reload=lambda: self.book,
            now=lambda: self.now,
            policy=self.policy,
            people=frozenset({"telegram"}),
            desk=restored_desk(saved.rows),
        )
        self.daemon.tidy()

    def vix(self, value: float) -> None:
        """Have the VIX be so, now."""
        self.daemon.take(self.hand.vix(value, self.now), 0)

    def wait(self, span: timedelta = MINUTE) -> None:
        """Have time pass, and the daemon notice."""
        self.now += span
        self.daemon.take(Readings(source="self", observed_at=self.now, readings=()), 0)

    def say(self, verb: Verb, **more: Any) -> str:
        """Say a word; return what came of it."""
        word = Word(id=f"w{self._words()}", verb=verb, observed_at=self.now, by="ann@cli", **more)
        self.store.inbox.say(word.id, "{}", self.now)
        self.daemon.take(word, 0)
        return self.store.inbox.heard(word.id) or ""

    def silence(self, *matchers: str, span: timedelta, why: str = "") -> str:
        """Silence what matches; return the silence's id."""
        until = self.now + span
        heard = self.say(Verb.SILENCE, matchers=matchers, until=until, note=why)
        return heard.split()[1]

    def told(self, channel: str = "telegram") -> list[str]:
        """Deliver what is due on a channel; return each alert as `rule state: reason`."""
        return [f"{one.rule} {one.state}: {one.reason}" for one in self.delivered(channel)]

    def delivered(self, channel: str = "telegram") -> list[Alert]:
        """Deliver what is due on a channel."""
        taken = list[Alert]()
        while letters := self.store.outbox.due(channel, self.now, 10):
            for letter in letters:
                self.store.outbox.sending(letter.id)
                self.store.outbox.delivered(letter.id, self.now)
                taken.append(from_json(letter.payload))
        return taken

    def id_of(self, rule: str) -> str:
        """Return the six characters of a rule's newest alert."""
        alerts = (from_json(one.payload) for one in self.store.history.events())
        return [one.id for one in alerts if one.rule == rule][-1]

    def decided(self, rule: str, channel: str = "telegram") -> list[str]:
        """Return what was decided of a rule's newest alert on a channel: `silent: why`."""
        return [
            f"{one.choice}: {one.reason}"
            for one in self.store.history.decided(self.id_of(rule))
            if one.channel == channel
        ]

    def decisions(self) -> list[Decision]:
        """Return every decision, by alert."""
        ids = dict.fromkeys(one.alert_id for one in self.store.history.events())
        return [one for name in ids for one in self.store.history.decided(name)]
