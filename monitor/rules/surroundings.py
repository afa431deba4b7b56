"""What one rule sees over one scope: every name answered, or unknown with the reason."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from monitor.hedge.mark import Mark
from monitor.model.layer import LayerState
from monitor.rules.verdict import Value
from monitor.signals.book import (
    book_il,
    book_value_usd,
    doubted,
    live_positions,
    unheard,
    unpriced,
)
from monitor.signals.catalogue import BY_NAME, Hours, Scope
from monitor.signals.facts import Facts, PositionSeen
from monitor.signals.of_pool import OF_POOL
from monitor.signals.of_position import OF_A_RANGE, OF_POSITION
from monitor.signals.sessions import open_seconds
from monitor.signals.windows import (
    Direction,
    Series,
    WindowValue,
    average,
    crossed,
    delta,
    highest,
    lowest,
    span,
)

CHAIN_MAX_AGE: Final = timedelta(minutes=5)
"""What was read on chain is unknown once it is older than this; pack `self` alarms with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The surroundings of one rule over one scope at one instant.

    scope: `book`, or a pool's or position's key. mark: the layer's legs priced by
    the model, None if they cannot be. max_age: the rule's own, tighter limits. noted:
    what was worked out of the whole book, which all views of one instant may share.
    """

    facts: Facts
    scope: str
    now: datetime
    max_age: Mapping[str, timedelta] = field(default_factory=dict)
    layer: LayerState | None = None
    mark: Mark | None = None
    rule_errors: int = 0
    noted: dict[tuple[str, timedelta | None], Value] = field(default_factory=dict)

    def value(self, name: str) -> Value:
        """Return the signal's value now; unknown, with a note, when it is not had or too old."""
        signal = BY_NAME[name]
        if name in _COMPUTED:
            return _COMPUTED[name](self)
        return _BY_SCOPE[signal.scope](self, name)

    def window(self, function: str, name: str, argument: str | float) -> Value:
        """Return a window over the signal's samples; unknown while its present value is."""
        present = self.value(name)
        if present.value is None:
            return present
        series = _series(self, name)
        if series is None:
            return Value(value=None, note=f"{name} has no samples yet")
        seen = _window(function, series, argument, self.now, BY_NAME[name].hours)
        return Value(
            value=seen.value,
            as_of=present.as_of,
            source=present.source,
            note=seen.note,
            age_s=present.age_s,
        )


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
    signal = BY_NAME[name]
    reading = view.facts.readings.get(f"{name}|")
    if reading is None:
        return Value(value=None, note=f"{name} has not been read yet")
    age_s = open_seconds(signal.hours, reading.as_of, view.now)
    limit = min(view.max_age.get(name, timedelta.max), signal.max_age or timedelta.max)
    if timedelta(seconds=age_s) > limit:
        note = f"{name} is {_spell(age_s)} old{_in_session(signal.hours)}"
        note += f", limit {_spell(limit.total_seconds())}"
        return Value(value=None, as_of=reading.as_of, source=reading.source, note=note, age_s=age_s)
    return Value(value=reading.value, as_of=reading.as_of, source=reading.source, age_s=age_s)


