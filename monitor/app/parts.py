"""Opening what one run is made of: clock, store, channels, chains and feeds."""

import random
from collections.abc import AsyncIterator, Callable, Container, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol, TextIO

from monitor.alerts.desk import Desk
from monitor.alerts.policy import PLAIN, Policy
from monitor.app.course import Course
from monitor.app.present import clock_of
from monitor.app.shard_readers import far_chains, far_polls
from monitor.chain.checkpoint import Checkpoints
from monitor.chain.health import EndpointHealth
from monitor.chain.history import Told
from monitor.chain.market import MARKET_S, ChainMarket, market_name
from monitor.chain.reader import ChainReader, chain_reader
from monitor.channels.console import ConsoleChannel
from monitor.channels.mqtt import MqttChannel
from monitor.channels.port import Channel
from monitor.channels.telegram import TelegramChannel
from monitor.channels.telegram_pins import Pins
from monitor.clock import Clock, SteadyClock
from monitor.config import Settings
from monitor.errors import ConfigError, Fault
from monitor.feeds.chooser import FallbackFeed
from monitor.feeds.http import HttpSettings, Web, open_client
from monitor.feeds.merged import MergedFeed
from monitor.feeds.outages import Outages
from monitor.feeds.port import Feed
from monitor.feeds.provider import providers
from monitor.feeds.settings import FeedSettings, poll_seconds, provider_seconds
from monitor.feeds.shared import SharedFeed
from monitor.model.observation import Block, Observation, Snapshot
from monitor.model.position import Position
from monitor.signals.catalogue import BY_NAME
from monitor.sources.live import Polled, Reader
from monitor.store.connection import database_path
from monitor.store.holding import HoldingStore
from monitor.store.lock import Lock
from monitor.store.port import Store
from monitor.store.readings import ReadingTable
from monitor.store.records import RowKey
from monitor.store.reserve import Reserve
from monitor.store.sqlite import open_sqlite

_SHARED: Final = 0.9
"""A provider is asked anew once so much of its interval has passed."""

_EMPTY: Final = Desk()


class Watched(Reader, Protocol):
    """Reads one chain as ChainReader does, whether here or by way of another daemon."""

    @property
    def requests_made(self) -> int: ...

    def resume(self, blocks: Sequence[Block], positions: Sequence[Position]) -> None: ...

    def confirm_what(self, weighs: Callable[[Snapshot], bool]) -> None: ...

    def health(self, now: datetime) -> Sequence[EndpointHealth]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Led:
    """What a daemon leads with, and leaves open.

    readings: where those of chains are found that some daemon reads, this or another; None
    where this one reads all. pins: what all who share the store remember of Telegram's messages.
    """

    store: Store
    readings: ReadingTable | None = None
    pins: Callable[[], Pins] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What one run is made of, all of it open.

    clock: observations'; post: deliveries'. readers: by the chain's name in config.
    record: keeps each observation, as `Daemon` has it. course: how book and hedge went.
    desk: what the policy of alerts remembers; policy: what the file says of it now.
    """

    settings: Settings
    clock: Clock
    post: Clock
    store: Store
    channels: tuple[Channel, ...]
    polled: tuple[Polled, ...]
    readers: Mapping[str, Watched]
    requests: Callable[[str], int]
    record: Callable[[Observation], Mapping[RowKey, str | None]] = lambda _seen: {}
    course: Course = field(default_factory=Course)
    desk: Desk = _EMPTY
    policy: Callable[[], Policy] = lambda: PLAIN


@asynccontextmanager
async def opened(
    settings: Settings,
    console: TextIO,
    *,
    file: str,
    order: Mapping[str, Sequence[str]],
    led: Led | None = None,
) -> AsyncIterator[Parts]:
    """Open everything, the store's lock first; close it all in the other order.

    file: the config's, for messages. order: the providers of each signal to read. led: what is
    open already; without it the store is this daemon's alone.
    Raises ConfigError with every secret that cannot be had.
    """
    clock, post = clocks(settings)
    async with AsyncExitStack() as stack:
        store = led.store if led else _own_store(stack, settings, clock)
        far = far_chains(settings, led.readings) if led and led.readings else {}
        faults = list[tuple[str, str]]()
        channels = _channels(stack, settings, post, faults)
        near = await _readers(stack, settings, store.checkpoints, faults, without=far)
        if faults:
            raise ConfigError(Fault(file=file, where=w, reason=r) for w, r in faults)
        if settings.channel.console.on:
            dated = settings.clock.scenario is not None
            channels.insert(0, ConsoleChannel(console, dated=dated))
        client = await stack.enter_async_context(open_client(HttpSettings()))
        polled = (
            *_chains(settings, near),
            *markets(settings, order, near, clock),
            *far_polls(settings, order, far, clock),
            *_feeds(settings, order, Web(client, clock), clock),
        )
        readers: Mapping[str, Watched] = {**near, **far}
        yield Parts(
            settings=settings,
            clock=clock,
            post=post,
            store=store,
            channels=tuple(channels),
            polled=polled,
            readers=readers,
            requests=_Requests(readers),
        )


def clocks(settings: Settings) -> tuple[Clock, Clock]:
    """Return the clock of observations and that of deliveries: one, but in a story."""
    clock = clock_of(settings)
    if settings.clock.scenario is not None:
        return clock, clock_of(settings, runs_on=True)
    steady = SteadyClock(clock)
    return steady, steady


class _Requests:
    """Counts each chain's requests since it was last asked."""

    def __init__(self, readers: Mapping[str, Watched]) -> None:
        self._readers = readers
        self._told: dict[str, int] = {}

    def __call__(self, name: str) -> int:
        reader = self._readers.get(name)
        if reader is None:
            return 0
        made, told = reader.requests_made, self._told.get(name, 0)
        self._told[name] = made
        return made - told


