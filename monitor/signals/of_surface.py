"""The same volatility at two prices: Deribit's and Derive's, of one coin, delta and tenor."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from monitor.hedge.contracts import COINS
from monitor.signals.answers import Found, OfMarket
from monitor.signals.facts import Facts
from monitor.signals.smiles import ON_DERIBIT, ON_DERIVE, VENUES, smiles_of
from monitor.signals.venues import ask, bid, middle

_DELTAS: Final = {
    "25d": ("25-delta put", 0.75),
    "50d": ("at the money", 0.50),
    "25d_call": ("25-delta call", 0.25),
}
"""In names of signals and in words, and a call's forward delta: a put's of -0.25 is its 0.75."""

_POINTS: Final = 100


def _surface(root: str, delta: float) -> OfMarket:
    """Return what answers Derive's volatility less Deribit's at a call's delta, points."""

    def answer(facts: Facts, now: datetime) -> Found:
        dex, cex = (
            smiles_of(facts, now, venue, root).at(delta, middle)
            for venue in (ON_DERIVE, ON_DERIBIT)
        )
        if isinstance(dex, str):
            return None, dex
        if isinstance(cex, str):
            return None, cex
        return _POINTS * (dex - cex), f"Derive {dex:.1%}, Deribit {cex:.1%}, 30 days"

    return answer


def _edge(root: str) -> OfMarket:
    """Return what answers the best gap left when one's bid is sold and the other's ask bought."""

    def answer(facts: Facts, now: datetime) -> Found:
        dex, cex = (smiles_of(facts, now, venue, root) for venue in VENUES)
        for one in (dex, cex):
            if not one.chains:
                return None, f"{one.venue.name} has no fresh quotes of {root.upper()}"
        found, why = [], ""
        for name, delta in _DELTAS.values():
            fees = sum(one.fee_points(dex.price, delta) for one in VENUES)
            for sold, bought in ((dex, cex), (cex, dex)):
                at_bid, at_ask = sold.at(delta, bid), bought.at(delta, ask)
                if isinstance(at_bid, str) or isinstance(at_ask, str):
                    why = why or (at_bid if isinstance(at_bid, str) else str(at_ask))
                    continue
                words = (
                    f"{name}: sell at {at_bid:.1%} on {sold.venue.name}, buy at {at_ask:.1%} on"
                    f" {bought.venue.name}; fees {fees:.1f} points, declared"
                )
                found.append((_POINTS * (at_bid - at_ask) - fees, words))
        return max(found) if found else (None, why)

    return answer


OF_SURFACE: Final[Mapping[str, OfMarket]] = {
    **{
        f"parity.surface_{short}_{root}": _surface(root, delta)
        for root in COINS
        for short, (_, delta) in _DELTAS.items()
    },
    **{f"parity.surface_edge_{root}": _edge(root) for root in COINS},
}
