"""What is over is forgotten after so many days; what is not over, or looked back on, is kept."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.app.daemon import Daemon
from monitor.config import parse_settings
from monitor.errors import ConfigError
from monitor.model.observation import Gap
from monitor.pipeline import State
from monitor.store.sqlite import SqliteStore, open_sqlite

START = datetime(2026, 3, 2, 17, tzinfo=UTC)
DAY = timedelta(days=1)
# One rule looks back over thirty days, the other over two: their windows are of one series.
RULES = """\
schema = 1
[pack]
id = "back"
title = "Rules that look back"
evidence = "claim"
sources = []
[[rule]]
id = "month"
scope = "book"
action = "notify"
when = 'delta(vix, "{days}d") > 50.0'
text = "VIX {{vix:.1f}}"
[[rule]]
id = "high"
scope = "book"
action = "notify"
when = 'vix > 20.0'
text = "VIX {{vix:.1f}}"
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = open_sqlite(f"sqlite:///{tmp_path}/h.db", now=START)
    yield opened
    opened.close()


def lived(store: SqliteStore, hand: Any, tmp_path: Path, *, keep: int, window: int) -> Daemon:
    """Return a daemon that has lived forty days: a poll, a word's answer and a swing a day."""
    file = tmp_path / "back.toml"
    file.write_text(RULES.format(days=window))
    book = replace(hand.book(files=(file,)), max_gap=2 * DAY)
    daemon = Daemon(
        store=store,
        book=book,
        state=State(),
        channels=("console", "mqtt"),
        reload=lambda: book,
        now=lambda: START,
        keep=keep * DAY,
    )
    for day in range(40):
        at = START + day * DAY
        daemon.take(hand.vix(25.0 + day / 100 if day % 2 else 15.0, at), 1)
        daemon.take(Gap(source="main", observed_at=at, reason=f"gap {day}"), 1)
        for letter in store.outbox.due("console", at, 100):
            store.outbox.delivered(letter.id, at)
        if day >= 3:  # what was decided in the first days never reached this channel
            for letter in store.outbox.due("mqtt", at, 100):
                if letter.queued_at >= START + 3 * DAY:
                    store.outbox.delivered(letter.id, at)
    return daemon


@pytest.mark.parametrize("keep", [7, 30])
def test_what_is_over_goes_after_its_days_and_not_before(
    keep: int, store: SqliteStore, hand: Any, tmp_path: Path
) -> None:
    lived(store, hand, tmp_path, keep=keep, window=2)
    days = [int(str(poll.gap).split()[1]) for poll in store.history.polls("main", 100)]
    assert days == list(range(39, 38 - keep, -1))
    assert store.history.tally("main").polls == 40, "the count since ever stays"
    edge = START + (39 - keep) * DAY
    waiting = {one.idem for one in store.outbox.due("mqtt", START + 99 * DAY, 100)}
    kept = store.history.events(limit=1000)
    assert waiting
    assert {event.idem for event in kept if event.at < edge} >= waiting
    assert all(event.at >= edge for event in kept if event.key != kept[0].key)


def test_all_that_was_told_of_an_alert_stays_until_it_is_over(
    store: SqliteStore, hand: Any, tmp_path: Path
) -> None:
    """Whoever asks why it fires, and the end it comes to with its rule, need what was told."""
    daemon = lived(store, hand, tmp_path, keep=7, window=2)
    after = START + 39 * DAY
    [fired] = [one for one in store.history.events() if (one.key, one.at) == ("high|book", after)]
    for day in range(1, 31):
        daemon.take(hand.vix(30.0, after + day * DAY), 1)
        for channel in ("console", "mqtt"):
            while letters := store.outbox.due(channel, after + day * DAY, 100):
                for letter in letters:
                    store.outbox.delivered(letter.id, after)
    kept = store.history.of_alert(fired.alert_id)
    assert kept[0] == fired
    assert [one.key for one in kept] == ["high|book"] * len(kept)
    for day in (31, 32, 33):
        daemon.take(hand.vix(15.0, after + day * DAY), 1)
    assert fired not in store.history.of_alert(fired.alert_id)


@pytest.mark.parametrize("window", [2, 30])
def test_samples_are_kept_as_long_as_a_rule_looks_back_whatever_is_forgotten(
    window: int, store: SqliteStore, hand: Any, tmp_path: Path
) -> None:
    lived(store, hand, tmp_path, keep=7, window=window)
    ages = [(START + 39 * DAY - one.at) / DAY for one in store.load().samples]
    assert ages, "there is a series"
    # Days of a market are its sessions, with weekends and a week of holidays between them.
    assert window <= max(ages) <= 1.4 * window + 10
    assert min(ages) < 1


@pytest.mark.parametrize("given", ["6", "0", "1.5", '"90"'])
def test_fewer_than_seven_days_are_refused(given: str) -> None:
    with pytest.raises(ConfigError, match=r"store\.keep_days: "):
        parse_settings(f"[store]\nkeep_days = {given}\n")
