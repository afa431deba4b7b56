"""What the daemon cannot see: chains that do not answer, and what they could not tell of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.signals.awaited import AT_START, began_at
from monitor.signals.facts import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """For how many seconds each chain has not been read, one that was never tried left out.

    awaited: a chain that was not read yet since the daemon began, which is not long ago.
    """

    dark_s: Mapping[str, float] = field(default_factory=dict)
    awaited: str = ""

    def blind(self, limit: timedelta) -> tuple[str, ...]:
        """Return the chains not read for longer than `limit`, by name; else the worst alone."""
        over = [name for name, dark_s in self.dark_s.items() if dark_s > limit.total_seconds()]
        worst = max(self.dark_s, key=self.dark_s.__getitem__, default="")
        return tuple(sorted(over)) or ((worst,) if worst and self.dark_s[worst] > 0 else ())


def sight(facts: Facts, now: datetime) -> Sight:
    """Return how long we have been blind, a daemon that was down before not counted."""
    began = began_at(facts)
    dark_s, awaited = dict[str, float](), ""
    for source in facts.chains.values():
        since = source.good_at or source.gap_since
        if since is None:
            continue
        if began is not None and since < began:
            since = began
            if now - began < AT_START:
                awaited = awaited or source.name
        dark_s[source.name] = (now - since).total_seconds()
    return Sight(dark_s=dark_s, awaited=awaited)


def entries_unknown(facts: Facts) -> tuple[str, ...]:
    """Return why the entry of each position that holds liquidity is unknown."""
    return tuple(
        f"{seen.chain}: #{seen.position.token_id}: {seen.position.basis_note or 'not read yet'}"
        for seen in facts.positions.values()
        if seen.position.liquidity and seen.position.basis is None and not seen.gone
    )


def unread(facts: Facts) -> tuple[str, ...]:
    """Return why each watch and position was not read in its chain's newest snapshot.

    What the chain itself says is gone is no longer there to read.
    """
    return tuple(
        f"{source.name}: {one.reason}"
        for source in facts.chains.values()
        for one in source.missing
        if not one.gone
    )
