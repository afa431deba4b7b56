"""One position and all that its measures are worked out from, and words for the numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from monitor.amm.measure import Measures
from monitor.model.pool import PoolState
from monitor.model.position import Basis
from monitor.signals.facts import Facts, PoolSeen, PositionSeen
from monitor.signals.of_money import NO_POOL


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A position at one instant. lost: why there is no pool."""

    facts: Facts
    seen: PositionSeen
    pool: PoolSeen | None
    now: datetime
    lost: str = NO_POOL

    @property
    def told(self) -> Measures:
        """Return what the last snapshot says of it."""
        return self.seen.measures

    @property
    def state(self) -> PoolState:
        """Return its pool's state; only for measures that are known, and so have one."""
        return self.there.state

    @property
    def there(self) -> PoolSeen:
        """Return its pool; only for measures that are known, and so have one."""
        assert self.pool is not None
        return self.pool

    @property
    def basis(self) -> Basis:
        """Return its entry; only for measures that are known by it."""
        assert self.seen.position.basis is not None
        return self.seen.position.basis

    @property
    def price(self) -> str:
        """Return the price as people say it: `2,500 USDC per WETH`."""
        pool = self.state.pool
        base, quote = pool.token0.symbol, pool.token1.symbol
        if pool.quote == 0:
            base, quote = quote, base
        return f"{num(self.told.price)} {quote} per {base}"

    def amounts(self, raw0: int, raw1: int) -> str:
        """Return amounts of both tokens: `0.5 WETH + 1,200 USDC`."""
        one, other = self.state.pool.token0, self.state.pool.token1
        return (
            f"{num(raw0 / int(10**one.decimals))} {one.symbol}"
            f" + {num(raw1 / int(10**other.decimals))} {other.symbol}"
        )


Worked: TypeAlias = Callable[[Case], str]
"""Tells how a measure that is known was worked out."""


def case_of(facts: Facts, key: str, now: datetime) -> Case:
    """Return the case of a position; raises KeyError for one never seen."""
    seen = facts.positions[key]
    return Case(facts=facts, seen=seen, pool=facts.pools.get(seen.position.pool), now=now)


def num(value: float) -> str:
    """Return a number in six digits, with a true minus sign."""
    text = f"{value:,.6g}"
    return f"−{text[1:]}" if text.startswith("-") else text


def percent(value: float) -> str:
    """Return a fraction in percent: `63.1 %`."""
    return f"{num(value * 100)} %"
