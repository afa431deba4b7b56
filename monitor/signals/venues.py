"""Option chains as venues quote them: by expiry, both sides of every strike, fresh ones alone."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias

import numpy as np

from monitor.hedge.black76 import Floats
from monitor.hedge.contracts import KINDS, Right, expired, years_left
from monitor.model.layer import Contract
from monitor.model.quote import OptionQuote
from monitor.signals.facts import Facts
from monitor.signals.quoted import MAX_AGE

Pick: TypeAlias = Callable[[OptionQuote], float | None]
"""What to take of a quote."""


_NONE: Final = float("nan")
_OPTIONS: Final = {
    kind: (kind.partition(".")[0], of.right) for kind, of in KINDS.items() if of.option
}
_NAMES: Final = {
    root: frozenset(name for kind, (name, _) in _OPTIONS.items() if KINDS[kind].root == root)
    for root in sorted({of.root for of in KINDS.values()})
}
"""The names of a root's options, `spx` and `spxw` of `spx`."""
_Pairs: TypeAlias = dict[float, dict[Right, OptionQuote]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One expiry at one venue. name: of its kinds, `eth`, `spx` or `spxw`.

    strikes: rising, those with a call and a put.
    """

    name: str
    expiry: date
    years: float
    strikes: Floats
    calls: tuple[OptionQuote, ...]
    puts: tuple[OptionQuote, ...]

    def call(self, pick: Pick) -> Floats:
        """Return something of each strike's call; NaN where there is none."""
        return _column(self.calls, pick)

    def put(self, pick: Pick) -> Floats:
        """Return something of each strike's put; NaN where there is none."""
        return _column(self.puts, pick)

    @property
    def forwards(self) -> Floats:
        """Return the venue's forward as it stands beside each strike; NaN where it states none."""
        told = zip(self.calls, self.puts, strict=True)
        return np.array(
            [next((x for x in (c.forward, p.forward) if x is not None), _NONE) for c, p in told]
        )


def bid(one: OptionQuote) -> float | None:
    """Return what a quote's contract can be sold at."""
    return one.bid


def ask(one: OptionQuote) -> float | None:
    """Return what a quote's contract can be bought at."""
    return one.ask


def middle(one: OptionQuote) -> float | None:
    """Return the middle of a quote's two sides, else its venue's mark."""
    return one.price


def chains_of(facts: Facts, venue: str, root: str, now: datetime) -> Iterator[Chain]:
    """Yield a venue's expiries of a root, nearest first. venue: how its sources' names begin.

    Quotes that are old or cross, and contracts that trade no more, are left out.
    """
    found: Mapping[tuple[date, str], _Pairs] = defaultdict(lambda: defaultdict(dict))
    for source, quotes in facts.quotes.items():
        for one in quotes if source.startswith(venue) else ():
            name, right = _OPTIONS.get(one.contract.kind, ("", Right.CALL))
            if name in _NAMES[root] and _sound(one, now):
                found[one.contract.expiry, name][one.contract.strike][right] = one
    for (expiry, name), strikes in sorted(found.items()):
        if expired(Contract(kind=f"{name}.call", expiry=expiry, strike=0.0), now):
            continue
        both = sorted(((k, p) for k, p in strikes.items() if len(p) > 1), key=lambda row: row[0])
        if both:
            calls = tuple(pair[Right.CALL] for _, pair in both)
            yield Chain(
                name=name,
                expiry=expiry,
                years=years_left(calls[0].contract, now),
                strikes=np.array([k for k, _ in both]),
                calls=calls,
                puts=tuple(pair[Right.PUT] for _, pair in both),
            )


def _sound(one: OptionQuote, now: datetime) -> bool:
    if one.bid is not None and one.ask is not None and one.bid > one.ask:
        return False
    return timedelta(0) <= now - one.as_of <= MAX_AGE


def _column(quotes: tuple[OptionQuote, ...], pick: Pick) -> Floats:
    return np.array([x if (x := pick(one)) else _NONE for one in quotes], dtype=float)
