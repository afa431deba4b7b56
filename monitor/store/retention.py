"""Forgetting what is over, a little at a time: whoever asks has a chain to watch meanwhile."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from monitor.store.database import Database
from monitor.store.schema import to_micros

STEP: Final = 250
"""How many rows of each kind go at most at once: tens of milliseconds in a large store."""

_OVER: Final = (
    "NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.event = event.id AND done_at IS NULL"
    " AND (dead_at IS NULL OR dead_at >= ?))"
)


def forget(database: Database, before: datetime, needed: Collection[str]) -> bool:
    """Drop a step of what is older than `before`; return whether nothing of it is left.

    See `monitor.store.port.Store.forget`.
    """
    at, kept = to_micros(before), tuple(needed)
    but = f" AND alert_id NOT IN ({', '.join('?' * len(kept))})" if kept else ""
    old = f"SELECT id FROM event WHERE at < ?{but} AND {_OVER} LIMIT {STEP}"  # noqa: S608 - constants
    decided = f"SELECT id FROM decision WHERE at < ?{but} LIMIT {STEP}"  # noqa: S608 - constants
    heard = f"SELECT seq FROM inbox WHERE at < ? AND result IS NOT NULL LIMIT {STEP}"  # noqa: S608 - constants
    # There may be millions of polls: only the first are looked at, for they lie in order.
    polls = f"SELECT id FROM poll ORDER BY id LIMIT {STEP}"  # noqa: S608 - constants
    with database.transaction():
        gone = [(event,) for (event,) in database.read(old, at, *kept, at)]
        database.run_many("DELETE FROM outbox WHERE event = ?", gone)
        database.run_many("DELETE FROM event WHERE id = ?", gone)
        dropped = (
            len(gone),
            database.run(f"DELETE FROM decision WHERE id IN ({decided})", at, *kept),  # noqa: S608
            database.run(f"DELETE FROM poll WHERE at < ? AND id IN ({polls})", at),  # noqa: S608
            database.run(f"DELETE FROM inbox WHERE seq IN ({heard})", at),  # noqa: S608
        )
    return max(dropped) < STEP
