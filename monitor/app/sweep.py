"""Sweeps: one rule file's readings, replayed over events and ranges by many hands.

Two readings whose conditions come to the same at every row of a story's film, and that are
alike in all else, are replayed once: nothing that `step` does could tell them apart. What a
film cannot tell (of layers, of trades) is compared as it is written.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from monitor.alerts.alert import AlertState
from monitor.app.hands import Hands
from monitor.app.replay import Replay, Replayed, price_of
from monitor.app.rulebook import rulebook
from monitor.config import RulesSettings, Settings, UsdSettings
from monitor.model.layer import Action
from monitor.pipeline import Rulebook
from monitor.rules.expression import Expression
from monitor.rules.loader import pack_of
from monitor.rules.pack import Rule
from monitor.signals.catalogue import Scope
from monitor.timetravel.courses import carried
from monitor.timetravel.events import EVENTS
from monitor.timetravel.fills import ModelFills
from monitor.timetravel.film import OF_A_POSITION, OF_THE_BOOK, Film, film, known_name
from monitor.timetravel.grid import Point, Sweep
from monitor.timetravel.pareto import deepest_fall
from monitor.timetravel.pool import CHAIN, POOL_KEY, USDC, ModelPool
from monitor.timetravel.screen import Screen
from monitor.timetravel.tape import tape

_MAX_GAP: Final = "25h"
_LOOKED_AT: Final = 50
"""Points whose conditions one hand works out at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a point, USD at model prices; None where a price was missing.

    cost_usd: what the hedge lost over the story, cash and what is held; negative where it
    gained. fall_usd: the deepest fall, from a peak, of the book with its hedge against holding;
    bare_fall_usd: of the book alone. worst_il: a fraction <= 0. adds: how many were proposed.
    dark: how many of its rules could not be judged: that they asked for nothing says nothing.
    """

    cost_usd: float | None
    fall_usd: float | None
    bare_fall_usd: float | None
    worst_il: float | None
    adds: int
    alerts: int
    dark: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """Some points of one event and range, or one to replay."""

    sweep: Sweep
    points: tuple[Point, ...]


def run(
    sweep: Sweep, hands: Hands, tell: Callable[[int, int, str], None]
) -> tuple[list[tuple[Point, Outcome]], int]:
    """Return every point's outcome in order, and how many were replayed.

    tell: hears how many points of how many are done, and the last one's place.
    """
    alike: dict[str, list[Point]] = {}
    for task, keys in hands.each(keys_of, list(_looks(sweep))):
        for point, key in zip(task.points, keys, strict=True):
            alike.setdefault(key, []).append(point)
    groups = [sorted(some, key=lambda one: one.number) for some in alike.values()]
    groups.sort(key=lambda some: some[0].number)
    of = {some[0].number: some for some in groups}
    found: list[tuple[Point, Outcome]] = []
    for task, outcome in hands.each(
        outcome_of, [_Task(sweep=sweep, points=(some[0],)) for some in groups]
    ):
        first = task.points[0]
        found += [(point, outcome) for point in of[first.number]]
        tell(len(found), len(sweep), f"{first.event} ×/÷{first.range}")
    return sorted(found, key=lambda one: one[0].number), len(groups)


def _looks(sweep: Sweep) -> Iterator[_Task]:
    some: list[Point] = []
    for point in sweep.points():
        elsewhere = some and (point.event, point.range) != (some[0].event, some[0].range)
        if elsewhere or len(some) == _LOOKED_AT:
            yield _Task(sweep=sweep, points=tuple(some))
            some = []
        some.append(point)
    if some:
        yield _Task(sweep=sweep, points=tuple(some))


def outcome_of(task: _Task) -> Outcome:
    """Replay a point through the daemon's own road."""
    sweep, point = task.sweep, task.points[0]
    pool = ModelPool(held=(sweep.held[point.range],), fee_share=sweep.fee_share)
    book = book_of(sweep, point)
    replay = Replay(book, ModelFills(), price_of(POOL_KEY), settles=True)
    return _summed(replay.run(tape(EVENTS[point.event], pool, book.lens.feeds)))


