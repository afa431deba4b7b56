"""How each chain's endpoints are doing, as rows of the store that people look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter, ValidationError

from monitor.chain.health import EndpointHealth
from monitor.store.records import RowKey

KIND: Final = "endpoints"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSeen:
    """One endpoint as the daemon last saw it; the words are those of EndpointHealth."""

    host: str
    serving: bool
    asked: bool
    resting_until: datetime | None = None
    resting_why: str = ""
    quarantined_since: datetime | None = None
    quarantined_why: str = ""
    logs_resting_until: datetime | None = None
    logs_resting_why: str = ""
    log_width: int | None = None


_SEEN: Final = TypeAdapter(tuple[EndpointSeen, ...])


def seen_of(found: Sequence[EndpointHealth]) -> tuple[EndpointSeen, ...]:
    """Return a chain's endpoints without what changes at every block."""
    return tuple(
        EndpointSeen(
            host=one.host,
            serving=one.serving,
            asked=one.asked,
            resting_until=one.resting_until,
            resting_why=one.resting_why,
            quarantined_since=one.quarantined_since,
            quarantined_why=one.quarantined_why,
            logs_resting_until=one.logs_resting_until,
            logs_resting_why=one.logs_resting_why,
            log_width=one.log_width,
        )
        for one in found
    )


def row_of(found: Sequence[EndpointHealth]) -> str:
    """Return a chain's row: what changes at every block is left out, so that few are written."""
    return _SEEN.dump_json(seen_of(found)).decode()


def saved_endpoints(rows: Mapping[RowKey, str]) -> dict[str, tuple[EndpointSeen, ...]]:
    """Return what was saved, by the chain's name in config; what cannot be read is left out."""
    found: dict[str, tuple[EndpointSeen, ...]] = {}
    for (kind, name), text in rows.items():
        if kind == KIND:
            try:
                found[name] = _SEEN.validate_json(text)
            except ValidationError:
                continue  # of another version, and written again at the next poll
    return found
