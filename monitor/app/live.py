"""`hedgewatch run`: road, couriers and connections, until told to stop."""

import asyncio
import logging
import random
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from monitor.alerts.reach import unreached
from monitor.app.beginning import begin
from monitor.app.course import Course
from monitor.app.daemon import Daemon
from monitor.app.errands import Errands
from monitor.app.garbage import collect_now_and_then, collect_seldom
from monitor.app.page_live import serve_page
from monitor.app.parts import Led, Parts, Watched, opened
from monitor.app.phone import phone
from monitor.app.present import clock_of
from monitor.app.rulebook import load_enabled, polled, rulebook
from monitor.app.showing import Showing
from monitor.app.soundness import Files
from monitor.app.taping import taping
from monitor.app.telegram_desk import pins_of, shared_pins
from monitor.app.upkeep import Upkeep, courier_part
from monitor.app.wellbeing import vitals_of
from monitor.calendars.sessions import load_calendars
from monitor.chain.health import EndpointHealth
from monitor.chain.reader import ChainReader
from monitor.channels.mqtt import MqttChannel
from monitor.channels.port import Gathering
from monitor.channels.telegram import TelegramChannel
from monitor.channels.telegram_pins import Pins
from monitor.clock import SteadyClock
from monitor.config import Settings, load_settings, read_draft
from monitor.errors import ConfigError, Fault
from monitor.model.observation import Past, Snapshot, Word
from monitor.model.reading import Reading
from monitor.pipeline import Rulebook, State
from monitor.signals.catalogue import BY_NAME
from monitor.signals.facts import Facts
from monitor.sources.live import Ears, Live
from monitor.store.courier import Courier, Hush
from monitor.store.desk import restored_desk
from monitor.store.memory import MemoryStore
from monitor.store.opening import is_shared
from monitor.store.port import Store
from monitor.store.records import Change, RowKey
from monitor.store.rows import epoch_of, restore

if TYPE_CHECKING:
    from monitor.store.postgres import Shared

_log = logging.getLogger(__name__)
DRAIN_S: Final = 10.0
"""What a stop gives the couriers to finish the sends in flight."""


async def run(
    config: Path, console: TextIO, tape: Path | None = None, *, name: str = "hedgewatch"
) -> None:
    """Watch until SIGTERM or SIGINT; SIGHUP reloads the rules.

    tape: where every observation is kept. name: of this daemon among those that share a store.
    Raises ConfigError before anything is started if a file is faulty.
    """
    with _hangups() as hangup:
        if not is_shared(read_draft(config).settings.store.url):
            await _run(Files(config), console, hangup, tape)
            return
        if tape is not None:
            reason = "a tape is one daemon's, and this store may be several daemons'"
            raise ConfigError([Fault(file="--tape", where="", reason=reason)])
        await _run_shared(Files(config), console, hangup, name)


async def _run_shared(files: Files, console: TextIO, hangup: asyncio.Event, name: str) -> None:
    """Be one of the daemons that share a store."""
    settings, order = await _rehearsed(files, console)
    # Here and not above: they need an extra.
    from monitor.app.several import outage_told, share  # noqa: PLC0415
    from monitor.app.shards import sharing  # noqa: PLC0415

    async with outage_told(settings, name) as outage, sharing(settings, order, outage) as own:
        readings = own.readings if own else None

        async def lead(shared: "Shared") -> None:
            pins = partial(shared_pins, shared)
            led = Led(store=shared.store, readings=readings, pins=pins)
            await _run(files, console, hangup, led=led)

        heed = partial(files.heed, hangup)
        await share(settings, lead, outage=outage, heed=heed, policy=files.policy)


async def _rehearsed(files: Files, console: TextIO) -> tuple[Settings, Mapping[str, Sequence[str]]]:
    """Do all that leading begins with, and undo it: what fails is told before it is needed.

    And what is slow the first time is done, so that who takes over does so at once.
    """
    settings, packs = files.read()
    rulebook(settings, packs)
    load_calendars()
    order, nothing = polled(settings, packs), MemoryStore(now=clock_of(settings).now())
    led = Led(store=nothing)
    async with opened(settings, console, file=str(files.path), order=order, led=led):
        restore(nothing.load().rows, ())
    return settings, order


