"""A WETH/USDC pool as it would have stood along a path of prices, and positions in it.

Amounts and fee growth are kept as the contract keeps them, so that the daemon's own measures
read them. Fees are a model: what traders paid is not known, so each move pays liquidity in
range a declared share of what the move cost it (loss-versus-rebalancing). At a share of 1 the
pool pays just what it loses to rebalancing, which is what a fair pool pays on average; that
share is a parameter, not history.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from hashlib import sha256
from typing import Final

from monitor.amm.amounts import amounts_for_liquidity
from monitor.amm.ledger import fold
from monitor.amm.ticks import sqrt_ratio_at_tick, tick_at_sqrt_ratio
from monitor.amm.volatility import lvr_step
from monitor.model.observation import Block, Snapshot
from monitor.model.pool import Pool, PoolState, Token
from monitor.model.position import Basis, Flow, LiquidityEvent, Position, TickState, position_key
from monitor.timetravel.prices import EVERY_PRICE, TICK_SPACING, Quote, amounts_to_offer

CHAIN: Final = "model"
"""The chain's name in a replay."""

USDC: Final = "0x" + "01" * 20
CHAIN_ID: Final = 1
_WETH: Final = "0x" + "02" * 20
_POOL: Final = Pool(
    chain_id=CHAIN_ID,
    address="0x" + "03" * 20,
    token0=Token(address=USDC, symbol="USDC", decimals=6),
    token1=Token(address=_WETH, symbol="WETH", decimals=18),
    fee_pips=3_000,
    tick_spacing=TICK_SPACING,
    quote=0,
)
POOL_KEY: Final = _POOL.key
_MANAGER: Final = "0x" + "04" * 20
_OWNER: Final = "0x" + "05" * 20
_QUOTE: Final = Quote(usdc_is_token0=True)
_DEEP: Final = 10**22
"""The pool's liquidity: nothing rests on it but the pool's own figures."""

_Q128: Final = 1 << 128
_GROWTH: Final = (1 << 256) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A position of `value_usd` at the first price, from it over `width` to it times `width`.

    width: above 1; None is every price.
    """

    width: float | None
    value_usd: float


@dataclass(slots=True)
class _Edge:
    """A tick at which a position begins or ends: the fee growth beyond it, Q128.128."""

    root_x96: int
    outside: tuple[int, int] = (0, 0)


@dataclass(slots=True, kw_only=True)
class ModelPool:
    """The pool; it moves from price to price and says what a node would have said.

    fee_share: of each move's loss to rebalancing, what it pays in fees; 0 or more.
    """

    held: Sequence[Held]
    fee_share: float
    _root_x96: int = field(default=0, init=False)
    _growth: tuple[int, int] = field(default=(0, 0), init=False)
    _edges: dict[int, _Edge] = field(default_factory=dict, init=False)
    _minted: tuple[Position, ...] = field(default=(), init=False)
    _blocks: int = field(default=0, init=False)

    def snapshot(self, at: datetime, price: float) -> Snapshot:
        """Move to a price, USDC a WETH, and return the block; the first one mints."""
        root = _QUOTE.sqrt_price_x96(round(price, 6))
        self._blocks += 1
        if not self._minted:
            self._root_x96 = root
            self._minted = tuple(
                self._mint(n + 1, one, price, at) for n, one in enumerate(self.held)
            )
        self._move(root)
        block = Block(number=self._blocks, hash=_hash(self._blocks, at, root), timestamp=at)
        growth0, growth1 = self._growth
        state = PoolState(
            pool=_POOL,
            sqrt_price_x96=root,
            tick=tick_at_sqrt_ratio(root),
            liquidity=_DEEP,
            fee_growth_global0_x128=growth0,
            fee_growth_global1_x128=growth1,
        )
        return Snapshot(
            chain=CHAIN,
            chain_id=CHAIN_ID,
            block=block,
            observed_at=at,
            pools=(state,),
            positions=tuple(self._standing()),
        )

    def _mint(self, token_id: int, held: Held, price: float, at: datetime) -> Position:
        ticks = _ticks(held.width, price)
        for tick in ticks:
            self._edges.setdefault(tick, _Edge(sqrt_ratio_at_tick(tick)))
        liquidity = _liquidity(held.value_usd, ticks, self._root_x96)
        return Position(
            key=position_key(CHAIN_ID, _MANAGER, token_id),
            token_id=token_id,
            owner=_OWNER,
            pool=_POOL.key,
            tick_lower=ticks[0],
            tick_upper=ticks[1],
            liquidity=liquidity,
            fee_growth_inside0_last_x128=0,
            fee_growth_inside1_last_x128=0,
            tokens_owed0=0,
            tokens_owed1=0,
            lower=_tick(self._edges[ticks[0]]),
            upper=_tick(self._edges[ticks[1]]),
            basis=_basis(self._root_x96, ticks, liquidity, at),
        )

    def _standing(self) -> Iterator[Position]:
        for one in self._minted:
            lower, upper = (_tick(self._edges[tick]) for tick in (one.tick_lower, one.tick_upper))
            yield replace(one, lower=lower, upper=upper)

    def _move(self, root: int) -> None:
        """Walk to a price: fees to who is in range on each stretch, edges turned as they pass."""
        start = self._root_x96
        if root == start:
            return
        paid = self.fee_share * lvr_step(start, root)
        passed = sorted(
            (edge for edge in self._edges.values() if _between(edge.root_x96, start, root)),
            key=lambda edge: edge.root_x96,
            reverse=root < start,
        )
        at = start
        for edge in passed:
            self._pay(paid * ((edge.root_x96 - at) / (root - start)), edge.root_x96)
            at = edge.root_x96
            edge.outside = _less(self._growth, edge.outside)
        self._pay(paid * ((root - at) / (root - start)), root)
        self._root_x96 = root

    def _pay(self, raw1: float, root_x96: int) -> None:
        """Pay so much raw token1's worth a unit of liquidity, half in either token."""
        price = (root_x96 / 2**96) ** 2
        grown = (int(raw1 / 2 / price * _Q128), int(raw1 / 2 * _Q128))
        first, second = self._growth
        self._growth = ((first + grown[0]) & _GROWTH, (second + grown[1]) & _GROWTH)


