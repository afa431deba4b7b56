"""What is kept up over an open connection: the retained topics and the heartbeat."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import aiomqtt

from monitor.channels.homeassistant import Discovery
from monitor.channels.mqtt_board import HEARTBEAT, STATUS, RetainedBoard
from monitor.channels.mqtt_client import V5, Access
from monitor.channels.mqtt_commands import MqttCommands
from monitor.channels.mqtt_link import Link, Refused, Unseen, message_properties
from monitor.channels.vitals import Vitals, heartbeat_json, status_json
from monitor.clock import Clock

_log: Final = logging.getLogger(__name__)
_RETRY_S: Final = 0.5


@dataclass(slots=True)
class _Refusals:
    """The retained topics that a broker refuses, of which the first is told, and the end."""

    where: str
    _topics: set[str] = field(default_factory=set)

    def refused(self, topic: str, full: str, payload: str, error: Refused) -> None:
        level = logging.DEBUG if self._topics else logging.WARNING
        _log.log(level, "%s", error.verdict(self.where, full))
        if payload:
            self._topics.add(topic)
        else:
            self._topics.discard(topic)  # no longer to be shown, so nothing is missing

    def taken(self, topic: str) -> None:
        if topic in self._topics:
            self._topics.discard(topic)
            if not self._topics:
                _log.info("mqtt: %s takes all retained topics again", self.where)


class Upkeep:
    """Shows over one connection after another what should be seen under `root`.

    commands: what hears those that come there, None where none are. vitals: tells how the
    daemon is doing. discovery: what Home Assistant is told; while nothing is wanted of it,
    what an earlier run has told is cleared.
    """

    def __init__(
        self,
        access: Access,
        root: str,
        *,
        clock: Clock,
        started: datetime,
        discovery: Discovery,
    ) -> None:
        self.commands: MqttCommands | None = None
        self.vitals: Callable[[], Vitals] = Vitals
        self.discovery = discovery
        self._access = access
        self._root = root
        self._shown: Mapping[str, str] | None = None
        self._clock = clock
        self._board = RetainedBoard(status=status_json("online", started))
        self._wake = asyncio.Event()
        self._refusals = _Refusals(access.where)
        self._unseen = False

    def show(self, state: Mapping[str, str]) -> None:
        """Have exactly `state` retained; raise ValueError for a topic that cannot be one."""
        self._shown = state
        self._plan()

    def _plan(self) -> None:
        """Work out anew what is to be retained, what Home Assistant is told with it."""
        if self._shown is None:
            return
        told = self.discovery.payload()
        self._board.want(self._shown if told is None else {**self._shown, self._elsewhere: told})
        self._wake.set()

    @property
    def _elsewhere(self) -> str:
        """Return the board's name of the one topic that is not under the root."""
        return f"/{self.discovery.topic}"

    async def until_lost(self, link: Link) -> str:
        """Work over one connection until it is lost; return why."""
        self._board.forget()
        self._unseen = link.version is not V5  # which tells of refusals
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._keep_shown(link), name="mqtt board"),
                group.create_task(self._reassert(), name="mqtt reassert"),
                group.create_task(self._beat(link), name="mqtt heartbeat"),
            ]
            if self.commands is not None:
                tasks.append(group.create_task(self.commands.work(link), name="mqtt commands"))
            trouble = await link.until_lost(self._saw)
            for task in tasks:
                task.cancel()
        return trouble

    async def say_goodbye(self, link: Link) -> None:
        """Say `offline` for all to see, if it can still be said."""
        try:
            await link.publish(self._access.will_topic, self._access.will, retain=True)
            link.parted = True
        except (aiomqtt.MqttError, TimeoutError) as error:
            _log.info("mqtt: could not say offline: %s", error)

    async def _keep_shown(self, link: Link) -> None:
        await self._watch(link)
        while not link.lost:
            self._wake.clear()
            try:
                await self._publish_board(link)
            except (aiomqtt.MqttError, TimeoutError) as error:
                _log.debug("mqtt: the board waits: %s", error)
                await self._clock.sleep(_RETRY_S)
            else:
                await self._wake.wait()

    async def _watch(self, link: Link) -> None:
        # One subscription for all: of two that overlap, a broker may deliver each message twice.
        try:
            await link.watch(f"{self._root}/#", surely=self.commands is not None)
        except (aiomqtt.MqttError, TimeoutError) as error:
            _log.info("mqtt: retained topics of an earlier run stay uncleared: %s", error)
            if self.commands is not None:
                _log.warning("mqtt: commands are not heard: %s/#: %s", self._root, error)
        try:
            await link.watch(self.discovery.topic)
        except (aiomqtt.MqttError, TimeoutError) as error:
            _log.info("mqtt: what Home Assistant was told before is not seen: %s", error)

    async def _publish_board(self, link: Link) -> None:
        while (due := self._board.next()) is not None:
            topic, payload = due
            full = topic[1:] if topic == self._elsewhere else f"{self._root}/{topic}"
            try:
                await link.publish(full, payload, retain=True, properties=message_properties())
            except Refused as error:
                self._refusals.refused(topic, full, payload, error)
            else:
                self._refusals.taken(topic)
                if topic == self._elsewhere and payload:
                    self.discovery.told(payload)
                    self._plan()
            self._board.done(topic, payload)

    async def _reassert(self) -> None:
        while True:
            await self._clock.sleep(self._access.settings.reassert_s)
            if self._unseen:
                _log.warning("mqtt: %s: %s", self._access.where, Unseen(self._access.will_topic))
                self._unseen = False
            self._board.forget()
            self._wake.set()

    async def _beat(self, link: Link) -> None:
        every_s = self._access.settings.heartbeat_s
        while every_s and not link.lost:
            beat = heartbeat_json(self._clock.now(), self.vitals())
            try:
                await link.publish_unasked(f"{self._root}/{HEARTBEAT}", beat)
            except (aiomqtt.MqttError, TimeoutError) as error:
                _log.debug("mqtt: a heartbeat was lost: %s", error)
            await self._clock.sleep(every_s)

    def _saw(self, message: aiomqtt.Message) -> None:
        if not message.payload:
            return
        topic = message.topic.value.removeprefix(f"{self._root}/")
        self._unseen &= topic != STATUS or message.retain
        if topic == self.discovery.topic:
            topic = self._elsewhere
            if message.retain and isinstance(message.payload, bytes):
                self.discovery.saw(message.payload)
                self._plan()
        if message.retain:
            self._board.saw(topic)
            self._wake.set()
        if self.commands is not None:
            self.commands.hear(topic, message)
