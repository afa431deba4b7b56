"""Whether the daemon sees: what `/readyz` answers."""

from collections.abc import Iterator

from monitor.alerts.figures import age
from monitor.logs import redact
from monitor.rules.surroundings import CHAIN_MAX_AGE
from monitor.web.seen import Seen


def unready(seen: Seen) -> Iterator[str]:
    """Yield why the daemon is not to be relied on now; nothing where it is."""
    if not seen.running:
        yield "no daemon runs on this store"
    at = seen.state.at
    if at is None:
        yield "nothing was observed yet"
    elif (still := seen.now - at) > CHAIN_MAX_AGE:
        yield f"nothing was observed for {age(still.total_seconds())}"
    yield from (redact(f"{name}: {why}") for name, why in seen.blind.items())
