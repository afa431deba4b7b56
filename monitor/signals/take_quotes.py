"""Taking what exchanges quote for single contracts into the facts.

They are not kept over a restart: until the next poll nothing is quoted, and the model prices.
"""

from collections.abc import Mapping

from monitor.model.observation import Readings
from monitor.model.quote import OptionQuote
from monitor.signals.facts import Facts


def with_quotes(facts: Facts, seen: Readings) -> Mapping[str, tuple[OptionQuote, ...]]:
    """Return the quotes after an answer: those of whoever quotes in it are replaced whole.

    An answer without a quote says nothing of them; what it last quoted grows old.
    """
    if not seen.quotes:
        return facts.quotes
    first = seen.quotes[0].source
    if all(quote.source == first for quote in seen.quotes):
        return {**facts.quotes, first: seen.quotes}  # the same object, which is indexed once
    by_source: dict[str, list[OptionQuote]] = {}
    for quote in seen.quotes:
        by_source.setdefault(quote.source, []).append(quote)
    return {**facts.quotes, **{source: tuple(some) for source, some in by_source.items()}}
