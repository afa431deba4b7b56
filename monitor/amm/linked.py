"""Impermanent loss over a chain of rebalances, where closing one position opened the next.

Each link's own loss is weighted by money:

    r = (lost by withdrawals + value now - hodl now) / (released + hodl now)

with what withdrawals lost, and released from the hodl leg, at their own prices. A link
that is closed has only the first of each, one never withdrawn from only the second,
and then r is its plain impermanent loss. Links are joined geometrically, as the
returns of successive stretches of time are:

    chained = (1 + r1) (1 + r2) ... - 1

Every r is in [-1, 0], so the chain's is, too. A rebalance by itself adds nothing: the new
link starts at r = 0. Out of the new range and back again is not the old range:
what the old link has lost stays lost, for it was realised when it was closed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from monitor.amm.amounts import Q192, amounts_for_liquidity
from monitor.amm.event_price import Counted, counted
from monitor.model.pool import PoolState
from monitor.model.position import Link, Position


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainedLoss:
    """The loss of a whole chain. links: how many, the last included.

    loss: a fraction in [-1, 0], each link's weighed in the pool's quote token. lost: the
    links' losses added up in raw units of either token, <= 0.
    """

    links: int
    loss: float
    lost: Counted


def chained_loss(position: Position, pool: PoolState) -> ChainedLoss | None:
    """Return the loss of the links that end in this position; a lone one is its own chain.

    None where a link or a price of one is not known, or nothing of worth was in any.
    """
    if position.links is None or position.basis is None:
        return None
    if position.basis.liquidity != position.liquidity:
        return None
    last = Link(
        key=position.key,
        tick_lower=position.tick_lower,
        tick_upper=position.tick_upper,
        basis=position.basis,
    )
    links = (*position.links, last)
    lost0, lost1 = ([_lost(one, pool)[side] for one in links] for side in (0, 1))
    held = [_held(one, pool)[pool.pool.quote] for one in links]
    if not any(held):
        return None
    kept = Fraction(1)
    for loss, weight in zip((lost0, lost1)[pool.pool.quote], held, strict=True):
        if loss is None or weight is None:
            return None
        kept *= 1 + _share(loss, weight)
    return ChainedLoss(
        links=len(links), loss=float(kept - 1), lost=Counted(token0=_sum(lost0), token1=_sum(lost1))
    )


def _lost(link: Link, pool: PoolState) -> tuple[int | None, int | None]:
    """Return what a link has lost, in raw (token0, token1): realised and as it stands now."""
    basis = link.basis
    amounts = amounts_for_liquidity(
        pool.sqrt_price_x96, link.tick_lower, link.tick_upper, basis.liquidity
    )
    gap = counted(amounts[0] - basis.hodl0, amounts[1] - basis.hodl1, _price(pool))
    return _sum([basis.realised_token0, gap.token0]), _sum([basis.realised_token1, gap.token1])


def _held(link: Link, pool: PoolState) -> tuple[int | None, int | None]:
    """Return what holding a link's deposits was and is worth, in raw (token0, token1)."""
    basis = link.basis
    now = counted(basis.hodl0, basis.hodl1, _price(pool))
    return _sum([basis.released_token0, now.token0]), _sum([basis.released_token1, now.token1])


def _price(pool: PoolState) -> Fraction:
    return Fraction(pool.sqrt_price_x96**2, Q192)


def _share(loss: int, weight: int) -> Fraction:
    # Both were floored, which may pass the whole by one unit.
    return max(Fraction(loss, weight), Fraction(-1)) if weight > 0 else Fraction(0)


def _sum(parts: Sequence[int | None]) -> int | None:
    known = [one for one in parts if one is not None]
    return sum(known) if len(known) == len(parts) else None
