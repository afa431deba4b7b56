"""Everything people and rules ask about one position at one block.

Token amounts and every comparison are exact integers; a float is made once, at
the end, of an exact ratio. In USD a position is worth its value in the quote
token times that token's price (in the base token's, where only that is known),
so that the USD loss has the sign and the size of the exact one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from monitor.amm.amounts import Q192, amounts_for_liquidity, value_x192
from monitor.amm.fee_growth import position_owed
from monitor.amm.loss import loss_fraction
from monitor.amm.ticks import sqrt_ratio_at_tick
from monitor.model.pool import Pool, PoolState
from monitor.model.position import Basis, Position
from monitor.model.swift import swift

UsdPrices: TypeAlias = Mapping[str, float | None]
"""USD a whole token, by the token's address as its pool spells it; None is unknown."""

_OWED: Final = (1 << 128) - 1

_UNPRICED: Final[UsdPrices] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """One value counted in whole token0, in whole token1 and in USD (None: unknown)."""

    token0: float
    token1: float
    usd: float | None


@dataclass(frozen=True, slots=True)
class Measures:
    """One position at one block.

    amount0, amount1: principal, raw, as a burn pays. owed0, owed1: what a collect
    would pay, raw. fees0, fees1: owed less principal withdrawn and not collected; where no
    events tell that, what the range has grown by since it was touched, the least there is.
    value: principal alone; fees: fees alone, None where they may be more than that least;
    total: principal and all that is owed.
    il: value / hodl - 1, a fraction <= 0; il_worth: value - hodl; hodl: what holding
    would be worth. All three None while the basis is unknown or not this liquidity's.
    il_realised_token1: whole token1, each withdrawal at its own price; in USD it is
    what was lost in the quote token, at that one's price now. in_range: by slot0's tick.
    price, price_lower, price_upper: quote token a base token, in whole units.
    distance_lower: the fall to the lower edge as a fraction of the price, < 0 below
    it; distance_upper: the rise to the upper edge, < 0 above it.
    usd_a_token1: what every figure in USD is counted by; None is unknown.
    """

    amount0: int
    amount1: int
    owed0: int
    owed1: int
    fees0: int
    fees1: int
    value: Worth
    fees: Worth | None
    total: Worth
    il: float | None
    il_worth: Worth | None
    hodl: Worth | None
    il_realised_token1: float | None
    il_realised_usd: float | None
    in_range: bool
    price: float
    price_lower: float
    price_upper: float
    distance_lower: float
    distance_upper: float
    usd_a_token1: float | None = None

    @property
    def fees_usd(self) -> float | None:
        """Return the fees in US dollars, None where they or a dollar price are not known."""
        return None if self.fees is None else self.fees.usd


_worth: Final = swift(Worth)
_measures: Final = swift(Measures)


def usd_prices(pool: PoolState, pegged: Collection[str], known: UsdPrices = _UNPRICED) -> UsdPrices:
    """Return USD prices of a pool's two tokens.

    pegged: addresses the configuration says are one dollar, in any letter case. known:
    prices had elsewhere, which a peg overrules. A token that has neither follows by the
    pool's price from the other; where both lack it, both are unknown.
    """
    pegs = _lowered(frozenset(pegged))
    token0, token1 = pool.pool.token0.address, pool.pool.token1.address
    usd0 = 1.0 if token0.lower() in pegs else known.get(token0)
    usd1 = 1.0 if token1.lower() in pegs else known.get(token1)
    if usd0 is None and usd1 is not None:
        usd0 = usd1 * _token1_per_token0(pool.pool, pool.sqrt_price_x96)
    elif usd1 is None and usd0 is not None:
        usd1 = usd0 / _token1_per_token0(pool.pool, pool.sqrt_price_x96)
    return {token0: usd0, token1: usd1}


@lru_cache(maxsize=64)
def _lowered(addresses: frozenset[str]) -> frozenset[str]:
    return frozenset(address.lower() for address in addresses)


def measure(
    position: Position,
    pool: PoolState,
    usd: UsdPrices = _UNPRICED,
    *,
    scales: "Scales | None" = None,
) -> Measures:
    """Return every measure of a position; unknown stays None.

    scales: of this very pool and these prices, from whoever measures many positions of it.
    """
    worth = scales or Scales(pool, usd)
    amounts = amounts_for_liquidity(
        pool.sqrt_price_x96, position.tick_lower, position.tick_upper, position.liquidity
    )
    owed = position_owed(pool, position)
    fees, sure = _without_principal(owed, position)
    value = value_x192(*amounts, pool.sqrt_price_x96)
    all_owed = value_x192(*owed, pool.sqrt_price_x96)
    all_fees = all_owed if fees is owed else value_x192(*fees, pool.sqrt_price_x96)
    hodl, price = _hodl_x192(position, pool), worth.price
    price_lower, price_upper = price_range(pool.pool, position.tick_lower, position.tick_upper)
    return _measures(
        # In order, for naming so many would cost as much as all of the above.
        amounts[0],
        amounts[1],
        *owed,
        *fees,
        worth.of(value),
        worth.of(all_fees) if sure else None,
        worth.of(value + all_owed),
        loss_fraction(value, hodl),  # il
        worth.of(value - hodl) if hodl else None,  # il_worth
        worth.of(hodl) if hodl else None,
        *worth.realised(position.basis),
        position.tick_lower <= pool.tick < position.tick_upper,
        price,
        price_lower,
        price_upper,
        1 - price_lower / price,
        price_upper / price - 1,
        worth.usd_a_token1,
    )


