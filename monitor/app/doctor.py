"""Is everything there that alerts depend on? Each part is asked, none is trusted."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

import httpx

from monitor.alerts.figures import age, figure
from monitor.app.present import clock_of
from monitor.chain.checkup import Checkup, check_up
from monitor.chain.registry import Chain, settle
from monitor.chain.rpc import Endpoint
from monitor.chain.settings import rpc_url
from monitor.channels.visits import visit_mqtt, visit_telegram
from monitor.clock import Clock
from monitor.config import Settings
from monitor.errors import HedgewatchError
from monitor.feeds.http import HttpSettings, Web, open_client
from monitor.feeds.port import Feed
from monitor.feeds.settings import PROVIDERS, FeedSettings, feed_order
from monitor.rules.surroundings import CHAIN_MAX_AGE
from monitor.signals.catalogue import BY_NAME
from monitor.signals.sessions import open_seconds
from monitor.store.connection import database_path
from monitor.store.lock import is_running

_PATIENCE_S: Final = 30.0
_LAG: Final = timedelta(minutes=1)
_SKEW: Final = timedelta(seconds=5)
_LEAST_FREE: Final = 500_000_000
_GB: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor's: whether it is well, what it is about, and the words."""

    ok: bool
    subject: str
    text: str


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Yield a finding for each endpoint, feed and channel, then the store and the clock."""
    clock = clock_of(settings)
    skew = _Skew(clock)
    async with open_client(HttpSettings()) as client:
        client.event_hooks["response"].append(skew.hear)
        rounds: list[Awaitable[list[Finding]]] = [
            *(_chain(name, settings, clock) for name in settings.chain),
            *_feeds(settings, Web(client, clock), clock),
            *_channels(settings),
        ]
        for findings in await asyncio.gather(*rounds):
            for finding in findings:
                yield finding
    yield _store(settings)
    if settings.clock.scenario is None:
        yield skew.finding(clock.now())


async def _asked(subject: str, ask: Callable[[], Awaitable[str]]) -> Finding:
    """Return what asking came to; a refusal, a silence or a missing secret is a finding too."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return Finding(ok=True, subject=subject, text=await ask())
    except TimeoutError:
        return Finding(ok=False, subject=subject, text=f"no answer within {_PATIENCE_S:.0f} s")
    except (HedgewatchError, ValueError) as error:
        return Finding(ok=False, subject=subject, text=str(error))


async def _chain(name: str, settings: Settings, clock: Clock) -> list[Finding]:
    """Return a finding an endpoint, each seen beside the newest head among them."""
    given = settings.chain[name]
    try:
        chain = settle(name, given)
    except ValueError as error:
        return [Finding(ok=False, subject=name, text=str(error))]
    watched = {str(one.protocol) for one in settings.watch if one.chain == name}
    watched = watched or {dex.protocol for dex in chain.dexes}
    managers = {
        f"the {dex.protocol} position manager": dex.manager
        for dex in chain.dexes
        if dex.protocol in watched
    }
    found: list[Checkup | Finding] = [
        await _endpoint(chain, reference, managers, timeout_s=given.timeout_s)
        for reference in given.rpc
    ]
    heads = [one.head.timestamp for one in found if isinstance(one, Checkup)]
    best = max(heads, default=clock.now())
    return [
        one if isinstance(one, Finding) else _seen(chain, one, best, clock.now()) for one in found
    ]


async def _endpoint(
    chain: Chain, reference: str, managers: Mapping[str, str], *, timeout_s: float
) -> Checkup | Finding:
    try:
        endpoint = Endpoint(rpc_url(reference), timeout_s=timeout_s)
    except ValueError as error:
        return Finding(ok=False, subject=chain.name, text=str(error))
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await check_up(
                endpoint,
                chain_id=chain.chain_id,
                contracts=managers,
                multicall=chain.multicall,
            )
    except TimeoutError:
        reason = f"{endpoint.host} did not answer within {_PATIENCE_S:.0f} s"
        return Finding(ok=False, subject=chain.name, text=reason)
    except HedgewatchError as error:
        return Finding(ok=False, subject=chain.name, text=str(error))
    finally:
        await endpoint.close()


