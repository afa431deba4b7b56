"""One connection to an MQTT broker, whose acknowledgements are read and not only counted."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import aiomqtt
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from monitor.channels.settings import MqttSettings, TlsSettings
from monitor.logs import Secret

V5: Final = aiomqtt.ProtocolVersion.V5
V311: Final = aiomqtt.ProtocolVersion.V311
_log: Final = logging.getLogger(__name__)
_FIRST_FAILURE: Final = 0x80


class Refused(aiomqtt.MqttError):
    """The broker received a message and would not have it."""

    def __init__(self, reason: ReasonCode) -> None:
        super().__init__(reason.getName())
        self.code: int = reason.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to reach the broker, and what it says of us should we vanish."""

    settings: MqttSettings
    password: Secret | None
    tls: ssl.SSLContext | None
    client_id: str
    will_topic: str
    will: str


class Link:
    """An open connection. One publish at a time, so each answer is known to be its own.

    aiomqtt 2.5 drops the reason a broker gives for an acknowledgement: a message
    refused by an access list counts as sent. Its private callback is wrapped to
    keep the reason, which is why the version is pinned.
    """

    def __init__(self, client: aiomqtt.Client, version: aiomqtt.ProtocolVersion) -> None:
        self.version = version
        self._client = client
        self._paho: Any = client._client  # noqa: SLF001 - see above
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
        """Return once the broker has it (QoS 1); raise Refused, or MqttError for the rest."""
        async with self._turn:
            self._reasons.clear()
            await self._client.publish(
                topic, payload.encode(), 1, retain, properties if self.version is V5 else None
            )
            reason = self._reasons.pop(self._paho._last_mid, None)  # noqa: SLF001
        if reason is None:
            raise aiomqtt.MqttError("the connection ended before the broker answered")
        if reason.is_failure:
            raise Refused(reason)

    async def publish_unasked(self, topic: str, payload: str) -> None:
        """Publish with QoS 0: nobody will know whether it arrived."""
        async with self._turn:
            await self._client.publish(topic, payload.encode(), 0)

    async def watch(self, topics: str) -> None:
        """Ask for what is retained under `topics`; raise MqttError if the broker will not."""
        options = SubscribeOptions(qos=0, noLocal=True) if self.version is V5 else None
        granted = await self._client.subscribe(topics, options=options)
        for code in granted:
            if isinstance(code, ReasonCode) and code.value >= _FIRST_FAILURE:
                raise Refused(code)

    async def until_lost(self, saw: Callable[[str], None]) -> str:
        """Read until the connection ends and return why; `saw` gets each retained topic."""
        try:
            async for message in self._client.messages:
                if message.retain and message.payload:
                    saw(message.topic.value)
        except aiomqtt.MqttError as error:
            return str(error.__cause__ or error)
        return "the broker closed the connection"

    def abandon(self) -> None:
        """Let every publish that waits for an answer fail at once."""
        for waiting in list(self._client._pending_publishes.values()):  # noqa: SLF001
            waiting.set()

    def _keep_reason(self, client: Any, data: Any, mid: int, reason: ReasonCode, more: Any) -> None:  # noqa: ANN401
        self._reasons[mid] = reason
        self._tell(client, data, mid, reason, more)


@asynccontextmanager
async def open_link(access: Access, version: aiomqtt.ProtocolVersion) -> AsyncIterator[Link]:
    """Connect for the length of the block; raise MqttError if that fails."""
    client = _client(access, version)
    try:
        await client.__aenter__()
        link = Link(client, version)
        try:
            yield link
        finally:
            link.abandon()
            try:
                await client.__aexit__(None, None, None)
            except aiomqtt.MqttError as error:
                _log.debug("mqtt: the broker did not take leave: %s", error)
    finally:
        _drop(client)


def tls_context(tls: bool | TlsSettings) -> ssl.SSLContext | None:
    """Return a verifying context, None without TLS; raise ValueError naming a bad file."""
    if tls is False:
        return None
    files = tls if isinstance(tls, TlsSettings) else TlsSettings()
    try:
        context = ssl.create_default_context(cafile=files.ca)
        if files.cert is not None:
            context.load_cert_chain(files.cert, files.key)
    except (OSError, ssl.SSLError) as error:
        names = ", ".join(filter(None, (files.ca, files.cert, files.key)))
        raise ValueError(f"TLS files {names}: {error}") from error
    return context


def message_properties(
    *, expiry_s: int | None = None, user: Mapping[str, str] | None = None
) -> Properties:
    """Return the MQTT 5 properties of a JSON message; other protocols ignore them."""
    properties = _properties(PacketTypes.PUBLISH)
    properties.ContentType = "application/json"
    properties.PayloadFormatIndicator = 1
    if user:
        properties.UserProperty = list(user.items())
    if expiry_s is not None:
        properties.MessageExpiryInterval = expiry_s
    return properties


def _client(access: Access, version: aiomqtt.ProtocolVersion) -> aiomqtt.Client:
    settings, five = access.settings, version is V5
    session = _properties(PacketTypes.CONNECT)
    session.SessionExpiryInterval = settings.session_expiry_s
    client = aiomqtt.Client(
        settings.host,
        settings.port,
        username=settings.username,
        password=access.password.reveal() if access.password else None,
        identifier=access.client_id,
        protocol=version,
        will=_will(access, five=five),
        # The session outlives a blip, and with it the will's delay. It holds
        # nothing else: what must arrive is in the outbox.
        clean_session=None if five else True,
        clean_start=False if five else MQTT_CLEAN_START_FIRST_ONLY,
        properties=session if five else None,
        timeout=settings.timeout_s,
        keepalive=settings.keepalive_s,
        tls_context=access.tls,
    )
    client._client.connect_timeout = settings.timeout_s  # noqa: SLF001
    return client


def _will(access: Access, *, five: bool) -> aiomqtt.Will:
    delayed = _properties(PacketTypes.WILLMESSAGE)
    delayed.WillDelayInterval = access.settings.will_delay_s
    return aiomqtt.Will(
        access.will_topic,
        access.will.encode(),
        1,
        retain=True,
        properties=delayed if five else None,
    )


def _properties(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call]


def _drop(client: aiomqtt.Client) -> None:
    """Close the socket of a client that aiomqtt would leave open, as after a timeout."""
    with suppress(OSError, ValueError):
        client._client.disconnect()  # noqa: SLF001
