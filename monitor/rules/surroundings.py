"""What one rule sees over one scope: every name answered, or unknown with the reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from monitor.calendars.sessions import open_seconds
from monitor.hedge.mark import days_to_expiry, expired_legs, trading
from monitor.model.layer import LayerState
from monitor.model.reading import Reading
from monitor.model.swift import swift
from monitor.rules.marked import OF_LAYERS, Marked, of_both
from monitor.rules.verdict import Value
from monitor.signals.book import (
    book_il,
    book_value_usd,
    left_out,
    live_positions,
    unheard,
    why_no_book,
)
from monitor.signals.catalogue import BY_NAME, Scope
from monitor.signals.facts import Facts, PositionSeen
from monitor.signals.of_book import NO_VALUE, OF_BOOK
from monitor.signals.of_chain import chain_told
from monitor.signals.of_delta import OF_DELTA
from monitor.signals.of_fit import OF_FIT
from monitor.signals.of_layer import OF_LAYER, kept
from monitor.signals.of_market import frozen_s, market, repeating
from monitor.signals.of_pool import OF_POOL, Answer
from monitor.signals.of_position import OF_A_RANGE, OF_POSITION
from monitor.signals.sight import entries_unknown, sight, unread
from monitor.signals.spans import spell
from monitor.signals.windows import Series, over_window

CHAIN_MAX_AGE: Final = timedelta(minutes=5)
"""What was read on chain is unknown once it is older than this; pack `self` alarms with it."""


class Given(Protocol):
    """Answers in the place of the facts: what a rule test tells."""

    def value(self, name: str, now: datetime) -> Value | None:
        """Return what a name is; None for what the facts are to answer all the same."""
        ...

    def samples(self, name: str, now: datetime) -> Series:
        """Return what windows over a name look back on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The surroundings of one rule over one scope at one instant.

    scope: `book`, or a pool's or position's key. max_age: the rule's own, tighter limits.
    noted: what was worked out of the whole book, which all views of one instant may share.
    given: what answers in the facts' place; None for the world itself. marked: the markets and
    every layer on them; None where nobody asks for money.
    """

    facts: Facts
    scope: str
    now: datetime
    max_age: Mapping[str, timedelta] = field(default_factory=dict)
    noted: dict[tuple[str, timedelta | None], Value] = field(default_factory=dict)
    layer: LayerState | None = None
    rule_errors: int = 0
    given: Given | None = None
    marked: Marked | None = None

    def value(self, name: str) -> Value:
        """Return the signal's value now; unknown, with a note, when it is not had or too old."""
        if self.given is not None and (told := self.given.value(name, self.now)) is not None:
            return told
        signal = BY_NAME[name]
        if name in _COMPUTED:
            return _COMPUTED[name](self)
        return _BY_SCOPE[signal.scope](self, name)

    def window(self, function: str, name: str, argument: str | float) -> Value:
        """Return a window over the signal's samples; unknown while its present value is."""
        present = self.value(name)
        if present.value is None:
            return present
        series = self.given.samples(name, self.now) if self.given else _series(self, name)
        if series is None:
            return Value(value=None, note=f"{name} has no samples yet")
        seen = over_window(function, series, argument, now=self.now, hours=BY_NAME[name].hours)
        return Value(
            value=seen.value,
            as_of=present.as_of,
            source=present.source,
            note=seen.note,
            age_s=present.age_s,
        )


_value: Final = swift(Value)


def _series(view: View, name: str) -> Series | None:
    facts = view.facts
    match BY_NAME[name].scope:
        case Scope.POSITION:
            seen = facts.positions.get(view.scope)
            reel = facts.reels.get(f"{name}|{seen.chain}") if seen else None
            samples = reel.samples(view.scope) if reel else ()
            return Series(samples=samples) if samples else None
        case Scope.POOL:
            return facts.series.get(f"{name}|{_pool_key(view) or ''}")
        case Scope.LAYER:
            layer = view.layer
            return facts.series.get(f"{name}|{layer.layer}|{layer.scope}") if layer else None
        case _:
            return facts.series.get(f"{name}|")


def _reading(view: View, name: str) -> Value:
    told = market(view.facts, name, view.now, view.max_age.get(name))
    return _value(
        value=told.value,
        as_of=told.as_of,
        source=told.source,
        note=told.note,
        age_s=told.age_s,
    )


def _of_market(view: View, name: str) -> Value:
    """Answer for the market; what is worked out is worked out once an instant."""
    if not BY_NAME[name].inputs:
        return _reading(view, name)
    key = (name, view.max_age.get(name))
    if key not in view.noted:
        view.noted[key] = _reading(view, name)
    return view.noted[key]


def _of_chain(view: View, name: str) -> Value:
    """Answer for the chain that the rule's pool or position is on."""
    seen = view.facts.positions.get(view.scope) or view.facts.pools.get(view.scope)
    if seen is None:
        return Value(value=None, note=f"{view.scope} is not in the last snapshot")
    if name != "chain.block_age_s" and (old := too_old(view, name, seen.chain)) is not None:
        return old
    told = chain_told(view.facts, name, seen.chain, view.now)
    return Value(
        value=told.value, as_of=told.as_of, source=told.source, note=told.note, age_s=told.age_s
    )


