"""aiomqtt's client with the gaps filled that matter here.

aiomqtt 2.5 drops the reason a broker gives when it acknowledges a message, waits out
its timeout on a connection that was closed unanswered, and may watch a socket for
writing that was closed in the meantime; paho leaves open a socket whose TLS fails, and
keeps to itself why the other side ended it. Their private parts are touched to mend that,
in this file and the link's only, which is why the versions are pinned below 3.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import aiomqtt
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from monitor.channels.mqtt_tls import in_words
from monitor.channels.settings import MqttSettings
from monitor.logs import Secret, redact

V5: Final = aiomqtt.ProtocolVersion.V5
V311: Final = aiomqtt.ProtocolVersion.V311


class Unanswered(aiomqtt.MqttError):
    """The broker took the connection and hung up without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to reach the broker, and what it says of us should we vanish.

    will: empty for a passing visit, which leaves neither a will nor a session.
    """

    settings: MqttSettings
    password: Secret | None
    tls: ssl.SSLContext | None
    client_id: str
    will_topic: str
    will: str

    @property
    def where(self) -> str:
        """Return the broker's address."""
        return f"{self.settings.host}:{self.settings.port}"

    @property
    def silence(self) -> str:
        """Return the sentence for a broker that does not answer."""
        return f"the MQTT broker at {self.where} did not answer in {self.settings.timeout_s:g} s"

    def trouble(self, error: aiomqtt.MqttError) -> str:
        """Return what a failure to connect comes of, in words for people."""
        text = redact(str(error))
        if self.tls is None and isinstance(error, Unanswered):
            return f"{text} (does it expect TLS?)"
        if text == "Operation timed out":
            return f"{self.silence} (does it expect TLS?)" if self.tls is None else self.silence
        return in_words(text, host=self.settings.host, tls=self.settings.tls)


def build_client(access: Access, version: aiomqtt.ProtocolVersion) -> aiomqtt.Client:
    """Return a client for one connection; a fresh one each time leaves nothing in flight."""
    settings, five = access.settings, version is V5
    lasting = five and bool(access.will)
    session = new_properties(PacketTypes.CONNECT)
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
        clean_start=False if lasting else MQTT_CLEAN_START_FIRST_ONLY,
        properties=session if lasting else None,
        timeout=settings.timeout_s,
        keepalive=settings.keepalive_s,
        tls_context=access.tls,
    )
    paho: Any = client._client  # noqa: SLF001
    paho.connect_timeout = settings.timeout_s
    if access.tls is not None:
        paho._ssl_wrap_socket = _shaking_hands(access.tls, settings)  # noqa: SLF001
    refusals: list[str] = []
    paho.on_log = _noting(refusals)
    paho.on_connect = _told_limit(paho.on_connect)
    paho.on_disconnect = _hanging_up(client, paho.on_disconnect, refusals)
    paho.on_socket_register_write = _writing(client)
    return client


def drop_client(client: aiomqtt.Client) -> None:
    """Close the socket of a client that aiomqtt would leave open, without a word to the broker."""
    paho: Any = client._client  # noqa: SLF001
    paho.on_disconnect = None
    with suppress(OSError, ValueError):
        paho._sock_close()  # noqa: SLF001


def new_properties(packet: int) -> Properties:
    """Return empty MQTT 5 properties for a kind of packet."""
    return Properties(packet)  # type: ignore[no-untyped-call]


def _will(access: Access, *, five: bool) -> aiomqtt.Will | None:
    if not access.will:
        return None
    delayed = new_properties(PacketTypes.WILLMESSAGE)
    delayed.WillDelayInterval = access.settings.will_delay_s
    return aiomqtt.Will(
        access.will_topic,
        access.will.encode(),
        1,
        retain=True,
        properties=delayed if five else None,
    )


def _shaking_hands(
    context: ssl.SSLContext, settings: MqttSettings
) -> Callable[[socket.socket], ssl.SSLSocket]:
    """Wrap a socket as paho does, and close one whose handshake fails, which paho does not."""

    def wrap(plain: socket.socket) -> ssl.SSLSocket:
        wrapped = context.wrap_socket(
            plain, server_hostname=settings.host, do_handshake_on_connect=False
        )
        try:
            wrapped.settimeout(settings.timeout_s)
            wrapped.do_handshake()
        except BaseException:
            wrapped.close()
            raise
        return wrapped

    return wrap


def _noting(refusals: list[str]) -> Callable[..., None]:
    """Keep what TLS says to a connection that ends: paho logs that, and tells nobody else."""

    def heard(_paho: Any, _data: Any, _level: int, told: str) -> None:  # noqa: ANN401
        if "[SSL" in told:
            refusals.append(told)

    return heard


def _told_limit(tell: Callable[..., None]) -> Callable[..., None]:
    """Keep, as paho's user data, how many bytes a broker takes at most; None where it says not."""

    def heard(paho: Any, *told: Any) -> None:  # noqa: ANN401
        paho.user_data_set(getattr(told[-1], "MaximumPacketSize", None))
        tell(paho, *told)

    return heard


def _hanging_up(
    client: aiomqtt.Client, tell: Callable[..., None], refusals: list[str]
) -> Callable[..., None]:
    """Make a connection closed before it was answered fail then, not at the timeout."""

    def heard(*told: Any) -> None:  # noqa: ANN401
        if not client._connected.done():  # noqa: SLF001
            silent = Unanswered("the broker hung up without an answer")
            error = aiomqtt.MqttError(refusals[0]) if refusals else silent
            client._connected.set_exception(error)  # noqa: SLF001
        tell(*told)

    return heard


def _writing(client: aiomqtt.Client) -> Callable[..., None]:
    """Watch a socket for writing only if it is still open when the loop comes to it."""
    loop = asyncio.get_running_loop()

    def write() -> None:
        try:
            client._client.loop_write()  # noqa: SLF001
        except Exception as error:  # noqa: BLE001 - whatever it is, the connection is over
            if not client._disconnected.done():  # noqa: SLF001
                client._disconnected.set_exception(error)  # noqa: SLF001

    def begin(sock: socket.socket) -> None:
        if sock.fileno() >= 0:
            loop.add_writer(sock.fileno(), write)

    def register(_paho: Any, _data: Any, sock: socket.socket) -> None:  # noqa: ANN401
        # paho connects in a thread, and may ask from there.
        loop.call_soon_threadsafe(begin, sock)

    return register
