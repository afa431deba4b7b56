"""What parity locks in now, after fees and both sides' spreads: a function each.

At Deribit everything is in the coin, so no interest comes in; options and future of one expiry
settle on one index at one instant. Of SPX the future and the
discount are the chain's own, out of all its strikes; against the risk-free rate boxes are held.
What margin costs, how much is quoted, and the risk of filling four legs one by one, is in none
of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.hedge.contracts import COINS
from monitor.hedge.fees import CBOE, DERIBIT
from monitor.hedge.parity import (
    Traded,
    box_cost,
    box_rate,
    chain_discount,
    conversion,
    in_coin,
    reversal,
    synthetic_forward,
)
from monitor.signals.answers import Found, OfMarket
from monitor.signals.facts import Facts, newest
from monitor.signals.venues import Chain, ask, bid, chains_of, forward_of, middle

DERIBIT_NAME: Final = "deribit"
CBOE_NAME: Final = "cboe"

_EACH: Final = 100
"""US dollars a point of one SPX contract."""
_WIDE: Final = 0.20
_STRIKES: Final = 5
_DISCOUNT: Final = (0.5, 1.05)
"""Beyond, the quotes are wrong."""

_ROUND: Final = 50
"""Boxes are made of strikes that are its multiples: of all there would be tens of thousands."""

_BOX_YEARS: Final = (7 / 365, 0.5)
"""Nearer, a tick is many percent a year; farther, three months' risk-free rate is no measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Best:
    value: float
    words: str


def _best(found: Iterator[_Best], why: str) -> Found:
    best = max(found, key=lambda one: one.value, default=None)
    return (None, why) if best is None else (best.value, best.words)


def _number(facts: Facts, name: str) -> float:
    reading = newest(facts, name)
    assert reading is not None
    return reading.value


def day(expiry: date) -> str:
    """Return a date as people say it."""
    return f"{expiry.day} {expiry:%b %Y}"


# --- Deribit ----------------------------------------------------------------------------------


def _of_coin(root: str, *, buys: bool) -> OfMarket:
    """Return what answers a coin's best conversion, or reversal. buys: the future is bought."""

    def answer(facts: Facts, now: datetime) -> Found:
        price = _number(facts, f"{root}.price")
        chains = chains_of(facts, DERIBIT_NAME, root, now)
        hedged = tuple(chain for chain in chains if chain.hedged)
        told = tuple(chain for chain in hedged if forward_of(chain, price) is not None)
        best = _locked_in_coin(told, buys=buys) if told else None
        sides = "call bid and put ask" if buys else "call ask and put bid"
        skipped = _skipped(len(chains) - len(hedged))
        if best is None:
            return None, f"no strike of Deribit has a fresh {sides} and a forward{skipped}"
        return best.value * price, best.words + skipped

    return answer


def _skipped(n: int) -> str:
    return f"; {n} {'expiry' if n == 1 else 'expiries'} without a listed future left out" * (n > 0)


@lru_cache(maxsize=16)
def _locked_in_coin(chains: tuple[Chain, ...], *, buys: bool) -> _Best | None:
    """Return the most that a strike locks in after fees, coins of each."""
    strikes = np.concatenate([chain.strikes for chain in chains])
    of = np.repeat(np.arange(len(chains)), [len(chain.strikes) for chain in chains])
    forwards = np.array([chain.forward for chain in chains])[of]
    call = np.concatenate([chain.call(bid if buys else ask) for chain in chains])
    put = np.concatenate([chain.put(ask if buys else bid) for chain in chains])
    traded, discount = in_coin(call, put, forwards)
    make = conversion if buys else reversal
    fees = DERIBIT.of_option(call) + DERIBIT.of_option(put) + DERIBIT.delivery
    coin = make(traded, strikes, discount=discount) - fees - DERIBIT.of_future(strikes * discount)
    # A call pays less than a coin and a put less than K/F: a premium beyond is in another unit.
    coin = np.where((call < 1) & (put < strikes * discount), coin, np.nan)
    if np.isnan(coin).all():
        return None
    n = int(np.nanargmax(coin))
    chain = chains[of[n]]
    sold, bought = ("sell", "buy") if buys else ("buy", "sell")
    name = chain.name.upper()
    words = (
        f"{day(chain.expiry)} {strikes[n]:,.0f}: {sold} the call at {call[n]:.4f}, {bought}"
        f" the put at {put[n]:.4f}, {bought} {strikes[n]:,.0f} USD of the future at"
        f" {forwards[n]:,.2f}; {coin[n]:+.5f} {name} after fees; settles on Deribit's {name} index"
        " at 08:00 UTC"
    )
    return _Best(value=float(coin[n]), words=words)


# --- SPX --------------------------------------------------------------------------------------


def _spx(facts: Facts, now: datetime) -> Iterator[Chain]:
    """Yield the expiries of SPX and SPXW, of each the strikes near the index."""
    spot = _number(facts, "spx.price")
    bounds = (spot * (1 - _WIDE), spot * (1 + _WIDE))
    for chain in chains_of(facts, CBOE_NAME, "spx", now):
        start, stop = (int(row) for row in np.searchsorted(chain.strikes, bounds))
        if stop - start >= _STRIKES and chain.years > 0:
            yield _part(chain, start, stop)


