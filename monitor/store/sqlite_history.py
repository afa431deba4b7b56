"""The tables of what was: events and polls."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from monitor.alerts.desk import Choice, Decision
from monitor.store.connection import Row
from monitor.store.database import Database
from monitor.store.records import Event, Poll, Tally
from monitor.store.schema import from_micros, to_micros

_EVENT: Final = "SELECT id, idem, key, alert_id, at, payload FROM event"
_DECISION: Final = "SELECT at, alert_id, idem, channel, choice, reason FROM decision"


class SqliteHistory:
    """Events and polls; see `monitor.store.port.History`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def events(self, after: int = 0, *, limit: int = 1000) -> tuple[Event, ...]:
        rows = self._database.read(f"{_EVENT} WHERE id > ? ORDER BY id LIMIT ?", after, limit)
        return tuple(_event(row) for row in rows)

    def latest(self, limit: int) -> tuple[Event, ...]:
        rows = self._database.read(f"{_EVENT} ORDER BY id DESC LIMIT ?", limit)
        return tuple(_event(row) for row in reversed(rows))

    def of_alert(self, alert_id: str) -> tuple[Event, ...]:
        rows = self._database.read(f"{_EVENT} WHERE alert_id = ? ORDER BY id", alert_id)
        return tuple(_event(row) for row in rows)

    def decided(self, alert_id: str) -> tuple[Decision, ...]:
        rows = self._database.read(f"{_DECISION} WHERE alert_id = ? ORDER BY id", alert_id)
        return tuple(_decision(row) for row in rows)

    def decide(self, decisions: Sequence[Decision]) -> None:
        """Keep decisions, in the caller's transaction."""
        self._database.run_many(
            "INSERT INTO decision (at, alert_id, idem, channel, choice, reason)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (to_micros(one.at), one.alert_id, one.idem, one.channel, one.choice, one.reason)
                for one in decisions
            ],
        )

    def polls(self, source: str, limit: int) -> tuple[Poll, ...]:
        rows = self._database.read(
            "SELECT at, number, hash, gap, requests FROM poll WHERE source = ?"
            " ORDER BY id DESC LIMIT ?",
            *(source, limit),
        )
        return tuple(
            Poll(
                source=source,
                at=from_micros(at),
                number=number,
                hash=block_hash,
                gap=gap,
                requests=requests,
            )
            for at, number, block_hash, gap, requests in rows
        )

    def tally(self, source: str, since: datetime | None = None) -> Tally:
        if since is None:
            rows = self._database.read(
                "SELECT polls, gaps, requests FROM tally WHERE source = ?", source
            )
        else:
            rows = self._database.read(
                "SELECT count(*), count(gap), coalesce(sum(requests), 0) FROM poll"
                " WHERE source = ? AND at >= ?",
                *(source, to_micros(since)),
            )
        if not rows:
            return Tally()
        polls, gaps, requests = rows[0]
        return Tally(polls=polls, gaps=gaps, requests=int(requests))


def _decision(row: Row) -> Decision:
    at, alert_id, idem, channel, choice, reason = row
    return Decision(
        at=from_micros(at),
        alert_id=alert_id,
        idem=idem,
        channel=channel,
        choice=Choice(choice),
        reason=reason,
    )


def _event(row: Row) -> Event:
    number, idem, key, alert_id, at, payload = row
    return Event(
        id=number, idem=idem, key=key, alert_id=alert_id, at=from_micros(at), payload=payload
    )