def _summed(found: Replayed) -> Outcome:
    """Return what a replay came to."""
    pairs = [
        (scene.loss_usd, made)
        for scene, made in zip(found.scenes, carried(found.scenes), strict=True)
    ]
    bare = [lost for lost, _ in pairs if lost is not None]
    both = [lost + made for lost, made in pairs if lost is not None and made is not None]
    last = pairs[-1][1] if pairs else None
    whole = len(both) == len(pairs) > 0
    began = [one for one in found.alerts if one.state is AlertState.FIRING]
    losses = [one.il for scene in found.scenes for one in scene.holdings if one.il is not None]
    return Outcome(
        cost_usd=None if last is None else -last,
        fall_usd=deepest_fall(both) if whole else None,
        bare_fall_usd=deepest_fall(bare) if len(bare) == len(pairs) > 0 else None,
        worst_il=min(losses, default=None),
        adds=sum(one.action is Action.ADD for one in began),
        alerts=len(found.alerts),
        dark=len(found.dark),
    )


def book_of(sweep: Sweep, point: Point) -> Rulebook:
    """Return the rules of one point; raises ConfigError where its values make no sound file."""
    told = " ".join(f"{name}={value}" for name, value in point.values.items())
    pack = pack_of(f"{sweep.name} with {told}" if told else sweep.name, sweep.filled(point.values))
    settings = Settings(
        usd=UsdSettings(pegged=(USDC,)), rules=RulesSettings(enabled=(), max_gap=_MAX_GAP)
    )
    book = rulebook(settings, (pack,))
    return replace(book, lens=replace(book.lens, chains=frozenset({CHAIN})))


def keys_of(task: _Task) -> list[str]:
    """Return a key for each of some points of one event and range: alike are alike in all."""
    return [_key(task.sweep, point) for point in task.points]


def _key(sweep: Sweep, point: Point) -> str:
    book = book_of(sweep, point)
    names = frozenset(
        name for rule in book.rules for one in _conditions(rule) for name in one.names
    )
    market = frozenset(filter(known_name, names)) - OF_A_POSITION - OF_THE_BOOK
    reel = _film(point.event, market, tuple(sorted(book.lens.windows.items())))
    screen = Screen(book, reel, reel.positions((sweep.held[point.range],)))
    told = hashlib.sha256(f"{point.event} {point.range} {book.packs[0].layers!r}".encode())
    for rule in book.rules:
        told.update(_alike(rule).encode())
        for condition in _conditions(rule):
            told.update(_said(screen, condition, rule))
    return told.hexdigest()


def _conditions(rule: Rule) -> tuple[Expression, ...]:
    return (rule.when, rule.clear) if rule.clear else (rule.when,)


def _alike(rule: Rule) -> str:
    """Return all of a rule but its conditions and its words."""
    rest: Mapping[str, Any] = {
        name: getattr(rule, name)
        for name in rule.__dataclass_fields__
        if name not in {"when", "clear", "title", "text", "layer", "pack"}
    }
    return f"{rest!r} {rule.layer.id if rule.layer else ''}"


def _said(screen: Screen, condition: Expression, rule: Rule) -> bytes:
    """Return what a condition is at every row; as it is written, where a film cannot tell."""
    windowed = any(name in OF_A_POSITION | OF_THE_BOOK for _, name, _ in condition.windows)
    if windowed or not all(known_name(name) for name in condition.names):
        return condition.text.encode()
    strip = screen.strips[0] if rule.scope is Scope.POSITION else None
    return screen.codes(condition, rule, strip).tobytes()


@lru_cache(maxsize=8)
def _film(event: str, names: frozenset[str], windows: tuple[tuple[str, timedelta], ...]) -> Film:
    return film(EVENTS[event], names, dict(windows))
