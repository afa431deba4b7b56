"""Staying connected to an MQTT broker, and telling an outage and its end once each."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import aiomqtt

from monitor.channels.mqtt_bare import Bare
from monitor.channels.mqtt_client import V5, Access
from monitor.channels.mqtt_link import Link, open_link
from monitor.channels.mqtt_upkeep import Upkeep
from monitor.channels.mqtt_version import VersionChoice
from monitor.clock import Clock, stopwatch
from monitor.logs import redact

_log: Final = logging.getLogger(__name__)
_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 30.0
_CANCEL_S: Final = 0.2
_STEADY_S: Final = 30.0
_OFTEN: Final = 3
_RIVAL: Final = "it comes and goes: does another daemon run as the same `instance`?"


class Connection:
    """Holds one open link at a time, and opens the next when it is lost.

    link: what to send through, None while there is none. trouble: why there was
    none last. random: gives numbers in [0, 1), to spread the waits.
    """

    def __init__(
        self, access: Access, upkeep: Upkeep | Bare, *, clock: Clock, random: Callable[[], float]
    ) -> None:
        self.link: Link | None = None
        self.trouble = "not connected yet"
        self._access = access
        self._upkeep = upkeep
        self._clock = clock
        self._random = random
        self._version = VersionChoice(access)
        self._told = ""
        self._tried = asyncio.Event()
        self._tried.set()

    async def usable(self) -> Link | None:
        """Return what to send through, once the first attempt to connect is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._access.settings.timeout_s):
                await self._tried.wait()
        return self.link

    async def run(self, stop: asyncio.Event) -> None:
        """Stay connected until `stop` is set, then say `offline` and leave, in bounded time."""
        self._tried.clear()
        async with asyncio.TaskGroup() as group:
            work = group.create_task(self._stay_connected(), name="mqtt connection")
            await stop.wait()
            self._tried.set()
            if self.link is not None:
                await self._upkeep.say_goodbye(self.link)
            # Again and again: aiomqtt swallows a cancellation that comes while it connects.
            while not work.done():
                work.cancel()
                await asyncio.wait({work}, timeout=_CANCEL_S)

    async def _stay_connected(self) -> None:
        losses = 0
        while True:
            began = stopwatch()
            try:
                async with open_link(self._access, await self._version.settle()) as link:
                    trouble = await self._serve(link)
                trouble += f" ({_RIVAL})" if losses >= _OFTEN else ""
            except aiomqtt.MqttError as error:
                trouble = self._access.trouble(error)
                self._version.doubt(error)
            losses = 0 if stopwatch() - began > _STEADY_S else losses
            self._tell_outage(trouble)
            await self._clock.sleep(self._wait_s(losses))
            losses += 1

    async def _serve(self, link: Link) -> str:
        """Offer one link until it is lost; return why."""
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError  # it came while aiomqtt connected, which swallows it
        self._tell_connected(link)
        self.link = link
        self._tried.set()
        try:
            return redact(await self._upkeep.until_lost(link))
        finally:
            self.link = None

    def _wait_s(self, losses: int) -> float:
        ceiling = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(losses, 10))
        return ceiling * (1 + self._random()) / 2

    def _tell_outage(self, trouble: str) -> None:
        self.trouble = trouble
        self._tried.set()
        if self._told != trouble:
            self._told = trouble
            _log.warning("mqtt: no connection to %s: %s", self._access.where, trouble)

    def _tell_connected(self, link: Link) -> None:
        self._told = ""
        self._version.tell(link.version)
        spoken = "5" if link.version is V5 else "3.1.1"
        _log.info("mqtt: connected to %s, MQTT %s", self._access.where, spoken)
