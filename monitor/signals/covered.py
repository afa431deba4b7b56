"""What a layer covers, as the facts know it: its positions, their fees, what their money costs."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Final

from monitor.hedge.book import Ledger
from monitor.hedge.cost_of_money import Money
from monitor.hedge.cover import Cover, Covered
from monitor.hedge.il_strip import Range, liquidity_of
from monitor.signals.book import live_positions, unheard, yearly_fees_of
from monitor.signals.facts import Facts, PoolSeen, PositionSeen
from monitor.signals.of_book import WACC, wacc
from monitor.signals.of_market import market
from monitor.signals.roots import STABLE, root_of

ADJUSTED_BY: Final[Mapping[str, str]] = {"wacc": WACC, "differential": "rates.differential"}
"""The signal of each factor that a size is adjusted by."""


def cover_of(facts: Facts, scope: str, now: datetime) -> Cover:
    """Return what a layer over a scope covers. scope: `book`, or a pool's or position's key."""
    inside = [
        one
        for one in live_positions(facts)
        if scope in {"book", one.position.pool, one.position.key} and one.position.liquidity
    ]
    why = unheard(facts) or next((one.unread for one in inside if one.unread), "")
    if why:
        return Cover(why=why)
    told = [(one, _covered(one, facts.pools.get(one.position.pool))) for one in inside]
    held = tuple(found for _, found in told if isinstance(found, Covered))
    left_out = tuple(found for _, found in told if isinstance(found, str))
    counted = [one for one, found in told if isinstance(found, Covered)]
    return Cover(
        held=held,
        value_usd=_value(counted),
        fees_year_usd=yearly_fees_of(facts, counted, now),
        why="" if held else next(iter(left_out), "no position is in its scope"),
        left_out=left_out,
    )


def money_of(
    facts: Facts,
    cover: Cover,
    now: datetime,
    *,
    asked: Collection[str],
    ledger: Callable[[], Ledger],
) -> Money:
    """Return what the money of what is covered costs a year, as far as it is known.

    asked: the factors of `ADJUSTED_BY` that a size is adjusted by; others are left unknown.
    ledger: of every layer, asked only where nobody typed what the hedge costs.
    """
    told: dict[str, tuple[float | str | None, str]] = {}
    if "wacc" in asked:
        told["wacc"] = wacc(facts, now, ledger)
    if "differential" in asked:
        gap = market(facts, ADJUSTED_BY["differential"], now)
        told["differential"] = (-gap.value if isinstance(gap.value, float) else None), gap.note
    known = {name: one for name, (one, _) in told.items() if isinstance(one, float)}
    value, fees = cover.value_usd, cover.fees_year_usd
    return Money(
        wacc=known.get("wacc"),
        fee_apr=fees / value if value and fees is not None else None,
        differential=known.get("differential"),
        notes={name: note for name, (_, note) in told.items()},
    )


def _value(inside: Iterable[PositionSeen]) -> float | None:
    known = [one.measures.total.usd for one in inside]
    told = [value for value in known if value is not None]
    return sum(told) if told else None


def _covered(seen: PositionSeen, pool: PoolSeen | None) -> Covered | str:
    """Return a position against US dollars, or why it is not one."""
    name = f"#{seen.position.token_id}"
    value = seen.measures.value.usd
    if pool is None or value is None:
        return f"{name} has no price in US dollars"
    of = pool.state.pool
    quote, each = (of.token0, pool.usd0) if of.quote == 0 else (of.token1, pool.usd1)
    base = of.token1 if of.quote == 0 else of.token0
    if each is None or abs(each - 1) > STABLE:
        return f"{name} is quoted in {quote.symbol}, not in US dollars"
    told = seen.measures
    return Covered(
        key=seen.position.key,
        root=root_of(base.symbol),
        range=Range(lower=told.price_lower, upper=told.price_upper, entry=told.price),
        liquidity=liquidity_of(seen.position.liquidity, of.token0.decimals, of.token1.decimals),
        value_usd=value,
        usd=each,
    )
