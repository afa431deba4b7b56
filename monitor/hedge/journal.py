"""A layer's journal: what of it counts, and what may be taken back.

Nothing in it is ever changed or left out. To take an entry back is to book its reverse, which
names it; to correct one is to take it back and to book another in its place.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import isfinite
from typing import Final

from monitor.hedge.contracts import Right, kind_of
from monitor.hedge.legs import add_legs, reduces, tell_fill
from monitor.model.layer import BookedCash, BookedFill, Contract, Fill, LayerState, Leg
from monitor.model.observation import Verb, Word

_FARTHEST: Final = timedelta(days=3653)
"""No exchange here lists a contract ten years out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry that counts. number: from 1. place: where its trade stands in time.

    trade: the word it was first told by, whatever corrected it since.
    """

    number: int
    place: int
    trade: str
    booked: BookedFill

    @property
    def fill(self) -> Fill:
        """Return what was traded."""
        return self.booked.fill

    @property
    def told(self) -> str:
        """Return the entry in words: `entry 2, -4 VIX 17Mar27 29C @2.85`."""
        return f"entry {self.number}, {tell_fill(self.fill)}"


def standing(journal: Sequence[BookedFill]) -> tuple[Entry, ...]:
    """Return the entries that count, in the order they were traded."""
    taken_back = {booked.reverses for booked in journal}
    found = [
        entry_of(journal, number)
        for number, booked in enumerate(journal, 1)
        if not booked.reverses and number not in taken_back
    ]
    return tuple(sorted(found, key=lambda entry: entry.place))


def entry_of(journal: Sequence[BookedFill], number: int) -> Entry:
    """Return the entry of a number that is there, in the place of what it corrects."""
    place = number
    while corrected := journal[place - 1].corrects:
        place = corrected
    trade = journal[place - 1].word
    return Entry(number=number, place=place, trade=trade, booked=journal[number - 1])


def barred(layer: LayerState, word: Word) -> str:
    """Return why an undo or a correction cannot be taken, in one sentence; empty when it can."""
    if not layer.journal:
        return f"nothing was ever booked of {layer.layer}"
    if not 0 <= word.entry <= len(layer.journal):
        return f"{layer.layer} has no entry {word.entry}: its journal has {len(layer.journal)}"
    if word.verb is Verb.CORRECT:
        return _no_correction(layer, word)
    if not to_undo(layer, word):
        return _undone_already(layer, word)
    return _rests(layer, _without(layer, word))


def to_undo(layer: LayerState, word: Word) -> tuple[Entry, ...]:
    """Return the entries that an undo takes back: all of one trade that still count."""
    log = layer.journal
    trade = entry_of(log, word.entry).trade if word.entry else _last_trade(log)
    return tuple(entry for entry in standing(log) if entry.trade == trade)


def is_last(layer: LayerState, entries: Collection[Entry]) -> bool:
    """Return whether nothing that counts was traded after these entries."""
    last = standing(layer.journal)[-len(entries) :]
    return {entry.number for entry in last} == {entry.number for entry in entries}


def traded_at(layer: LayerState, word: Word) -> datetime:
    """Return when what a word tells of was traded; of a correction, when its entry was."""
    if word.verb is Verb.CORRECT and 0 < word.entry <= len(layer.journal):
        return layer.journal[word.entry - 1].at
    return word.traded_at or word.observed_at


def untimely(layer: LayerState, word: Word, fills: Sequence[Fill]) -> str:
    """Return why a trade cannot have been done when it is said to be, or an empty text."""
    at = word.traded_at
    if at is None:
        return ""
    if at > word.observed_at:
        return f"{at:%Y-%m-%d %H:%M}Z is still to come: a trade is told once it is done"
    if at < word.observed_at - _FARTHEST:
        return f"{at:%Y-%m-%d} is more than 10 years ago"
    closes = any(reduces(layer.legs, one) for one in add_legs((), fills))
    if layer.opened_at and at < layer.opened_at and closes:
        return f"{layer.layer} was opened later, at {layer.opened_at:%Y-%m-%d %H:%M}Z"
    return ""


def too_far(word: Word) -> str:
    """Return why an expiry is too far off to be listed; empty when all are near enough."""
    last = word.observed_at.date() + _FARTHEST
    for fill in word.fills:
        expiry = fill.contract.expiry
        if expiry > last and kind_of(fill.contract).right is not Right.PERP:
            return f"the expiry {expiry} is more than 10 years out"
    return ""


def no_cash(layer: LayerState, word: Word) -> str:
    """Return why money cannot be booked to a layer, in one sentence; empty when it can."""
    if not layer.journal:
        return f"nothing was ever booked of {layer.layer}"
    if not word.cash_usd or not isfinite(word.cash_usd):
        return f"cash of {layer.layer} needs an amount in US dollars"
    return untimely(layer, word, ())


def with_cash(layer: LayerState, word: Word) -> LayerState:
    """Return the layer with money booked that came or went without a trade."""
    booked = BookedCash(
        usd=word.cash_usd,
        note=word.note,
        at=traded_at(layer, word),
        by=word.by,
        word=word.id,
    )
    return replace(layer, cash=(*layer.cash, booked))


def opened_at(journal: Sequence[BookedFill]) -> datetime | None:
    """Return since when legs are held without a break, by the trades that count; None of none."""
    since, legs = None, tuple[Leg, ...]()
    for _, trade in _trades(standing(journal)):
        legs = add_legs(legs, [entry.fill for entry in trade])
        at = trade[0].booked.at
        since = min(since or at, at) if legs else None
    return since


def first_trade(journals: Iterable[Sequence[BookedFill]]) -> datetime | None:
    """Return when the first of all trades was done that count; None where none does."""
    return min((booked.at for one in journals for booked in _counting(one)), default=None)


def booked_before(layers: Iterable[LayerState], at: datetime) -> int:
    """Return how many entries, and how often cash, the layers tell of that came before."""
    told = (layer.journal + layer.cash for layer in layers)
    return sum(one.at < at for some in told for one in some)


def _counting(journal: Sequence[BookedFill]) -> Iterator[BookedFill]:
    taken_back = {booked.reverses for booked in journal}
    return (
        booked
        for number, booked in enumerate(journal, 1)
        if not booked.reverses and number not in taken_back
    )


def _last_trade(journal: Sequence[BookedFill]) -> str:
    return next(one.word for one in reversed(journal) if not one.reverses and not one.corrects)


def _undone_already(layer: LayerState, word: Word) -> str:
    if not word.entry:
        return (
            f"the last trade of {layer.layer} is undone already:"
            f" name an earlier one by its number in `layer journal {layer.layer}`"
        )
    if layer.journal[word.entry - 1].reverses:
        of = layer.journal[word.entry - 1].reverses
        return f"entry {word.entry} takes back entry {of}, and is no trade of its own"
    return f"entry {word.entry} is undone already"


def _no_correction(layer: LayerState, word: Word) -> str:
    if not word.entry:
        return f"correct {layer.layer} needs the number of an entry of its journal"
    old = next((e for e in standing(layer.journal) if e.number == word.entry), None)
    if old is None:
        return f"entry {word.entry} counts no more: it was undone or corrected, or is an undo"
    if len(word.fills) != 1:
        return f"correct {layer.layer} needs one leg, as it should have been"
    (fill,) = word.fills
    if fill.contract != old.fill.contract:
        return f"a correction keeps the contract: undo {old.told} and fill anew"
    if fill == old.fill:
        return f"{old.told} says so already"
    return _rests(layer, _corrected(layer, word))


def _without(layer: LayerState, word: Word) -> Iterator[Entry]:
    gone = {entry.number for entry in to_undo(layer, word)}
    return (entry for entry in standing(layer.journal) if entry.number not in gone)


def _corrected(layer: LayerState, word: Word) -> Iterator[Entry]:
    for entry in standing(layer.journal):
        if entry.number != word.entry:
            yield entry
            continue
        booked = BookedFill(
            fill=word.fills[0], at=entry.booked.at, by=word.by, word=word.id, cash_usd=None
        )
        yield Entry(number=entry.number, place=entry.place, trade=entry.trade, booked=booked)


def _rests(layer: LayerState, after: Iterable[Entry]) -> str:
    """Return which trade closed what would not have been held, or an empty text."""
    there = standing(layer.journal)
    closing = set(_closing(there))
    left = tuple(after)
    still = set(_closing(left))
    for entry in left:
        key = (entry.trade, entry.fill.contract)
        if key in closing - still:
            return (
                f"{entry.told}, of {layer.layer} closes what would not be there:"
                " undo or correct that first"
            )
    return ""


def _closing(entries: Sequence[Entry]) -> Iterator[tuple[str, Contract]]:
    """Yield each trade and contract of which it only took away from what was held."""
    held: dict[Contract, float] = {}
    for word, trade in _trades(entries):
        for leg in add_legs((), [entry.fill for entry in trade]):
            before, n = held.get(leg.contract, 0.0), float(leg.quantity)
            if before * n < 0 and abs(n) <= abs(before):
                yield word, leg.contract
            held[leg.contract] = before + n


def _trades(entries: Iterable[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    trades: dict[str, list[Entry]] = {}
    for entry in entries:
        trades.setdefault(entry.trade, []).append(entry)
    yield from trades.items()
