"""How much more may be hedged: never more than is lost, at the shock and at its opposite.

Everything here is linear in what is bought: each limit is what one of each part makes, and
how much may still be made.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from monitor.hedge.contracts import COINS, Right, kind_of
from monitor.hedge.limit import Limit
from monitor.hedge.shock import Shock, shocked, unquoted
from monitor.hedge.sizing import Desk, Size, is_strip, paid_at, risen
from monitor.hedge.worth import Holding, made_in, worth_of
from monitor.model.layer import Leg


def limits(size: Size, desk: Desk) -> tuple[Limit, ...] | str:
    """Return what holds a size back, or why that is not known.

    Where nothing tells the loss in the shock there is nothing to compare with, and nothing is
    held back there. At the opposite move of the coins only contracts on coins are looked at.
    """
    shock = risen(size.shock, desk.market)
    against = replace(shock, coins={root: -move for root, move in shock.coins.items()}, vix=None)
    lost, other = (-desk.cover.loss_usd(dict(one.coins)) for one in (shock, against))
    if size.over_hedge or max(lost, other) <= 0:
        return ()
    on_coin = all(kind_of(part.contract).root in COINS for part in desk.unit.parts)
    wanted = [(shock, lost, desk.held)] if lost > 0 else []
    if on_coin:
        coins = tuple(one for one in desk.held if kind_of(one[0]).root in COINS)
        wanted.append((against, other, coins))
    found: list[Limit] = []
    for where, most, beside in wanted:
        limit = _marked(desk, where, most, beside)
        if isinstance(limit, str):
            return f"whether it would be over-hedged is unknown: {limit}"
        found.append(limit)
    if is_strip(desk.unit):
        found += _settled(desk, [shock, against])
    return tuple(found)


def _marked(desk: Desk, shock: Shock, most: float, beside: Sequence[Holding]) -> Limit | str:
    """Return the limit by the model's mark right after a shock."""
    parts = [(part.contract, 1.0) for part in desk.unit.parts]
    roots = {kind_of(what).root for what, _ in (*parts, *beside)}
    if shock.vix is not None and desk.market.vix.spot is None and not roots <= {*COINS}:
        return "the VIX is not known"
    before = worth_of(parts, unquoted(desk.market), desk.at)
    after = worth_of(parts, shocked(desk.market, shock, desk.at), desk.at)
    made = made_in(beside, desk.market, shock, at=desk.at)
    for one in (before, after, made):
        if isinstance(one, str):
            return one
    assert not isinstance(before, str)
    assert not isinstance(after, str)
    assert not isinstance(made, str)
    each = tuple(b.usd - a.usd for a, b in zip(before.quotes, after.quotes, strict=True))
    return Limit(each=each, made=made, most=most, where=f"at {shock.label}")


def _settled(desk: Desk, shocks: Sequence[Shock]) -> Iterator[Limit]:
    """Yield a strip's limits at expiry: all options on its coin pay no more than one unit does."""
    root = kind_of(desk.unit.parts[0].contract).root
    beside = [one for one in desk.held if kind_of(one[0]).root == root and kind_of(one[0]).option]
    for shock in shocks:
        price = desk.market.coins[root].price * (1 + shock.coins.get(root, 0.0))
        yield Limit(
            each=tuple(paid_at([(part.contract, 1.0)], price) for part in desk.unit.parts),
            made=paid_at(beside, price),
            most=paid_at(desk.one, price),
            where=f"at its expiry, {replace(shock, vix=None).label}",
        )


def refused(found: Sequence[Limit], counts: Sequence[float]) -> str:
    """Return why so many of each part are refused, or an empty text."""
    return next((one.why(counts) for one in found if one.over(counts)), "")


def counted(legs: Sequence[Leg], desk: Desk) -> tuple[float, ...]:
    """Return how many of each part of the unit legs are."""
    by = {leg.contract: float(leg.quantity) for leg in legs}
    return tuple(by.get(part.contract, 0.0) for part in desk.unit.parts)


def side_empty(legs: Sequence[Leg], desk: Desk) -> str:
    """Return that a side of a strip fell away in whole lots, or an empty text."""
    if not is_strip(desk.unit):
        return ""
    left = {kind_of(leg.contract).right for leg in legs}
    for right in (Right.PUT, Right.CALL):
        wanted = any(kind_of(part.contract).right is right for part in desk.unit.parts)
        if wanted and right not in left:
            way = "falls" if right is Right.PUT else "rises"
            return f"It holds no {right}, each being less than a lot: nothing is paid if it {way}."
    return ""
