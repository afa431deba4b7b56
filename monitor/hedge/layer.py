"""A layer's life: off, proposed, on, due, expired, off. Pure functions on `LayerState`.

Only a person's word moves legs; a proposal only asks for it. Every function gives
back the very state it was given when nothing changes. A word counts once: heard
again, under its id, it changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from monitor.hedge import journal
from monitor.hedge.contracts import expired, kind_of, units
from monitor.hedge.legs import add_legs, reduces, signed, spell_contract
from monitor.hedge.mark import Mark
from monitor.model.layer import (
    PERPETUAL,
    Action,
    BookedFill,
    Fill,
    LayerState,
    LayerStatus,
    Leg,
    Proposal,
)
from monitor.model.observation import Verb, Word

_DUE: Final = {
    Action.ADD: LayerStatus.PROPOSED,
    Action.ROLL: LayerStatus.ROLL_DUE,
    Action.REMOVE: LayerStatus.REMOVE_DUE,
}
_PRECEDENCE: Final = (Action.ADD, Action.ROLL, Action.REMOVE)
TRADES: Final = frozenset({Verb.FILL, Verb.CLOSE, Verb.ROLL})
"""What books a trade."""

MENDS: Final = frozenset({Verb.UNDO, Verb.CORRECT})
"""What mends the books of a trade that is booked already."""


_NO_COINS: Final[Mapping[str, float]] = {}


def may(action: Action, layer: LayerState, *, rule: str = "", top_up: bool = False) -> str | None:
    """Return why a rule may not ask for an action now, or None when it may.

    rule: who asks; it may always renew its own open proposal. top_up: whether
    an add may speak of a layer that is on.
    """
    if action is Action.NOTIFY:
        return None
    return _barred_by_legs(action, layer, top_up=top_up) or _barred_by_proposal(
        action, layer, rule=rule
    )


def propose(layer: LayerState, proposal: Proposal) -> LayerState:
    """Return the layer with the proposal open; unchanged where it may not be made.

    It takes the place of its own rule's older one and of a weaker one: remove
    goes over a removal in part, that over roll, roll over add.
    """
    if proposal.action is Action.NOTIFY:
        return layer
    if may(proposal.action, layer, rule=proposal.rule, top_up=True):
        return layer
    topping_up = proposal.action is Action.ADD and bool(layer.legs)
    status = LayerStatus.ON if topping_up or proposal.rung else _DUE[proposal.action]
    return replace(layer, proposal=proposal, status=status)


def withdraw(layer: LayerState, rule: str) -> LayerState:
    """Return the layer without the rule's proposal: what it asked for is no longer asked."""
    if layer.proposal is None or layer.proposal.rule != rule:
        return layer
    return _rest(replace(layer, proposal=None))


def expire(layer: LayerState, now: datetime) -> LayerState:
    """Return the layer with its proposal void, if its time is over."""
    proposal = layer.proposal
    if proposal is None or proposal.expired or proposal.expires_at is None:
        return layer
    if now < proposal.expires_at:
        return layer
    return _rest(replace(layer, proposal=replace(proposal, expired=True)))


def settle(layer: LayerState, at: datetime) -> LayerState:
    """Return the layer as expired once none of its legs trades any more."""
    if not layer.legs or layer.status is LayerStatus.EXPIRED:
        return layer
    if any(not expired(leg.contract, at) for leg in layer.legs):
        return layer
    return replace(layer, status=LayerStatus.EXPIRED, proposal=None)


def orphan(layer: LayerState) -> LayerState:
    """Return the layer as remove-due: what it protects was burned or emptied."""
    if layer.status in {LayerStatus.REMOVE_DUE, LayerStatus.EXPIRED}:
        return layer
    if layer.legs:
        return replace(layer, status=LayerStatus.REMOVE_DUE, proposal=None)
    return layer if layer.proposal is None else _rest(replace(layer, proposal=None))


def hear(layer: LayerState, word: Word, coins: Mapping[str, float] = _NO_COINS) -> LayerState:
    """Return the layer after a person's trade, undo or correction; unchanged if it is refused.

    coins: USD a coin by root, which turns premiums paid in coin into dollars.
    """
    if refusal(layer, word) or heard(layer, word.id):
        return layer
    if word.verb is Verb.UNDO:
        return _undone(layer, word)
    if word.verb is Verb.CORRECT:
        return _corrected(layer, word, coins)
    if word.verb not in TRADES:
        return journal.with_cash(layer, word) if word.verb is Verb.CASH else layer
    if word.verb is Verb.CLOSE:
        return _booked(layer, word.fills or closing_fills(layer.legs), word, coins)
    return _booked(layer, word.fills, word, coins)


def refusal(layer: LayerState, word: Word) -> str:
    """Return why a word cannot be taken, in one sentence; empty when it can, or was already."""
    if heard(layer, word.id):
        return ""
    return journal.too_far(word) or _barred(layer, word)


def _barred(layer: LayerState, word: Word) -> str:
    if word.verb in MENDS:
        return journal.barred(layer, word)
    if word.verb is Verb.CASH:
        return journal.no_cash(layer, word)
    why = journal.untimely(layer, word, word.fills or closing_fills(layer.legs))
    return why or _no_trade(layer, word)


