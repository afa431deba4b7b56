"""Option chains as venues quote them: by expiry, both sides of every strike, fresh ones alone."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from statistics import median
from typing import Final, TypeAlias

import numpy as np

from monitor.hedge.black76 import Floats
from monitor.hedge.contracts import KINDS, Right, expired, kind_of, years_left
from monitor.model.layer import Contract
from monitor.model.quote import OptionQuote
from monitor.signals.facts import Facts
from monitor.signals.quoted import AHEAD, MAX_AGE

Pick: TypeAlias = Callable[[OptionQuote], float | None]
"""What to take of a quote."""

FAR_OFF: Final = 0.20
"""A venue's forward further than this from the coin's price is in another unit, or wrong."""

_LATE: Final = frozenset({"cboe"})
"""Venues whose free quotes come 15 to 20 minutes late."""

_PROMPT: Final = timedelta(minutes=12)
"""How old other venues' may be: they are asked every five minutes, and two were missed."""

_NONE: Final = float("nan")
_OPTIONS: Final = {
    kind: (kind.partition(".")[0], of.right) for kind, of in KINDS.items() if of.option
}
_NAMES: Final = {
    root: frozenset(name for kind, (name, _) in _OPTIONS.items() if KINDS[kind].root == root)
    for root in sorted({of.root for of in KINDS.values()})
}
"""The names of a root's options, `spx` and `spxw` of `spx`."""
_Pairs: TypeAlias = Sequence[tuple[OptionQuote, OptionQuote]]
"""A call and a put of each strike."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chain:
    """One expiry at one venue. name: of its kinds, `eth`, `spx` or `spxw`.

    strikes: rising, those with a call and a put. forward: the median of what stands beside them,
    NaN where none does. hedged: whether a future of this expiry is listed, and not only worked
    out. It is equal to itself alone.
    """

    name: str
    expiry: date
    years: float
    strikes: Floats
    calls: tuple[OptionQuote, ...]
    puts: tuple[OptionQuote, ...]
    forward: float = _NONE
    hedged: bool = True

    def call(self, pick: Pick) -> Floats:
        """Return something of each strike's call; NaN where there is none."""
        return _column(self, Right.CALL, pick)

    def put(self, pick: Pick) -> Floats:
        """Return something of each strike's put; NaN where there is none."""
        return _column(self, Right.PUT, pick)


def bid(one: OptionQuote) -> float | None:
    """Return what a quote's contract can be sold at."""
    return one.bid


def ask(one: OptionQuote) -> float | None:
    """Return what a quote's contract can be bought at."""
    return one.ask


def middle(one: OptionQuote) -> float | None:
    """Return the middle of a quote's two sides, else its venue's mark."""
    return one.price


def discount(one: OptionQuote) -> float | None:
    """Return what a quote's venue takes a unit paid at expiry for today."""
    return one.discount


def chains_of(facts: Facts, venue: str, root: str, now: datetime) -> tuple[Chain, ...]:
    """Return a venue's expiries of a root, nearest first. venue: how its sources' names begin.

    Each of its sources quotes one root. Quotes that are old or cross, and contracts that trade no
    more, are left out. They are put together once a minute of the same quotes, as of its
    beginning: the very same chains until then.
    """
    quotes = tuple(
        every
        for name, every in facts.quotes.items()
        if name.startswith(venue) and every and kind_of(every[0].contract).root == root
    )
    if not quotes:
        return ()
    oldest = MAX_AGE if venue in _LATE else _PROMPT
    return _chains(_Same(quotes), root, now.replace(second=0, microsecond=0), oldest)


def forward_of(chain: Chain, price: float) -> float | None:
    """Return a coin's forward of an expiry, US dollars; None where none makes sense."""
    return chain.forward if abs(chain.forward / price - 1) <= FAR_OFF else None


class _Same:
    """The very same quotes: told from others by identity, for to compare them takes too long."""

    __slots__ = ("quotes",)

    def __init__(self, quotes: tuple[tuple[OptionQuote, ...], ...]) -> None:
        self.quotes = quotes

    def __hash__(self) -> int:
        return hash(tuple(map(id, self.quotes)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and list(map(id, self.quotes)) == list(
            map(id, other.quotes)
        )


@lru_cache(maxsize=8)
def _chains(of: _Same, root: str, minute: datetime, oldest: timedelta) -> tuple[Chain, ...]:
    found = list[Chain]()
    for (expiry, name), pairs in _paired(of, root).items():
        if expired(Contract(kind=f"{name}.call", expiry=expiry, strike=0.0), minute):
            continue
        # Stamped within this very minute it is later than its beginning.
        fresh = [
            (call, put)
            for call, put in pairs
            if -AHEAD <= minute - call.as_of <= oldest and -AHEAD <= minute - put.as_of <= oldest
        ]
        if fresh:
            found.append(_chain(name, fresh, minute))
    return tuple(found)


@lru_cache(maxsize=8)
def _paired(of: _Same, root: str) -> Mapping[tuple[date, str], _Pairs]:
    """Return the calls and puts of each expiry, soonest first, and strike, rising.

    Of one answer it is worked out once.
    """
    found = defaultdict[tuple[date, str], dict[float, dict[Right, OptionQuote]]](
        lambda: defaultdict(dict)
    )
    for one in (one for every in of.quotes for one in every):
        name, right = _OPTIONS.get(one.contract.kind, ("", Right.CALL))
        if name in _NAMES[root] and not _crossed(one):
            found[one.contract.expiry, name][one.contract.strike][right] = one
    return {
        key: tuple(
            (sides[Right.CALL], sides[Right.PUT])
            for _, sides in sorted(strikes.items(), key=lambda row: row[0])
            if len(sides) > 1
        )
        for key, strikes in sorted(found.items())
    }


def _chain(name: str, pairs: _Pairs, minute: datetime) -> Chain:
    calls, puts = zip(*pairs, strict=True)
    forwards = [one.forward for one in (*calls, *puts) if one.forward is not None]
    return Chain(
        name=name,
        expiry=calls[0].contract.expiry,
        years=years_left(calls[0].contract, minute),
        strikes=np.array([one.contract.strike for one in calls]),
        calls=calls,
        puts=puts,
        forward=median(forwards) if forwards else _NONE,
        hedged=all(one.tradable_forward for one in (*calls, *puts)),
    )


def _crossed(one: OptionQuote) -> bool:
    return one.bid is not None and one.ask is not None and one.bid > one.ask


@lru_cache(maxsize=1024)
def _column(chain: Chain, right: Right, pick: Pick) -> Floats:
    """Return something of each strike, picked once a chain; not to be written to."""
    quotes = chain.calls if right is Right.CALL else chain.puts
    found = np.array([x if (x := pick(one)) else _NONE for one in quotes], dtype=float)
    found.setflags(write=False)
    return found
