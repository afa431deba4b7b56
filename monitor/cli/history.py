"""`hedgewatch history`: fetch the past of a signal, show what is known of it."""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from monitor.alerts.figures import day as spelled
from monitor.app.history import GaveUp, InboxShelf, Pulled, Puller, Shelf
from monitor.app.history_files import FileShelf
from monitor.app.history_known import Known, all_known
from monitor.app.history_plan import Plan, plan_of, whole_plan_of
from monitor.app.present import clock_of
from monitor.cli.given_config import settings_of
from monitor.cli.history_shown import counted, gaps_told, unit_of_day
from monitor.cli.lines import line
from monitor.cli.progress import Progress
from monitor.clock import Clock, stopwatch, wait
from monitor.config import Settings, load_settings
from monitor.feeds.http import HttpSettings, Web, open_client
from monitor.signals.catalogue import BY_NAME
from monitor.signals.days import missing
from monitor.store.lock import is_running
from monitor.store.opening import open_store
from monitor.store.parquet import Archive
from monitor.store.port import Store

_PATIENCE_S: Final = 10.0
_NAP_S: Final = 0.02


@dataclass(slots=True)
class _Came:
    """What a pull has brought. left: what it has left on the shelf."""

    sessions: int = 0
    fetched: int = 0
    had: int = 0
    left: list[str] = field(default_factory=list)
    sources: dict[str, None] = field(default_factory=dict)
    failed: bool = False


def pull(asked: argparse.Namespace) -> int:
    """Fetch a signal's past; return 1 where a part of it could not be had."""
    if asked.parquet is not None:
        return _pull_files(asked)
    settings = load_settings(asked.config)
    clock = clock_of(settings)
    days = (asked.first, asked.last)
    plan = plan_of(settings, asked.signal, days, source=asked.source, now=clock.now())
    with closing(open_store(settings.store.url, now=clock.now())) as store:
        came = asyncio.run(_pulled(settings, plan, clock, InboxShelf(store.inbox)))
        told, refused = _taken_up(settings, store, came)
        known = all_known(store).get(plan.signal.name, Known())
    for text in (_brought(plan, came), *_clipped(plan, asked), *now_known(plan, known), *told):
        print(line("", text))
    if came.failed:
        print("not all of it came: the same command goes on from here")
    return 1 if came.failed or refused else 0


def _pull_files(asked: argparse.Namespace) -> int:
    """Fetch a signal's past into Parquet files; return 1 where a part could not be had."""
    settings = settings_of(asked.config) or Settings()
    clock = clock_of(settings)
    days = (asked.first, asked.last)
    plan = whole_plan_of(settings, asked.signal, days, source=asked.source, now=clock.now())
    shelf = FileShelf(Archive(asked.parquet))
    shelf.archive.check()  # before anybody is asked for anything
    came = asyncio.run(_pulled(settings, plan, clock, shelf))
    sources = tuple(one.name for one in plan.asked)
    known = Known(taken=shelf.archive.bars(plan.signal.name, sources))
    for text in (_brought(plan, came), *now_known(plan, known)):
        print(line("", text))
    print(*came.left, sep="\n", end="\n" if came.left else "")
    if came.failed:
        print("not all of it came: the same command goes on from here")
    return int(came.failed)


async def _pulled(settings: Settings, plan: Plan, clock: Clock, shelf: Shelf) -> _Came:
    came = _Came()
    progress = Progress(sys.stderr, plan.signal.name)
    async with open_client(HttpSettings()) as client:
        if isinstance(shelf, FileShelf):
            client.event_hooks = {"request": [shelf.note]}
        puller = Puller(settings=settings, web=Web(client, clock), clock=clock, shelf=shelf)
        try:
            async for one in puller.pull(plan):
                _note(came, one, progress)
        finally:
            progress.end()
    return came


def _note(came: _Came, one: Pulled | GaveUp, progress: Progress) -> None:
    if isinstance(one, GaveUp):
        then = "the next source is asked" if one.further else "no other source has it"
        progress.say(line("", f"{one.source}: {one.reason}; {then}"))
        came.failed = not one.further
        return
    first, last = one.stretch.first, one.stretch.last
    unit = unit_of_day(BY_NAME[one.stretch.signal])
    what = "there already" if one.had else counted(one.sessions, unit)
    days = f"{first}" if first == last else f"{first} to {last}"
    progress.step(one.number, one.of, f"{days}  {what}, {one.source}", f"{last}  {what}")
    came.sessions += one.sessions
    came.fetched += not one.had
    came.had += one.had
    came.left += one.ids
    if not one.had:
        came.sources[one.source] = None


def _taken_up(settings: Settings, store: Store, came: _Came) -> tuple[list[str], bool]:
    """Return what came of what was left in the inbox, and whether any was refused."""
    if not came.left:
        return [], False
    if not is_running(settings.store.url):
        return ["queued: the daemon is down, and takes it up when it starts"], False
    heard = list[str]()
    for word in came.left:
        began = stopwatch()
        while (outcome := store.inbox.heard(word)) is None:
            if stopwatch() - began > _PATIENCE_S:
                waited = f"{_PATIENCE_S:.0f} s"
                return [f"queued: the daemon has not taken all of it up within {waited}"], False
            wait(_NAP_S)
        heard.append(outcome)
    refused = [one for one in dict.fromkeys(heard) if one.startswith("refused")]
    return refused or ["taken up by the daemon"], bool(refused)


def _brought(plan: Plan, came: _Came) -> str:
    """Return in one line what this pull has fetched."""
    whom = f" from {' and '.join(came.sources)}" if came.sources else ""
    told = f"{plan.signal.name}: {counted(came.sessions, unit_of_day(plan.signal))} fetched{whom}"
    if came.had and not came.fetched:
        return f"{plan.signal.name}: nothing to fetch, all of it is there already"
    rest = f", {counted(came.had, 'part')} there already" if came.had else ""
    return told + rest


def _clipped(plan: Plan, asked: argparse.Namespace) -> Iterator[str]:
    """Yield from when on bars are kept, where more was asked for."""
    if date.fromisoformat(asked.first) < plan.first:
        kept = counted(plan.signal.bars, unit_of_day(plan.signal))
        yield f"{kept} are kept: from {spelled(plan.first)} on"


def now_known(plan: Plan, known: Known) -> Iterator[str]:
    """Yield what of the days asked for is known now, and what is missing."""
    days = sorted(day for day in known.days if plan.first <= day <= plan.last)
    if not days:
        yield f"nothing is known from {spelled(plan.first)} to {spelled(plan.last)}"
        return
    count = counted(len(days), unit_of_day(plan.signal))
    yield f"known: {count}, {spelled(days[0])} to {spelled(days[-1])}"
    yield gaps_told(missing(plan.signal, days, plan.first, plan.last))
