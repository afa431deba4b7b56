"""What is watched and cannot be read is told in the log once, and its return once."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.app.daemon import Daemon
from monitor.model.observation import Missing
from monitor.pipeline import State
from monitor.store.memory import MemoryStore

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_a_burned_position_and_a_pool_without_code_are_told_once_each(
    hand: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    daemon = Daemon(
        store=MemoryStore(now=NOON),
        book=hand.book("self"),
        state=State(),
        channels=(),
        reload=lambda: hand.book("self"),
        now=lambda: NOON,
    )
    burned = Missing(key=hand.key(9), reason="position 9: it was burned", gone=True)
    pool = Missing(key="1:0xab", reason="pool 0xab: slot0: nothing is deployed there")
    for minute, missing in enumerate([(burned, pool), (burned, pool), (pool,), (pool,)]):
        at = NOON + timedelta(minutes=minute)
        number = 9 if burned not in missing else 1
        seen = hand.snapshot(at, hand.position(number), number=minute + 1, missing=missing)
        daemon.take(seen, 1)
    told = [
        (one.levelname, one.message) for one in caplog.records if one.message.startswith("main")
    ]
    assert told == [
        ("WARNING", "main: position 9: it was burned"),
        ("WARNING", "main: pool 0xab: slot0: nothing is deployed there"),
        ("INFO", f"main: {hand.key(9)} is read again"),
    ]
