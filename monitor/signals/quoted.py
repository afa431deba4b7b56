"""What exchanges quote for single contracts, as far as it is fresh."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from monitor.model.layer import Contract
from monitor.model.quote import OptionQuote
from monitor.signals.facts import Facts

MAX_AGE: Final = timedelta(minutes=35)
"""How old a quote may be that still prices; Cboe's free ones lag 15 to 20 minutes."""


def quotes_of(facts: Facts, now: datetime) -> Mapping[Contract, OptionQuote]:
    """Return every quote that is fresh, by its contract."""
    return {
        quote.contract: quote
        for chain in facts.quotes.values()
        for quote in chain
        if timedelta(0) <= now - quote.as_of <= MAX_AGE
    }