async def _run(
    files: Files,
    console: TextIO,
    hangup: asyncio.Event,
    tape: Path | None = None,
    led: Led | None = None,
) -> None:
    settings, packs = files.read()
    book = rulebook(settings, packs)
    for where, reason in unreached(settings.alerts, book.rules, settings.chain):
        _log.warning("%s: %s: %s", files.path, where, reason)
    load_calendars()  # a second or two of work, done before anything waits on the loop
    order = polled(settings, packs)
    async with opened(settings, console, file=str(files.path), order=order, led=led) as parts:
        saved = parts.store.load()
        state = replace(restore(saved.rows, saved.samples), epoch=epoch_of(saved.created_at))
        if isinstance(parts.clock, SteadyClock):
            await begin(parts.clock, parts.readers, after=state.at)
        for name, reader in parts.readers.items():
            _resume(name, reader, state.facts)
        for channel in parts.channels:
            if isinstance(channel, TelegramChannel):
                channel.remember(_pins(led, parts.store, saved.rows))
        collect_seldom()

        def reload() -> Rulebook:
            fresh = _reloaded(files, settings, order)
            kept.judged_by(fresh)
            return fresh

        with taping(tape, parts.store, book, parts.clock.now) as kept:
            began = replace(
                parts,
                record=kept.note,
                course=Course(saved.rows),
                desk=restored_desk(saved.rows),
                policy=lambda: load_settings(files.path).alerts,
            )
            await _serve(began, book, state, reload, hangup)


def _resume(name: str, reader: Watched, facts: Facts) -> None:
    if (source := facts.chains.get(name)) is not None:
        known = [one.position for one in facts.positions.values() if one.chain == name]
        reader.resume([one.block for one in source.recent], known)


def _pins(led: Led | None, store: Store, rows: Mapping[RowKey, str]) -> Pins:
    return led.pins() if led and led.pins else pins_of(store, rows)


def _reloaded(files: Files, running: Settings, order: Mapping[str, Sequence[str]]) -> Rulebook:
    """Read the rules anew; chains, feeds and channels stay those this run was started with."""
    fresh = load_settings(files.path)
    settings = replace(running, rules=fresh.rules)
    packs = load_enabled(settings)
    if unread := sorted(polled(settings, packs).keys() - order.keys()):
        _log.warning(
            "%s: not read before the next start, and unknown to the new rules until then",
            ", ".join(unread),
        )
    book = rulebook(settings, packs)
    files.keep(replace(settings, alerts=fresh.alerts), packs)
    return book


async def _serve(
    parts: Parts,
    book: Rulebook,
    state: State,
    reload: Callable[[], Rulebook],
    hangup: asyncio.Event,
) -> None:
    """Run road, couriers and connections until told to stop; then drain, then disconnect."""
    stop, quiet = asyncio.Event(), asyncio.Event()
    upkeep = Upkeep(parts)
    daemon = _daemon(parts, book, state, reload)
    couriers = upkeep.couriers = _couriers(parts, upkeep, daemon.dispatch.hush)
    linked = [channel for channel in parts.channels if isinstance(channel, MqttChannel)]
    showing = Showing(linked, book=lambda: daemon.book)
    tell = _teller(couriers, showing)
    daemon.tidy()
    await tell(daemon.state)
    with _signals(stop, _reloader(daemon, upkeep), hangup):
        async with asyncio.TaskGroup() as links:
            for channel in linked:
                _acquaint(channel, parts, daemon)
                links.create_task(channel.run(quiet), name=f"{channel.name} link")
            for name, work in phone(parts, daemon):
                links.create_task(work(stop), name=name)
            links.create_task(upkeep.watch(stop), name="dead-man call")
            links.create_task(collect_now_and_then(stop), name="garbage collector")
            async with asyncio.TaskGroup() as group:
                for courier in couriers:
                    group.create_task(courier.run(stop), name=f"courier {courier.channel.name}")
                group.create_task(serve_page(parts, daemon, stop), name="status page")
                driven = _road(parts, daemon, upkeep, stop, tell)
                group.create_task(driven, name="road")
            await showing.show(daemon.state, at_once=True)
            quiet.set()


def _acquaint(channel: MqttChannel, parts: Parts, daemon: Daemon) -> None:
    """Let a channel know how the daemon is doing, and whom to bring what it hears."""
    channel.tell_vitals(lambda: vitals_of(daemon.state, parts.store.outbox))
    channel.listen(Errands(parts.store.inbox, clock=parts.post).run)


def _couriers(parts: Parts, upkeep: Upkeep, hush: Hush) -> list[Courier]:
    return [
        Courier(
            parts.store,
            channel,
            parts.post,
            random.random,
            drain_s=DRAIN_S,
            moved=upkeep.moved(courier_part(channel.name)),
            hush=hush,
        )
        for channel in parts.channels
    ]


