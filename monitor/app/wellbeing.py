"""How the daemon is doing, for its heartbeat."""

from monitor.channels.vitals import Vitals
from monitor.errors import HedgewatchError
from monitor.pipeline import State
from monitor.store.port import Outbox


def vitals_of(state: State, outbox: Outbox) -> Vitals:
    """Return what a heartbeat tells; a store that cannot be read leaves the outbox unknown."""
    try:
        owed = outbox.backlog()
    except HedgewatchError:
        return Vitals(chains=state.facts.chains)
    return Vitals(
        chains=state.facts.chains,
        waiting=sum(one.waiting for one in owed),
        dead=sum(one.dead for one in owed),
    )
