"""The tables, and how an older file becomes a present one."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

# Instants are whole microseconds since 1970 UTC: exact, and they sort.
# A sample has no key over (series, at): two may share an instant, and their order counts.
_FIRST: Final = """
CREATE TABLE state (
    kind TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;

CREATE TABLE sample (
    id INTEGER PRIMARY KEY, series TEXT NOT NULL, at INTEGER NOT NULL, value REAL NOT NULL
);
CREATE INDEX sample_by_series ON sample (series, at);

CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, idem TEXT NOT NULL UNIQUE, key TEXT NOT NULL,
    alert_id TEXT NOT NULL, at INTEGER NOT NULL, payload TEXT NOT NULL, expires_at INTEGER
);

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event INTEGER NOT NULL REFERENCES event (id),
    channel TEXT NOT NULL, key TEXT NOT NULL, queued_at INTEGER NOT NULL, due INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, sending INTEGER NOT NULL DEFAULT 0,
    ambiguous INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '',
    done_at INTEGER, dead_at INTEGER,
    CHECK (done_at IS NULL OR dead_at IS NULL), UNIQUE (event, channel)
);
CREATE INDEX outbox_waiting ON outbox (channel, id) WHERE done_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_waiting_by_key ON outbox (channel, key, id)
    WHERE done_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_dead ON outbox (id) WHERE dead_at IS NOT NULL;

CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, json TEXT NOT NULL,
    at INTEGER NOT NULL, result TEXT
);
CREATE INDEX inbox_unheard ON inbox (seq) WHERE result IS NULL;

CREATE TABLE poll (
    id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, at INTEGER NOT NULL,
    number INTEGER, hash TEXT, gap TEXT, requests INTEGER NOT NULL
);
CREATE INDEX poll_by_source ON poll (source, id);

CREATE TABLE tally (
    source TEXT PRIMARY KEY, polls INTEGER NOT NULL, gaps INTEGER NOT NULL,
    requests INTEGER NOT NULL
) WITHOUT ROWID
"""

# What of each position's story is final: chain.checkpoint's record, by position key.
_CHECKPOINTS: Final = """
CREATE TABLE checkpoint (
    key TEXT PRIMARY KEY, chain_id INTEGER NOT NULL, json TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX checkpoint_by_chain ON checkpoint (chain_id)
"""

# How many of the tries may have arrived; of an older row only whether any did is known.
_UNANSWERED: Final = """
ALTER TABLE outbox ADD COLUMN unanswered INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET unanswered = ambiguous
"""

# Why each alert was, or was not, told on each channel. event names it by its idempotency key.
_DECISIONS: Final = """
CREATE TABLE decision (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, alert_id TEXT NOT NULL,
    idem TEXT NOT NULL, channel TEXT NOT NULL, choice TEXT NOT NULL, reason TEXT NOT NULL
);
CREATE INDEX decision_by_alert ON decision (alert_id, id);
CREATE INDEX decision_by_event ON decision (idem)
"""

# What an alert went through is asked for by its short id, by every button and `why`.
_BY_ALERT: Final = "CREATE INDEX event_by_alert ON event (alert_id, id)"

# What is old is forgotten a little at a time, of a year's: a look through all of it holds up polls.
_BY_AGE: Final = """
CREATE INDEX event_by_age ON event (at);
CREATE INDEX decision_by_age ON decision (at)
"""

# Script n brings a file of schema n to schema n + 1. Only ever append.
MIGRATIONS: Final[tuple[str, ...]] = (
    *(_FIRST, _CHECKPOINTS, _UNANSWERED, _DECISIONS, _BY_ALERT, _BY_AGE),
)


def to_micros(at: datetime) -> int:
    """Return whole microseconds since 1970 UTC; raise TypeError for a naive instant."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the aware UTC instant of `to_micros`."""
    return _EPOCH + micros * _MICROSECOND


def maybe_micros(at: datetime | None) -> int | None:
    """Return `to_micros`, or None of None."""
    return None if at is None else to_micros(at)


def maybe_instant(micros: int | None) -> datetime | None:
    """Return `from_micros`, or None of None."""
    return None if micros is None else from_micros(micros)
