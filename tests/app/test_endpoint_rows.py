"""What the daemon saves of its endpoints, for people to look at: when it changes, and no more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.app.daemon import Daemon
from monitor.chain.breaker import BreakerState
from monitor.chain.health import EndpointHealth
from monitor.pipeline import State
from monitor.store.endpoints import KIND, saved_endpoints
from monitor.store.memory import MemoryStore
from monitor.store.records import Change

NOON = datetime(2020, 2, 14, 22, 30, tzinfo=UTC)


class Counting(MemoryStore):
    """A store that counts how often a row of endpoints is written."""

    written = 0

    def commit(self, *changes: Change) -> None:
        self.written += sum(kind == KIND for change in changes for kind, _ in change.rows)
        super().commit(*changes)


async def test_a_chain_s_endpoints_are_saved_whenever_one_fares_otherwise(hand: Any) -> None:
    store = Counting(now=NOON)
    fares = [EndpointHealth(host="a.example", serving=True, breaker=BreakerState.CLOSED)]
    daemon = Daemon(
        store=store,
        book=hand.book("self"),
        state=State(),
        channels=(),
        reload=lambda: hand.book("self"),
        now=lambda: NOON,
        health=lambda name: tuple(fares) if name == "main" else (),
    )
    daemon.take(hand.snapshot(NOON), 1)
    fares[0] = replace(fares[0], requests_made=7, latency_s=0.1, head_age_s=3.0)
    daemon.take(hand.snapshot(NOON + timedelta(seconds=12)), 1)
    daemon.take(hand.vix(19.0, NOON), 1)
    assert store.written == 1
    until = NOON + timedelta(seconds=34)
    fares[0] = replace(fares[0], serving=False, resting_until=until, resting_why="it is down")
    daemon.take(hand.gap("main", NOON + timedelta(seconds=24)), 1)
    assert store.written == 2
    (saved,) = saved_endpoints(store.load().rows)["main"]
    assert (saved.host, saved.serving, saved.resting_until) == ("a.example", False, until)
