"""What a layer covers: the positions in its scope, as far as a hedge needs to know them."""

from dataclasses import dataclass
from math import sqrt

from monitor.hedge.il_strip import Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """One open position against US dollars.

    root: the coin it holds, `eth` or `btc`; empty of any other. range: USD a coin, its
    entry at the price now, since what a hedge can cover is what is lost from here on. liquidity:
    in whole coins, as `il_strip.liquidity_of` gives it. usd: of one quote token.
    """

    key: str
    root: str
    range: Range
    liquidity: float
    value_usd: float
    usd: float = 1.0

    def loss_usd(self, shock: float) -> float:
        """Return the loss against holding from here on after a move of the coin, USD, <= 0.

        shock: a fraction, -0.3 is a fall of 30 %.
        """
        price = self.range.entry * (1 + shock)
        return -max(float(self.range.loss(price)), 0.0) * self.liquidity * self.usd

    def change_usd(self, shock: float) -> float:
        """Return how its value changes after a move of the coin, USD, fees aside."""
        now, price = self.range.entry, self.range.entry * (1 + shock)
        moved = float(self.range.value(price)) - float(self.range.value(now))
        return moved * self.liquidity * self.usd

    def coins(self) -> float:
        """Return how many coins it holds: its delta, in coins."""
        root = sqrt(min(max(self.range.entry, self.range.lower), self.range.upper))
        return self.liquidity * (1 / root - 1 / sqrt(self.range.upper))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What a layer covers. fees_year_usd: a year's fees at their pace; None is unknown.

    value_usd: of what is held, None where it is not known. why: why nothing is, empty where
    something is. left_out: why each position in scope that is not held is not.
    """

    held: tuple[Covered, ...] = ()
    value_usd: float | None = None
    fees_year_usd: float | None = None
    why: str = ""
    left_out: tuple[str, ...] = ()

    def of(self, root: str) -> tuple[Covered, ...]:
        """Return the positions that hold a coin."""
        return tuple(one for one in self.held if one.root == root)

    def loss_usd(self, shocks: "dict[str, float]") -> float:
        """Return the loss of all positions against holding from here on, USD, <= 0.

        shocks: a fraction by coin; a coin without one stays where it is.
        """
        return sum(one.loss_usd(shocks.get(one.root, 0.0)) for one in self.held)
