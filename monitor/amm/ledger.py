"""A position's cost basis, folded from its events.

The hodl leg is what holding would own: every deposit adds to it, whoever paid, every
withdrawal takes its share of liquidity out of it. What a withdrawal lost against
its share is booked as realised, at the withdrawal's own price, so the loss of
what stays in is never a gain and never counts what already left.

A collect pays out principal that was withdrawn before it pays fees. Fees collected
and put back in one transaction are compounded, up to their worth: a compounder may
have swapped one token for the other in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

from monitor.amm.event_price import Counted, counted, event_prices, in_order
from monitor.model.position import Basis, Flow, LiquidityEvent

_NOTHING = Counted(token0=0, token1=0)
_SECOND: Final = timedelta(seconds=1)


def fold(events: Sequence[LiquidityEvent], tick_lower: int, tick_upper: int) -> Basis | None:
    """Return the basis the events add up to, whatever order they come in.

    None when they cannot be the whole story: no deposit among them, or more
    liquidity withdrawn than there was. A withdrawal's share of the hodl leg is
    floored, so what stays is never understated; all worths are floored too.
    """
    ordered = in_order(events)
    book = _Book()
    for event, price in zip(ordered, event_prices(ordered, tick_lower, tick_upper), strict=True):
        book.turn_to(event.transaction)
        match event.flow:
            case Flow.INCREASE:
                book.increase(event, price)
            case Flow.DECREASE:
                if event.liquidity > book.liquidity:
                    return None
                book.decrease(event, price)
            case Flow.COLLECT:
                book.collect(event, price)
    return book.closed()


def basis_from_entry(amount0: int, amount1: int, liquidity: int, at: datetime | None) -> Basis:
    """Return the basis of a position whose raw deposits a person stated in config."""
    return Basis(
        liquidity=liquidity,
        hodl0=amount0,
        hodl1=amount1,
        realised_token0=0,
        realised_token1=0,
        released_token0=0,
        released_token1=0,
        collected0=0,
        collected1=0,
        deposited0=amount0,
        deposited1=amount1,
        opened_at=at,
        source="config",
    )


@dataclass(slots=True)
class _Pair:
    """Raw amounts of the two tokens."""

    amount0: int = 0
    amount1: int = 0

    def add(self, amount0: int, amount1: int) -> None:
        self.amount0 += amount0
        self.amount1 += amount1


class _Book:
    """The sums so far; `purse` is what the transaction at hand has collected in fees."""

    def __init__(self) -> None:
        self.liquidity = 0
        self._hodl, self._owing, self._purse = _Pair(), _Pair(), _Pair()
        self._deposited, self._gifted, self._compounded = _Pair(), _Pair(), _Pair()
        self._withdrawn, self._collected = _Pair(), _Pair()
        self._realised = self._released = self._paid = self._received = _NOTHING
        self._put_back, self._seconds = _NOTHING, _Pair()
        self._opened_at: datetime | None = None
        self._turned_at: datetime | None = None
        self._transaction = ""

    def turn_to(self, transaction: str) -> None:
        """Empty the purse between transactions; one without a name stands alone."""
        if transaction != self._transaction or not transaction:
            self._purse = _Pair()
        self._transaction = transaction

    def increase(self, event: LiquidityEvent, price: Fraction | None) -> None:
        self._pass_to(event.at)
        self.liquidity += event.liquidity
        self._opened_at = self._opened_at or event.at
        self._hodl.add(event.amount0, event.amount1)
        self._deposited.add(event.amount0, event.amount1)
        if event.given:
            self._gifted.add(event.amount0, event.amount1)
            return
        put_back = self._from_purse(event, price)
        self._compounded.add(*put_back)
        self._put_back = _plus(self._put_back, counted(*put_back, price))
        self._paid = _plus(self._paid, counted(event.amount0, event.amount1, price))

    def decrease(self, event: LiquidityEvent, price: Fraction | None) -> None:
        if event.liquidity == 0:
            return
        self._pass_to(event.at)
        share = Fraction(event.liquidity, self.liquidity)
        held0, held1 = share * self._hodl.amount0, share * self._hodl.amount1
        lost = counted(event.amount0 - held0, event.amount1 - held1, price)
        # A price inferred from floored amounts is a hair off, and a hair is no gain.
        self._realised = _plus(self._realised, _capped(lost))
        self._released = _plus(self._released, counted(held0, held1, price))
        self.liquidity -= event.liquidity
        self._hodl.add(-int(held0), -int(held1))
        self._owing.add(event.amount0, event.amount1)
        self._withdrawn.add(event.amount0, event.amount1)

    def collect(self, event: LiquidityEvent, price: Fraction | None) -> None:
        principal0 = min(event.amount0, self._owing.amount0)
        principal1 = min(event.amount1, self._owing.amount1)
        fees = event.amount0 - principal0, event.amount1 - principal1
        self._owing.add(-principal0, -principal1)
        self._collected.add(*fees)
        self._purse.add(*fees)
        self._received = _plus(self._received, counted(event.amount0, event.amount1, price))

    def _pass_to(self, at: datetime) -> None:
        """Count the time for which the hodl leg stayed as it is."""
        if self._turned_at is not None and at > self._turned_at:
            seconds = (at - self._turned_at) // _SECOND
            self._seconds.add(self._hodl.amount0 * seconds, self._hodl.amount1 * seconds)
        self._turned_at = at

    def closed(self) -> Basis | None:
        """Return the basis, None where nothing was ever put in."""
        if self._opened_at is None:
            return None
        return Basis(
            liquidity=self.liquidity,
            hodl0=self._hodl.amount0,
            hodl1=self._hodl.amount1,
            realised_token0=self._realised.token0,
            realised_token1=self._realised.token1,
            released_token0=self._released.token0,
            released_token1=self._released.token1,
            collected0=self._collected.amount0,
            collected1=self._collected.amount1,
            uncollected0=self._owing.amount0,
            uncollected1=self._owing.amount1,
            deposited0=self._deposited.amount0,
            deposited1=self._deposited.amount1,
            withdrawn0=self._withdrawn.amount0,
            withdrawn1=self._withdrawn.amount1,
            gifted0=self._gifted.amount0,
            gifted1=self._gifted.amount1,
            compounded0=self._compounded.amount0,
            compounded1=self._compounded.amount1,
            paid_token0=self._paid.token0,
            paid_token1=self._paid.token1,
            received_token0=self._received.token0,
            received_token1=self._received.token1,
            compounded_token0=self._put_back.token0,
            compounded_token1=self._put_back.token1,
            hodl0_s=self._seconds.amount0,
            hodl1_s=self._seconds.amount1,
            turned_at=self._turned_at,
            opened_at=self._opened_at,
            source="events",
        )

    def _from_purse(self, event: LiquidityEvent, price: Fraction | None) -> tuple[int, int]:
        """Take out of the purse what this deposit is made of; return how much of it that is.

        By worth where there is a price; token by token where there is none.
        """
        purse = self._purse
        if price is None:
            taken = min(event.amount0, purse.amount0), min(event.amount1, purse.amount1)
            purse.add(-taken[0], -taken[1])
            return taken
        there = purse.amount0 * price + purse.amount1
        wanted = event.amount0 * price + event.amount1
        if there == 0 or wanted == 0:
            return 0, 0
        if there <= wanted:
            self._purse = _Pair()
            share = there / wanted
            return int(event.amount0 * share), int(event.amount1 * share)
        left = 1 - wanted / there
        self._purse = _Pair(int(purse.amount0 * left), int(purse.amount1 * left))
        return event.amount0, event.amount1


def _plus(one: Counted, other: Counted) -> Counted:
    return Counted(token0=_sum(one.token0, other.token0), token1=_sum(one.token1, other.token1))


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _capped(lost: Counted) -> Counted:
    token0, token1 = lost.token0, lost.token1
    return Counted(
        token0=None if token0 is None else min(token0, 0),
        token1=None if token1 is None else min(token1, 0),
    )
