"""What rules may ask of all hedge layers together, and the record their offset is told from."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeAlias

from monitor.hedge.book import Known, Ledger, cost_share, offset
from monitor.hedge.track import BookMark, advance, due
from monitor.model.layer import LayerState
from monitor.signals.book import (
    book_value_usd,
    doubted,
    fees_unknown,
    live_positions,
    unheard,
    yearly_fees_usd,
)
from monitor.signals.facts import Facts, PositionSeen
from monitor.signals.of_market import market

OfHedge: TypeAlias = Callable[[Facts, Ledger, datetime], Known]
BOOK: Final = "book"
TARGET: Final = 1.5
"""How many times the positions' own yield the method wants its hedge to earn. A measure only."""

_UNBOOKED: Final = "no hedge was ever booked"


def lost_usd(facts: Facts) -> Known:
    """Return what all positions lost in their lives against holding, USD, <= 0.

    Those that are gone count as they were last seen; those without a price are left out
    where others have one.
    """
    if why := unheard(facts) or doubted(facts):
        return None, why
    priced = [one for one in facts.positions.values() if one.measures.value.usd is not None]
    if not priced:
        return None, "no position has a price in US dollars"
    lost = 0.0
    for one in priced:
        number, why = _lost(one)
        if number is None:
            return None, why
        lost += number
    return lost, ""


def open_loss_usd(facts: Facts) -> Known:
    """Return what the positions open now stand behind holding, USD, <= 0."""
    if why := unheard(facts) or doubted(facts):
        return None, why
    held = [one for one in live_positions(facts) if one.position.liquidity or one.unread]
    if not held:
        return None, "no position is open"
    lost, priced = 0.0, False
    for one in held:
        if one.unread:
            return None, one.unread
        told = one.measures.il_worth
        if one.measures.value.usd is None:
            continue
        if told is None or told.usd is None:
            return None, f"the entry of #{one.position.token_id} is unknown"
        lost, priced = lost + told.usd, True
    return (lost, "") if priced else (None, "no position has a price in US dollars")


def offset_now(facts: Facts, ledger: Ledger) -> Known:
    """Return the share of the loss open now that the legs held now have made good."""
    if not ledger.lines:
        return None, _UNBOOKED
    value, paid = ledger.value, ledger.paid
    if value[0] is None or paid[0] is None:
        return value if value[0] is None else paid
    return offset((value[0] - paid[0], ""), open_loss_usd(facts))


def offset_since(facts: Facts, ledger: Ledger) -> Known:
    """Return the share of what was lost since the first trade that the hedge has made good."""
    if not ledger.lines:
        return None, _UNBOOKED
    made, lost = ledger.pnl, lost_usd(facts)
    if made[0] is None or lost[0] is None:
        return made if made[0] is None else lost
    track = facts.hedged.get(BOOK)
    if track is None:
        return None, "the book was not looked at since the first trade"
    return track.since(made[0], lost[0])


def offset_in_storms(facts: Facts) -> Known:
    """Return the offset over the steps that began with the VIX above 30."""
    track = facts.hedged.get(BOOK)
    return (None, _UNBOOKED) if track is None else track.storm


def lp_yield(facts: Facts, now: datetime) -> Known:
    """Return a year's fees over what the positions are worth."""
    value, fees = book_value_usd(facts), yearly_fees_usd(facts, BOOK, now)
    if not value:
        return None, "not every position has a price in US dollars"
    if fees is None:
        return None, fees_unknown(facts) or "a year's fees are not known"
    return fees / value, f"{fees:,.0f} / {value:,.0f} USD"


def hedged(
    facts: Facts,
    layers: Mapping[str, LayerState],
    now: datetime,
    ledger: Callable[[], Ledger],
) -> Facts:
    """Return the facts with one more mark of the hedge and the loss, if it is time for one.

    ledger: of these very layers, asked only then. While either is unknown no mark is made.
    """
    if not any(layer.journal for layer in layers.values()):
        return facts
    track = facts.hedged.get(BOOK)
    told = market(facts, "vix", now).value
    vix = told if isinstance(told, float) else None
    mends = sum(bool(one.reverses) for layer in layers.values() for one in layer.journal)
    positions = len(facts.positions)
    if not due(track, now, vix=vix, changes=positions + mends):
        return facts
    lost = lost_usd(facts)
    made: Known = (None, "") if lost[0] is None else ledger().pnl
    if made[0] is None or lost[0] is None:
        return facts
    mark = BookMark(
        at=now, vix=vix, hedge_usd=made[0], il_usd=lost[0], positions=positions, mends=mends
    )
    return replace(facts, hedged={BOOK: advance(track, mark)})


def _lost(seen: PositionSeen) -> Known:
    told = seen.measures
    if seen.unread:
        return None, seen.unread
    if told.il_realised_usd is None:
        return None, f"what #{seen.position.token_id} lost so far is unknown"
    if not seen.position.liquidity:
        return told.il_realised_usd, ""
    if told.il_worth is None or told.il_worth.usd is None:
        return None, f"the entry of #{seen.position.token_id} is unknown"
    return told.il_realised_usd + told.il_worth.usd, ""


def _share(facts: Facts, ledger: Ledger, now: datetime) -> Known:
    return cost_share(ledger.theta, yearly_fees_usd(facts, BOOK, now))


def _target(facts: Facts, _: Ledger, now: datetime) -> Known:
    earned, note = lp_yield(facts, now)
    return (None, note) if earned is None else (TARGET * earned, f"{TARGET:g} x {note}")


OF_HEDGE: Final[Mapping[str, OfHedge]] = {
    "book.hedge_usd": lambda _, ledger, __: ledger.pnl,
    "book.hedge_value_usd": lambda _, ledger, __: ledger.value,
    "book.theta_usd": lambda _, ledger, __: ledger.theta,
    "book.vega_usd": lambda _, ledger, __: ledger.vega,
    "book.il_offset": lambda facts, ledger, _: offset_since(facts, ledger),
    "book.hedge_cost_share": _share,
    "book.hedge_irr": lambda _, ledger, __: ledger.irr,
    "book.irr_target": _target,
}