def worth_of(value: int, pool: PoolState, usd_a_token1: float | None) -> Worth:
    """Return a value as `value_x192` counts it, in whole units of everything."""
    token1 = value / (Q192 * int(10**pool.pool.token1.decimals))
    return Worth(
        token0=value / (pool.sqrt_price_x96**2 * int(10**pool.pool.token0.decimals)),
        token1=token1,
        usd=None if usd_a_token1 is None else token1 * usd_a_token1,
    )


def worth_of_raw1(raw1: float, pool: PoolState, usd_a_token1: float | None) -> Worth:
    """Return a statistic in raw token1, in whole units of everything."""
    token1 = raw1 / int(10**pool.pool.token1.decimals)
    return Worth(
        token0=token1 / _token1_per_token0(pool.pool, pool.sqrt_price_x96),
        token1=token1,
        usd=None if usd_a_token1 is None else token1 * usd_a_token1,
    )


def price_in_quote(pool: Pool, sqrt_price_x96: int) -> float:
    """Return quote token a base token, in whole units."""
    price = _token1_per_token0(pool, sqrt_price_x96)
    return price if pool.quote == 1 else 1 / price


def price_of_raw(pool: Pool, raw: float) -> float:
    """Return a price in raw token1 a raw token0 as quote token a base token, in whole units."""
    price = raw * 10.0 ** (pool.token0.decimals - pool.token1.decimals)
    return price if pool.quote == 1 else 1 / price


def price_range(pool: Pool, tick_lower: int, tick_upper: int) -> tuple[float, float]:
    """Return a range's (lower, upper) price in the pair's quote direction."""
    shift = pool.token0.decimals - pool.token1.decimals
    low, high = _price_at_tick(tick_lower, shift), _price_at_tick(tick_upper, shift)
    return (low, high) if pool.quote == 1 else (1 / high, 1 / low)


def _token1_per_token0(pool: Pool, sqrt_price_x96: int) -> float:
    return _whole(sqrt_price_x96, pool.token0.decimals - pool.token1.decimals)


@lru_cache(maxsize=65536)
def _price_at_tick(tick: int, shift: int) -> float:
    return _whole(sqrt_ratio_at_tick(tick), shift)


def _whole(sqrt_price_x96: int, shift: int) -> float:
    """Return the price of whole tokens; shift: decimals of token0 less those of token1."""
    scale: int = 10 ** abs(shift)
    square = sqrt_price_x96 * sqrt_price_x96
    return square * scale / Q192 if shift >= 0 else square / (Q192 * scale)


def _without_principal(owed: tuple[int, int], position: Position) -> tuple[tuple[int, int], bool]:
    """Return what of the owed is fees for sure, and whether that is all that is fees."""
    basis, kept0, kept1 = position.basis, position.tokens_owed0, position.tokens_owed1
    if basis is None or basis.source != "events":
        # What the manager keeps may be fees or principal: only events tell which.
        if not (kept0 or kept1):
            return owed, True
        return ((owed[0] - kept0) & _OWED, (owed[1] - kept1) & _OWED), False
    if not (basis.uncollected0 or basis.uncollected1):
        return owed, True
    return (max(owed[0] - basis.uncollected0, 0), max(owed[1] - basis.uncollected1, 0)), True


def _hodl_x192(position: Position, pool: PoolState) -> int:
    """Return what holding is worth, raw token1 times 2**192; 0 where it is not known."""
    basis = position.basis
    if basis is None or basis.liquidity != position.liquidity:
        return 0
    return value_x192(basis.hodl0, basis.hodl1, pool.sqrt_price_x96)


class Scales:
    """Turns a value in raw token1 times 2**192 into whole units of everything."""

    __slots__ = ("_quote", "_raw0", "_raw1", "_usd1", "price", "usd_a_token1")

    def __init__(self, pool: PoolState, usd: UsdPrices) -> None:
        token0, token1 = pool.pool.token0, pool.pool.token1
        price = _token1_per_token0(pool.pool, pool.sqrt_price_x96)
        self._raw0 = pool.sqrt_price_x96**2 * 10**token0.decimals
        self._raw1 = Q192 * 10**token1.decimals
        usd0, self._usd1 = usd.get(token0.address), usd.get(token1.address)
        by_token0 = None if usd0 is None else usd0 / price
        first, second = (self._usd1, by_token0) if pool.pool.quote == 1 else (by_token0, self._usd1)
        self.usd_a_token1 = second if first is None else first
        self.price = price if pool.pool.quote == 1 else 1 / price
        self._quote = pool.pool.quote, int(10**token0.decimals)

    def of(self, value: int) -> Worth:
        token1 = value / self._raw1
        usd = None if self.usd_a_token1 is None else token1 * self.usd_a_token1
        return _worth(token0=value / self._raw0, token1=token1, usd=usd)

    def realised(self, basis: Basis | None) -> tuple[float | None, float | None]:
        if basis is None or basis.realised_token1 is None:
            return None, None
        token1 = (basis.realised_token1 << 192) / self._raw1
        each, (quote, scale0) = self.usd_a_token1, self._quote
        if each is None or (quote == 0 and basis.realised_token0 is None):
            return token1, None
        if quote == 1:
            return token1, token1 * each
        return token1, (basis.realised_token0 or 0) / scale0 * each / self.price
