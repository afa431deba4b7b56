"""An alert whose rule is taken out of the rules ends, and whoever heard of it hears that."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.wire import from_json
from monitor.app.daemon import Daemon
from monitor.model.observation import Readings
from monitor.pipeline import Rulebook, State
from monitor.store.rows import restore
from monitor.store.sqlite import SqliteStore, open_sqlite

AT = datetime(2026, 3, 2, 20, 30, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
RULE = """\
schema = 1
[pack]
id = "one"
title = "One rule"
evidence = "claim"
sources = []
[[rule]]
id = "{id}"
scope = "book"
action = "notify"
when = 'vix > 16.0'
title = "VIX is high"
text = "{{vix}}"
"""


@dataclass
class Run:
    """A daemon over one store, which may be started anew. books: its rules, by the rule's id."""

    store: SqliteStore
    books: dict[str, Rulebook]
    now: datetime = AT
    rule: str = "high"
    daemon: Daemon = field(init=False)

    def start(self, *channels: str) -> None:
        saved = self.store.load()
        self.daemon = Daemon(
            store=self.store,
            book=self.books[self.rule],
            state=restore(saved.rows, saved.samples) if saved.rows else State(),
            channels=channels,
            reload=lambda: self.books[self.rule],
            now=lambda: self.now,
        )
        self.daemon.tidy()

    def deliver(self, channel: str) -> list[Alert]:
        """Have a channel take all that waits for it."""
        taken = []
        while letters := self.store.outbox.due(channel, LATER + timedelta(days=1), 10):
            for letter in letters:
                self.store.outbox.sending(letter.id)
                self.store.outbox.delivered(letter.id, self.now)
                taken.append(from_json(letter.payload))
        return taken


@pytest.fixture
def run(hand: Any, tmp_path: Path) -> Iterator[Run]:
    """A run whose rule `high` fires, which `telegram` has heard of and `mqtt` has not."""
    books = dict[str, Rulebook]()
    for rule in ("high", "other"):
        file = tmp_path / f"{rule}.toml"
        file.write_text(RULE.format(id=rule))
        books[rule] = hand.book(files=(file,))
    books["other"] = replace(books["other"], rules=())
    with closing(open_sqlite(f"sqlite:///{tmp_path}/h.db", now=AT)) as store:
        made = Run(store=store, books=books)
        made.start("telegram", "mqtt")
        made.daemon.take(hand.vix(17.0, AT), 0)
        (fired,) = made.deliver("telegram")
        assert fired.state is AlertState.FIRING
        made.now, made.rule = LATER, "other"
        yield made


@pytest.mark.parametrize("restarted", [False, True])
def test_it_ends_for_whoever_heard_of_it_and_once(run: Run, *, restarted: bool) -> None:
    if restarted:
        run.start("telegram", "mqtt")
    else:
        run.daemon.reload_rules()
    (first,) = (from_json(one.payload) for one in run.store.history.events(limit=1))
    (told,) = run.deliver("telegram")
    assert (told.state, told.reason) == (AlertState.RESOLVED, "its rule is no longer in force")
    assert (told.id, told.key, told.title) == (first.id, first.key, "VIX is high")
    assert (told.at, told.since, told.text, told.trace) == (LATER, first.since, "", ())
    assert run.deliver("mqtt") == [], "it had not been told, and need not be any more"
    run.start("telegram", "mqtt")
    assert run.deliver("telegram") == []


def test_the_next_episode_of_a_rule_that_comes_back_is_told_anew(run: Run, hand: Any) -> None:
    run.daemon.reload_rules()
    run.rule = "high"
    run.daemon.reload_rules()
    run.daemon.take(hand.vix(18.0, LATER), 0)
    states = [one.state for one in run.deliver("telegram")]
    assert states == [AlertState.RESOLVED, AlertState.FIRING]
    run.rule = "other"
    run.daemon.reload_rules()
    assert [one.state for one in run.deliver("telegram")] == [AlertState.RESOLVED]


def test_what_did_not_fire_ends_without_a_word(run: Run, hand: Any) -> None:
    run.daemon.take(hand.vix(15.0, LATER), 0)
    run.deliver("telegram")
    run.daemon.reload_rules()
    assert run.deliver("telegram") == []


def test_what_was_told_as_unknown_ends_with_its_rule_each_time(hand: Any, tmp_path: Path) -> None:
    file = tmp_path / "dark.toml"
    file.write_text(RULE.format(id="dark").replace("when =", 'on_nodata = "alert"\nwhen ='))
    dark = hand.book(files=(file,))
    books = {"dark": dark, "other": replace(dark, rules=())}
    told = list[Alert]()
    with closing(open_sqlite(f"sqlite:///{tmp_path}/h.db", now=AT)) as store:
        run = Run(store=store, books=books, rule="dark")
        run.start("telegram", "mqtt")
        for hours in (1, 25):
            run.daemon.take(hand.vix(15.0, run.now), 0)
            run.now = AT + timedelta(hours=hours)
            run.daemon.take(Readings(source="self", observed_at=run.now, readings=()), 0)
            told += run.deliver("mqtt")
            run.rule = "other"
            run.daemon.reload_rules()
            told += run.deliver("mqtt")
            run.rule = "dark"
            run.daemon.reload_rules()
        assert run.deliver("mqtt") == []
        assert run.deliver("telegram") == [], "it had not been told, and need not be any more"
    assert [one.state for one in told] == [AlertState.NODATA, AlertState.RESOLVED] * 2
    assert told[1].reason == "its rule is no longer in force"
    assert told[1].id == told[0].id
    assert len({one.idem for one in told}) == 4
