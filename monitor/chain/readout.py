"""What the answers of a snapshot's batch mean."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from monitor.chain.facts import why
from monitor.chain.forms import FORMS
from monitor.chain.plan import Plan, Row
from monitor.chain.registry import Nft
from monitor.chain.words import WORD, Answer, address, sint, uint
from monitor.model.observation import Missing
from monitor.model.pool import Pool, PoolState
from monitor.model.position import Position, TickState

# What managers revert with: Uniswap's and PancakeSwap's words, and Slipstream's letters.
_NO_SUCH_ID: Final = ("Invalid token ID", "the contract reverted: ID")
_NOBODY: Final = "0x" + "0" * 40
_POSITION_SIZE: Final = 12 * WORD
_CHEF_SIZE: Final = 9 * WORD
_CHEF_USER: Final = 6
_FEE, _GAUGE = 4, 5


Custody: TypeAlias = tuple[Mapping[str, str], Mapping[Nft, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the answers about a position do not say themselves.

    readable: keys of the pools that were read. aside: NFTs to pass over, with the
    reason and whether they are gone from what is watched. gauges: the gauge of a pool
    that has one, by the pool's key. depositors: who staked what a gauge lists.
    """

    readable: Collection[str]
    aside: Mapping[Nft, tuple[str, bool]]
    gauges: Mapping[str, str]
    depositors: Mapping[Nft, str]

    @property
    def custody(self) -> Custody:
        """Return what of it changes whose a position is."""
        return self.gauges, self.depositors


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A batch's answers, and the positions made of them."""

    answers: Sequence[Answer] = ()
    positions: Mapping[str, Position] = field(default_factory=dict)
    custody: Custody = ({}, {})

    def same(self, row: Row, answers: Sequence[Answer]) -> Position | None:
        """Return the position as it was if all that tells of it is the same object still."""
        old = self.positions.get(row.key)
        if old is None:
            return None
        at = row.at
        was = self.answers
        unchanged = (
            answers[at] is was[at]
            and answers[at + 1] is was[at + 1]
            and answers[row.lower] is was[row.lower]
            and answers[row.upper] is was[row.upper]
            and (
                not row.chefs  # asking none of them would cost as much as all of the above
                or all(answers[n] is was[n] for n in range(at + 2, at + 2 + len(row.chefs)))
            )
        )
        return old if unchanged else None


def read_pools(laid: Plan, answers: Sequence[Answer]) -> tuple[list[PoolState], list[Missing]]:
    """Return the pools' states, and why others are missing."""
    states: list[PoolState] = []
    missing: list[Missing] = []
    for pool, index in laid.pools.items():
        getters = FORMS[pool.protocol].getters
        state = _read_pool(pool, answers[index : index + len(getters)])
        if isinstance(state, Missing):
            missing.append(state)
        else:
            states.append(state)
    return states, missing


def read_gauges(laid: Plan, answers: Sequence[Answer]) -> dict[str, str]:
    """Return the gauges of the pools that have one, by the pool's key."""
    gauges: dict[str, str] = {}
    for pool, index in laid.pools.items():
        if len(FORMS[pool.protocol].getters) > _GAUGE:
            told = answers[index + _GAUGE]
            if told.ok and len(told.data) >= WORD and (gauge := address(told.data, 0)) != _NOBODY:
                gauges[pool.key] = gauge
    return gauges


def read_positions(
    laid: Plan, answers: Sequence[Answer], around: Circumstances, before: Seen
) -> tuple[list[Position], list[Missing]]:
    """Return the positions, and why others are missing.

    before: what was made of the same batch last time; a position of which nothing
    changed is the same object.
    """
    if before.custody != around.custody:
        before = Seen()
    positions: list[Position] = []
    missing: list[Missing] = []
    for nft, row in laid.rows.items():
        if nft in around.aside:
            reason, gone = around.aside[nft]
            found: Position | Missing = _missing(nft, row, reason, gone=gone)
        elif row.place is None:
            found = _no_position(nft, row, answers[row.at])
        elif row.pool not in around.readable:
            found = _missing(nft, row, f"its pool {row.pool} could not be read")
        else:
            found = before.same(row, answers) or _read_position(nft, row, answers, around)
        if isinstance(found, Missing):
            missing.append(found)
        else:
            positions.append(found)
    return positions, missing


