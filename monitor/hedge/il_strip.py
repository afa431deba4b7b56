"""The strip of options that pays a Uniswap v3 position's impermanent loss back.

Puts on [a, S0] and calls on [S0, b] with density 1/2 K^(-3/2) for one unit of liquidity pay
HODL less the position at every price of one expiry (Carr and Madan; Deng, Zong and Wang,
arXiv 2205.12043). Prices are token1 per token0, both in whole coins, and liquidity belongs
to them (`liquidity_of`). Values are in token1.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.hedge import black76
from monitor.hedge.band import Band, band
from monitor.hedge.black76 import Floats, Numbers

STRIKES_A_SIDE: Final = 5

_NOTHING: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A position of one unit of liquidity on [lower, upper], entered at a price.

    Raises ValueError unless 0 < lower < upper and entry is above zero.
    """

    lower: float
    upper: float
    entry: float

    def __post_init__(self) -> None:
        if not (0 < self.lower < self.upper < math.inf and 0 < self.entry < math.inf):
            raise ValueError(
                "a range needs 0 < lower < upper and an entry above zero, was "
                f"{self.lower}, {self.upper}, {self.entry}"
            )

    def inverted(self) -> "Range":
        """Return the same position with the tokens exchanged: prices of token1 in token0.

        Its liquidity is the same; values are then in token0, as where token0 is the dollar.
        """
        return Range(lower=1 / self.upper, upper=1 / self.lower, entry=1 / self.entry)

    def value(self, price: Numbers) -> Floats:
        """Return the position's value, fees aside: L(2√S - S/√b - √a) inside the range."""
        root = np.sqrt(np.clip(price, self.lower, self.upper))
        amount0 = 1 / root - 1 / math.sqrt(self.upper)
        return np.asarray(price * amount0 + root - math.sqrt(self.lower))

    def loss(self, price: Numbers) -> Floats:
        """Return HODL less the position, >= 0: what the strip pays back."""
        root = math.sqrt(min(max(self.entry, self.lower), self.upper))
        amount0, amount1 = 1 / root - 1 / math.sqrt(self.upper), root - math.sqrt(self.lower)
        return np.asarray(np.multiply(price, amount0) + amount1 - self.value(price))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strip:
    """Puts, then calls, and how many of each for one unit of liquidity; each side rises."""

    strikes: Floats
    weights: Floats
    calls: NDArray[np.bool_]

    def payoff(self, settlement: Numbers) -> Floats:
        """Return what it pays at expiry for one unit of liquidity, for each settlement."""
        gap = np.subtract.outer(np.asarray(settlement, dtype=float), self.strikes)
        return np.asarray(np.maximum(np.where(self.calls, gap, -gap), 0.0) @ self.weights)

    def contracts(self, liquidity: float, *, lot: float) -> Floats:
        """Return how many options to buy at each strike, to the nearest whole number of lots.

        liquidity: as `liquidity_of` gives it. lot: what the exchange sells at least.
        """
        return np.round(liquidity * self.weights / lot) * lot

    def cost_band(self, forward: Numbers, sigma: Numbers, *, years: float) -> Band:
        """Return the cost at the volatility given, at 5 points less (1 % at least) and more."""
        return band(
            lambda shift: self.cost(forward, np.maximum(np.add(sigma, shift), 0.01), years=years)
        )

    def cost(self, forward: Numbers, sigma: Numbers, *, years: float) -> float:
        """Return the model's price for one unit of liquidity, undiscounted.

        sigma: annual fraction, one for all strikes or one each, in their order.
        """
        prices = black76.price(forward, self.strikes, sigma=sigma, years=years, call=self.calls)
        return float(prices @ self.weights)

    def delta(self, forward: Numbers, sigma: Numbers, *, years: float) -> float:
        """Return its forward delta for one unit of liquidity, in token0."""
        deltas = black76.delta(forward, self.strikes, sigma=sigma, years=years, call=self.calls)
        return float(deltas @ self.weights)


def liquidity_of(liquidity: int, decimals0: int, decimals1: int) -> float:
    """Return a position's liquidity in whole coins, from the pool's own integer."""
    return liquidity / math.sqrt(10 ** (decimals0 + decimals1))


def il_strip(of: Range, a_side: int = STRIKES_A_SIDE) -> Strip:
    """Return the strip of so many puts below entry and so many calls above.

    Each strike stands for a cell, the cells of a side equal in √K: its weight is the
    density's mass in the cell, 1/√low - 1/√high, and it lies at the density's centre,
    √(low·high). So it pays the loss exactly where a cell ends, and beyond both ends
    of the range; within a cell less, never more. Of [1500, 2600] at 2000 that is at most
    0.22 % of the position's value with 3 strikes a side, 0.08 % with 5.

    Entered outside the range, only one side is left: calls above, or puts below it. Raises
    ValueError unless a_side is 1 or more.
    """
    if a_side < 1:
        raise ValueError(f"a side needs 1 strike or more, was {a_side}")
    middle = min(max(of.entry, of.lower), of.upper)
    puts, put_weights = _cells(of.lower, middle, a_side)
    calls, call_weights = _cells(middle, of.upper, a_side)
    return Strip(
        strikes=np.concatenate((puts, calls)),
        weights=np.concatenate((put_weights, call_weights)),
        calls=np.arange(len(puts) + len(calls)) >= len(puts),
    )


def strip_on(of: Range, listed: Floats) -> Strip:
    """Return the strip on strikes that are listed, rising, instead of its own.

    A cell's weight is split between the listed strikes around it, mass and centre kept, so
    the strip pays the loss exactly at the strikes and beyond them, and between them
    more, never less. Next to entry one strike may have both a put and a call, the one of
    which is in the money. Raises ValueError unless listed strikes rise and lie around the
    range.
    """
    listed = np.asarray(listed, dtype=float)
    if len(listed) <= 1 or np.any(np.diff(listed) <= 0):
        raise ValueError("listed strikes must be several, and rise")
    if listed[0] > of.lower or listed[-1] < of.upper:
        raise ValueError(f"listed strikes do not lie around the range {of.lower} to {of.upper}")
    middle = min(max(of.entry, of.lower), of.upper)
    weights = np.concatenate((_split(of.lower, middle, listed), _split(middle, of.upper, listed)))
    used = weights > _NOTHING * weights.max()
    return Strip(
        strikes=np.tile(listed, 2)[used],
        weights=weights[used],
        calls=(np.arange(2 * len(listed)) >= len(listed))[used],
    )


def _cells(low: float, high: float, count: int) -> tuple[Floats, Floats]:
    if low >= high:
        return np.empty(0), np.empty(0)
    roots = np.linspace(math.sqrt(low), math.sqrt(high), count + 1)
    return roots[:-1] * roots[1:], 1 / roots[:-1] - 1 / roots[1:]


def _split(low: float, high: float, listed: Floats) -> Floats:
    """Return the weights at listed strikes of the density on [low, high]."""
    root, last = np.sqrt(np.clip(listed, low, high)), math.sqrt(high)
    # What puts on the whole density pay at each strike: bends of that are its weights.
    puts = (last - root) - listed * (1 / root - 1 / last)
    slopes = np.diff(puts) / np.diff(listed)
    return np.diff(slopes, prepend=1 / last - 1 / math.sqrt(low), append=0.0)
