"""What rules may ask of all hedge layers together, and the record their offset is told from."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeAlias

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import open_seconds
from monitor.hedge.at_risk import at_risk
from monitor.hedge.book import Known, Ledger, Line, cost_share, offset
from monitor.hedge.contracts import expired
from monitor.hedge.journal import booked_before, first_trade
from monitor.hedge.market import Market
from monitor.hedge.profiles import Profile, Score, score
from monitor.hedge.shock import SPIKES
from monitor.hedge.sizing import risen
from monitor.hedge.track import SINCE, BookMark, advance, begun, due
from monitor.hedge.worth import held, made_in
from monitor.model.layer import LayerState
from monitor.model.same import Same
from monitor.signals.book import (
    book_value_usd,
    doubted,
    fees_unknown,
    live_positions,
    unheard,
    yearly_fees_usd,
)
from monitor.signals.covered import cover_of
from monitor.signals.facts import Facts, PositionSeen, newest
from monitor.signals.lost_then import losses_then
from monitor.signals.of_book import wacc
from monitor.signals.of_market import market

OfHedge: TypeAlias = Callable[[Facts, Ledger, datetime], tuple[float | str | None, str]]
BOOK: Final = "book"
TARGET: Final = 1.5
"""How many times the positions' own yield the method wants its hedge to earn. A measure only."""

_UNBOOKED: Final = "no hedge was ever booked"
_UNSEEN: Final = "hedge and loss were never known at once since the first trade"
_SESSION_S: Final = 6.75 * 3600
"""From 9:30 to 16:15 in New York: a close is the last word until the next one."""
_NOUGHT: Final = 1e-6
"""A loss smaller than this share of what is covered is none: it is rounding."""


def lost_usd(facts: Facts) -> Known:
    """Return what all positions lost in their lives against holding, USD, <= 0."""
    found = losses(facts)
    return (None, found) if isinstance(found, str) else (sum(found.values()), "")


def losses(facts: Facts) -> Mapping[str, float] | str:
    """Return what each position lost in its life, USD, <= 0, by key; or why one is not known.

    Those that are gone count as they were last seen; those without a price are left out
    where others have one.
    """
    if why := unheard(facts) or doubted(facts):
        return why
    keys = _priced(facts)
    if not keys:
        return "no position has a price in US dollars"
    found = dict[str, float]()
    for key in keys:
        number, why = _lost(facts.positions[key])
        if number is None:
            return why
        found[key] = number
    return found


def open_loss_usd(facts: Facts) -> Known:
    """Return what the positions open now stand behind holding, USD, <= 0."""
    if why := unheard(facts) or doubted(facts):
        return None, why
    there = [one for one in live_positions(facts) if one.position.liquidity or one.unread]
    if not there:
        return None, "no position is open"
    lost, priced = 0.0, False
    for one in there:
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
    return _since(facts, ledger.pnl)


def offset_of_layer(facts: Facts, line: Line) -> Known:
    """Return what of the IL since the hedge's first trade one layer made good, signed."""
    return _since(facts, line.pnl)


def offset_in_storms(facts: Facts, ledger: Ledger) -> Known:
    """Return the offset over the steps that began with the VIX above 30."""
    track = facts.hedged.get(BOOK)
    if track is None:
        return None, _UNSEEN if ledger.lines else _UNBOOKED
    return track.storm


def lp_yield(facts: Facts, now: datetime) -> Known:
    """Return a year's fees over what the positions are worth."""
    value, fees = book_value_usd(facts), yearly_fees_usd(facts, BOOK, now)
    if not value:
        return None, "not every position has a price in US dollars"
    if fees is None:
        return None, fees_unknown(facts) or "a year's fees are not known"
    return fees / value, f"{fees:,.0f} / {value:,.0f} USD"


def coverage(facts: Facts, ledger: Ledger, priced_on: Market, now: datetime) -> Known:
    """Return the share of the loss of the declared spike that the legs held would pay, a model's.

    The milder of both spikes: ETH -30 %, VIX 45, or above where it is by then.
    """
    legs = [leg for line in ledger.lines for leg in line.layer.legs]
    if not legs:
        return 0.0, "nothing is held"
    if any(expired(leg.contract, now) for leg in legs):
        return None, "an expired leg awaits its settlement"
    cover, shock = cover_of(facts, BOOK, now), risen(SPIKES[0], priced_on)
    if not cover.held:
        return None, cover.why
    made = made_in(held(legs), priced_on, shock, at=now)
    if isinstance(made, str):
        return None, made
    lost = cover.loss_usd(dict(shock.coins))
    if -lost <= _NOUGHT * sum(one.value_usd for one in cover.held):
        return None, f"out of range they lose nothing more by {shock.label}"
    return offset((made, ""), (lost, ""))


def scored(
    profile: Profile, facts: Facts, ledger: Ledger, *, priced_on: Market, now: datetime
) -> Score:
    """Return how the book stands by a profile."""
    told = market(facts, "vix", now).value
    value, risked = book_value_usd(facts), at_risk(ledger)
    capital: Known = risked if risked[0] is None else (None, "the book's value is unknown")
    if risked[0] is not None and value:
        capital = (risked[0] / value, "")
    return score(
        profile,
        vix=told if isinstance(told, float) else None,
        coverage=coverage(facts, ledger, priced_on, now),
        cost=_over_fees(facts, ledger, now),
        capital=capital,
    )


