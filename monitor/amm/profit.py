"""What a position has made, in the two ways people count it; gas is in neither.

Both add up the same tokens: what is in the position now, principal and everything
owed, and what its collects have paid out, less what was put in. Gifts are no cost: what
strangers paid in is profit, as it is in the owner's hands. Compounded fees count on
both sides, so that they are neutral. They differ in the price alone.
"""

from fractions import Fraction

from monitor.amm.amounts import Q192, amounts_for_liquidity
from monitor.amm.event_price import Counted, counted
from monitor.amm.fee_growth import position_owed
from monitor.model.pool import PoolState
from monitor.model.position import Basis, Position

_UNKNOWN = Counted(token0=None, token1=None)


def pool_profit(position: Position, pool: PoolState) -> Counted:
    """Return the net profit with everything at the price now: Revert's "pool PnL".

    Value of the principal + all owed + everything ever collected - everything ever
    deposited but gifts; in raw token0 and raw token1, each floored. The gain over
    having held what was put in, as it came and went. None while the events are not known.
    """
    basis = _told(position)
    if basis is None:
        return _UNKNOWN
    inside = _inside(position, pool)
    out0 = basis.withdrawn0 - basis.uncollected0 + basis.collected0
    out1 = basis.withdrawn1 - basis.uncollected1 + basis.collected1
    in0, in1 = basis.deposited0 - basis.gifted0, basis.deposited1 - basis.gifted1
    price = Fraction(pool.sqrt_price_x96**2, Q192)
    return counted(inside[0] + out0 - in0, inside[1] + out1 - in1, price)


def flow_profit(position: Position, pool: PoolState) -> Counted:
    """Return the net profit against what was paid in, every flow at its own price.

    Value of the principal and all owed, now + each collect at its time's price - each
    deposit but gifts at its time's price: profit against the initial value, price
    moves of the tokens included. In raw token0 and raw token1: two different questions,
    for each takes its own token for money. None where a price of back then is not known.
    """
    basis = _told(position)
    if basis is None:
        return _UNKNOWN
    now = counted(*_inside(position, pool), Fraction(pool.sqrt_price_x96**2, Q192))
    return Counted(
        token0=_net(now.token0, basis.received_token0, basis.paid_token0),
        token1=_net(now.token1, basis.received_token1, basis.paid_token1),
    )


def _told(position: Position) -> Basis | None:
    """Return the basis where it is of this liquidity and knows what went in and out."""
    basis = position.basis
    if basis is None or basis.liquidity != position.liquidity or basis.source != "events":
        return None
    return basis


def _inside(position: Position, pool: PoolState) -> tuple[int, int]:
    principal = amounts_for_liquidity(
        pool.sqrt_price_x96, position.tick_lower, position.tick_upper, position.liquidity
    )
    owed = position_owed(pool, position)
    return principal[0] + owed[0], principal[1] + owed[1]


def _net(now: int | None, received: int | None, paid: int | None) -> int | None:
    if now is None or received is None or paid is None:
        return None
    return now + received - paid