def _no_trade(layer: LayerState, word: Word) -> str:
    if word.verb is Verb.CLOSE:
        return _no_close(layer, word.fills)
    if not word.fills:
        return f"{word.verb} {layer.layer} needs at least one leg"
    if word.verb is Verb.ROLL:
        return _no_roll(layer, word)
    return _no_fill(layer, word)


def heard(layer: LayerState, word: str) -> bool:
    """Return whether a word is booked already."""
    booked = {one.word for one in layer.journal} | {one.word for one in layer.cash}
    return word in booked


def opened(before: Sequence[Leg], after: Sequence[Leg]) -> bool:
    """Return whether any leg grew, bought or sold."""
    was = {leg.contract: float(leg.quantity) for leg in before}
    return any(abs(float(leg.quantity)) > abs(was.get(leg.contract, 0.0)) for leg in after)


def closing_fills(legs: Sequence[Leg]) -> tuple[Fill, ...]:
    """Return the unpriced trades that close these legs."""
    return tuple(Fill(contract=leg.contract, quantity=-leg.quantity) for leg in legs)


def fill_cash_usd(fill: Fill, coins: Mapping[str, float] = _NO_COINS) -> float | None:
    """Return the signed cash of a trade: negative when paid; None if that is not known.

    coins: USD a coin by root; a premium in a coin whose price is not known has no dollars.
    """
    if fill.price is None:
        return None
    if fill.in_usd:
        return -float(fill.quantity) * fill.price
    kind = kind_of(fill.contract)
    each = coins.get(kind.root) if kind.in_coin else 1.0
    return None if each is None else -units(fill.quantity, fill.contract) * fill.price * each


def cash_usd(layer: LayerState) -> float | None:
    """Return the cash of all the layer's trades that count, and what came and went beside them.

    None where a trade has no price.
    """
    traded = [entry.booked.cash_usd for entry in journal.standing(layer.journal)]
    return _total([*traded, *(one.usd for one in layer.cash)])


def profit(layer: LayerState, mark: Mark | None) -> float | None:
    """Return cash and mark together, USD over the layer's whole life; None if either is unknown.

    mark: of the legs held now; not needed when there are none.
    """
    if not layer.legs:
        return cash_usd(layer)
    return _total([cash_usd(layer), mark.value_usd if mark else None])


def _booked(
    layer: LayerState, fills: Sequence[Fill], word: Word, coins: Mapping[str, float]
) -> LayerState:
    """Return the layer with trades booked: on if any leg is left, off if they net to nothing."""
    if heard(layer, word.id) or not fills:
        return layer
    at = journal.traded_at(layer, word)
    booked = tuple(
        BookedFill(
            fill=each,
            at=at,
            by=word.by,
            word=word.id,
            cash_usd=fill_cash_usd(each, coins),
            extrinsic_usd=layer.extrinsic_at_entry_usd,
            rungs=layer.rungs,
        )
        for each in fills
    )
    legs = add_legs(layer.legs, fills)
    entry = layer.extrinsic_at_entry_usd
    return replace(
        layer,
        status=LayerStatus.ON if legs else LayerStatus.OFF,
        legs=legs,
        journal=layer.journal + booked,
        proposal=None,
        opened_at=min(layer.opened_at or at, at) if legs else None,
        extrinsic_at_entry_usd=(entry or 0.0) * _share_kept(layer.legs, legs) or None,
        rungs=_rungs(layer, fills) if legs else 0,
    )


def _undone(layer: LayerState, word: Word) -> LayerState:
    """Return the layer with the reverse of a trade booked."""
    entries = journal.to_undo(layer, word)
    before = entries[0].booked
    mended = _mended(layer, [_reverse(entry, word) for entry in entries])
    if not journal.is_last(layer, entries):
        return mended
    # What nothing was traded after leaves the layer as it stood before.
    mended = replace(mended, rungs=before.rungs if mended.legs else 0)
    if any(entry.booked.corrects for entry in entries):
        return mended
    return replace(mended, extrinsic_at_entry_usd=before.extrinsic_usd)


def _corrected(layer: LayerState, word: Word, coins: Mapping[str, float]) -> LayerState:
    """Return the layer with one entry taken back and another in its place."""
    (fill,), old = word.fills, journal.entry_of(layer.journal, word.entry)
    each = _coin_then(old.booked)
    kind = kind_of(fill.contract)
    then = coins if each is None else {**coins, kind.root: each}
    booked = BookedFill(
        fill=fill,
        at=old.booked.at,
        by=word.by,
        word=word.id,
        cash_usd=fill_cash_usd(fill, then),
        corrects=word.entry,
        extrinsic_usd=old.booked.extrinsic_usd,
        rungs=old.booked.rungs,
    )
    return _mended(layer, [_reverse(old, word), booked])


def _coin_then(booked: BookedFill) -> float | None:
    """Return what a coin was worth when a premium in it was booked, USD; None where not told."""
    fill, cash = booked.fill, booked.cash_usd
    if not kind_of(fill.contract).in_coin or fill.in_usd or not fill.price or cash is None:
        return None
    return -cash / (units(fill.quantity, fill.contract) * fill.price)