def carriers(
    stack: AsyncExitStack, settings: Settings, clock: Clock, *, helper: str
) -> list[Channel]:
    """Open what a daemon that does not lead carries letters by; raise as `opened` does.

    helper: its name.
    """
    faults = list[tuple[str, str]]()
    channels = _channels(stack, settings, clock, faults, helper=helper)
    if faults:
        raise ConfigError(Fault(file="config", where=w, reason=r) for w, r in faults)
    return channels


def _channels(
    stack: AsyncExitStack,
    settings: Settings,
    clock: Clock,
    faults: list[tuple[str, str]],
    *,
    helper: str = "",
) -> list[Channel]:
    """Open every channel that connects; a secret that cannot be had is a fault of the config."""
    given = settings.channel
    channels: list[Channel] = []
    try:
        if given.mqtt is not None:
            channels.append(
                MqttChannel(
                    given.mqtt,
                    settings.instance,
                    clock=clock,
                    random=random.random,
                    helper=helper,
                )
            )
    except ValueError as error:
        faults.append(("channel.mqtt", str(error)))
    try:
        if given.telegram is not None:
            telegram = TelegramChannel(given.telegram, clock=clock)
            stack.push_async_callback(telegram.close)
            channels.append(telegram)
    except ValueError as error:
        faults.append(("channel.telegram", str(error)))
    return channels


async def _readers(
    stack: AsyncExitStack,
    settings: Settings,
    checkpoints: Checkpoints,
    faults: list[tuple[str, str]],
    *,
    without: Container[str],
) -> dict[str, ChainReader]:
    """Open a reader a chain; a secret that cannot be had is a fault of the config."""
    readers = dict[str, ChainReader]()
    for name in settings.chain:
        if name in without:
            continue
        try:
            reader = reader_of(settings, name, checkpoints)
        except ValueError as error:
            faults.append((f"chain.{name}", str(error)))
            continue
        readers[name] = await stack.enter_async_context(reader)
    return readers


def reader_of(settings: Settings, name: str, checkpoints: Checkpoints) -> ChainReader:
    """Return a chain's reader, to be used as a context; raise ValueError for its secrets."""
    return chain_reader(
        name,
        settings.chain[name],
        watches=[watch for watch in settings.watch if watch.chain == name],
        told=Told(entries=settings.entry, links=settings.link, checkpoints=checkpoints),
        usd=settings.usd,
    )


def _own_store(stack: AsyncExitStack, settings: Settings, clock: Clock) -> Store:
    """Open the store that is this daemon's alone, its lock first."""
    url = settings.store.url
    stack.enter_context(Lock(url))
    reserve = Reserve(database_path(url))
    stack.callback(reserve.keep)  # once the store is closed, which makes room
    own = HoldingStore(reserve.opened(lambda: open_sqlite(url, now=clock.now())))
    return stack.enter_context(closing(own))


def _chains(settings: Settings, readers: Mapping[str, ChainReader]) -> Iterable[Polled]:
    for name, reader in readers.items():
        yield Polled(name=name, every_s=settings.chain[name].poll_s, reader=reader)


def markets(
    settings: Settings,
    order: Mapping[str, Sequence[str]],
    readers: Mapping[str, ChainReader],
    clock: Clock,
) -> Iterable[Polled]:
    """Yield a poll a chain whose market is asked, through the endpoints its reader has."""
    for name, reader in readers.items():
        if sources := order.get(market_name(name)):
            market = ChainMarket(
                chain=reader.chain,
                endpoints=reader.endpoints,
                clock=clock,
                sources=sources,
                usd=settings.usd,
            )
            yield Polled(name=market.name, every_s=MARKET_S, feed=market)


def _feeds(
    settings: Settings, order: Mapping[str, Sequence[str]], web: Web, clock: Clock
) -> Iterable[Polled]:
    """Yield a poll a signal; a provider that several are asked of is asked once for all."""
    order = {name: asked for name, asked in order.items() if name in BY_NAME}
    names = dict.fromkeys(name for asked in order.values() for name in asked)
    shared = {
        name: SharedFeed(
            providers()[name].build(web, clock, settings.feed.get(name, FeedSettings())),
            fresh_s=_SHARED * provider_seconds(name, settings.feed),
        )
        for name in names
    }
    outages = Outages()
    for signal, asked in order.items():
        yield Polled(
            name=signal,
            every_s=poll_seconds(asked, settings.feed),
            feed=_together(signal, [shared[name] for name in asked], clock, outages),
        )


def _together(signal: str, feeds: Sequence[Feed], clock: Clock, outages: Outages) -> Feed:
    """Return providers as one: the first that works, or of a family all of them."""
    if BY_NAME[signal].keyed and len(feeds) > 1:
        return MergedFeed(signal=signal, feeds=feeds, clock=clock, outages=outages)
    return FallbackFeed(signal=signal, feeds=feeds, clock=clock, outages=outages)
