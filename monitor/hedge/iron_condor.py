"""Iron condors: a put spread and a call spread sold together on one expiry."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from monitor.hedge.band import Band, band
from monitor.hedge.black76 import Floats, Numbers
from monitor.hedge.black_scholes import Underlying
from monitor.hedge.combination import Combination, model_prices
from monitor.hedge.expected_move import SPX_STEP, expected_move, strikes_outside
from monitor.hedge.skew import SkewedVol

SPX_MULTIPLIER: Final = 100
"""USD an index point."""

_QUANTITIES: Final = (1.0, -1.0, -1.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CondorStrikes:
    """The four strikes, index points. Raises ValueError unless they rise.

    The short ones may be equal, which makes an iron butterfly.
    """

    long_put: Numbers
    short_put: Numbers
    short_call: Numbers
    long_call: Numbers

    def __post_init__(self) -> None:
        puts = np.less(self.long_put, self.short_put)
        calls = np.less(self.short_call, self.long_call)
        if not np.all(puts & calls & np.less_equal(self.short_put, self.short_call)):
            raise ValueError(
                "strikes of a condor must rise, were "
                f"{self.long_put}, {self.short_put}, {self.short_call}, {self.long_call}"
            )

    def combination(self) -> Combination:
        """Return one condor as its options: of single strikes, not of arrays."""
        strikes = (self.long_put, self.short_put, self.short_call, self.long_call)
        return Combination(
            strikes=np.array([float(strike) for strike in strikes]),
            calls=np.array([False, False, True, True]),
            quantities=np.array(_QUANTITIES),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IronCondor:
    """A condor sold for a credit, index points; what it makes is before fees."""

    strikes: CondorStrikes
    credit: Numbers
    multiplier: int = SPX_MULTIPLIER

    def break_evens(self) -> tuple[Floats, Floats]:
        """Return the settlements between which it makes money, index points.

        Short put less credit, short call plus credit; NaN on a side that cannot lose.
        """
        at = self.strikes
        low, high = np.subtract(at.short_put, self.credit), np.add(at.short_call, self.credit)
        return (
            np.asarray(np.where(low >= at.long_put, low, np.nan)),
            np.asarray(np.where(high <= at.long_call, high, np.nan)),
        )

    def max_profit_usd(self) -> Floats:
        """Return the credit in USD, kept when it settles between the short strikes."""
        return np.asarray(np.multiply(self.credit, self.multiplier))

    def max_loss_usd(self) -> Floats:
        """Return what it can lose at most, USD, >= 0: the wider wing less the credit."""
        at = self.strikes
        wider = np.maximum(
            np.subtract(at.short_put, at.long_put), np.subtract(at.long_call, at.short_call)
        )
        return np.asarray(np.maximum((wider - self.credit) * self.multiplier, 0.0))

    def margin_usd(self) -> Floats:
        """Return an estimate of the cash a broker holds: wider wing x multiplier - credit.

        Only one side can lose. A broker may ask for more.
        """
        return self.max_loss_usd()

    def profit_usd(self, settlement: Numbers) -> Floats:
        """Return what it made at a settlement, USD, negative when lost."""
        at = self.strikes
        puts = _between(np.subtract(at.short_put, settlement), at.short_put, at.long_put)
        calls = _between(np.subtract(settlement, at.short_call), at.long_call, at.short_call)
        return np.asarray((self.credit - puts - calls) * self.multiplier)


def condor_credit(prices: tuple[Numbers, Numbers, Numbers, Numbers]) -> Floats:
    """Return the net credit of the legs' prices in the order of their strikes."""
    long_put, short_put, short_call, long_call = prices
    return np.asarray(np.subtract(short_put, long_put) + np.subtract(short_call, long_call))


def strikes_by_move(
    spot: float, sigma: float, *, days: float, multiple: float = 1.0, wing: float
) -> CondorStrikes:
    """Return strikes outside the expected move: short ones at spot -+ multiple * move.

    sigma: annual fraction at the money; days: calendar days to expiry; wing: index points
    from a short strike to its long one. On listed strikes, five points apart. Raises
    ValueError when the long put would lie at zero or below.
    """
    move = expected_move(spot, sigma, days=days)
    put, call = strikes_outside(spot, move, multiple=multiple, step=SPX_STEP)
    if float(put) <= wing:
        raise ValueError(f"the put wing of {wing} leaves no strike below {float(put)}")
    return CondorStrikes(
        long_put=float(put) - wing,
        short_put=float(put),
        short_call=float(call),
        long_call=float(call) + wing,
    )


def strikes_by_delta(
    underlying: Underlying, short: float, *, long: float, vol: SkewedVol, years: float
) -> CondorStrikes:
    """Return the listed strikes nearest to a short and a long spot delta, on both sides.

    Deltas without sign, 0.20 and 0.05 as Cboe's CNDR has them, each at its strike's own
    volatility. Raises ValueError when long is not below short or a delta is not one of
    an option, and when both strikes of a side are the same on the list.
    """
    if not 0 < long < short:
        raise ValueError(f"the long delta must lie in 0 to {short}, was {long}")
    forward, held = float(underlying.forward(years)), float(underlying.dividend_discount(years))

    def strike(call_delta: float) -> float:
        exact = vol.strike_for_delta(forward, call_delta, years=years)
        return round(exact / SPX_STEP) * SPX_STEP

    return CondorStrikes(
        long_put=strike(1 - long / held),
        short_put=strike(1 - short / held),
        short_call=strike(short / held),
        long_call=strike(long / held),
    )


def model_condor(
    strikes: CondorStrikes, underlying: Underlying, *, vol: SkewedVol, years: float
) -> tuple[IronCondor, Band]:
    """Return the condor at the model's credit, and that credit at volatility -+ 5 points.

    Raises ValueError where the volatility has no put skew.
    """
    held = strikes.combination()

    def credit(shift: float) -> float:
        prices = model_prices(held, underlying, vol=vol.shifted(shift), years=years)
        return -float(prices @ held.quantities)

    told = band(credit)
    return IronCondor(strikes=strikes, credit=told.mid), told


def _between(depth: Floats, high: Numbers, low: Numbers) -> Floats:
    return np.minimum(np.maximum(depth, 0.0), np.subtract(high, low))