def _reverse(entry: journal.Entry, word: Word) -> BookedFill:
    booked, cash = entry.booked, entry.booked.cash_usd
    return BookedFill(
        fill=replace(booked.fill, quantity=-booked.fill.quantity),
        at=word.observed_at,
        by=word.by,
        word=word.id,
        cash_usd=None if cash is None else -cash,
        reverses=entry.number,
    )


def _mended(layer: LayerState, entries: Sequence[BookedFill]) -> LayerState:
    """Return the layer with these in its journal; what was proposed stands if its legs do."""
    legs = add_legs(layer.legs, [booked.fill for booked in entries])
    booked = layer.journal + tuple(entries)
    mended = replace(layer, legs=legs, journal=booked, opened_at=journal.opened_at(booked))
    if legs == layer.legs:
        return mended
    was, now = _contracts(layer.legs), _contracts(legs)
    entry = layer.extrinsic_at_entry_usd
    return replace(
        mended,
        status=LayerStatus.ON if legs else LayerStatus.OFF,
        proposal=None,
        extrinsic_at_entry_usd=entry * now / was if entry and was and now else None,
        rungs=layer.rungs if legs else 0,
    )


def _contracts(legs: Sequence[Leg]) -> float:
    return sum(abs(float(leg.quantity)) for leg in legs)


def _rungs(layer: LayerState, fills: Sequence[Fill]) -> int:
    """Return the rungs taken: those that were asked for, once anything is sold of what is held.

    Late ones too: whoever sells after the proposal has expired has sold because of it.
    """
    asked = layer.proposal.rung if layer.proposal else 0
    sold = any(reduces(layer.legs, each) for each in add_legs((), fills))
    return max(layer.rungs, asked) if sold else layer.rungs


def _total(parts: Sequence[float | None]) -> float | None:
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def _rest(layer: LayerState) -> LayerState:
    """Return the layer in the state its legs alone put it in."""
    if layer.status is LayerStatus.EXPIRED:
        return layer
    return replace(layer, status=LayerStatus.ON if layer.legs else LayerStatus.OFF)


def _barred_by_legs(action: Action, layer: LayerState, *, top_up: bool) -> str | None:
    if layer.status is LayerStatus.EXPIRED:
        return f"{layer.layer} has expired and awaits its settlement"
    if action is not Action.ADD and not layer.legs:
        return f"{layer.layer} is off: there is nothing to {action}"
    if action is Action.ADD and layer.legs and not top_up:
        return f"{layer.layer} is on already"
    return None


def _barred_by_proposal(action: Action, layer: LayerState, *, rule: str) -> str | None:
    current = layer.proposal
    if current is None or current.expired:
        orphaned = layer.status is LayerStatus.REMOVE_DUE and action is not Action.REMOVE
        return f"{layer.layer} is due to be removed" if orphaned else None
    weaker = _PRECEDENCE.index(current.action) < _PRECEDENCE.index(action)
    weaker = weaker or (current.rung > 0 and action is Action.REMOVE)
    if weaker or current.rule == rule:
        return None
    return f"{current.rule} has already asked to {current.action} {layer.layer}"


def _share_kept(before: Sequence[Leg], after: Sequence[Leg]) -> float:
    """Return how much of the legs a trade left, at most 1; what it opened counts for nothing."""
    left = {leg.contract: float(leg.quantity) for leg in after}
    kept = 0.0
    for leg in before:
        same = left.get(leg.contract, 0.0) * (1 if leg.quantity > 0 else -1)
        kept += min(abs(float(leg.quantity)), max(same, 0.0))
    held = sum(abs(float(leg.quantity)) for leg in before)
    return kept / held if held else 1.0


def _no_fill(layer: LayerState, word: Word) -> str:
    at = journal.traded_at(layer, word)
    for each in add_legs((), word.fills):
        if expired(each.contract, at) and not reduces(layer.legs, each):
            return f"{spell_contract(each.contract)} trades no more"
    return ""


def _no_close(layer: LayerState, fills: Sequence[Fill]) -> str:
    if not layer.legs:
        return f"{layer.layer} is off: there is nothing to close"
    for each in add_legs((), fills):
        if not reduces(layer.legs, each):
            what = f"{signed(each.quantity)} {spell_contract(each.contract)}"
            return f"{what} closes nothing that {layer.layer} holds"
    return ""


def _no_roll(layer: LayerState, word: Word) -> str:
    if not layer.legs:
        return f"{layer.layer} is off: there is nothing to roll"
    if layer.status is LayerStatus.EXPIRED:
        return f"{layer.layer} has expired: close it at its settlement, then fill anew"
    traded = add_legs((), word.fills)
    if all(each.contract.expiry == PERPETUAL for each in traded):
        return ""  # It has nowhere to roll to: it is sized anew.
    closing = [each for each in traded if reduces(layer.legs, each)]
    if not closing or len(closing) == len(traded):
        return f"a roll of {layer.layer} closes legs it holds and opens others"
    return _no_fill(layer, word)
