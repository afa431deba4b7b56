"""Who answers by Telegram: what a button is of, charts of what the daemon knows, pins kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.alerts.alert import AlertState
from monitor.app.asked import Asked
from monitor.app.daemon import Daemon
from monitor.app.errands import Errands
from monitor.app.telegram_desk import Charts, desk_of, pins_of
from monitor.channels.telegram_buttons import Deed, Slip, event_of
from monitor.channels.telegram_desk import Desk, Told
from monitor.channels.telegram_pins import Pin
from monitor.clock import SystemClock
from monitor.model.observation import Verb, Word
from monitor.pipeline import State
from monitor.store.memory import MemoryStore
from monitor.store.records import Change

AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


def now() -> datetime:
    return AT + timedelta(hours=2)


@pytest.fixture
def daemon(hand: Any) -> Daemon:
    rules = hand.book("lp_range")
    return Daemon(
        store=MemoryStore(now=AT),
        book=rules,
        state=replace(State(), epoch="e"),
        channels=("telegram",),
        reload=lambda: rules,
        now=now,
    )


def out_of_range(daemon: Daemon, hand: Any) -> list[Any]:
    """Return the alerts of a position that leaves its range."""
    told: list[Any] = []
    for number in range(6):
        at = AT + timedelta(minutes=20 * number)
        tick = hand.tick + (3_000 if number else 0)
        seen = hand.snapshot(at, hand.position(), tick=tick, number=number + 1)
        told += daemon.take(seen, 0)
    return told


def desk_to(daemon: Daemon) -> Desk:
    errands = Errands(daemon.store.inbox, clock=SystemClock())
    return desk_of(daemon, Asked(daemon, now=now, tells=True), errands, Charts(daemon, tuple, now))


def test_a_button_is_of_the_very_event_it_stood_under(daemon: Daemon, hand: Any) -> None:
    alert, *_ = out_of_range(daemon, hand)
    desk = desk_to(daemon)
    assert desk.told(alert.id, event_of(alert.idem)) == Told(alert=alert, last=alert)
    assert desk.told(alert.id, "00000000") is None
    assert desk.told("000000", event_of(alert.idem)) is None


def test_a_button_knows_what_was_told_last_and_a_word_whether_it_was_left(
    daemon: Daemon, hand: Any
) -> None:
    first, *_ = out_of_range(daemon, hand)
    for number in (7, 8):
        at = AT + timedelta(minutes=20 * number)
        daemon.take(hand.snapshot(at, hand.position(), number=number), 0)
    told = desk_to(daemon).told(first.id, event_of(first.idem))
    assert told is not None
    assert (told.alert, told.last.state) == (first, AlertState.RESOLVED)
    daemon.store.inbox.say("telegram:7:x", "{}", AT)
    assert desk_to(daemon).left("telegram:7:x")
    daemon.store.commit(Change(consumed_words={"telegram:7:x": "refused"}))
    assert desk_to(daemon).left("telegram:7:x")
    assert not desk_to(daemon).left("telegram:8:x")


def test_what_is_acked_snoozed_or_silenced_is_told_with_what_fires(
    daemon: Daemon, hand: Any
) -> None:
    alert, *_ = out_of_range(daemon, hand)
    said = {"observed_at": AT + timedelta(minutes=110), "by": "ann@cli"}
    until = now() + timedelta(hours=1)
    daemon.take(Word(id="1", verb=Verb.SNOOZE, alert=alert.id, until=until, **said), 0)
    quiet = Word(id="2", verb=Verb.SILENCE, matchers=("pack=lp_range",), until=until, **said)
    daemon.take(quiet, 0)
    (silence,) = daemon.dispatch.desk.silences
    told = desk_to(daemon).answer("/alerts", "").splitlines()
    end = [f"silence {silence}, 17:00 UTC", "  pack=lp_range"]
    assert told[-3:] == ["  snoozed, 17:00 UTC", *end]
    assert desk_to(daemon).answer("/status", "").splitlines()[-2:] == end
    daemon.take(Word(id="3", verb=Verb.ACK, alert=alert.id, **said), 0)
    assert "  acked by ann@cli" in desk_to(daemon).answer("/alerts", "").splitlines()


async def test_a_chart_is_of_what_the_daemon_knows(daemon: Daemon, hand: Any) -> None:
    alert, *_ = out_of_range(daemon, hand)
    picture = await Charts(daemon, tuple, now).of_alert(alert)
    assert picture is not None
    assert picture.png.startswith(b"\x89PNG")


async def test_an_alert_without_a_chart_is_told_of_once(
    daemon: Daemon, hand: Any, caplog: pytest.LogCaptureFixture
) -> None:
    alert, *_ = out_of_range(daemon, hand)
    daemon.state = State()
    charts = Charts(daemon, tuple, now)
    assert await charts.of_alert(alert) is None
    assert await charts.of_alert(alert) is None
    assert caplog.text.count("an alert goes without its chart: no pool was read yet") == 1


def test_pins_are_kept_beside_the_state() -> None:
    store = MemoryStore(now=AT)
    store.commit(Change(rows={("other", "message:-5:1"): "[]"}))
    slip = Slip(alert="A17F12", event="00000000", deeds=(Deed.ACK,))
    first = pins_of(store, store.load().rows)
    first.pin(Pin(chat=-5, message=7, slips=(slip,)))
    first.move(-5, -100777)
    again = pins_of(store, store.load().rows)
    assert again.of(["A17F12"]) == (Pin(chat=-5, message=7, slips=(slip,)),)
    assert again.moved == {-5: -100777}
    again.pin(Pin(chat=-5, message=7, slips=()))
    assert ("telegram", "message:-5:7") not in store.load().rows
