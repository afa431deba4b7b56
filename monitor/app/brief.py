"""Short answers to questions asked from a phone: some thirty characters a line."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from monitor.alerts.compose import edges, price_told, short_id
from monitor.alerts.figures import age, figure, moment
from monitor.alerts.silence import Silence
from monitor.pipeline import State
from monitor.rules.lifecycle import Instance, Phase
from monitor.rules.surroundings import CHAIN_MAX_AGE
from monitor.signals.book import book_il, book_value_usd, live_positions
from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import PositionSeen, SourceSeen

_LINE: Final = 30
_MOST: Final = 12
"""Positions or alerts in one message; more are counted, not told."""


def brief(command: str, state: State, now: datetime) -> str:
    """Return the answer to a command such as `/status`; to any other, what may be asked."""
    _, told = _COMMANDS.get(command, ("", _help))
    return "\n".join(told(state, now))


def _help(_state: State, _now: datetime) -> Iterator[str]:
    for name, (what, _) in _COMMANDS.items():
        yield f"{name}  {what}"
    yield "It never trades."


def _status(state: State, now: datetime) -> Iterator[str]:
    firing, held = _firing(state), live_positions(state.facts)
    yield f"{len(firing)} firing" if firing else "Calm, nothing fires"
    yield f"{len(held)} position{'' if len(held) == 1 else 's'}, " + _known(
        book_value_usd(state.facts), "usd"
    )
    yield f"IL {_known(book_il(state.facts), 'fraction')}"
    for chain in state.facts.chains.values():
        yield _chain(chain, now)
    for reading in state.facts.readings.values():
        if not reading.key and not reading.name.startswith("system."):
            old = age((now - reading.as_of).total_seconds())
            yield f"{reading.name} {figure(reading.value, BY_NAME[reading.name].unit)}, {old}"
    on = dict.fromkeys(layer.layer for layer in state.layers.values() if layer.legs)
    yield f"layers on: {' '.join(on)}" if on else "no layer on"


def _chain(chain: SourceSeen, now: datetime) -> str:
    if chain.good_at is None or chain.block is None:
        return f"{chain.name} not read yet"
    old = now - chain.good_at
    blind = "BLIND " if old > CHAIN_MAX_AGE else ""
    return f"{blind}{chain.name} {chain.block.number:,}, {age(old.total_seconds())}"


def _positions(state: State, _now: datetime) -> Iterator[str]:
    held = live_positions(state.facts)
    for seen in held[:_MOST]:
        yield from _position(seen)
    if not held:
        yield "no position is watched"
    if len(held) > _MOST:
        yield f"and {len(held) - _MOST} more"


def _position(seen: PositionSeen) -> Iterator[str]:
    yield f"#{seen.position.token_id} {seen.pair} on {seen.chain}"
    if seen.unread:
        yield f"  not read: {seen.unread}"
        return
    measures = seen.measures
    where = "in" if measures.in_range else "OUT of"
    yield f"  {price_told(measures)} {where} {edges(measures)}"
    yield f"  IL {_known(measures.il, 'fraction')}, fees {_known(measures.fees_usd, 'usd')}"
    yield f"  worth {_known(measures.total.usd, 'usd')}"


def _alerts(state: State, now: datetime) -> Iterator[str]:
    firing = _firing(state)
    for one in firing[:_MOST]:
        told = f"{short_id(one, state.epoch)} {one.rule}"
        since = moment(one.since, now) if one.since else ""
        # In one line where a phone has room for it.
        if since and len(told) + len(since) + 2 > _LINE:
            yield from (told, f"  since {since}")
        else:
            yield f"{told}, {since}" if since else told
        yield from _quieted(one, now)
    if not firing:
        yield "nothing fires"
    if len(firing) > _MOST:
        yield f"and {len(firing) - _MOST} more"


def _quieted(one: Instance, now: datetime) -> Iterator[str]:
    if one.acked_by:
        yield f"  acked by {one.acked_by}"
    elif one.snoozed_until is not None and one.snoozed_until > now:
        yield f"  snoozed, {moment(one.snoozed_until, now)}"


def silences_told(silences: Iterable[Silence], now: datetime) -> Iterator[str]:
    """Yield what people are told nothing of, and until when, the first to end first."""
    for one in sorted(silences, key=lambda one: one.until):
        if one.until > now:
            yield f"silence {one.id}, {moment(one.until, now)}"
            yield f"  {one.match.told()}"


def _firing(state: State) -> list[Instance]:
    return [one for one in state.instances.values() if one.phase is Phase.FIRING]


def _known(value: float | None, unit: str) -> str:
    return "unknown" if value is None else figure(value, unit)


_COMMANDS: Final[Mapping[str, tuple[str, Callable[[State, datetime], Iterator[str]]]]] = (
    MappingProxyType(
        {
            "/status": ("how all of it is", _status),
            "/positions": ("each position", _positions),
            "/alerts": ("what fires now", _alerts),
            "/help": ("these lines", _help),
        }
    )
)
