"""The daily digest: at its local hour, once a day, whatever is restarted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.alerts.render import console_line, plain
from monitor.alerts.wire import from_json
from monitor.app.alive import Alive, digest
from monitor.channels.port import Message
from monitor.config import parse_settings
from monitor.config.service import AliveSettings
from monitor.errors import ConfigError
from monitor.pipeline import State
from monitor.store.rows import epoch_of
from monitor.store.sqlite import open_sqlite

BERLIN = AliveSettings(at="08:00", zone="Europe/Berlin", channels=("telegram",))
STATE = replace(State(), epoch="5e469a20")


@pytest.mark.parametrize(
    ("at", "day"),
    [
        pytest.param(datetime(2026, 1, 10, 6, 59, tzinfo=UTC), None, id="winter, before"),
        pytest.param(datetime(2026, 1, 10, 7, 0, tzinfo=UTC), "2026-01-10", id="winter, at"),
        pytest.param(datetime(2026, 7, 10, 5, 59, tzinfo=UTC), None, id="summer, before"),
        pytest.param(datetime(2026, 7, 10, 6, 0, tzinfo=UTC), "2026-07-10", id="summer, at"),
        pytest.param(datetime(2026, 7, 10, 21, 59, tzinfo=UTC), "2026-07-10", id="late"),
        pytest.param(datetime(2026, 7, 10, 22, 0, tzinfo=UTC), None, id="past local midnight"),
    ],
)
def test_it_is_due_from_its_local_hour_to_local_midnight(at: datetime, day: str | None) -> None:
    alert = digest(BERLIN, STATE, at)
    assert (alert and alert.idem) == (day and f"5e469a20:alive:{day}")


def test_it_reads_well_on_a_phone_and_a_console() -> None:
    at = datetime(2026, 7, 10, 6, 0, tzinfo=UTC)
    alert = digest(BERLIN, STATE, at, more="no alert waits")
    assert alert is not None
    told = plain(Message(alert=alert, tries=0, repeat=False, now=at))
    assert told.splitlines() == [
        f"🔵 Alive   {alert.id}",
        "",
        "Calm, nothing fires",
        "0 positions, unknown",
        "IL unknown",
        "no layer on",
        "no alert waits",
    ]
    assert len(console_line(alert)) <= 80


@pytest.fixture
def days(tmp_path: Path) -> Callable[[datetime, int], list[str]]:
    """Return what runs a daemon of its own over hours, looking each minute; it tells the days."""
    url = f"sqlite:///{tmp_path}/h.db"

    def run(begin: datetime, minutes: int) -> list[str]:
        store = open_sqlite(url, now=begin)
        try:
            state = replace(State(), epoch=epoch_of(store.load().created_at))
            alive = Alive(BERLIN, store, ("console", "telegram", "mqtt"))
            for minute in range(minutes):
                alive.look(state, begin + timedelta(minutes=minute))
            owed = {one.channel: one.waiting for one in store.outbox.backlog()}
            told = [event.idem.rpartition(":")[2] for event in store.history.events()]
            assert owed == ({"telegram": len(told)} if told else {})
            payloads = [from_json(event.payload) for event in store.history.events()]
            assert all(one.route == ("telegram",) for one in payloads)
            for event in store.history.events():
                why = {one.channel: one.reason for one in store.history.decided(event.alert_id)}
                left_out = dict.fromkeys(("console", "mqtt"), "left out by [alive]")
                assert why == {"telegram": "[alive] names it", **left_out}
            return told
        finally:
            store.close()

    return run


def test_it_is_told_once_a_day_over_restarts(
    days: Callable[[datetime, int], list[str]],
) -> None:
    start = datetime(2026, 7, 10, 5, 0, tzinfo=UTC)
    assert days(start, 59) == []
    assert days(start, 120) == ["2026-07-10"]
    assert days(start + timedelta(hours=2), 60) == ["2026-07-10"]
    assert days(start + timedelta(hours=3), 24 * 60) == ["2026-07-10", "2026-07-11"]
    # It was down at the hour of the 12th, and is up in the afternoon.
    assert days(start + timedelta(days=2, hours=8), 5)[-1] == "2026-07-12"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ('at = "8"', "at must be an hour of the day like \"08:00\", was '8'"),
        ('at = "24:10"', "at must be an hour of the day like \"08:00\", was '24:10'"),
        ('zone = "Mars/Olympus"', "zone must be one like \"Europe/Berlin\", was 'Mars/Olympus'"),
        ('zone = "../passwd"', "zone must be one like \"Europe/Berlin\", was '../passwd'"),
        ('channels = ["telegram"]', "no channel 'telegram'; configured: console"),
    ],
)
def test_a_faulty_table_is_told_in_one_sentence(given: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(f"[alive]\n{given}\n")
    assert any(told in str(fault) for fault in caught.value.faults)
