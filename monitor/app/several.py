"""Several daemons on one store: one leads and feeds the road, the others carry letters with it.

To lead is to run as a single daemon does, from the state as it is saved, so that taking over is
starting up. Whoever finds that it leads no more, or that the database is away, drops all of that
unsaid and stands by again.
"""

import asyncio
import logging
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from signal import SIGINT, SIGTERM
from typing import Final

from monitor.alerts.alert import Alert
from monitor.alerts.policy import Policy
from monitor.alerts.weigh import soundless
from monitor.app.away import Outage
from monitor.app.notify import Notifier
from monitor.app.page_saved import serve_beside
from monitor.app.parts import carriers
from monitor.app.present import clock_of
from monitor.app.telegram_desk import SavedCharts, shared_pins
from monitor.channels.mqtt import MqttChannel
from monitor.channels.port import Channel, Speaking
from monitor.channels.telegram import TelegramChannel
from monitor.clock import Clock
from monitor.config import Settings
from monitor.errors import ConfigError, Fault, HedgewatchError, Transient
from monitor.logs import redact
from monitor.store.courier import Courier, Hush
from monitor.store.desk import SILENCE, restored_desk
from monitor.store.lease import Lease
from monitor.store.opening import open_shared
from monitor.store.postgres import Shared
from monitor.store.sqlite import SqliteStore

_log = logging.getLogger(__name__)
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_RENEWALS: Final = 4
"""How often in a lease's time it is renewed: two may fail."""

_LOOKS: Final = 10
"""How often in a lease's time it is looked whether nobody leads."""

_DRAIN_S: Final = 1.0
"""What a send in flight is given: whoever takes the lead watches nothing until it is done."""

_AGAIN_S: Final = 1.0

Carriers = Callable[[AsyncExitStack], list[Channel]]
"""Opens the channels by which a daemon that stands by carries letters."""


@asynccontextmanager
async def outage_told(settings: Settings, name: str) -> AsyncIterator[Outage]:
    """Have people told, for the length of a block, of a store that is away.

    Raises ConfigError for a name that can be none.
    """
    if not _NAME.fullmatch(name):
        reason = f"letters, digits, - and _ only, 40 at most, was {name!r}"
        raise ConfigError([Fault(file="--name", where="", reason=reason)])
    clock = clock_of(settings, runs_on=True)

    def people(stack: AsyncExitStack) -> list[Speaking]:
        opened = carriers(stack, settings, clock, helper=name)
        return [channel for channel in opened if isinstance(channel, Speaking)]

    outage = Outage(name=name, clock=clock, people=people)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(outage.run(), name="outage")
        yield outage
        task.cancel()


async def share(
    settings: Settings,
    lead: Callable[[Shared], Awaitable[None]],
    *,
    outage: Outage,
    heed: Callable[[], None],
    policy: Callable[[], Policy],
) -> None:
    """Be one of the daemons that share the settings' store.

    lead: as Alternate's, on what is shared. heed: as Alternate's. policy: of alerts, as it is in
    force now. Raises ConfigError for a status page that cannot be begun.
    """
    clock, stop, name = clock_of(settings, runs_on=True), asyncio.Event(), outage.name
    given, now = settings.store, clock_of(settings).now
    shared = await outage.there(
        lambda: open_shared(given.url, now=now(), name=name, lasts_s=given.lease_s)
    )
    with closing(shared):
        _log.info("%s stands by", name)
        # Whoever leads: who looks need not know, and nobody who takes over fails for its sake.
        async with asyncio.TaskGroup() as group:
            group.create_task(serve_beside(settings, stop), name="status page")
            await Alternate(
                shared=shared,
                clock=clock,
                carriers=lambda stack: equipped(
                    carriers(stack, settings, clock, helper=name), settings, shared, clock
                ),
                hush=lambda alert, at: hushed(policy(), shared.store, alert, at),
                lead=lambda: lead(shared),
                outage=outage,
                heed=heed,
            ).run()
            stop.set()


def hushed(policy: Policy, store: SqliteStore, alert: Alert, now: datetime) -> bool:
    """Return whether an alert carried for who leads makes no sound: by what that has saved."""
    silences = restored_desk(store.rows(SILENCE)).silences.values()
    return soundless(policy, silences, alert, now)


def equipped(
    channels: list[Channel], settings: Settings, shared: Shared, clock: Clock
) -> list[Channel]:
    """Have channels do for an alert that is carried for who leads all that its own would."""
    for channel in channels:
        if isinstance(channel, TelegramChannel):
            channel.remember(shared_pins(shared))
            channel.paint = SavedCharts(settings, clock.now).of_alert
    return channels


