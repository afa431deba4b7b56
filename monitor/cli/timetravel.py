"""`hedgewatch timetravel`: a past storm through the daemon's own road."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from math import isfinite
from pathlib import Path

from monitor.app.replay import Replay, price_of
from monitor.app.rulebook import load_enabled, rulebook
from monitor.cli.timetravel_chain import on_chain
from monitor.cli.timetravel_given import Given, fills_of, library_of, refused, untold
from monitor.cli.timetravel_outcome import shown
from monitor.cli.timetravel_tape import replay_tape
from monitor.config import RulesSettings, Settings, UsdSettings, load_settings
from monitor.errors import Permanent
from monitor.model.layer import Action
from monitor.pipeline import Rulebook
from monitor.timetravel.chart import check_drawing
from monitor.timetravel.events import EVENTS, Window
from monitor.timetravel.pool import CHAIN, POOL_KEY, USDC, Held, ModelPool
from monitor.timetravel.provenance import sources_of, traded_by
from monitor.timetravel.report import write_report
from monitor.timetravel.scene import Story
from monitor.timetravel.tape import tape
from monitor.timetravel.told import Told, ledger_of

_SELF = "self"
_MAX_GAP = "25h"
"""A tape's blocks are hours apart, and a day where only closes are had: no silence."""


def timetravel(asked: argparse.Namespace) -> int:
    """Replay, print what came of it, and write the files where a folder is asked for."""
    if asked.tape is not None:
        return replay_tape(asked)
    if asked.out:
        check_drawing()
    told = replayed(asked)
    print("\n".join(shown(told, every_alert=asked.alerts)))
    for number, path in enumerate(write_report(told, asked.out) if asked.out else ()):
        print(f"{'' if number else 'written':<13} {path}")
    return 0


def replayed(asked: argparse.Namespace) -> Told:
    """Return what came of the storm that is asked for, as its report needs it."""
    if asked.seed < 0:
        raise refused("--seed", f"must be 0 or more, was {asked.seed}")
    packs, who = tuple(asked.rules or _enabled(asked.config)), asked.fills or "model"
    try:
        given = (on_chain if asked.position else _modelled)(asked, packs)
        fills = fills_of(who, given.book)
        found = Replay(given.book, fills, given.price).run(given.seen)
    except ValueError as error:
        raise Permanent(str(error)) from error
    if not found.scenes:
        raise Permanent(f"{given.title}: there was no such position, or no price of its pool")
    return Told(
        title=given.title,
        packs=packs,
        traded=traded_by(who) + untold(fills),
        sources=given.sources,
        layered=any(rule.action is Action.ADD for rule in given.book.rules),
        seed=asked.seed,
        story=Story(alerts=found.alerts, scenes=found.scenes),
        layers=found.state.layers,
        ledger=ledger_of(found.state, found.scenes[-1].at),
    )


def _modelled(asked: argparse.Namespace, packs: tuple[str, ...]) -> Given:
    """Return past days of a model pool."""
    window, book = _window(asked), _book(asked.config, packs)
    pool = ModelPool(held=tuple(_held(asked)), fee_share=asked.fees)
    return Given(
        title=window.title,
        book=book,
        seen=tape(window, pool, book.lens.feeds, library_of(asked)),
        price=price_of(POOL_KEY),
        sources=sources_of(window, fee_share=asked.fees),
    )


def _window(asked: argparse.Namespace) -> Window:
    if asked.event is not None:
        if asked.event not in EVENTS:
            raise refused("EVENT", f"{asked.event!r} is none of {', '.join(EVENTS)}")
        return EVENTS[asked.event]
    if not asked.first or not asked.last:
        raise refused("EVENT", f"name one of {', '.join(EVENTS)}, or both --from and --to")
    first, last = _day("--from", asked.first), _day("--to", asked.last)
    if last < first:
        raise refused("--to", f"{last} is before --from {first}")
    return Window(first=first, last=last, title=f"{first} to {last}")


def _day(where: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise refused(where, f"{text!r} is no date such as 2022-01-31") from None


def _held(asked: argparse.Namespace) -> Iterator[Held]:
    if not (isfinite(asked.value) and asked.value > 0):
        raise refused("--value", f"must be above 0, was {asked.value:g}")
    if not (isfinite(asked.fees) and asked.fees >= 0):
        raise refused("--fees", f"must be 0 or more, was {asked.fees:g}")
    for text in asked.ranges:
        yield Held(width=_width(text), value_usd=asked.value)


def _width(text: str) -> float | None:
    if text == "full":
        return None
    try:
        width = float(text)
    except ValueError:
        width = 0.0
    if not (isfinite(width) and width > 1):
        raise refused("--range", f"{text!r} is neither a number above 1 nor `full`")
    return width


def _enabled(config: Path) -> list[str]:
    """Return the packs a config enables but `self`, which watches a daemon and there is none."""
    settings = load_settings(config) if config.exists() else Settings()
    return [pack for pack in settings.rules.enabled if pack != _SELF]


def _book(config: Path, packs: Sequence[str]) -> Rulebook:
    folder = load_settings(config).rules.folder if config.exists() else None
    rules = RulesSettings(enabled=tuple(packs), folder=folder, max_gap=_MAX_GAP)
    settings = Settings(usd=UsdSettings(pegged=(USDC,)), rules=rules)
    book = rulebook(settings, load_enabled(settings))
    return replace(book, lens=replace(book.lens, chains=frozenset({CHAIN})))