def _daemon(parts: Parts, book: Rulebook, state: State, reload: Callable[[], Rulebook]) -> Daemon:
    people = frozenset(one.name for one in parts.channels if isinstance(one, Gathering))
    return Daemon(
        store=parts.store,
        book=book,
        state=state,
        channels=tuple(channel.name for channel in parts.channels),
        reload=reload,
        now=parts.post.now,
        health=lambda name: _health(parts, name),
        record=parts.record,
        course=parts.course.noted,
        keep=timedelta(days=parts.settings.store.keep_days),
        policy=parts.settings.alerts,
        reload_policy=parts.policy,
        people=people,
        desk=parts.desk,
    )


def _reloader(daemon: Daemon, upkeep: Upkeep) -> Callable[[], None]:
    def reload() -> None:
        with upkeep.reloading():
            daemon.reload_rules()

    return reload


def _health(parts: Parts, name: str) -> Sequence[EndpointHealth]:
    reader = parts.readers.get(name)
    return () if reader is None else reader.health(parts.clock.now())


def _teller(couriers: Sequence[Courier], showing: Showing) -> Callable[[State], Awaitable[None]]:
    """Return what wakes the couriers after a step, and shows a state that is another."""

    async def tell(state: State) -> None:
        for courier in couriers:
            courier.poke()
        await showing.show(state)

    return tell


async def _road(
    parts: Parts,
    daemon: Daemon,
    upkeep: Upkeep,
    stop: asyncio.Event,
    tell: Callable[[State], Awaitable[None]],
) -> None:
    began, book = parts.clock.now(), daemon.book

    def pulse(at: datetime) -> tuple[Reading, ...]:
        upkeep.pulsed(live.underway)
        return _pulse(parts.store, upkeep.couriers, at, began)

    live = Live(
        parts.clock,
        parts.polled,
        ears=Ears(
            unheard=parts.store.inbox.unheard,
            refuse=lambda word, why: parts.store.commit(Change(consumed_words={word: why})),
            pulse=pulse,
        ),
        after=daemon.state.at,
    )
    for reader in parts.readers.values():
        reader.confirm_what(daemon.weighs)
        if isinstance(reader, ChainReader):
            reader.endpoints.believe = live.time.believed
    _log.info("watching %s", ", ".join(parts.settings.chain) or "no chain")
    async for seen in live.observations(stop):
        source = seen.chain if isinstance(seen, Snapshot) else getattr(seen, "source", "")
        daemon.take(seen, parts.requests(source))
        await tell(daemon.state)
        if daemon.book is not book:  # what earlier rules did not ask for is known no more
            book = daemon.book
            live.anew()
        if isinstance(seen, Word | Past):
            live.heard(seen.id)
        upkeep.took(seen, daemon.state)
    upkeep.notifier.stopping()
    _log.info("stopping: finishing what is being sent")


def _pulse(
    store: Store, couriers: Sequence[Courier], at: datetime, began: datetime
) -> tuple[Reading, ...]:
    """Return what the daemon knows of itself: its deliveries, and how long it has run."""
    channels = {courier.channel.name for courier in couriers}
    dead = sum(one.dead for one in store.outbox.backlog() if one.channel in channels)
    refused = [f"{one.channel.name}: {one.refused}" for one in couriers if one.refused]
    figures = {
        "system.up_s": (max((at - began).total_seconds(), 0.0), "daemon"),
        "system.outbox_age_s": (store.outbox.oldest_undelivered(at) or 0.0, "store"),
        "system.dead_letters": (float(dead), "store"),
        "system.refused_channels": (float(len(refused)), "; ".join(refused) or "couriers"),
    }
    return tuple(
        Reading(name=name, value=value, unit=BY_NAME[name].unit, as_of=at, source=source)
        for name, (value, source) in figures.items()
    )


@contextmanager
def _hangups() -> Iterator[asyncio.Event]:
    """Note a SIGHUP that comes before there are rules to reload, or when there are none any more.

    By itself it would end the process.
    """
    loop, hangup = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, hangup.set)
    try:
        yield hangup
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


@contextmanager
def _signals(
    stop: asyncio.Event, reload: Callable[[], None], hangup: asyncio.Event
) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    # Between two observations, never within one: the road does not wait inside `take`.
    handlers = {
        signal.SIGTERM: stop.set,
        signal.SIGINT: stop.set,
        signal.SIGHUP: reload,
    }
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
    if hangup.is_set():  # the rules were read already when it came, or soon after
        reload()
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        loop.add_signal_handler(signal.SIGHUP, hangup.set)
