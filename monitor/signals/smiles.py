"""What a venue's options on a coin imply 30 days out at a delta, by one side of its quotes."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

import numpy as np

from monitor.hedge.fees import DERIBIT, DERIVE, CoinFees
from monitor.hedge.surface import MONTH_YEARS, Smile, Strip, smile_of, vega_a_point, vol_in
from monitor.signals.facts import Facts, newest
from monitor.signals.venues import Chain, Pick, chains_of, discount, forward_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """Where options on coins trade. name: how its sources' names begin.

    in_coin: whether premiums are in the coin; else in US dollars.
    """

    name: str
    fees: CoinFees
    in_coin: bool = False

    @property
    def title(self) -> str:
        """Return its name as people write it."""
        return self.name.capitalize()

    def fee_points(self, price: float, delta: float) -> float:
        """Return what one option costs that is traded and kept, volatility points, 30 days out.

        price: US dollars a coin. Delivery counts whole, as if the option paid for sure.
        """
        fees = (self.fees.option + self.fees.delivery) * price + self.fees.base_usd
        return fees / vega_a_point(price, delta)


ON_DERIBIT: Final = Venue(name="deribit", fees=DERIBIT, in_coin=True)
ON_DERIVE: Final = Venue(name="derive", fees=DERIVE)
VENUES: Final = (ON_DERIVE, ON_DERIBIT)


def price_of(facts: Facts, root: str) -> float:
    """Return a coin's price, which is known where it is asked for."""
    reading = newest(facts, f"{root}.price")
    assert reading is not None
    return reading.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Smiles:
    """A venue's smiles of one coin at one instant. price: US dollars a coin."""

    venue: Venue
    price: float
    chains: tuple[Chain, ...]

    def at(self, delta: float, pick: Pick) -> float | str:
        """Return the volatility 30 days out at a call's forward delta, or why it is unknown."""
        before = [one for one in reversed(self.chains) if one.years <= MONTH_YEARS]
        after = [one for one in self.chains if one.years >= MONTH_YEARS]
        known = dict[float, float]()
        # The nearest on each side that tells; what lies beyond is not worked out.
        for side in (before, after) if before and after else ():
            for chain in side:
                vol = self._of(chain, delta, pick)
                if vol is not None:
                    known[chain.years] = vol
                    break
        found = vol_in(known)
        if found is None:
            return f"{self.venue.name} has no quotes at this delta on both sides of 30 days"
        return found

    def _of(self, chain: Chain, delta: float, pick: Pick) -> float | None:
        forward = forward_of(chain, self.price)
        if forward is None or chain.years <= 0:
            return None
        smile = _smile(chain, forward, self.venue, pick)
        return None if smile is None else smile.at(delta)


def smiles_of(facts: Facts, now: datetime, venue: Venue, root: str) -> Smiles:
    """Return a venue's smiles of a coin whose price is known."""
    return Smiles(
        venue=venue,
        price=price_of(facts, root),
        chains=chains_of(facts, venue.name, root, now),
    )


@lru_cache(maxsize=128)
def _smile(chain: Chain, forward: float, venue: Venue, pick: Pick) -> Smile | None:
    """Return an expiry's smile by one side of its quotes; worked out once a chain."""
    premiums = np.where(chain.strikes >= forward, chain.call(pick), chain.put(pick))
    return smile_of(
        Strip(
            strikes=chain.strikes,
            premiums=premiums * forward if venue.in_coin else premiums / chain.call(discount),
            forward=forward,
            years=chain.years,
        )
    )
