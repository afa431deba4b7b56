"""A position NFT at one block, and what was put into it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


def position_key(chain_id: int, manager: str, token_id: int) -> str:
    """Return `chainId:manager:tokenId`, a position's name everywhere."""
    return f"{chain_id}:{manager}:{token_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TickState:
    """A tick's fee growth on its far side, Q128.128, modulo 2**256; zero if uninitialised."""

    fee_growth_outside0_x128: int
    fee_growth_outside1_x128: int


class Flow(StrEnum):
    """What an event of the position manager moved."""

    INCREASE = "increase"
    DECREASE = "decrease"
    COLLECT = "collect"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidityEvent:
    """One IncreaseLiquidity, DecreaseLiquidity or Collect of one token id.

    liquidity: added or removed, 0 for a collect. Amounts are raw token units.
    sqrt_price_x96: the pool's price right after, where the node could tell it.
    """

    flow: Flow
    block_number: int
    log_index: int
    at: datetime
    liquidity: int
    amount0: int
    amount1: int
    sqrt_price_x96: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The tokens a position's liquidity is measured against.

    hodl0, hodl1: deposited tokens still in, raw; a withdrawal takes its share of
    liquidity out of them, rounded so that the leg is never understated.
    realised_token1: what withdrawals lost against holding, in raw token1 at each
    withdrawal's own price, <= 0; None where a price could not be had.
    collected0, collected1: fees already taken out (collects less decreases), raw.
    uncollected0, uncollected1: principal withdrawn but not yet collected, raw; it
    waits among the tokens owed. source: "events" or "config".
    """

    liquidity: int
    hodl0: int
    hodl1: int
    realised_token1: int | None
    collected0: int
    collected1: int
    opened_at: datetime | None
    source: str
    uncollected0: int = 0
    uncollected1: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A position NFT at one block, in `positions()`'s own words.

    pool: the pool's key. owner: whose it is, who staked it where it is staked; then
    `staked_in` is the contract that holds it, and `staked_in` is empty else.
    tokens_owed: raw, stale until touched, and holding principal after a decrease.
    basis: None where nothing tells the entry, and then `basis_note` says why.
    """

    key: str
    token_id: int
    owner: str
    pool: str
    tick_lower: int
    tick_upper: int
    liquidity: int
    fee_growth_inside0_last_x128: int
    fee_growth_inside1_last_x128: int
    tokens_owed0: int
    tokens_owed1: int
    lower: TickState
    upper: TickState
    basis: Basis | None = None
    basis_note: str = ""
    staked_in: str = ""
