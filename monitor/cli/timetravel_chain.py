"""`hedgewatch timetravel --position`: a real position's past, read block by block."""

import argparse
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Final

from monitor.app.direct import Place, whereabouts
from monitor.app.onchain import Blocks, Walk
from monitor.app.present import clock_of
from monitor.app.rulebook import load_enabled, rulebook
from monitor.chain.settings import ChainSettings
from monitor.cli.given_config import settings_of
from monitor.cli.progress import Progress
from monitor.cli.timetravel_given import Given, library_of, refused
from monitor.config import Settings
from monitor.model.observation import Observation, Snapshot
from monitor.pipeline import State
from monitor.timetravel.events import EVENTS, Window
from monitor.timetravel.provenance import sources_on_chain
from monitor.timetravel.tape import around

_MAX_GAP: Final = "25h"
_CHAIN: Final = "ethereum"
_DAY: Final = timedelta(days=1)
_DIGITS: Final = 15
"""Of a block's number; a date is written with its dashes."""


def on_chain(asked: argparse.Namespace, packs: tuple[str, ...]) -> Given:
    """Return a real position's past; raise ConfigError in one sentence where one cannot be read."""
    settings = _settings(asked)
    place = whereabouts(settings, asked.position, chain=asked.chain, protocol=asked.protocol)
    rules = replace(settings.rules, enabled=packs, max_gap=_MAX_GAP)
    settings = replace(settings, rules=rules)
    book = rulebook(settings, load_enabled(settings))
    blocks, library = _blocks(asked), library_of(asked)
    return Given(
        title=f"{place.key}, {asked.event or f'{asked.first} to {asked.last}'}",
        book=book,
        seen=_together(
            _walked(settings, place, blocks),
            lambda at: around(_from(at, settings, blocks), at, book.lens.feeds, library),
        ),
        price=lambda state: _price(state, place.key),
        sources=partial(sources_on_chain, chain=place.chain, step=asked.step, library=library),
        fees_by="read on chain, those not collected",
    )


def _settings(asked: argparse.Namespace) -> Settings:
    """Return the settings with the endpoint asked for in the place of the chain's own."""
    settings = settings_of(asked.config) or Settings()
    if asked.rpc is None:
        if not settings.chain:
            raise refused("--rpc", "give an archive endpoint, as env:NAME or file:/path")
        return settings
    if asked.chain is None and len(settings.chain) > 1:
        raise refused("--chain", f"name that of --rpc: {', '.join(settings.chain)}")
    name = asked.chain or next(iter(settings.chain), _CHAIN)
    known = settings.chain.get(name) or ChainSettings(rpc=(asked.rpc,))
    here = replace(known, rpc=(asked.rpc,), agree=False)
    return replace(settings, chain={**settings.chain, name: here})


def _blocks(asked: argparse.Namespace) -> Blocks:
    if asked.step < 1:
        raise refused("--step", f"must be 1 block or more, was {asked.step}")
    if asked.event is not None:
        if asked.event not in EVENTS:
            raise refused("EVENT", f"{asked.event!r} is none of {', '.join(EVENTS)}")
        window = EVENTS[asked.event]
        return Blocks(first=window.begins, last=window.ends, step=asked.step)
    if not asked.first or not asked.last:
        raise refused("--position", "give EVENT, or both --from and --to: dates, or block numbers")
    first, last = _end("--from", asked.first), _end("--to", asked.last)
    if isinstance(last, datetime):
        last += _DAY
    if type(first) is type(last) and first > last:  # type: ignore[operator]
        raise refused("--to", f"{asked.last} is before --from {asked.first}")
    return Blocks(first=first, last=last, step=asked.step)


def _end(where: str, text: str) -> int | datetime:
    if text.isascii() and text.isdecimal() and len(text) <= _DIGITS:
        return int(text)
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        reason = f"{text!r} is neither a date such as 2022-01-31 nor a block number"
        raise refused(where, reason) from None


def _walked(settings: Settings, place: Place, blocks: Blocks) -> Iterator[Snapshot]:
    progress = Progress(sys.stderr, "blocks")

    def told(seen: Snapshot, done: int, of: int) -> None:
        if sys.stderr.isatty() or done == of:
            text = f"block {seen.block.number:,}, {seen.block.timestamp:%Y-%m-%d %H:%M} UTC"
            progress.step(done, of, f"{done} of {of}  {text}", text)

    try:
        walk = Walk(settings=settings, place=place, clock=clock_of(settings), told=told)
        yield from walk.over(blocks)
    finally:
        progress.end()


def _from(at: datetime, settings: Settings, blocks: Blocks) -> Window:
    """Return the days from the first block on: to the last that is asked for, or to now."""
    last = blocks.last if isinstance(blocks.last, datetime) else clock_of(settings).now()
    return Window(first=at.date(), last=max(last.date(), at.date()), title="")


def _together(
    walked: Iterator[Snapshot], around_it: Callable[[datetime], Iterable[Observation]]
) -> Iterator[Observation]:
    """Yield the blocks among what the market and offices told, all in time order."""
    told = deque[Observation]()
    for number, block in enumerate(walked):
        at = block.observed_at
        if not number:
            told.extend(around_it(at))
        while told and told[0].observed_at <= at:
            yield told.popleft()
        yield block


def _price(state: State, key: str) -> float | None:
    held = state.facts.positions.get(key)
    pool = state.facts.pools.get(held.position.pool) if held else None
    return pool.price if pool else None