def _read_pool(pool: Pool, answers: Sequence[Answer]) -> PoolState | Missing:
    """Return a pool's state from the answers of its four getters."""
    for (_, getter), answer in zip(FORMS[pool.protocol].getters, answers, strict=True):
        if not answer.ok or len(answer.data) < WORD:
            return Missing(key=pool.key, reason=f"pool {pool.address}: {getter}: {why(answer)}")
    slot0, liquidity, growth0, growth1, *more = (answer.data for answer in answers)
    if len(slot0) < 2 * WORD or not uint(slot0, 0):
        return Missing(key=pool.key, reason=f"pool {pool.address} has no price yet")
    if more and (fee := uint(answers[_FEE].data, 0)) != pool.fee_pips:
        pool = replace(pool, fee_pips=fee)
    return PoolState(
        pool=pool,
        sqrt_price_x96=uint(slot0, 0),
        tick=sint(slot0, 1),
        liquidity=uint(liquidity, 0),
        fee_growth_global0_x128=uint(growth0, 0),
        fee_growth_global1_x128=uint(growth1, 0),
    )


def _read_position(
    nft: Nft, row: Row, answers: Sequence[Answer], around: Circumstances
) -> Position | Missing:
    """Return a position from a batch's answers; its row must know its place."""
    place = row.place
    assert place is not None
    told, owner = answers[row.at], answers[row.at + 1]
    lower, upper = answers[row.lower], answers[row.upper]
    if not told.ok or len(told.data) < _POSITION_SIZE:
        return _no_position(nft, row, told)
    if not owner.ok or len(owner.data) < WORD:
        return _no_position(nft, row, owner)
    word = row.growth_word
    for tick, answer in ((place.tick_lower, lower), (place.tick_upper, upper)):
        if not answer.ok or len(answer.data) < (word + 2) * WORD:
            return _missing(nft, row, f"tick {tick}: {why(answer)}")
    data, keeper = told.data, address(owner.data, 0)
    gauge = around.gauges.get(row.pool)
    user = around.depositors.get(nft) or user_of(row, keeper, answers)
    return Position(
        key=row.key,
        token_id=nft.token_id,
        owner=user or keeper,
        pool=row.pool,
        tick_lower=place.tick_lower,
        tick_upper=place.tick_upper,
        liquidity=uint(data, 7),
        fee_growth_inside0_last_x128=uint(data, 8),
        fee_growth_inside1_last_x128=uint(data, 9),
        tokens_owed0=uint(data, 10),
        tokens_owed1=uint(data, 11),
        lower=_tick(lower.data, word),
        upper=_tick(upper.data, word),
        staked_in=keeper if user or keeper == gauge else "",
        earns_fees=keeper != gauge,
    )


def user_of(row: Row, keeper: str, answers: Sequence[Answer]) -> str | None:
    """Return for whom a MasterChef keeps a position; None where none does."""
    for place, chef in enumerate(row.chefs, row.at + 2):
        told = answers[place]
        if chef == keeper and told.ok and len(told.data) >= _CHEF_SIZE:
            user = address(told.data, _CHEF_USER)
            return user if user != _NOBODY else None
    return None


def _no_position(nft: Nft, row: Row, answer: Answer) -> Missing:
    """Return why a position could not be read; gone where the manager denies it exists."""
    reason = why(answer)
    gone = reason.endswith(_NO_SUCH_ID)
    told = "it was burned, or never minted" if gone else reason
    return _missing(nft, row, told, gone=gone)


def _missing(nft: Nft, row: Row, reason: str, *, gone: bool = False) -> Missing:
    return Missing(key=row.key, reason=f"position {nft.token_id}: {reason}", gone=gone)


def _tick(data: bytes, word: int) -> TickState:
    return TickState(
        fee_growth_outside0_x128=uint(data, word), fee_growth_outside1_x128=uint(data, word + 1)
    )