def too_old(view: View, name: str, chain: str) -> Value | None:
    """Return why what was read of a chain is too old for a rule, None where it is not."""
    source = view.facts.chains.get(chain)
    if source is None or source.good_at is None:
        return Value(value=None, note=f"{chain} has not been read yet")
    age = view.now - source.good_at
    if age > min(view.max_age.get(name, CHAIN_MAX_AGE), CHAIN_MAX_AGE):
        note = f"{chain} has not been read for {spell(age.total_seconds())}"
        return Value(value=None, as_of=source.good_at, source=chain, note=note)
    return None


def _pool_key(view: View) -> str | None:
    position = view.facts.positions.get(view.scope)
    return position.position.pool if position else view.scope


def _of_pool(view: View, name: str) -> Value:
    pool = view.facts.pools.get(_pool_key(view) or "")
    if pool is None:
        return Value(value=None, note=f"pool {view.scope} is not in the last snapshot")
    if (old := too_old(view, name, pool.chain)) is not None:
        return old
    value, note = OF_POOL[name](view.facts, pool, view.now)
    return _value(
        value=value,
        as_of=pool.block.timestamp,
        source=f"block {pool.block.number:,}",
        note=note,
    )


def _of_position(view: View, name: str) -> Value:
    seen = view.facts.positions.get(view.scope)
    if seen is None or seen.gone or seen.unread:
        reason = (seen.gone or seen.unread) if seen else "not in the last snapshot"
        return Value(value=None, note=f"position {view.scope}: {reason}")
    if not seen.position.liquidity and name in OF_A_RANGE:
        return Value(value=None, note=f"position {view.scope} is empty", source=seen.chain)
    if (old := too_old(view, name, seen.chain)) is not None:
        return old
    value, note = OF_POSITION[name](view.facts, seen, view.now)
    return _value(
        value=value,
        as_of=seen.block.timestamp,
        source=f"block {seen.block.number:,}",
        note=note,
    )


def _of_book(view: View, name: str) -> Value:
    key = (name, view.max_age.get(name))
    if key not in view.noted:
        view.noted[key] = _hedging(view, name) if name in OF_LAYERS else _summed(view, name)
    return view.noted[key]


def _hedging(view: View, name: str) -> Value:
    """Answer for all layers together."""
    if view.marked is None:
        return Value(value=None, note="the hedge is not looked at here")
    return view.marked.of_book(name)


def _summed(view: View, name: str) -> Value:
    held = live_positions(view.facts)
    for chain in dict.fromkeys(p.chain for p in held):
        if (old := too_old(view, name, chain)) is not None:
            return old
    if why := unheard(view.facts):
        return Value(value=None, note=why)
    if name == "book.positions":
        return Value(value=float(len(held)))
    newest = max(held, key=lambda p: p.block.timestamp, default=None)
    source = f"{len(held)} positions at block {newest.block.number:,}" if newest else ""
    as_of = newest.block.timestamp if newest else None
    if name in _OF_BOOK or name in OF_DELTA:
        value, note = _of_all(view, name, held)
    else:
        value = book_il(view.facts) if name == "book.il" else book_value_usd(view.facts)
        note = why_no_book(view.facts, held) if value is None else left_out(view.facts)
    return _value(value=value, as_of=as_of, source=source, note=note)


def _of_all(view: View, name: str, held: list[PositionSeen]) -> Answer:
    """Answer for what rests on the book's value, which may be unknown for its own reasons."""
    value, note = of_both(view.marked, name) or _OF_BOOK[name](view.facts, view.now)
    if value is None:
        return None, why_no_book(view.facts, held) if note == NO_VALUE else note
    return value, "; ".join(part for part in (note, left_out(view.facts)) if part)


def _of_layer(view: View, name: str) -> Value:
    if view.layer is None:
        return Value(value=None, note=f"{name} outside a layer")
    if name in _OF_ITSELF:
        return Value(value=_OF_ITSELF[name](view.layer))
    if name == "layer.orphaned":
        return _orphaned(view)
    if name in OF_LAYER and view.marked is not None:
        return view.marked.of_layer(view.layer, name)
    if name == "layer.dte":
        return _dte(view.layer, view.now)
    return _marked(view.layer, view.marked, name)


def _marked(layer: LayerState, priced: Marked | None, name: str) -> Value:
    mark = priced.mark(layer) if priced else None
    if mark is None:
        return Value(value=None, note=_unmarked(layer))
    return Value(value=kept(layer, mark).get(name), source=mark.priced_by, note=mark.note)


def _dte(layer: LayerState, now: datetime) -> Value:
    """Answer from the calendar alone: no price is needed for it."""
    live = trading(layer.legs, now)
    if not live:
        return Value(value=None, note=_unmarked(layer))
    note = expired_legs(len(layer.legs) - len(live))
    return _value(value=days_to_expiry(live, now), source="calendar", note=note)


