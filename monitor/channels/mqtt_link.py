"""One connection to an MQTT broker, whose acknowledgements are read and not only counted."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from monitor.channels.mqtt_client import V5, Access, build_client, drop_client, new_properties
from monitor.errors import Permanent, Transient

_log: Final = logging.getLogger(__name__)
_FIRST_FAILURE: Final = 0x80
# Not authorized, topic name invalid: the same of every message, until a person mends it.
_SHUT_OUT: Final = frozenset({0x87, 0x90})
# Packet too large, payload format invalid: of this message, and no retry helps.
_HOPELESS: Final = frozenset({0x95, 0x99})
_TOO_LARGE: Final = ReasonCode(PacketTypes.DISCONNECT, "Packet too large")
_HEADERS: Final = 9
"""Bytes of a PUBLISH besides topic, properties and payload, at most."""


class Refused(aiomqtt.MqttError):
    """The broker received a message and would not have it."""

    def __init__(self, reason: ReasonCode) -> None:
        super().__init__(reason.getName())
        self.code: int = reason.value

    def verdict(self, where: str, topic: str) -> Permanent | Transient:
        """Return what it means for a message to this broker and topic."""
        text = f"the MQTT broker at {where} refused {topic}: {self}"
        if self.code in _HOPELESS:
            return Permanent(text)
        return Transient(text, refused=self.code in _SHUT_OUT)


class Unseen(aiomqtt.MqttError):
    """The broker acknowledged a message in 3.1.1, and it did not come back."""

    def __init__(self, topic: str) -> None:
        super().__init__(
            f"it acknowledged {topic}, but what was published did not come back, which is all that"
            " 3.1.1 shows of a refusal: may this user write and read there?"
        )


class Link:
    """An open connection. One request at a time, so each answer is known to be its own.

    lost: true from the moment the connection is given up; nothing is sent any more. parted:
    whether all is told, so that the broker need not say our last will; nothing is sent then
    either, for what waited its turn would come after the last word.
    """

    def __init__(
        self, client: aiomqtt.Client, version: aiomqtt.ProtocolVersion, timeout_s: float
    ) -> None:
        self.version = version
        self.lost = False
        self.parted = False
        self._client = client
        self._timeout_s = timeout_s
        self._paho: Any = client._client  # noqa: SLF001
        self._most: int | None = self._paho.user_data_get()
        self._reasons: dict[int, ReasonCode] = {}
        self._turn = asyncio.Lock()
        self._tell: Any = self._paho.on_publish
        self._paho.on_publish = self._keep_reason

    async def publish(
        self,
        topic: str,
        payload: str,
        *,
        retain: bool = False,
        properties: Properties | None = None,
    ) -> None:
        """Return once the broker has it (QoS 1).

        Raises Refused, also for what is longer than the broker takes, which would end the
        connection; TimeoutError after the timeout without an answer, and MqttError when the
        connection fails.
        """
        more = properties if self.version is V5 else None
        rest: Any = more.pack() if more else b""  # type: ignore[no-untyped-call]
        size = _HEADERS + len(topic.encode()) + len(rest) + len(payload.encode())
        if self._most is not None and size > self._most:
            raise Refused(_TOO_LARGE)
        # The library's own timeout would, in Python 3.11, swallow a cancellation
        # that comes together with the answer: it is given none.
        async with asyncio.timeout(self._timeout_s), self._turn:
            self._must_be_open()
            self._reasons.clear()
            await self._client.publish(topic, payload.encode(), 1, retain, more, timeout=math.inf)
            reason = self._reasons.pop(self._paho._last_mid, None)  # noqa: SLF001
        if reason is None:
            raise aiomqtt.MqttError("the connection ended before the broker answered")
        if reason.is_failure:
            raise Refused(reason)

    async def publish_surely(
        self, topic: str, payload: str, *, properties: Properties | None = None
    ) -> None:
        """Publish and, in 3.1.1, wait until it comes back; for a visit, which reads nothing else.

        Raises Unseen where it does not, and as `publish` does.
        """
        if self.version is V5:
            await self.publish(topic, payload, properties=properties)
            return
        await self.watch(topic, surely=True)
        await self.publish(topic, payload)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timeout_s):
                async for message in self._client.messages:
                    if message.payload == payload.encode() and not message.retain:
                        return
        raise Unseen(topic)

    async def publish_unasked(self, topic: str, payload: str) -> None:
        """Publish with QoS 0: nobody will know whether it arrived."""
        async with asyncio.timeout(self._timeout_s), self._turn:
            self._must_be_open()
            await self._client.publish(topic, payload.encode(), 0, timeout=math.inf)

    async def watch(self, topics: str, *, surely: bool = False) -> None:
        """Ask for what is retained under `topics`; raise as `publish` does.

        surely: what others publish there is wanted too, with QoS 1, and whether they had
        it retained; 3.1.1 tells that only of what was retained before.
        """
        qos, options = (1 if surely else 0), None
        if self.version is V5:
            options = SubscribeOptions(qos=qos, noLocal=True, retainAsPublished=surely)
            qos = 0  # paho takes it from the one or the other
        async with asyncio.timeout(self._timeout_s), self._turn:
            granted = await self._client.subscribe(topics, qos, options, timeout=math.inf)
        for code in granted:
            if isinstance(code, ReasonCode) and code.value >= _FIRST_FAILURE:
                raise Refused(code)

    async def until_lost(self, saw: Callable[[aiomqtt.Message], None]) -> str:
        """Read until the connection ends and return why; `saw` gets each message."""
        try:
            async for message in self._client.messages:
                saw(message)
        except aiomqtt.MqttError as error:
            return str(error.__cause__ or error)
        finally:
            self._give_up()
        return "the broker closed the connection"

    def _must_be_open(self) -> None:
        if self.parted:
            raise aiomqtt.MqttError("the broker was taken leave of")

    def _give_up(self) -> None:
        """Let every publish that waits for an answer fail at once."""
        self.lost = True
        for waiting in list(self._client._pending_publishes.values()):  # noqa: SLF001
            waiting.set()

    def _keep_reason(self, *told: Any) -> None:  # noqa: ANN401 - client, data, mid, reason, more
        self._reasons[told[2]] = told[3]
        self._tell(*told)


@asynccontextmanager
async def open_link(access: Access, version: aiomqtt.ProtocolVersion) -> AsyncIterator[Link]:
    """Connect for the length of the block; raise MqttError if that fails.

    The broker is taken leave of only without a will, or once all is told that it would say:
    a daemon that fails is gone as one that is killed.
    """
    client = build_client(access, version)
    try:
        await client.__aenter__()
        link = Link(client, version, access.settings.timeout_s)
        try:
            yield link
        finally:
            if link.parted or not access.will:
                await _take_leave(client)
    finally:
        drop_client(client)


async def _take_leave(client: aiomqtt.Client) -> None:
    try:
        await client.__aexit__(None, None, None)
    except aiomqtt.MqttError as error:
        _log.debug("mqtt: the broker did not take leave: %s", error)


def message_properties(
    *,
    expiry_s: int | None = None,
    user: Mapping[str, str] | None = None,
    mark: bytes | None = None,
) -> Properties:
    """Return the MQTT 5 properties of a JSON message; other protocols ignore them.

    mark: the correlation data of the request that it answers.
    """
    properties = new_properties(PacketTypes.PUBLISH)
    properties.ContentType = "application/json"
    properties.PayloadFormatIndicator = 1
    if user:
        properties.UserProperty = list(user.items())
    if expiry_s is not None:
        properties.MessageExpiryInterval = expiry_s
    if mark is not None:
        properties.CorrelationData = mark
    return properties
