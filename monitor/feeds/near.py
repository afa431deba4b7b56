"""Which of an exchange's thousands of quotes are kept: those that a hedge may be priced by."""

from collections.abc import Iterable
from typing import Final

from monitor.errors import Transient
from monitor.feeds.stated import stated
from monitor.feeds.witness import Witness
from monitor.model.quote import OptionQuote
from monitor.model.reading import Reading

REACH: Final = 3.0
"""How far from its forward a strike may lie, by a factor."""

DAYS: Final = 400
"""How far off an expiry may be."""


def within_days(quotes: Iterable[OptionQuote], witness: Witness) -> tuple[OptionQuote, ...]:
    """Return the quotes of expiries from today on, none too far off, that state any price."""
    today = witness.now.date()
    return tuple(
        one
        for one in quotes
        if 0 <= (one.contract.expiry - today).days <= DAYS
        and not one.bid is one.ask is one.mark is None
    )


def within_reach(quotes: Iterable[OptionQuote]) -> tuple[OptionQuote, ...]:
    """Return the quotes of strikes not too far from the forward that is told with each."""
    return tuple(
        one
        for one in quotes
        if one.forward is not None
        and one.forward / REACH <= one.contract.strike <= one.forward * REACH
    )


def counted(root: str, quotes: tuple[OptionQuote, ...], witness: Witness) -> Reading:
    """Return how many there are, as of the newest; raise Transient where there are none."""
    if not quotes:
        raise Transient(f"{witness.source} quotes no option near enough to price by")
    newest = max(one.as_of for one in quotes)
    return stated(witness, f"quotes.{root}", float(len(quotes)), at=newest)
