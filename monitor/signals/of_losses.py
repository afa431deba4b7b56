"""What a position has lost, in everybody's words, and the prices at which fees make up for it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from monitor.amm.breakeven import Stake, break_even, outweighs
from monitor.amm.linked import chained_loss
from monitor.amm.measure import price_of_raw
from monitor.amm.variants import (
    Holdings,
    against_all_in,
    against_deposited,
    holdings,
    loss_of_initial,
    textbook_loss,
)
from monitor.model.pool import PoolState
from monitor.signals.book import FEES_UNKNOWN
from monitor.signals.facts import Facts, PositionSeen
from monitor.signals.of_money import NO_POOL, UNPRICED_FLOW, no_entry, state_of
from monitor.signals.of_pool import Answer, OfPosition

_SEVERAL: Final = "there were entries at several prices, or one out of range"
_NOTHING: Final = "its owner has put in nothing that is worth anything"
_ALL_FEES: Final = "all fees so far, those of what was withdrawn too,"
_LEFT_OUT: Final = "fees collected are not known, and left out"


def compared(facts: Facts, seen: PositionSeen) -> Holdings | None:
    """Return what the losses compare, None where the entry or the pool is unknown."""
    state, told = state_of(facts, seen), seen.measures
    if state is None:
        return None
    amounts, fees = (told.amount0, told.amount1), (told.fees0, told.fees1)
    return holdings(seen.position, state.sqrt_price_x96, amounts=amounts, fees=fees)


def _il(_facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
    value = seen.measures.il
    return value, "" if value is not None else no_entry(seen)


def _of_holdings(
    ask: Callable[[Holdings, PoolState], float | None], *, with_fees: bool = False
) -> OfPosition:
    def answer(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
        held, state = compared(facts, seen), state_of(facts, seen)
        if held is None or state is None:
            return None, no_entry(seen)
        if with_fees and seen.measures.fees is None:
            return None, FEES_UNKNOWN
        value = ask(held, state)
        if value is None:
            return None, _SEVERAL if held.put_in > 0 else _NOTHING
        stated = seen.position.basis is not None and seen.position.basis.source != "events"
        return value, _LEFT_OUT if stated else ""

    return answer


def _il_chained(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
    state = state_of(facts, seen)
    found = chained_loss(seen.position, state) if state else None
    basis = seen.position.basis
    whole = basis is not None and basis.liquidity == seen.position.liquidity
    there = basis is not None and bool(basis.hodl0 or basis.hodl1 or _has_withdrawn(seen))
    if found is None and whole and there:
        return None, seen.position.links_note or "the price at one of its withdrawals is unknown"
    if found is None:
        return None, no_entry(seen)
    return found.loss, f"{found.links} linked positions" if found.links > 1 else ""


def stake_of(seen: PositionSeen, quote: int) -> Stake | str:
    """Return a position's range, and its fees less hodl leg and realised loss, or why not.

    What withdrawals lost is counted in the quote token, each at its own price.
    """
    held, basis, told = seen.position, seen.position.basis, seen.measures
    if basis is None or basis.liquidity != held.liquidity or not held.liquidity:
        return no_entry(seen)
    if not (basis.hodl0 or basis.hodl1):
        return no_entry(seen)
    if told.fees is None:
        return FEES_UNKNOWN
    lost = (basis.realised_token0, basis.realised_token1)[quote]
    if lost is None and _has_withdrawn(seen):
        return UNPRICED_FLOW
    return Stake(
        tick_lower=held.tick_lower,
        tick_upper=held.tick_upper,
        liquidity=held.liquidity,
        surplus0=told.fees0 + basis.collected0 - basis.hodl0 + (lost or 0) * (quote == 0),
        surplus1=told.fees1 + basis.collected1 - basis.hodl1 + (lost or 0) * (quote == 1),
    )


def _has_earned(seen: PositionSeen) -> bool:
    """Return whether any fees are owed or known to have been collected."""
    basis, told = seen.position.basis, seen.measures
    return bool(told.fees0 or told.fees1 or (basis and (basis.collected0 or basis.collected1)))


def _has_withdrawn(seen: PositionSeen) -> bool:
    basis = seen.position.basis
    return basis is not None and bool(basis.withdrawn0 or basis.withdrawn1)


def _breakeven(side: int) -> OfPosition:
    def answer(facts: Facts, seen: PositionSeen, _now: datetime) -> Answer:
        state = state_of(facts, seen)
        if state is None:
            return None, NO_POOL
        stake = stake_of(seen, state.pool.quote)
        if isinstance(stake, str):
            return None, stake
        # Turned round, the lower price is the upper one's inverse.
        found = break_even(stake)
        raw = found[side if state.pool.quote == 1 else 1 - side]
        if raw is not None:
            return price_of_raw(state.pool, raw), ""
        if not _has_earned(seen):
            return None, "no fees have been earned that a loss could outweigh"
        if found == (None, None) and not outweighs(stake, state.sqrt_price_x96):
            return None, "what was lost outweighs the fees at every price"
        whose = _ALL_FEES if _has_withdrawn(seen) else "fees"
        return None, f"{whose} outweigh the loss however far the price {('falls', 'rises')[side]}"

    return answer


OF_LOSSES: Final[Mapping[str, OfPosition]] = {
    "position.il": _il,
    "position.il_v2": _of_holdings(lambda held, _: textbook_loss(held)),
    "position.il_of_initial": _of_holdings(lambda held, at: loss_of_initial(held, at.pool.quote)),
    "position.il_chained": _il_chained,
    "position.vs_initial": _of_holdings(
        lambda held, at: against_all_in(held, at.pool.quote), with_fees=True
    ),
    "position.vs_deposited": _of_holdings(lambda held, _: against_deposited(held), with_fees=True),
    "position.vs_all_token0": _of_holdings(lambda held, _: against_all_in(held, 0), with_fees=True),
    "position.vs_all_token1": _of_holdings(lambda held, _: against_all_in(held, 1), with_fees=True),
    "position.breakeven_lower": _breakeven(0),
    "position.breakeven_upper": _breakeven(1),
}
