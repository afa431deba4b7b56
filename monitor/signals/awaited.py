"""Which sources that names rest on are still to be heard in this run of the daemon.

What is not known because nobody was asked yet is no news, and what was known before the
daemon was down is no measure of how its sources answer.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from monitor.signals.catalogue import BY_NAME, Scope
from monitor.signals.facts import Facts, SourceSeen, newest

AT_START: Final = timedelta(minutes=5)
"""A source that says nothing at all, not even a failure, is waited for no longer than this."""

_OF_CHAINS: Final = frozenset({Scope.CHAIN, Scope.POOL, Scope.POSITION, Scope.BOOK})


def began_at(facts: Facts) -> datetime | None:
    """Return when this run of the daemon began, None where nobody said."""
    up = newest(facts, "system.up_s")
    return up.as_of - timedelta(seconds=up.value) if up else None


def heard(source: SourceSeen | None, began: datetime) -> bool:
    """Return whether a source has answered since `began`, or fails."""
    if source is None:
        return False
    return bool(source.gap) or (source.good_at is not None and source.good_at >= began)


def awaited(facts: Facts, names: Iterable[str], *, sources: Collection[str], now: datetime) -> str:
    """Return a source that one of the names rests on and that is still to be heard, or nothing.

    sources: those there are, chains and feeds.
    """
    began = began_at(facts)
    if began is None or now - began >= AT_START:
        return ""
    for name in _roots(names):
        signal = BY_NAME.get(name)
        if name in sources and not heard(facts.feeds.get(name), began):
            return name
        if signal is not None and (signal.scope in _OF_CHAINS or name == "system.poll_age_s"):
            for chain, seen in facts.chains.items():
                if not heard(seen, began):
                    return chain
            if not facts.chains:
                return "the chains"
    return ""


def _roots(names: Iterable[str]) -> set[str]:
    """Return the names, with all they are computed from."""
    found, left = set[str](), list(names)
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        signal = BY_NAME.get(name)
        left += signal.inputs if signal is not None else ()
        left += ("vix",) if name == "vix_age_s" else ()
    return found