def _over_fees(facts: Facts, ledger: Ledger, now: datetime) -> Known:
    """Return what the book's money costs a year less what its fees are, fractions."""
    cost, why = wacc(facts, now, lambda: ledger)
    earned = lp_yield(facts, now)
    if not isinstance(cost, float):
        return None, why
    return earned if earned[0] is None else (cost - earned[0], "")


def hedged(
    facts: Facts,
    layers: Mapping[str, LayerState],
    now: datetime,
    ledger: Callable[[], Ledger],
) -> Facts:
    """Return the facts with one more mark of the hedge and the loss, if it is time for one.

    ledger: of these very layers, asked only then. While either is unknown no mark is made.
    Where all that was booked is undone again, there never was a hedge.
    """
    began, mends = _booked(Same(layers))
    if began is None:
        return replace(facts, hedged={}) if facts.hedged else facts
    track, vix = facts.hedged.get(BOOK), _vix_of_session(facts, now)
    told_late = track is not None and track.began != began
    if not told_late and not due(track, now, vix=vix, keys=_priced(facts), mends=mends):
        return facts
    lost = losses(facts)
    made: Known = (None, "") if isinstance(lost, str) else ledger().pnl
    if made[0] is None or isinstance(lost, str):
        return facts
    mark = BookMark(
        at=now,
        vix=vix,
        hedge_usd=made[0],
        lost_usd=lost,
        mends=mends,
        booked=booked_before(layers.values(), now),
    )
    last = track.last if track else mark
    late = booked_before(layers.values(), last.at) != last.booked
    track = begun(advance(track, mark, late=late), began, lambda: losses_then(facts, lost, began))
    return replace(facts, hedged={BOOK: track})


def _vix_of_session(facts: Facts, now: datetime) -> float | None:
    """Return the VIX as last stated: a step begins where it then stood; None past a session."""
    stated = newest(facts, "vix")
    if stated is None or open_seconds(Hours.CBOE_VIX, stated.as_of, now) > _SESSION_S:
        return None
    return stated.value


@lru_cache(maxsize=64)
def _booked(layers: Same[Mapping[str, LayerState]]) -> tuple[datetime | None, int]:
    """Return when the first trade that counts was done, and how often the books were mended."""
    journals = [layer.journal for layer in layers.of.values()]
    return first_trade(journals), sum(bool(one.reverses) for booked in journals for one in booked)


def _since(facts: Facts, made: Known) -> Known:
    lost = losses(facts)
    if made[0] is None:
        return made
    if isinstance(lost, str):
        return None, lost
    track = facts.hedged.get(BOOK)
    return (None, _UNSEEN) if track is None else track.since(made[0], lost)


def _priced(facts: Facts) -> list[str]:
    return [key for key, one in facts.positions.items() if one.measures.value.usd is not None]


def _lost(seen: PositionSeen) -> Known:
    told = seen.measures
    if seen.unread:
        return None, seen.unread
    # An entry of the settings is for one liquidity: of that, nothing was withdrawn.
    entered = seen.position.basis is not None and seen.position.basis.source == "config"
    realised = 0.0 if entered else told.il_realised_usd
    if realised is None:
        return None, f"what #{seen.position.token_id} lost so far is unknown"
    if not seen.position.liquidity:
        return realised, ""
    if told.il_worth is None or told.il_worth.usd is None:
        return None, f"the entry of #{seen.position.token_id} is unknown"
    return realised + told.il_worth.usd, ""


def _il_since(facts: Facts, ledger: Ledger, _: datetime) -> tuple[str | None, str]:
    """Return from what the loss counts that the offset is of."""
    track = facts.hedged.get(BOOK)
    if track is None:
        return None, _UNSEEN if ledger.lines else _UNBOOKED
    return SINCE[bool(track.late)], track.late


def _share(facts: Facts, ledger: Ledger, now: datetime) -> Known:
    return cost_share(ledger.theta, yearly_fees_usd(facts, BOOK, now))


def _theta_per_vega(_: Facts, ledger: Ledger, __: datetime) -> Known:
    theta, vega = ledger.theta, ledger.vega
    if theta[0] is None or vega[0] is None:
        return theta if theta[0] is None else vega
    return (theta[0] / abs(vega[0]), "") if vega[0] else (None, "the hedge has no vega")


def _target(facts: Facts, _: Ledger, now: datetime) -> Known:
    earned, note = lp_yield(facts, now)
    return (None, note) if earned is None else (TARGET * earned, f"{TARGET:g} x {note}")


OF_HEDGE: Final[Mapping[str, OfHedge]] = {
    "book.hedge_usd": lambda _, ledger, __: ledger.pnl,
    "book.hedge_value_usd": lambda _, ledger, __: ledger.value,
    "book.theta_usd": lambda _, ledger, __: ledger.theta,
    "book.vega_usd": lambda _, ledger, __: ledger.vega,
    "book.theta_per_vega": _theta_per_vega,
    "book.il_offset": lambda facts, ledger, _: offset_since(facts, ledger),
    "book.il_since": _il_since,
    "book.hedge_cost_share": _share,
    "book.hedge_irr": lambda _, ledger, __: ledger.irr,
    "book.irr_target": _target,
}
