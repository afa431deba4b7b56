"""What rules may ask of the whole book's delta: positions and hedge layers together.

A position holds as many coins as its principal has of them: along the curve what is sold is
paid at the price, so that is the slope of its worth. Fees owed are not counted. A layer's legs
count by their own delta, a quote's or the model's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from monitor.hedge.book import Known
from monitor.hedge.contracts import Right, expired, kind_of, settlement, units
from monitor.hedge.mark import Mark
from monitor.model.layer import LayerState
from monitor.signals.book import book_value_usd, live_positions
from monitor.signals.facts import Facts, PositionSeen
from monitor.signals.market import coin_prices
from monitor.signals.of_book import NO_VALUE
from monitor.signals.of_market import market
from monitor.signals.roots import STABLE, is_staked_eth, root_of

Marks: TypeAlias = Sequence[tuple[LayerState, Mark | None]]
"""Every layer there is, and its live legs valued; None where it holds none that trade."""

OfDelta: TypeAlias = Callable[[Facts, Marks, datetime], Known]

_SPX: Final = "spx"
_VIX: Final = "vix"
_MOST_LEFT_OUT: Final = 0.10


def coins_held(facts: Facts, root: str) -> Known:
    """Return how many coins the positions hold, whatever they are quoted in.

    Tokens whose worth in coins is not read are left out and named; unknown where they are more
    than a tenth of the book's value.
    """
    total, without = 0.0, list[_Held]()
    for seen in live_positions(facts):
        if not seen.position.liquidity and not seen.unread:
            continue
        held = _tokens(facts, seen)
        if isinstance(held, str):
            return None, held
        total += sum(one.amount for one in held if root_of(one.symbol) == root)
        without += [one for one in held if _odd(one, root)]
    note = _left_out(without)
    worth, value = sum(one.usd or 0.0 for one in without), book_value_usd(facts)
    if worth and (not value or worth > _MOST_LEFT_OUT * value):
        return None, f"{note}: more than {_MOST_LEFT_OUT:.0%} of the book's value"
    return total, ", ".join(part for part in (f"positions {total:+,.4g}", note) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """What a position holds of one token. usd: its worth, None where no price is known."""

    position: str
    symbol: str
    amount: float
    usd: float | None
    dollar: bool


def _tokens(facts: Facts, seen: PositionSeen) -> tuple[_Held, ...] | str:
    pool = facts.pools.get(seen.position.pool)
    if seen.unread or pool is None:
        return seen.unread or f"the pool of #{seen.position.token_id} has not been read"
    of, told = pool.state.pool, seen.measures
    every = ((of.token0, told.amount0, pool.usd0), (of.token1, told.amount1, pool.usd1))
    return tuple(
        _Held(
            position=seen.position.key,
            symbol=token.symbol,
            amount=(amount := float(raw / int(10**token.decimals))),
            usd=None if each is None else amount * each,
            dollar=each is not None and abs(each - 1) <= STABLE,
        )
        for token, raw, each in every
    )


def _odd(one: _Held, root: str) -> bool:
    """Return whether a token may be of a coin's price, nobody knows how much."""
    if not one.amount or one.dollar or root_of(one.symbol):
        return False
    return root == "eth" or not is_staked_eth(one.symbol)


def _left_out(without: Sequence[_Held]) -> str:
    if not without:
        return ""
    n = len({one.position for one in without})
    names = ", ".join(sorted({one.symbol for one in without}))
    return f"{n} position{'s' * (n > 1)} left out ({names})"


def layers_delta(marks: Marks, root: str, now: datetime) -> Known:
    """Return the delta of all layers' legs on a root, USD a dollar or point of it.

    Unknown while a leg that trades no more awaits its settlement: it moves until then, unmarked.
    """
    told = dict[str, float]()
    for layer, mark in marks:
        on_it = [leg for leg in layer.legs if kind_of(leg.contract).root == root]
        if any(expired(one.contract, now) and now < settlement(one.contract) for one in on_it):
            return None, f"{layer.layer} has legs that trade no more and await their settlement"
        if mark is None or not on_it:
            continue
        if mark.worth is not None:
            delta = mark.worth.delta.get(root, 0.0)
        elif all(kind_of(leg.contract).right is Right.PERP for leg in on_it):
            # A perpetual's is its size, whatever is known of the market.
            delta = sum(units(leg.quantity, leg.contract) for leg in on_it)
        else:
            return None, f"{layer.layer} has no delta: {mark.note}"
        told[layer.layer] = told.get(layer.layer, 0.0) + delta
    return sum(told.values()), ", ".join(f"{name} {each:+,.4g}" for name, each in told.items())


def delta_of(facts: Facts, marks: Marks, root: str, now: datetime) -> Known:
    """Return the book's delta: coins of `eth` and `btc`, USD a point of `spx`."""
    held = (0.0, "") if root == _SPX else coins_held(facts, root)
    hedged = layers_delta(marks, root, now)
    if held[0] is None or hedged[0] is None:
        return held if held[0] is None else hedged
    notes = (held[1], hedged[1], _unmoved(marks) if root == _SPX else "")
    return held[0] + hedged[0], ", ".join(part for part in notes if part)


def _unmoved(marks: Marks) -> str:
    """Return whose VIX legs are left out: how the index moves by them is nobody's to read."""
    names = dict.fromkeys(
        layer.layer
        for layer, _ in marks
        if any(kind_of(leg.contract).root == _VIX for leg in layer.legs)
    )
    return f"VIX legs of {' and '.join(names)} left out" if names else ""


def _delta(root: str) -> OfDelta:
    return lambda facts, marks, now: delta_of(facts, marks, root, now)


def _share(root: str) -> OfDelta:
    """Return what answers the delta in US dollars over the positions' value."""

    def answer(facts: Facts, marks: Marks, now: datetime) -> Known:
        delta, note = delta_of(facts, marks, root, now)
        if delta is None:
            return None, note
        value, price = book_value_usd(facts), _price(facts, root, now)
        if not value:
            return None, NO_VALUE
        if isinstance(price, str):
            return None, price
        return delta * price / value, f"{delta:+,.4g} at {price:,.0f} over {value:,.0f} USD; {note}"

    return answer


def _price(facts: Facts, root: str, now: datetime) -> float | str:
    if root != _SPX:
        return coin_prices(facts, now).get(root) or f"{root}.price is unknown"
    told = market(facts, "spx.price", now)
    return told.value if isinstance(told.value, float) else f"spx.price is unknown: {told.note}"


OF_DELTA: Final[Mapping[str, OfDelta]] = {
    "book.delta_eth": _delta("eth"),
    "book.delta_btc": _delta("btc"),
    "book.delta_eth_share": _share("eth"),
    "book.delta_btc_share": _share("btc"),
    "book.delta_spx_share": _share(_SPX),
}
"""These rest on positions: unknown while a chain is not read."""

OF_LEGS_DELTA: Final[Mapping[str, OfDelta]] = {"book.delta_spx": _delta(_SPX)}
"""This rests on layers alone."""
