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
    block_hash, transaction: 0x-hashes; together with log_index an event's name. sender:
    who sent the transaction, in EIP-55 form, where that was asked; empty else.
    given: a deposit that neither the owner made nor anyone the owner let act.
    """

    flow: Flow
    block_number: int
    log_index: int
    at: datetime
    liquidity: int
    amount0: int
    amount1: int
    sqrt_price_x96: int | None = None
    block_hash: str = ""
    transaction: str = ""
    sender: str = ""
    given: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The tokens a position's liquidity is measured against, and all that went in and out.

    Amounts are raw. Values `_token0` and `_token1` are raw units of that one token, each
    event at its own price, and None where one of those prices could not be had.

    hodl0, hodl1: deposited tokens still in; a withdrawal takes its share of
    liquidity out of them, rounded so that the leg is never understated.
    hodl0_s, hodl1_s: raw tokens of that leg times the seconds they were in, up to
    turned_at, when it last changed; None where it has not since opened_at.
    realised: what withdrawals lost against holding, <= 0. released: what the shares of
    the hodl leg that withdrawals took were worth, >= 0.
    collected0, collected1: fees already taken out, principal apart; never negative.
    uncollected0, uncollected1: principal withdrawn but not yet collected; it
    waits among the tokens owed.
    deposited: every deposit; of it, gifted is what strangers paid and compounded what
    came from the position's own fees, collected in the same transaction, also counted in
    either token. withdrawn:
    principal taken out of liquidity, collected or not. In and out of the pool went
    deposited, and withdrawn - uncollected + collected.
    paid: what deposits but gifts were worth. received: what collects were worth.
    provisional: some of it may yet be undone, for its blocks are not final.
    source: "events" or "config"; for the latter nothing tells fees or withdrawals.
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
    realised_token0: int | None = None
    released_token0: int | None = None
    released_token1: int | None = None
    deposited0: int = 0
    deposited1: int = 0
    withdrawn0: int = 0
    withdrawn1: int = 0
    gifted0: int = 0
    gifted1: int = 0
    compounded0: int = 0
    compounded1: int = 0
    paid_token0: int | None = None
    paid_token1: int | None = None
    received_token0: int | None = None
    received_token1: int | None = None
    provisional: bool = False
    compounded_token0: int | None = 0
    compounded_token1: int | None = 0
    hodl0_s: int = 0
    hodl1_s: int = 0
    turned_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An earlier position of a chain of rebalances: its range, and how it was left.

    basis: with the liquidity that is still in it; none once it is closed or burned.
    """

    key: str
    tick_lower: int
    tick_upper: int
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A position NFT at one block, in `positions()`'s own words.

    pool: the pool's key. owner: whose it is, who staked it where it is staked; then
    `staked_in` is the contract that holds it, and `staked_in` is empty else.
    earns_fees: whether fees of the liquidity are its own; false in a gauge, where they are
    the voters' and emissions are paid in their place.
    tokens_owed: raw, stale until touched, and holding principal after a decrease.
    basis: None where nothing tells the entry, and then `basis_note` says why; beside a
    basis the note says what else to know of it. links: the positions this one continues,
    the oldest first; None where one of them cannot be told, and then `links_note` says why.
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
    earns_fees: bool = True
    links: tuple[Link, ...] | None = ()
    links_note: str = ""
