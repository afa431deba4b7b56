"""A word that cannot be worked out is consumed, so that it ends no run, and none after it."""

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from monitor.app.daemon import Daemon
from monitor.hedge.legs import parse_leg
from monitor.model.layer import Contract, Fill
from monitor.model.observation import Verb, Word
from monitor.pipeline import State
from monitor.store.memory import MemoryStore
from monitor.store.rows import restore

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
# Of years whose holidays no calendar knows; a leg that is typed never gets here.
UNKNOWN = Fill(
    contract=Contract(kind="vix.call", expiry=date(1950, 1, 4), strike=29.0), quantity=4, price=2.85
)
Start = Callable[[], Daemon]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(now=NOON)


@pytest.fixture
def start(hand: Any, store: MemoryStore) -> Start:
    """Return a starter of daemons, each from what the one before it saved."""

    def starter() -> Daemon:
        saved = store.load()
        return Daemon(
            store=store,
            book=hand.book("alvh"),
            state=restore(saved.rows, saved.samples) if saved.rows else State(),
            channels=(),
            reload=lambda: hand.book("alvh"),
            now=lambda: NOON,
        )

    return starter


def filled(name: str, fill: Fill, at: datetime) -> Word:
    return Word(id=name, verb=Verb.FILL, observed_at=at, by="ann", layer="L2", fills=(fill,))


def test_it_is_refused_and_told_once_and_a_restart_is_well(
    hand: Any, start: Start, store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    daemon = start()
    daemon.take(hand.snapshot(NOON, hand.position()), 1)
    before = daemon.state
    store.inbox.say("w1", "{}", NOON)
    assert daemon.take(filled("w1", UNKNOWN, NOON + timedelta(seconds=1)), 0) == ()
    assert daemon.state == before
    assert store.inbox.unheard() == ()
    reason = store.inbox.heard("w1")
    assert reason is not None
    assert reason.startswith("refused: it cannot be worked out: ")
    (traced,) = [one for one in caplog.records if one.exc_info]
    assert (traced.levelno, traced.getMessage()) == (
        logging.ERROR,
        "`fill L2` by ann cannot be worked out",
    )
    again = start()
    store.inbox.say("w2", "{}", NOON)
    again.take(filled("w2", parse_leg("vix.call 2027-03-17 29 +4"), NOON + timedelta(minutes=1)), 0)
    again.take(hand.snapshot(NOON + timedelta(minutes=2), hand.position(), number=2), 1)
    assert store.inbox.heard("w2") == "L2 on: 4 × VIX 17 Mar 2027 29 call"
    (leg,) = again.state.layers["L2|book"].legs
    assert leg.quantity == 4


def test_what_fails_otherwise_still_ends_the_run(start: Start) -> None:
    daemon = start()
    with pytest.raises(AttributeError):
        daemon.take(None, 0)  # type: ignore[arg-type] - no observation at all
