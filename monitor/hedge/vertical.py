"""Verticals: one option bought and another sold, of one expiry and one right.

A put spread on SPX, a call spread on VIX; bought for a debit or sold for a credit.
"""

from dataclasses import dataclass

import numpy as np

from monitor.hedge.black76 import Floats, Numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vertical:
    """One spread. bought, sold: strikes, index points. cost: points, negative when received.

    multiplier: USD an index point. Raises ValueError when both strikes are the same.
    """

    bought: Numbers
    sold: Numbers
    cost: Numbers
    call: bool
    multiplier: int = 100

    def __post_init__(self) -> None:
        if np.any(np.equal(self.bought, self.sold)):
            raise ValueError(f"strikes of a spread must differ, both were {self.bought}")

    def break_even(self) -> Floats:
        """Return the settlement at which it makes nothing, index points; NaN where none is.

        Strikes and cost such as no market makes: a debit above the width, or a credit
        where a debit is due.
        """
        cost, reach = np.asarray(self.cost, dtype=float), self._reach()
        near = (
            np.minimum(self.bought, self.sold) if self.call else np.maximum(self.bought, self.sold)
        )
        found = near + np.abs(cost) if self.call else near - np.abs(cost)
        sound = (np.sign(cost) == np.sign(reach)) & (np.abs(cost) <= np.abs(reach))
        return np.asarray(np.where(sound, found, np.nan))

    def max_profit_usd(self) -> Floats:
        """Return what it can make at most, USD, before fees."""
        return np.asarray((np.maximum(self._reach(), 0.0) - self.cost) * self.multiplier)

    def max_loss_usd(self) -> Floats:
        """Return what it can lose at most, USD, >= 0 at any price a market makes."""
        return np.asarray((self.cost - np.minimum(self._reach(), 0.0)) * self.multiplier)

    def margin_usd(self) -> Floats:
        """Return an estimate of the cash it binds: the debit paid, or the width less the credit."""
        return self.max_loss_usd()

    def profit_usd(self, settlement: Numbers) -> Floats:
        """Return what it made at a settlement, USD, negative when lost."""
        sign = 1.0 if self.call else -1.0
        long = np.maximum(sign * np.subtract(settlement, self.bought), 0.0)
        short = np.maximum(sign * np.subtract(settlement, self.sold), 0.0)
        return np.asarray((long - short - self.cost) * self.multiplier)

    def _reach(self) -> Floats:
        """Return what it pays when both options end in the money, points, cost aside."""
        width = np.subtract(self.sold, self.bought)
        return np.asarray(width if self.call else -width, dtype=float)