def too_old(view: View, name: str, chain: str) -> Value | None:
    """Return why what was read of a chain is too old for a rule, None where it is not."""
    source = view.facts.chains.get(chain)
    if source is None or source.good_at is None:
        return Value(value=None, note=f"{chain} has not been read yet")
    age = view.now - source.good_at
    if age > min(view.max_age.get(name, CHAIN_MAX_AGE), CHAIN_MAX_AGE):
        note = f"{chain} has not been read for {_spell(age.total_seconds())}"
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
    return Value(
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
    return Value(
        value=value,
        as_of=seen.block.timestamp,
        source=f"block {seen.block.number:,}",
        note=note,
    )


def _of_book(view: View, name: str) -> Value:
    key = (name, view.max_age.get(name))
    if key not in view.noted:
        view.noted[key] = _summed(view, name)
    return view.noted[key]


def _summed(view: View, name: str) -> Value:
    held = live_positions(view.facts)
    for chain in dict.fromkeys(p.chain for p in held):
        if (old := too_old(view, name, chain)) is not None:
            return old
    if why := unheard(view.facts):
        return Value(value=None, note=why)
    if name == "book.positions":
        return Value(value=float(len(held)))
    value = book_il(view.facts) if name == "book.il" else book_value_usd(view.facts)
    newest = max(held, key=lambda p: p.block.timestamp, default=None)
    source = f"{len(held)} positions at block {newest.block.number:,}" if newest else ""
    note = _why_no_book(view.facts, held) if value is None else _left_out(view.facts)
    as_of = newest.block.timestamp if newest else None
    return Value(value=value, as_of=as_of, source=source, note=note)


def _of_layer(view: View, name: str) -> Value:
    if view.layer is None:
        return Value(value=None, note=f"{name} outside a layer")
    if name == "layer.state":
        return Value(value=view.layer.status.value)
    if name == "layer.orphaned":
        return _orphaned(view)
    if view.mark is None:
        return Value(value=None, note=f"{view.layer.layer} holds no legs that can be marked")
    entry = view.layer.extrinsic_at_entry_usd
    left = None
    if entry and view.mark.extrinsic_usd is not None:
        left = view.mark.extrinsic_usd / entry
    figures: dict[str, float | None] = {
        "layer.dte": view.mark.dte,
        "layer.value_usd": view.mark.value_usd,
        "layer.extrinsic_left": left,
    }
    return Value(value=figures[name], source="model", note=view.mark.note)


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
    if name == "system.rule_errors":
        return Value(value=float(view.rule_errors))
    reading = view.facts.readings.get(f"{name}|")
    if reading is None:
        return Value(value=None, note=f"{name}: the store has not been looked at yet")
    return Value(value=reading.value, as_of=reading.as_of, source=reading.source)


_SPANS: Final = {"avg": average, "delta": delta, "highest": highest, "lowest": lowest}
_CROSSINGS: Final = {"crossed_above": Direction.ABOVE, "crossed_below": Direction.BELOW}


def _window(
    function: str, series: Series, argument: str | float, now: datetime, hours: Hours
) -> WindowValue:
    if isinstance(argument, str):
        return _SPANS[function](series, span(argument), now=now, hours=hours)
    return crossed(series, argument, _CROSSINGS[function], now=now)


def _left_out(facts: Facts) -> str:
    without = unpriced(facts)
    return f"{without} without a price in dollars left out" if without else ""


def _why_no_book(facts: Facts, held: list[PositionSeen]) -> str:
    if not held:
        return "no position is watched"
    unread = [p.unread for p in held if p.unread]
    if unread:
        return unread[0]
    if doubt := doubted(facts):
        return doubt
    unknown = [p.position.token_id for p in held if p.position.basis is None]
    if unknown:
        return f"the entry of {', '.join(f'#{token}' for token in unknown[:3])} is unknown"
    return "not every position has a price in US dollars"


def _vix_age(view: View) -> Value:
    reading = view.facts.readings.get("vix|")
    if reading is None:
        return Value(value=None, note="vix has not been read yet")
    age_s = open_seconds(BY_NAME["vix"].hours, reading.as_of, view.now)
    return Value(value=age_s, as_of=reading.as_of, source=reading.source)


def _poll_age(view: View) -> Value:
    ages = [
        (view.now - source.good_at).total_seconds()
        for source in view.facts.chains.values()
        if source.good_at is not None
    ]
    gaps = "; ".join(f"{s.name}: {s.gap}" for s in view.facts.chains.values() if s.gap)
    never = [s for s in view.facts.chains.values() if s.good_at is None and s.gap_since]
    ages += [(view.now - s.gap_since).total_seconds() for s in never if s.gap_since]
    return Value(value=max(ages, default=0.0), as_of=view.now, note=gaps)


def _feed_age(view: View) -> Value:
    worst, note = 0.0, ""
    for feed in view.facts.feeds.values():
        if feed.good_at is None and feed.gap_since is not None:
            silent = (view.now - feed.gap_since).total_seconds()
            if silent > worst:
                worst, note = silent, f"{feed.name}: {feed.gap}"
    for reading in view.facts.readings.values():
        signal = BY_NAME.get(reading.name)
        if signal is None or signal.max_age is None:
            continue
        age_s = open_seconds(signal.hours, reading.as_of, view.now)
        excess = age_s - signal.max_age.total_seconds()
        if excess > worst:
            worst, note = excess, f"{reading.name} from {reading.source} is {_spell(age_s)} old"
    return Value(value=worst, as_of=view.now, note=note)


_DAYS_FROM_H: Final = 48
_BY_SCOPE: Final[Mapping[Scope, Callable[[View, str], Value]]] = {
    Scope.MARKET: _reading,
    Scope.SYSTEM: _system,
    Scope.POOL: _of_pool,
    Scope.POSITION: _of_position,
    Scope.BOOK: _of_book,
    Scope.LAYER: _of_layer,
}
_COMPUTED: Final[Mapping[str, Callable[[View], Value]]] = {"vix_age_s": _vix_age}


def _in_session(hours: Hours) -> str:
    return "" if hours is Hours.ALWAYS else " in session"


def _spell(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= _DAYS_FROM_H:
        return f"{hours // 24} d"
    if hours:
        return f"{hours} h {minutes} m" if minutes else f"{hours} h"
    return (
        f"{minutes} m {rest} s" if minutes and rest else f"{minutes} m" if minutes else f"{rest} s"
    )