@lru_cache(maxsize=128)
def _part(chain: Chain, start: int, stop: int) -> Chain:
    """Return some of a chain's strikes: the very same part, for what is worked out of it."""
    rows = slice(start, stop)
    return replace(
        chain, strikes=chain.strikes[rows], calls=chain.calls[rows], puts=chain.puts[rows]
    )


def _of_spx(*, buys: bool) -> OfMarket:
    """Return what answers the best conversion, or reversal, on the chain's own forward."""

    def answer(facts: Facts, now: datetime) -> Found:
        found = (
            one for chain in _spx(facts, now) if (one := _locked(chain, buys=buys)) is not None
        )
        return _best(found, "no expiry of SPX has five strikes quoted on both sides")

    return answer


@lru_cache(maxsize=256)
def _locked(chain: Chain, *, buys: bool) -> _Best | None:
    gaps = chain.call(middle) - chain.put(middle)
    told = np.isfinite(gaps)
    if told.sum() < _STRIKES:
        return None
    discount = chain_discount(chain.strikes[told], gaps[told])
    if not _DISCOUNT[0] <= discount <= _DISCOUNT[1]:
        return None
    forward = synthetic_forward(chain.strikes[told], gaps[told], discount=discount)
    call, put = chain.call(bid if buys else ask), chain.put(ask if buys else bid)
    traded = Traded(call=call, put=put, underlying=forward * discount)
    make = conversion if buys else reversal
    fees = 2 * CBOE.option_usd / _EACH + CBOE.future_points * discount
    points = make(traded, chain.strikes, discount=discount) - fees
    points = np.where(told, points, np.nan)
    if np.isnan(points).all():
        return None
    n = int(np.nanargmax(points))
    sold, bought = ("sell", "buy") if buys else ("buy", "sell")
    words = (
        f"{chain.name.upper()} {day(chain.expiry)} {chain.strikes[n]:,.0f}: {sold} the call at"
        f" {call[n]:,.2f}, {bought} the put at {put[n]:,.2f}, {bought} the forward at"
        f" {forward:,.2f}, the chain's own"
    )
    return _Best(value=float(points[n]) * _EACH, words=words)


def _box(facts: Facts, now: datetime) -> Found:
    """Return by how much a box lends above the risk-free rate, or borrows below it."""
    rate = _number(facts, "rates.risk_free")
    found = (
        one
        for chain in _spx(facts, now)
        if _BOX_YEARS[0] <= chain.years <= _BOX_YEARS[1]
        for one in _boxes(chain, rate)
    )
    return _best(found, "no expiry of SPX a week to half a year out has boxes quoted on both sides")


@lru_cache(maxsize=128)
def _boxes(chain: Chain, rate: float) -> tuple[_Best, ...]:
    """Return the box that lends best and the one that borrows best, as far as they are quoted."""
    found, round_ = list[_Best](), chain.strikes % _ROUND == 0
    strikes = chain.strikes[round_]
    bids = Traded(call=chain.call(bid)[round_], put=chain.put(bid)[round_], underlying=0.0)
    asks = Traded(call=chain.call(ask)[round_], put=chain.put(ask)[round_], underlying=0.0)
    low, high = np.triu_indices(len(strikes), k=1)
    width, fees = strikes[high] - strikes[low], 4 * CBOE.option_usd / _EACH
    paid = box_cost(_at(asks, bids, low), _at(bids, asks, high)) + fees
    got = box_cost(_at(bids, asks, low), _at(asks, bids, high)) - fees
    for gaps, cost, verb in (
        (box_rate(paid, width, chain.years) - rate, paid, "lends"),
        (rate - box_rate(got, width, chain.years), got, "borrows"),
    ):
        if not np.isnan(gaps).all():
            n = int(np.nanargmax(gaps))
            at = float(box_rate(cost[n], width[n], chain.years))
            words = (
                f"{chain.name.upper()} {day(chain.expiry)} {strikes[low[n]]:,.0f} to"
                f" {strikes[high[n]]:,.0f} {verb} {cost[n]:,.2f} points at {at:.2%} after fees,"
                f" risk-free {rate:.2%}"
            )
            found.append(_Best(value=float(gaps[n]), words=words))
    return tuple(found)


def _at(calls: Traded, puts: Traded, rows: NDArray[np.intp]) -> Traded:
    return Traded(call=np.asarray(calls.call)[rows], put=np.asarray(puts.put)[rows], underlying=0.0)


OF_PARITY: Final[Mapping[str, OfMarket]] = {
    **{f"parity.conversion_{root}": _of_coin(root, buys=True) for root in COINS},
    **{f"parity.reversal_{root}": _of_coin(root, buys=False) for root in COINS},
    "parity.conversion_spx": _of_spx(buys=True),
    "parity.reversal_spx": _of_spx(buys=False),
    "parity.box_spx": _box,
}