@dataclass(slots=True, kw_only=True)
class Alternate:
    """One of several daemons: stands by, leads, and stands by again, until told to stop.

    lead: does all that a single daemon does, and returns when that was told to stop. hush: as a
    courier's. notifier, heed: told at every look whether nobody leads, for nothing else moves
    meanwhile. outage: is told of what fails.
    """

    shared: Shared
    clock: Clock
    carriers: Carriers
    hush: Hush
    lead: Callable[[], Awaitable[None]]
    outage: Outage
    heed: Callable[[], None] = lambda: None
    notifier: Notifier = field(default_factory=Notifier)
    _stop: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def run(self) -> None:
        """Take turns until SIGTERM or SIGINT, then let the lead go."""
        name = self.shared.lease.member.name
        try:
            while not self._stop.is_set():
                try:
                    with _heard(self._stop):
                        await self._turn()
                except* Transient as group:
                    why = "; ".join(_reasons(group))
                    _log.warning("%s stands by: %s", name, why)
                    self.outage.failed(why, logged=True)
                    self._step_back(self.shared.lease.release)
                    await self._nap(self.shared.lease.lasts_s / _LOOKS)
        finally:
            self._step_back(self.shared.lease.release)
            self._step_back(self.shared.lease.leave)

    async def _turn(self) -> None:
        """Carry letters until this daemon leads, and then lead until that ends."""
        async with asyncio.TaskGroup() as group:
            leads, carried = asyncio.Event(), asyncio.Event()
            group.create_task(self._carry(leads, carried), name="carrying for who leads")
            led = await self._until_leading()
            leads.set()
            if led:
                await self._leading(group, carried)

    async def _leading(self, group: asyncio.TaskGroup, carried: asyncio.Event) -> None:
        _log.info("%s leads", self.shared.lease.member.name)
        self.outage.led = True
        keeping = group.create_task(self._keep(self.shared.lease), name="lease")
        work = group.create_task(self._lead_once(carried), name="leading")
        told = group.create_task(self._stop.wait(), name="told to stop")
        # Told here where a stop comes before whoever leads hears it himself.
        await asyncio.wait({work, told}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done() or work.exception() is None:
            self._stop.set()
        for task in (keeping, work, told):
            task.cancel()

    async def _lead_once(self, carried: asyncio.Event) -> None:
        """Lead, once no letter is in flight: its claim does not keep our own couriers from it."""
        await carried.wait()
        await self.lead()

    async def _keep(self, lease: Lease) -> None:
        """Renew the lease for ever; raise Transient once it is another's or must have run out."""
        failed = 0
        while True:
            await self.clock.sleep(lease.lasts_s / _RENEWALS)
            try:
                leads, failed = lease.renew(), 0
            except Transient:
                failed += 1
                if failed == _RENEWALS:
                    raise
            else:
                if not leads:
                    raise lease.lost()

    async def _until_leading(self) -> bool:
        """Return once this daemon leads, or False when told to stop."""
        lease = self.shared.lease
        self.notifier.ready()
        self.notifier.status(f"{lease.member.name} stands by")
        while not self._stop.is_set():
            self.notifier.alive()
            self.heed()
            try:
                lease.live()
                if lease.take():
                    return True
            except Transient as error:
                self.outage.failed(redact(str(error)))
            else:
                self.outage.led = False
            await self._nap(lease.lasts_s / _LOOKS)
        return False

    async def _carry(self, leads: asyncio.Event, carried: asyncio.Event) -> None:
        """Carry letters beside whoever leads, until this daemon does; carried: told of the end."""
        async with AsyncExitStack() as stack:
            channels = self.carriers(stack)
            off = asyncio.Event()
            async with asyncio.TaskGroup() as links:
                for channel in channels:
                    if isinstance(channel, MqttChannel):
                        links.create_task(channel.run(off), name=f"{channel.name} link")
                    if isinstance(channel, TelegramChannel):
                        links.create_task(channel.do_chores(off), name=f"{channel.name} chores")
                async with asyncio.TaskGroup() as group:
                    for channel in channels:
                        group.create_task(self._carry_by(channel, leads), name=channel.name)
                carried.set()
                off.set()

    async def _carry_by(self, channel: Channel, leads: asyncio.Event) -> None:
        given = self.shared.store, channel, self.clock, random.random
        courier = Courier(*given, drain_s=_DRAIN_S, hush=self.hush)
        while not leads.is_set():
            try:
                await courier.run(leads)
            except* Transient:  # the store is away, or a letter is another's by now
                await self._nap(_AGAIN_S)

    async def _nap(self, seconds: float) -> None:
        async with asyncio.TaskGroup() as group:
            alarm = group.create_task(self.clock.sleep(seconds))
            told = group.create_task(self._stop.wait())
            await asyncio.wait({alarm, told}, return_when=asyncio.FIRST_COMPLETED)
            alarm.cancel()
            told.cancel()

    def _step_back(self, how: Callable[[], None]) -> None:
        with suppress(HedgewatchError):
            how()


@contextmanager
def _heard(stop: asyncio.Event) -> Iterator[None]:
    """Have SIGTERM and SIGINT heard, but while whoever leads hears them himself."""
    loop = asyncio.get_running_loop()
    for number in (SIGTERM, SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in (SIGTERM, SIGINT):
            loop.remove_signal_handler(number)


def _reasons(error: BaseException) -> list[str]:
    if isinstance(error, BaseExceptionGroup):
        return list(dict.fromkeys(why for one in error.exceptions for why in _reasons(one)))
    return [redact(str(error))]