def _unmarked(layer: LayerState) -> str:
    return f"{layer.layer} holds no legs that can be marked"


def _orphaned(view: View) -> Value:
    seen = view.facts.positions.get(view.scope)
    if view.scope == "book" or seen is None:
        return Value(value=None, note="the layer covers no position that was ever seen")
    why = seen.gone or ("" if seen.position.liquidity else "it holds no liquidity")
    return Value(value=bool(why), as_of=seen.block.timestamp, source=seen.chain, note=why)


def _system(view: View, name: str) -> Value:
    if name == "system.poll_age_s":
        return _poll_age(view)
    if name == "system.feed_age_s":
        return _feed_age(view)
    if name in _COUNTED:
        return _counted(view, _COUNTED[name](view.facts))
    if name == "system.rule_errors":
        return Value(value=float(view.rule_errors))
    reading = view.facts.readings.get(f"{name}|")
    if reading is None:
        return Value(value=None, note=f"{name}: the store has not been looked at yet")
    note = reading.source if name in _NOTED and reading.value else ""
    return Value(value=reading.value, as_of=reading.as_of, source=reading.source, note=note)


_OF_BOOK: Final = {**OF_BOOK, **OF_FIT}
_OF_ITSELF: Final[Mapping[str, Callable[[LayerState], str | float]]] = {
    "layer.state": lambda layer: layer.status.value,
    "layer.rungs": lambda layer: float(layer.rungs),
}
_NOTED: Final = frozenset({"system.refused_channels"})
"""What is counted for people: its source says of whom."""
_COUNTED: Final = {"system.unread": unread, "system.entries_unknown": entries_unknown}


def _vix_age(view: View) -> Value:
    reading = view.facts.readings.get("vix|")
    if reading is None:
        return Value(value=None, note="vix has not been read yet")
    age_s = open_seconds(BY_NAME["vix"].hours, reading.as_of, view.now)
    return Value(value=age_s, as_of=reading.as_of, source=reading.source)


def _poll_age(view: View) -> Value:
    """Answer how long the worst chain has not been read, with what the blind ones say."""
    seen = sight(view.facts, view.now)
    if seen.awaited:
        # Not blind for long enough to say so, nor known to see again.
        note = f"{seen.awaited} has not been read since the start"
        return Value(value=None, as_of=view.now, note=note)
    blind = [view.facts.chains[name] for name in seen.blind(CHAIN_MAX_AGE)]
    gaps = "; ".join(f"{source.name}: {source.gap}" for source in blind if source.gap)
    return Value(value=max(seen.dark_s.values(), default=0.0), as_of=view.now, note=gaps)


def blind_chains(facts: Facts, now: datetime) -> tuple[str, ...]:
    """Return the chains whose positions are unknown for their age; else the worst of all."""
    return sight(facts, now).blind(CHAIN_MAX_AGE)


def _counted(view: View, why: Sequence[str]) -> Value:
    if not any(source.good_at for source in view.facts.chains.values()):
        return Value(value=None, note="no chain has been read yet")
    more = f", and {len(why) - 1} more" if len(why) > 1 else ""
    return Value(value=float(len(why)), as_of=view.now, note=f"{why[0]}{more}" if why else "")


def _feed_age(view: View) -> Value:
    worst, note = 0.0, ""
    for feed in view.facts.feeds.values():
        if feed.good_at is None and feed.gap_since is not None:
            silent = (view.now - feed.gap_since).total_seconds()
            if silent > worst:
                worst, note = silent, f"{feed.name}: {feed.gap}"
    for reading in view.facts.readings.values():
        excess, why = _excess(view, reading)
        if excess > worst:
            worst, note = excess, why
    return Value(value=worst, as_of=view.now, note=note)


def _excess(view: View, reading: Reading) -> tuple[float, str]:
    """Return by how much a reading is too old, or has repeated for too long, and what to say."""
    signal = BY_NAME.get(reading.name)
    if signal is None or signal.max_age is None:
        return 0.0, ""
    age_s = open_seconds(signal.hours, reading.as_of, view.now)
    excess, frozen = age_s - signal.max_age.total_seconds(), frozen_s(signal, reading)
    if frozen > excess:
        return frozen, f"{repeating(signal, reading)}, from {reading.source}"
    feed = view.facts.feeds.get(reading.name)
    gap = f": {feed.gap}" if feed is not None and feed.gap else ""
    return excess, f"{reading.name} from {reading.source} is {spell(age_s)} old{gap}"


_BY_SCOPE: Final[Mapping[Scope, Callable[[View, str], Value]]] = {
    Scope.MARKET: _of_market,
    Scope.CHAIN: _of_chain,
    Scope.SYSTEM: _system,
    Scope.POOL: _of_pool,
    Scope.POSITION: _of_position,
    Scope.BOOK: _of_book,
    Scope.LAYER: _of_layer,
}
_COMPUTED: Final[Mapping[str, Callable[[View], Value]]] = {"vix_age_s": _vix_age}
