"""What exchanges quote for single contracts, as far as it is fresh."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from monitor.model.layer import Contract
from monitor.model.quote import OptionQuote
from monitor.model.same import Same
from monitor.signals.facts import Facts

MAX_AGE: Final = timedelta(minutes=35)
"""How old a quote may be that still prices; Cboe's free ones lag 15 to 20 minutes."""

AHEAD: Final = timedelta(minutes=1)
"""How far past now a quote may be stamped: clocks differ by that much."""

DERIVE: Final = "derive"
"""How its sources' names begin. Its options are settled in US dollars: other contracts than
Deribit's, to compare only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRow:
    """Both options of one strike and expiry. forward: of the expiry, as the exchange has it."""

    strike: float
    call: OptionQuote | None
    put: OptionQuote | None
    forward: float | None


def quotes_of(facts: Facts, now: datetime) -> Mapping[Contract, OptionQuote]:
    """Return every quote that is fresh and prices, by its contract."""
    found: dict[Contract, OptionQuote] = {}
    for source, chain in facts.quotes.items():
        if not source.startswith(DERIVE):
            found |= _fresh(chain, now)
    return found


def chain_rows(
    facts: Facts, now: datetime, root: str, expiry: date, *, source: str = ""
) -> tuple[ChainRow, ...]:
    """Return the fresh quotes of an expiry, strikes rising; none where nobody quotes it.

    root: what its kinds begin with: `eth`, `btc`, `vix`, `spx` or `spxw`. source: whose, by
    default the exchange's whose contracts those kinds are. Derive's are in US dollars.
    """
    known = _fresh(facts.quotes.get(source, ()), now) if source else quotes_of(facts, now)
    sides = {
        right: {
            what.strike: quote
            for what, quote in known.items()
            if what.expiry == expiry and what.kind == f"{root}.{right}"
        }
        for right in ("call", "put")
    }
    calls, puts = sides["call"], sides["put"]
    return tuple(
        _row(strike, calls.get(strike), puts.get(strike)) for strike in sorted({*calls, *puts})
    )


def _row(strike: float, call: OptionQuote | None, put: OptionQuote | None) -> ChainRow:
    told = [one.forward for one in (call, put) if one and one.forward is not None]
    return ChainRow(strike=strike, call=call, put=put, forward=next(iter(told), None))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    """A chain by contract. oldest, newest: when its quotes were stated."""

    by_contract: Mapping[Contract, OptionQuote]
    oldest: datetime
    newest: datetime


def _fresh(chain: tuple[OptionQuote, ...], now: datetime) -> Mapping[Contract, OptionQuote]:
    if not chain:
        return {}
    index = _indexed(Same(chain))
    if now - MAX_AGE <= index.oldest and index.newest <= now + AHEAD:
        return index.by_contract
    if index.newest < now - MAX_AGE:
        return {}
    return _by_contract(one for one in chain if now - MAX_AGE <= one.as_of <= now + AHEAD)


@lru_cache(maxsize=8)
def _indexed(of: Same[tuple[OptionQuote, ...]]) -> _Index:
    stamps = {one.as_of for one in of.of}
    return _Index(by_contract=_by_contract(of.of), oldest=min(stamps), newest=max(stamps))


def _by_contract(quotes: Iterable[OptionQuote]) -> Mapping[Contract, OptionQuote]:
    return {quote.contract: quote for quote in quotes}