def edges_of(width: float | None, price: float) -> tuple[float, float]:
    """Return the lower and the upper price of a position minted at a price, USDC a WETH."""
    lower, upper = _QUOTE.edges(_ticks(width, price))
    return float(lower), float(upper)


def _ticks(width: float | None, price: float) -> tuple[int, int]:
    return _QUOTE.ticks(*((price / width, price * width) if width else EVERY_PRICE))


def _between(edge: int, start: int, root: int) -> bool:
    """Return whether a tick is passed: at or above it one is inside, below it not."""
    return start < edge <= root if root > start else root < edge <= start


def _less(whole: tuple[int, int], part: tuple[int, int]) -> tuple[int, int]:
    return (whole[0] - part[0]) & _GROWTH, (whole[1] - part[1]) & _GROWTH


def _liquidity(value_usd: float, ticks: tuple[int, int], root_x96: int) -> int:
    """Return the liquidity that is worth so much at a price, to a float's precision."""
    probe = 2.0**100
    usdc, weth = amounts_to_offer(root_x96, ticks, probe)
    worth = float(Fraction(usdc, 10**6) + Fraction(weth, 10**18) * _QUOTE.price(root_x96))
    return int(probe * value_usd / worth)


def _basis(root_x96: int, ticks: tuple[int, int], liquidity: int, at: datetime) -> Basis:
    amount0, amount1 = amounts_for_liquidity(root_x96, *ticks, liquidity, round_up=True)
    deposit = LiquidityEvent(
        flow=Flow.INCREASE,
        block_number=1,
        log_index=0,
        at=at,
        liquidity=liquidity,
        amount0=amount0,
        amount1=amount1,
        sqrt_price_x96=root_x96,
    )
    basis = fold([deposit], *ticks)
    assert basis is not None
    return basis


def _tick(edge: _Edge) -> TickState:
    return TickState(
        fee_growth_outside0_x128=edge.outside[0], fee_growth_outside1_x128=edge.outside[1]
    )


def _hash(number: int, at: datetime, root: int) -> str:
    return "0x" + sha256(f"{number} {at.isoformat()} {root}".encode()).hexdigest()
