"""What the daemon says of itself by MQTT: that it is there, and how it is doing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from monitor import __version__
from monitor.logs import redact
from monitor.signals.facts import SourceSeen

STATUS_SCHEMA: Final = "hedgewatch.status/1"
HEARTBEAT_SCHEMA: Final = "hedgewatch.heartbeat/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """How the daemon is doing.

    chains: by name in config. waiting, dead: alerts on their way to all channels, and those
    given up; None where that is not known.
    """

    chains: Mapping[str, SourceSeen] = field(default_factory=dict)
    waiting: int | None = None
    dead: int | None = None


def status_json(state: Literal["online", "offline"], started: datetime) -> str:
    """Return the status; also what the broker is to say should we vanish."""
    return json.dumps(
        {
            "schema": STATUS_SCHEMA,
            "state": state,
            "started": started.isoformat(timespec="seconds"),
            "version": __version__,
        }
    )


def heartbeat_json(now: datetime, vitals: Vitals) -> str:
    """Return one heartbeat; ages are counted up to `now`."""
    return json.dumps(
        {
            "schema": HEARTBEAT_SCHEMA,
            "ts": now.isoformat(timespec="seconds"),
            "chains": {name: _chain(now, seen) for name, seen in sorted(vitals.chains.items())},
            "outbox": {"waiting": vitals.waiting, "dead": vitals.dead},
        }
    )


def _chain(now: datetime, seen: SourceSeen) -> dict[str, Any]:
    lag = (now - seen.block.timestamp).total_seconds() if seen.block else None
    return {
        "block": seen.block.number if seen.block else None,
        "lag_s": None if lag is None else round(lag, 1),
        "observed_at": seen.good_at.isoformat() if seen.good_at else None,
        "gap": redact(seen.gap) or None,
    }
