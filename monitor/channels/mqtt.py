"""Alerts as MQTT events, and the present state as retained topics.

Events are QoS 1 and never retained; the outbox, not the broker, remembers them. In
MQTT 3.1.1 a broker cannot say that it refused a message: such a loss is unseen
there, so 5 is tried first.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import aiomqtt
from aiomqtt.exceptions import MqttConnectError

from monitor.alerts.event import SCHEMA, event_json
from monitor.channels.mqtt_board import EVENT, HEARTBEAT, STATUS, RetainedBoard
from monitor.channels.mqtt_client import V5, V311, Access, Unanswered, tls_context
from monitor.channels.mqtt_link import Link, Refused, message_properties, open_link
from monitor.channels.port import Message
from monitor.channels.settings import MqttSettings
from monitor.clock import Clock, stopwatch
from monitor.errors import Permanent, Transient
from monitor.logs import read_secret, redact

__all__ = ["MqttChannel", "MqttSettings"]

_log: Final = logging.getLogger(__name__)
_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 30.0
_STEADY_S: Final = 30.0
_OFFLINE: Final = json.dumps({"state": "offline"})
_WRONG_PROTOCOL: Final = frozenset({1, 132})
# Not authorized, topic name invalid, packet too large, payload format invalid: no retry helps.
_HOPELESS: Final = frozenset({0x87, 0x90, 0x95, 0x99})


class MqttChannel:
    """Publishes under `hedgewatch/<instance>/`; `run` keeps it connected.

    random: gives numbers in [0, 1). Raises ValueError in one sentence when the
    password or a TLS file cannot be had.
    """

    name = "mqtt"

    def __init__(
        self, settings: MqttSettings, instance: str, *, clock: Clock, random: Callable[[], float]
    ) -> None:
        self.root = f"hedgewatch/{instance}"
        self._settings = settings
        self._clock = clock
        self._random = random
        self._access = Access(
            settings=settings,
            password=read_secret(settings.password) if settings.password else None,
            tls=tls_context(settings.tls),
            client_id=f"hedgewatch-{instance}",
            will_topic=f"{self.root}/{STATUS}",
            will=_OFFLINE,
        )
        self._version = {"auto": None, "5": V5, "3.1.1": V311}[settings.protocol]
        online = {"state": "online", "since": clock.now().isoformat(timespec="seconds")}
        self._board = RetainedBoard(status=json.dumps(online))
        self._wake = asyncio.Event()
        self._link: Link | None = None
        self._trouble = "not connected yet"
        self._told = ""
        self._said_old = False

    @property
    def connected(self) -> bool:
        """Return whether there is a connection to send through."""
        return self._link is not None

    @property
    def where(self) -> str:
        """Return the broker's address."""
        return f"{self._settings.host}:{self._settings.port}"

    async def send(self, message: Message) -> None:
        """Return once the broker has acknowledged the event.

        Raises Transient at once without a connection, and after the timeout
        without an answer; Permanent when the broker refuses the message. A lost
        answer is not called ambiguous: consumers drop repeats by their key.
        """
        link = self._link
        if link is None:
            raise Transient(f"no connection to the MQTT broker at {self.where}: {self._trouble}")
        payload = event_json(message.alert, sent_at=message.now, repeat=message.repeat)
        properties = message_properties(
            expiry_s=_expiry_s(message),
            user={"idempotency-key": message.alert.idem, "schema": SCHEMA},
        )
        try:
            await link.publish(f"{self.root}/{EVENT}", payload, properties=properties)
        except Refused as error:
            raise self._verdict(error) from error
        except TimeoutError as error:
            raise Transient(self._silent()) from error
        except aiomqtt.MqttError as error:
            raise Transient(f"the MQTT broker at {self.where}: {redact(str(error))}") from error

    async def show(self, state: Mapping[str, str]) -> None:
        """Have exactly `state` retained, from the next connection on if there is none now.

        Returns at once: publishing is the connection's own work. Raises ValueError
        for a topic that cannot be one.
        """
        self._board.want(state)
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Stay connected until `stop` is set, then say `offline` and leave, in bounded time."""
        async with asyncio.TaskGroup() as group:
            work = group.create_task(self._stay_connected(), name="mqtt connection")
            await stop.wait()
            await self._say_goodbye()
            work.cancel()

    async def _stay_connected(self) -> None:
        losses = 0
        while True:
            began = stopwatch()
            try:
                version = self._version or await self._settle_version()
                async with open_link(self._access, version) as link:
                    trouble = await self._serve(link)
            except aiomqtt.MqttError as error:
                trouble = self._words(error)
            losses = 0 if stopwatch() - began > _STEADY_S else losses
            self._tell_outage(trouble)
            await self._clock.sleep(self._wait_s(losses))
            losses += 1

    async def _serve(self, link: Link) -> str:
        """Work over one connection until it is lost; return why."""
        self._board.forget()
        self._tell_connected(link)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._keep_shown(link), name="mqtt board"),
                    group.create_task(self._reassert(), name="mqtt reassert"),
                    group.create_task(self._beat(link), name="mqtt heartbeat"),
                ]
                self._link = link
                trouble = await link.until_lost(self._saw)
                for task in tasks:
                    task.cancel()
        finally:
            self._link = None
        return redact(trouble)

    async def _keep_shown(self, link: Link) -> None:
        try:
            await link.watch(f"{self.root}/#")
        except (aiomqtt.MqttError, TimeoutError) as error:
            _log.info("mqtt: retained topics of an earlier run stay uncleared: %s", error)
        while not link.lost:
            self._wake.clear()
            try:
                await self._publish_board(link)
            except (aiomqtt.MqttError, TimeoutError) as error:
                _log.debug("mqtt: the board waits: %s", error)
                await self._clock.sleep(_FIRST_WAIT_S)
            else:
                await self._wake.wait()

    async def _publish_board(self, link: Link) -> None:
        while (due := self._board.next()) is not None:
            topic, payload = due
            try:
                await link.publish(
                    f"{self.root}/{topic}", payload, retain=True, properties=message_properties()
                )
            except Refused as error:
                _log.warning("%s", self._verdict(error, topic))
            self._board.done(topic, payload)

    async def _reassert(self) -> None:
        while True:
            await self._clock.sleep(self._settings.reassert_s)
            self._board.forget()
            self._wake.set()

    async def _beat(self, link: Link) -> None:
        while self._settings.heartbeat_s and not link.lost:
            beat = json.dumps({"ts": self._clock.now().isoformat(timespec="seconds")})
            try:
                await link.publish_unasked(f"{self.root}/{HEARTBEAT}", beat)
            except (aiomqtt.MqttError, TimeoutError) as error:
                _log.debug("mqtt: a heartbeat was lost: %s", error)
            await self._clock.sleep(self._settings.heartbeat_s)

    async def _say_goodbye(self) -> None:
        if self._link is None:
            return
        try:
            await self._link.publish(f"{self.root}/{STATUS}", _OFFLINE, retain=True)
        except (aiomqtt.MqttError, TimeoutError) as error:
            _log.info("mqtt: could not say offline: %s", error)

    def _saw(self, topic: str) -> None:
        self._board.saw(topic.removeprefix(f"{self.root}/"))
        self._wake.set()

    async def _settle_version(self) -> aiomqtt.ProtocolVersion:
        """Ask the broker once whether it speaks 5; raise MqttError when it says nothing of it.

        Asked in a bare visit: a will or properties a 3.1.1 broker would stumble over
        before it comes to the version.
        """
        asking = replace(self._access, client_id=f"{self._access.client_id}-probe", will="")
        try:
            async with open_link(asking, V5):
                self._version = V5
                return V5
        except Unanswered:
            # It may not read 5, or may just be stopping: ask again next time.
            pass
        except MqttConnectError as error:
            if _code(error) not in _WRONG_PROTOCOL:
                raise
            self._version = V311
        if not self._said_old:
            self._said_old = True
            _log.warning(
                "mqtt: the broker at %s speaks 3.1.1 only: what it refuses will look sent",
                self.where,
            )
        return V311

    def _verdict(self, error: Refused, topic: str = EVENT) -> Permanent | Transient:
        text = f"the MQTT broker at {self.where} refused {self.root}/{topic}: {error}"
        return Permanent(text) if error.code in _HOPELESS else Transient(text)

    def _words(self, error: aiomqtt.MqttError) -> str:
        text = redact(str(error))
        if text == "Operation timed out" and self._access.tls is None:
            return f"{self._silent()} (does it expect TLS?)"
        return text

    def _silent(self) -> str:
        return f"the MQTT broker at {self.where} did not answer in {self._settings.timeout_s:g} s"

    def _wait_s(self, losses: int) -> float:
        ceiling = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(losses, 10))
        return ceiling * (1 + self._random()) / 2

    def _tell_outage(self, trouble: str) -> None:
        self._trouble = trouble
        if self._told != trouble:
            self._told = trouble
            _log.warning("mqtt: no connection to %s: %s", self.where, trouble)

    def _tell_connected(self, link: Link) -> None:
        self._told = ""
        spoken = "5" if link.version is V5 else "3.1.1"
        _log.info("mqtt: connected to %s, MQTT %s", self.where, spoken)


def _code(error: MqttConnectError) -> int | None:
    code = getattr(error.rc, "value", error.rc)
    return code if isinstance(code, int) else None


def _expiry_s(message: Message) -> int | None:
    """Return whole seconds until a proposal is void; a void one is news that does not expire."""
    alert = message.alert
    if alert.expires_at is None or alert.expires_at <= message.now:
        return None
    return max(1, int((alert.expires_at - message.now).total_seconds()))
