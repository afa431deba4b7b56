"""Whether the daemon sees: what `/readyz` answers."""

from collections.abc import Iterator

from monitor.logs import redact
from monitor.web.seen import Seen


def unready(seen: Seen) -> Iterator[str]:
    """Yield why the daemon is not to be relied on now; nothing where it is."""
    if not seen.running:
        yield "no daemon runs on this store"
    if seen.still:
        yield seen.still
    if seen.trouble:
        yield redact(f"the store takes nothing: {seen.trouble}")
    yield from (redact(f"{name}: {why}") for name, why in seen.blind.items())
