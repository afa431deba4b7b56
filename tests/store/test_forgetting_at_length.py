"""Forgetting goes through what is old, not through all there is: a chain is watched meanwhile."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from monitor.alerts.desk import Choice, Decision
from monitor.store.records import Change, Outgoing
from monitor.store.sqlite import SqliteStore


def test_what_is_young_costs_nothing_to_keep(
    reopen: Callable[..., SqliteStore],
    letter: Callable[..., Outgoing],
    start: datetime,
    figure: Callable[..., None],
) -> None:
    store, made, spent = reopen(), letter("", channels=()), list[float]()
    alerts = tuple(
        Outgoing(idem=f"{n}", key="k", alert_id="A", at=start, payload=made.payload, channels=())
        for n in range(30_000)
    )
    why = [
        Decision(
            at=start,
            alert_id="A",
            idem=f"{n // 2}",
            channel="mqtt",
            choice=Choice.SENT,
            reason="so",
        )
        for n in range(60_000)
    ]
    store.commit(Change(alerts=alerts, decisions=tuple(why)))
    for _ in range(5):
        began = time.process_time()
        assert store.forget(start - timedelta(days=1))
        spent.append(time.process_time() - began)
    figure(
        "forgetting beside 30,000 alerts", 1000 * min(spent), "ms", measured="CPU, of five", most=5
    )
