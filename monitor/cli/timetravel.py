"""`hedgewatch timetravel`: a past storm through the daemon's own road."""

import argparse
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from monitor.app.garbage import collect_seldom
from monitor.app.replay import Replay, price_of
from monitor.app.rulebook import load_enabled
from monitor.cli.given_config import settings_of
from monitor.cli.timetravel_chain import on_chain
from monitor.cli.timetravel_given import (
    Given,
    check_asked,
    enabled_packs,
    fills_of,
    held_of,
    library_of,
    ready,
    refused,
    replay_book,
    titled,
    untold,
    window_of,
)
from monitor.cli.timetravel_outcome import shown
from monitor.cli.timetravel_tape import replay_tape
from monitor.config import RulesSettings, Settings
from monitor.errors import Permanent
from monitor.model.layer import Action
from monitor.pipeline import Rulebook
from monitor.timetravel.events import Window
from monitor.timetravel.pool import POOL_KEY, ModelPool
from monitor.timetravel.provenance import MODEL, sources_of, traded_by
from monitor.timetravel.report import write_report
from monitor.timetravel.scene import Story
from monitor.timetravel.tape import tape
from monitor.timetravel.told import Told, ledger_of, pair_of

_SECOND: Final = timedelta(seconds=1)


def timetravel(asked: argparse.Namespace) -> int:
    """Replay, print what came of it, and write the files where a folder is asked for."""
    collect_seldom()
    check_asked(asked)
    if asked.tape is not None:
        return replay_tape(asked)
    if asked.out:
        ready(asked.out)  # before anything is replayed
    told = replayed(asked)
    print("\n".join(shown(told, every_alert=asked.alerts)))
    for number, path in enumerate(write_report(told, asked.out) if asked.out else ()):
        print(f"{'' if number else 'written':<13} {path}")
    return 0


def replayed(asked: argparse.Namespace) -> Told:
    """Return what came of the storm that is asked for, as its report needs it."""
    if asked.seed < 0:
        raise refused("--seed", f"must be 0 or more, was {asked.seed}")
    packs, who = tuple(asked.rules or enabled_packs(asked.config)), asked.fills or MODEL
    try:
        given = (on_chain if asked.position else _modelled)(asked, packs)
        fills = fills_of(who, given.book)
        found = Replay(given.book, fills, given.price, settles=who == MODEL).run(given.seen)
    except ValueError as error:
        raise Permanent(str(error)) from error
    if not found.scenes:
        raise Permanent(f"{given.title}: there was no such position, or no price of its pool")
    first, last = found.scenes[0].at, found.scenes[-1].at - _SECOND  # it ends at a midnight
    days = Window(first=first.date(), last=last.date(), title=given.title)
    return Told(
        title=given.title,
        packs=packs,
        traded=traded_by(who) + untold(fills),
        sources=given.sources(days),
        fees_by=given.fees_by,
        pair=pair_of(found.state),
        layered=any(rule.action is Action.ADD for rule in given.book.rules),
        seed=asked.seed,
        story=Story(alerts=found.alerts, scenes=found.scenes),
        layers=found.state.layers,
        ledger=ledger_of(found.state, found.scenes[-1].at),
        dark=found.dark,
        blind=any(one.action is Action.ADD and one.id in found.dark for one in given.book.rules),
    )


def _modelled(asked: argparse.Namespace, packs: tuple[str, ...]) -> Given:
    """Return past days of a model pool."""
    window, book = window_of(asked), _book(asked.config, packs)
    pool, library = ModelPool(held=tuple(held_of(asked)), fee_share=asked.fees), library_of(asked)
    return Given(
        title=titled(window, library),
        book=book,
        seen=tape(window, pool, book.lens.feeds, library),
        price=price_of(POOL_KEY),
        sources=partial(sources_of, fee_share=asked.fees, library=library),
    )


def _book(config: Path, packs: Sequence[str]) -> Rulebook:
    settings = settings_of(config) or Settings()
    rules = RulesSettings(enabled=tuple(packs), folder=settings.rules.folder)
    return replay_book(load_enabled(Settings(rules=rules)))
