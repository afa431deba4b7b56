"""A perpetual's roll: it has no expiry to move out to, so it is sized anew, both ways."""

from dataclasses import replace
from decimal import Decimal

from monitor.hedge.contracts import kind_of
from monitor.hedge.instruments import Instrument
from monitor.hedge.sizing import Size, delta_held
from monitor.hedge.ticket import Case, trade
from monitor.hedge.trades import lots
from monitor.model.layer import PERPETUAL, Contract, Leg, Ticket


def sized_anew(instrument: Instrument, size: Size) -> bool:
    """Return whether an instrument's roll is a trade back to the middle of its delta."""
    return instrument.kind.endswith(".perp") and size.policy == "delta"


def rebalance_ticket(
    legs: tuple[Leg, ...], instrument: Instrument, size: Size, case: Case
) -> Ticket | str:
    """Return the trade that brings share · coins + delta of all that is held to zero.

    Never past flat: no more is bought back than the layer holds short.
    """
    root = instrument.root
    coins = sum(one.coins() for one in case.cover.of(root))
    if not coins and case.cover.why:
        return case.cover.why
    hedged = delta_held(case.held, case.market, case.at, root=root)
    if isinstance(hedged, str):
        return hedged
    share = 1.0 if size.share is None else size.share
    contract = Contract(kind=instrument.kind, expiry=PERPETUAL, strike=0.0)
    short = -sum(float(leg.quantity) for leg in legs if leg.contract == contract)
    wanted = min(-(share * coins + hedged) / kind_of(contract).multiplier, max(short, 0.0))
    words = f"delta: {100 * share:.0f} % of the positions' {coins:,.4g} {root.upper()}"
    words += f", {hedged:+,.4g} held"
    quantity = lots(wanted, Decimal(kind_of(contract).lot))
    if not quantity:
        return f"{words}: nothing to trade"
    ticket = trade((Leg(contract=contract, quantity=quantity),), case)
    return ticket if isinstance(ticket, str) else replace(ticket, sized=words)