def _seen(chain: Chain, found: Checkup, best: datetime, now: datetime) -> Finding:
    behind = best - found.head.timestamp
    since = now - found.head.timestamp
    old = age(since.total_seconds())
    multicall = "yes" if found.multicall else "no"
    told = (
        f"{found.host} chain {chain.chain_id}, head {old} old, multicall {multicall}, "
        f"logs {found.log_blocks:,} blocks"
    )
    if behind > _LAG:
        late = age(behind.total_seconds())
        told = f"{found.host} is {late} behind the others: not used until it catches up"
    elif found.absent:
        told = f"{found.host} has no code for {' and '.join(found.absent)}: is it the right chain?"
    elif since > CHAIN_MAX_AGE:
        told = f"{found.host} stands at a block {old} old: use another endpoint until it goes on"
    elif -since > _LAG:
        told = f"{found.host} stamps blocks ahead of this machine's clock: set the clock"
    else:
        return Finding(ok=True, subject=chain.name, text=told)
    return Finding(ok=False, subject=chain.name, text=told)


def _feeds(settings: Settings, web: Web, clock: Clock) -> Iterator[Awaitable[list[Finding]]]:
    for signal, names in feed_order(settings.feeds).items():
        for name in names:
            feed = PROVIDERS[name].build(web, clock, settings.feed.get(name, FeedSettings()))
            yield _feed(signal, name, feed, clock)


async def _feed(signal: str, name: str, feed: Feed, clock: Clock) -> list[Finding]:
    async def ask() -> str:
        readings = [one for one in await feed.read() if one.name == signal]
        if not readings:
            raise ValueError(f"gave no {signal}")
        newest = max(readings, key=lambda one: one.as_of)
        limit = BY_NAME[signal].max_age
        open_s = open_seconds(BY_NAME[signal].hours, newest.as_of, clock.now())
        old_s = (clock.now() - newest.as_of).total_seconds()
        shut = f", {age(open_s)} of it in session" if open_s < old_s else ""
        told = f"{signal} {figure(newest.value, newest.unit)}, {age(old_s)} old{shut}"
        if limit is not None and open_s > limit.total_seconds():
            raise ValueError(f"{told}: older than the {age(limit.total_seconds())} allowed")
        return told

    return [await _asked(name, ask)]


def _channels(settings: Settings) -> Iterator[Awaitable[list[Finding]]]:
    mqtt, telegram = settings.channel.mqtt, settings.channel.telegram

    async def one(subject: str, ask: Callable[[], Awaitable[str]]) -> list[Finding]:
        return [await _asked(subject, ask)]

    if mqtt is not None:
        yield one("mqtt", lambda: visit_mqtt(mqtt, settings.instance))
    if telegram is not None:
        yield one("telegram", lambda: visit_telegram(telegram))


def _store(settings: Settings) -> Finding:
    """Return whether the store can be written, without writing to a database others use."""
    path = database_path(settings.store.url)
    there = next(one for one in (path, *path.absolute().parents) if one.exists())
    if not os.access(there, os.W_OK):
        return Finding(ok=False, subject="store", text=f"{there} cannot be written")
    free = shutil.disk_usage(there if there.is_dir() else there.parent).free
    room = f"{free / _GB:,.0f} GB free" if free >= _GB else f"{free / 1e6:,.0f} MB free"
    if free < _LEAST_FREE:
        return Finding(ok=False, subject="store", text=f"{Path(there)}: {room}, make room")
    daemon = "a daemon runs on it" if is_running(settings.store.url) else "no daemon runs on it"
    return Finding(ok=True, subject="store", text=f"sqlite, writable, {room}, {daemon}")


class _Skew:
    """Compares this machine's clock with what servers state in their `Date`, to the second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._apart: list[tuple[timedelta, str]] = []

    async def hear(self, response: httpx.Response) -> None:
        try:
            stated = parsedate_to_datetime(response.headers.get("Date", ""))
            apart = self._clock.now() - stated
        except (TypeError, ValueError):
            return  # no date, or none that can be compared
        self._apart.append((apart, response.url.host))

    def finding(self, now: datetime) -> Finding:
        if not self._apart:
            text = f"{now:%H:%M:%S} UTC; no server told its own time to compare"
            return Finding(ok=True, subject="clock", text=text)
        # The median: one server with a wrong clock is not ours being wrong.
        apart, host = sorted(self._apart)[len(self._apart) // 2]
        text = f"skew {abs(apart.total_seconds()):.1f} s against {host}"
        if abs(apart) > _SKEW:
            return Finding(ok=False, subject="clock", text=f"{text}: set this machine's clock")
        return Finding(ok=True, subject="clock", text=text)
