"""`hedgewatch timetravel`: a past storm through the daemon's own road."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from math import isfinite
from pathlib import Path

from monitor.alerts.ticket import DISCLAIMER
from monitor.app.replay import Replay, Replayed, price_of
from monitor.app.rulebook import load_enabled, rulebook
from monitor.cli.lines import line
from monitor.cli.timetravel_chain import on_chain
from monitor.cli.timetravel_given import Given, fills_of, library_of, refused, tell, write_log
from monitor.cli.timetravel_tape import replay_tape
from monitor.config import RulesSettings, Settings, UsdSettings, load_settings
from monitor.errors import Permanent
from monitor.pipeline import Rulebook
from monitor.timetravel.events import EVENTS, Window
from monitor.timetravel.figures import money, percent, ranges, share_word, shares
from monitor.timetravel.pool import CHAIN, POOL_KEY, USDC, Held, ModelPool
from monitor.timetravel.scene import Story
from monitor.timetravel.tape import tape

_SELF = "self"
_MAX_GAP = "25h"
"""A tape's blocks are hours apart, and a day where only closes are had: no silence."""


def timetravel(asked: argparse.Namespace) -> int:
    """Replay, print what came of it, and write the files where a folder is asked for."""
    if asked.tape is not None:
        return replay_tape(asked)
    packs = tuple(asked.rules or _enabled(asked.config))
    try:
        told = (on_chain if asked.position else _modelled)(asked, packs)
        fills = fills_of(asked.fills or "model", told.book)
        found = Replay(told.book, fills, told.price).run(told.seen)
    except ValueError as error:
        raise Permanent(str(error)) from error
    if not found.scenes:
        raise Permanent(f"{told.title}: there was no such position, or no price of its pool")
    story = Story(alerts=found.alerts, scenes=found.scenes)
    tell(story.alerts, fills)
    print("\n".join(_summary(told.title, packs, found, story)))
    if asked.out:
        write_log(story.alerts, asked.out)
    return 0


def _modelled(asked: argparse.Namespace, packs: tuple[str, ...]) -> Given:
    """Return past days of a model pool."""
    window, book = _window(asked), _book(asked.config, packs)
    pool = ModelPool(held=tuple(_held(asked)), fee_share=asked.fees)
    seen = tape(window, pool, book.lens.feeds, library_of(asked))
    return Given(title=window.title, book=book, seen=seen, price=price_of(POOL_KEY))


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


def _summary(title: str, packs: Sequence[str], found: Replayed, story: Story) -> Iterator[str]:
    yield f"\n{title}: {', '.join(packs)}"
    yield _told("observations", f"{found.observations:,}, alerts {len(story.alerts)}")
    worst = (
        f"{name} {percent(story.worst(token), places=1)}" for token, name in ranges(story).items()
    )
    yield _told("worst IL", " · ".join(worst))
    last = story.scenes[-1]
    cash = f"paid {money(last.paid_usd)}, returned {money(last.returned_usd)}"
    yield _told("hedge", f"{cash}, profit {money(last.hedge_usd, signed=True)} USD (model prices)")
    for one in shares(story):
        yield _told(one.label, share_word(one.offset))
    yield DISCLAIMER


def _told(head: str, text: str) -> str:
    return line(f"{head:<16}", text)
