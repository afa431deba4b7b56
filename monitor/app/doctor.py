"""Is everything there that alerts depend on? Each part is asked, none is trusted."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from monitor.alerts.figures import age, figure
from monitor.app.doctor_chain import visit_chain
from monitor.app.doctor_feeds import FeedVisit
from monitor.app.finding import PATIENCE_S, Finding, asked
from monitor.app.present import clock_of
from monitor.app.skew import Skew
from monitor.chain.market import ChainMarket, market_name
from monitor.chain.reader import chain_reader
from monitor.channels.visits import visit_mqtt, visit_telegram
from monitor.clock import Clock, stopwatch
from monitor.config import Settings
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.http import HttpSettings, Web, open_client
from monitor.model.reading import Reading
from monitor.store.connection import database_path, is_there
from monitor.store.lock import is_running
from monitor.store.opening import is_shared, living, shown

_LEAST_FREE: Final = 500_000_000
_GB: Final = 1_000_000_000


async def examine(settings: Settings, order: Mapping[str, Sequence[str]]) -> AsyncIterator[Finding]:
    """Yield a finding for each endpoint, part watched, feed and channel, then store and clock.

    order: the providers of each signal to read.
    """
    clock = clock_of(settings)
    skew = Skew(clock)
    visit = FeedVisit(settings=settings, clock=clock, patience_s=PATIENCE_S)
    async with open_client(HttpSettings()) as client:
        client.event_hooks["response"].append(skew.hear)
        rounds: list[Awaitable[list[Finding]]] = [
            *(visit_chain(name, settings, clock, skew) for name in settings.chain),
            *_markets(settings, order, clock),
            *visit.rounds(order, Web(client, clock)),
            *_channels(settings),
        ]
        for findings in await asyncio.gather(*rounds):
            for finding in findings:
                yield finding
    yield _store(settings)
    if settings.clock.scenario is None:
        well, text = skew.told()
        yield Finding(ok=well, subject="clock", text=text)


def _markets(
    settings: Settings, order: Mapping[str, Sequence[str]], clock: Clock
) -> Iterator[Awaitable[list[Finding]]]:
    """Yield a question a chain whose market is read."""
    for name in settings.chain:
        if sources := order.get(market_name(name)):
            yield _market(name, sources, settings, clock)


async def _market(
    name: str, sources: Sequence[str], settings: Settings, clock: Clock
) -> list[Finding]:
    async def ask() -> str:
        given = settings.chain[name]
        async with chain_reader(name, given, watches=(), usd=settings.usd) as reader:
            market = ChainMarket(
                chain=reader.chain,
                endpoints=reader.endpoints,
                clock=clock,
                sources=sources,
                usd=settings.usd,
            )
            told = await market.read()
        if not told:
            raise Transient("; ".join(one.reason for one in market.refused()))
        values = (f"{one.name} {one.key} {figure(one.value, one.unit)}" for one in told)
        return f"{', '.join(values)}, {_oldest(told, clock.now())} old"

    return [await asked(market_name(name), ask)]


def _oldest(told: Sequence[Reading], now: datetime) -> str:
    return age((now - min(one.as_of for one in told)).total_seconds())


def _channels(settings: Settings) -> Iterator[Awaitable[list[Finding]]]:
    mqtt, telegram = settings.channel.mqtt, settings.channel.telegram

    async def one(subject: str, ask: Callable[[], Awaitable[str]]) -> list[Finding]:
        return [await asked(subject, ask)]

    if mqtt is not None:
        yield one("mqtt", lambda: visit_mqtt(mqtt, settings.instance))
    if telegram is not None:
        yield one("telegram", lambda: visit_telegram(telegram))


def _shared_store(url: str) -> Finding:
    """Return whether a PostgreSQL answers, and who leads on it."""
    try:
        living(url)  # the first loads what speaks to it
        began = stopwatch()
        crew = living(url)
    except HedgewatchError as error:
        return Finding(ok=False, subject="store", text=str(error))
    took = (stopwatch() - began) * 1000
    led = next((one.name for one in crew if one.leads), None)
    others = len(crew) - (led is not None)
    who = f"{led} leads, {others} stand by" if led else "no daemon leads on it"
    return Finding(ok=True, subject="store", text=f"{shown(url)}, answers in {took:.0f} ms, {who}")


def _store(settings: Settings) -> Finding:
    """Return whether the store can be written, without writing to a database others use."""
    if is_shared(settings.store.url):
        return _shared_store(settings.store.url)
    path = database_path(settings.store.url)
    try:
        there = next(one for one in (path, *path.absolute().parents) if is_there(one))
    except Permanent as error:
        return Finding(ok=False, subject="store", text=str(error))
    if not os.access(there, os.W_OK):
        return Finding(ok=False, subject="store", text=f"{there} cannot be written")
    free = shutil.disk_usage(there if there.is_dir() else there.parent).free
    room = f"{free / _GB:,.0f} GB free" if free >= _GB else f"{free / 1e6:,.0f} MB free"
    if free < _LEAST_FREE:
        return Finding(ok=False, subject="store", text=f"{Path(there)}: {room}, make room")
    daemon = "a daemon runs on it" if is_running(settings.store.url) else "no daemon runs on it"
    return Finding(ok=True, subject="store", text=f"sqlite, writable, {room}, {daemon}")
