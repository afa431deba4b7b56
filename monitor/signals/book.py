"""Sums over positions: what the whole book is worth, has lost, and earns."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from monitor.amm.amounts import Q192, value_x192
from monitor.amm.capital import MICROSECOND, hodl_time
from monitor.amm.measure import Worth
from monitor.model.pool import PoolState
from monitor.signals.facts import Facts, PositionSeen

_DAY: Final = timedelta(days=1)
_YEAR: Final = timedelta(days=365)
FEES_UNKNOWN: Final = "tokensOwed may hold withdrawn principal: its events are not known"
_POSITION_COLONS: Final = 2
"""A position's key has two, a pool's or a wallet's has one."""


def live_positions(facts: Facts) -> list[PositionSeen]:
    """Return the positions that still exist and hold liquidity or owed tokens."""
    return [p for p in facts.positions.values() if not p.gone]


def book_il(facts: Facts) -> float | None:
    """Return the IL of all positions together: value over holding, minus one.

    In US dollars where any position has them, and `unpriced` ones are then left out:
    anyone may send a wallet a position in worthless tokens. Else in the quote token
    where all share its very address. None while anything it needs is unknown, a feed of
    dollars among it.
    """
    held = [p for p in live_positions(facts) if p.position.liquidity or p.unread]
    if any(p.unread for p in held) or unheard(facts):
        return None
    priced = [p for p in held if p.measures.value.usd is not None]
    if priced and doubted(facts):
        return None
    if priced:
        held_usd = [p.measures.hodl.usd if p.measures.hodl else None for p in priced]
        return _ratio([p.measures.value.usd for p in priced], held_usd)
    pools = [facts.pools[p.position.pool].state.pool for p in held]
    quotes = {(q.chain_id, (q.token0 if q.quote == 0 else q.token1).address) for q in pools}
    if len(quotes) != 1:
        return None
    pick = _in_quote(pools[0].quote)
    leg = [pick(p.measures.hodl) if p.measures.hodl else None for p in held]
    return _ratio([pick(p.measures.value) for p in held], leg)


def unpriced(facts: Facts) -> int:
    """Return how many open positions have no price in US dollars while others do."""
    held = [p for p in live_positions(facts) if not p.unread and p.position.liquidity]
    without = sum(p.measures.value.usd is None for p in held)
    return without if without < len(held) else 0


def doubted(facts: Facts) -> str:
    """Return why a position has no dollars now although a feed would give them, or nothing."""
    if not any(pool.usd_note for pool in facts.pools.values()):
        return ""
    for seen in live_positions(facts):
        pool = facts.pools.get(seen.position.pool)
        if pool is not None and pool.usd_note and not seen.unread:
            return pool.usd_note
    return ""


def unheard(facts: Facts) -> str:
    """Return why it is not known what the whole book is, or an empty text.

    A chain that has never answered, a wallet or a position that cannot be read.
    """
    for chain in facts.chains.values():
        if chain.good_at is None:
            return f"{chain.name} has not been read yet"
        for one in chain.missing:
            position = one.key.count(":") == _POSITION_COLONS and not one.gone
            if one.wallet or position:
                return one.reason
    return ""


def left_out(facts: Facts) -> str:
    """Return how many positions a sum in dollars leaves out, or nothing."""
    without = unpriced(facts)
    return f"{without} without a price in dollars left out" if without else ""


def why_no_book(facts: Facts, held: Sequence[PositionSeen]) -> str:
    """Return why the whole book's worth or loss is not known."""
    if not held:
        return "no position is watched"
    unread = [p.unread for p in held if p.unread]
    if unread:
        return unread[0]
    if doubt := doubted(facts):
        return doubt
    unknown = [p.position.token_id for p in held if p.position.basis is None]
    if unknown:
        return f"the entry of {', '.join(f'#{token}' for token in unknown[:3])} is unknown"
    return "not every position has a price in US dollars"


def _in_quote(quote: int) -> Callable[[Worth], float | None]:
    return (lambda worth: worth.token0) if quote == 0 else (lambda worth: worth.token1)


def _ratio(values: Sequence[float | None], legs: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    held = [leg for leg in legs if leg is not None]
    hodl = sum(held)
    if len(known) != len(values) or len(held) != len(legs) or hodl <= 0:
        return None
    return sum(known) / hodl - 1


def book_value_usd(facts: Facts) -> float | None:
    """Return all priced positions with their fees in US dollars, or None if it is not known."""
    held = live_positions(facts)
    if unheard(facts) or any(p.unread for p in held) or doubted(facts):
        return None
    totals = [p.measures.total.usd for p in held]
    known = [total for total in totals if total is not None]
    return sum(known) if known else None


def fees_unknown(facts: Facts) -> str:
    """Return which position's fees are not known and why, or nothing."""
    for seen in live_positions(facts):
        if seen.measures.fees is None and not seen.unread:
            return f"the fees of #{seen.position.token_id} are unknown: {FEES_UNKNOWN}"
    return ""


def position_fees_usd(facts: Facts, seen: PositionSeen, now: datetime) -> float | None:
    """Return one position's fees a year, as `yearly_fees_usd` does, whatever the others are."""
    pool = facts.pools.get(seen.position.pool)
    if pool is None or seen.gone or seen.unread or seen.measures.value.usd is None:
        return None
    return _pace(seen, pool.state, now)


def yearly_fees_usd(facts: Facts, scope: str, now: datetime) -> float | None:
    """Return the fees a year at the pace since each position's entry, in US dollars.

    scope: `book`, or a pool's or position's key; of what has a price.
    """
    inside = (
        p
        for p in live_positions(facts)
        if scope in {"book", p.position.pool, p.position.key} and p.measures.value.usd is not None
    )
    return yearly_fees_of(facts, tuple(inside), now)


def yearly_fees_of(facts: Facts, covered: Sequence[PositionSeen], now: datetime) -> float | None:
    """Return the same of certain positions.

    Collected fees count at the token's price now, and the pace is that of what is in now: fees
    of what was withdrawn since are not to come again. None while any of them has no dated entry
    or is younger than a day or has fees that are not known, or there is none.
    """
    if unheard(facts) or any(p.unread for p in covered):
        return None
    paces = [_pace(p, facts.pools[p.position.pool].state, now) for p in covered]
    known = [pace for pace in paces if pace is not None]
    return sum(known) if covered and len(known) == len(paces) else None


def _pace(seen: PositionSeen, pool: PoolState, now: datetime) -> float | None:
    if not seen.position.liquidity:
        return 0.0
    basis, measures = seen.position.basis, seen.measures
    if basis is None or basis.opened_at is None or measures.fees_usd is None:
        return None
    age = now - basis.opened_at
    if age < _DAY or measures.total.usd is None or not measures.total.token1:
        return None
    root = pool.sqrt_price_x96
    at_work = value_x192(*hodl_time(basis, now), root)
    if not at_work:
        return None
    paces = value_x192(basis.hodl0, basis.hodl1, root) * (_YEAR // MICROSECOND) / at_work
    usd_a_token1 = measures.total.usd / measures.total.token1
    collected = value_x192(basis.collected0, basis.collected1, root)
    whole = collected / (Q192 * int(10**pool.pool.token1.decimals))
    return (measures.fees_usd + whole * usd_a_token1) * paces
