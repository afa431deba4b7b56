"""What `status` says of feeds, of rules, and of what is watched and cannot be read."""

from collections.abc import Iterator
from typing import Final

from monitor.alerts.figures import age, figure
from monitor.cli.look import Look
from monitor.rules.lifecycle import Phase
from monitor.rules.scopes import scopes_of
from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import SourceSeen
from monitor.signals.of_market import market

_CLOSED_S: Final = 60.0
_MOST_MISSING: Final = 8


def fed(look: Look, name: str) -> str:
    """Return what a feed last said, how old that is, and how it answers."""
    seen = look.state.facts.feeds.get(name)
    how = look.source(seen)
    signal = BY_NAME.get(name)
    if signal is None or seen is None or seen.good_at is None:
        return how
    told = market(look.state.facts, name, look.now)
    if told.as_of is None or told.age_s is None:
        return how
    if told.value is None:
        why = told.note.removeprefix(f"{name} is ")
        late = "older than its limit: " if why != told.note else ""  # else it is frozen
        return f"{late}{why}; answered {how}"
    whole = (look.now - told.as_of).total_seconds()
    shut = ", market closed" if whole - told.age_s > _CLOSED_S else ""
    value = f"{told.value:.0f} rows" if signal.keyed else figure(told.value, signal.unit)
    return f"{value}, {age(whole)} old{shut}, from {told.source}; answered {how}"


def judged(look: Look) -> str:
    """Return how many alerts fire, and what is judged: nearly all of it at rest and not saved."""
    state = look.state
    firing = sum(one.phase is Phase.FIRING for one in state.instances.values())
    if state.at is None:
        return f"{firing} firing, no rule judged yet"
    over = [sum(1 for _ in scopes_of(rule, state.facts, state.layers)) for rule in look.rules]
    rules, instances = sum(1 for count in over if count), sum(over)
    idle = f", {len(over) - rules} with nothing to judge" if rules < len(over) else ""
    return f"{firing} firing, {rules} rules judged in {instances:,} instances{idle}"


def missing(seen: SourceSeen | None) -> Iterator[str]:
    """Yield a sentence for each thing that the last answer could not read or stand by."""
    absent = seen.missing if seen else ()
    yield from (one.reason for one in absent[:_MOST_MISSING])
    if len(absent) > _MOST_MISSING:
        yield f"and {len(absent) - _MOST_MISSING} more"
