"""Alerts as MQTT events, and the present state as retained topics.

Events are QoS 1 and never retained; the outbox, not the broker, remembers them. In
MQTT 3.1.1 a broker cannot say that it refused a message: such a loss is unseen
there, so 5 is tried first.
"""

import asyncio
import math
from collections.abc import Callable, Mapping
from typing import Final

import aiomqtt

from monitor.alerts.alert import AlertState
from monitor.alerts.event import SCHEMA, event_json
from monitor.channels.homeassistant import Discovery, complete, components, outline
from monitor.channels.mqtt_bare import Bare
from monitor.channels.mqtt_board import EVENT, STATUS
from monitor.channels.mqtt_client import Access
from monitor.channels.mqtt_commands import MqttCommands
from monitor.channels.mqtt_connection import Connection
from monitor.channels.mqtt_link import Refused, message_properties
from monitor.channels.mqtt_tls import tls_context
from monitor.channels.mqtt_upkeep import Upkeep
from monitor.channels.port import Message
from monitor.channels.settings import MqttSettings
from monitor.channels.spoken import Errand
from monitor.channels.vitals import Vitals, status_json
from monitor.clock import Clock
from monitor.errors import Permanent, Transient
from monitor.logs import read_secret, redact
from monitor.pipeline import Rulebook, State

__all__ = ["MqttChannel", "MqttSettings"]

_ASSERTIONS: Final = 3
"""So many assertions of the board may be missed before a thing counts as silent."""


class MqttChannel:
    """Publishes under `hedgewatch/<instance>/`; `run` keeps it connected.

    random: gives numbers in [0, 1). helper: the name of a daemon that helps another of the
    same instance: it carries events and nothing else. Raises ValueError in one sentence when the
    password or a TLS file cannot be had.
    """

    name = "mqtt"

    def __init__(
        self,
        settings: MqttSettings,
        instance: str,
        *,
        clock: Clock,
        random: Callable[[], float],
        helper: str = "",
    ) -> None:
        self.root, started = f"hedgewatch/{instance}", clock.now()
        self._access = Access(
            settings=settings,
            password=read_secret(settings.password) if settings.password else None,
            tls=tls_context(settings.tls),
            client_id=f"hedgewatch-{instance}" + (f"-{helper}" if helper else ""),
            will_topic=f"{self.root}/{STATUS}",
            will="" if helper else status_json("offline", started),
        )
        self._clock = clock
        self._discovery = Discovery(
            self.root,
            prefix=settings.discovery_prefix,
            expire_s=math.ceil(_ASSERTIONS * settings.reassert_s),
        )
        self._introduced: object = None
        whole = Upkeep(
            self._access, self.root, clock=clock, started=started, discovery=self._discovery
        )
        self._upkeep = Bare() if helper else whole
        self._connection = Connection(self._access, self._upkeep, clock=clock, random=random)

    @property
    def connected(self) -> bool:
        """Return whether there is a connection to send through."""
        return self._connection.link is not None

    @property
    def where(self) -> str:
        """Return the broker's address."""
        return self._access.where

    async def send(self, message: Message) -> None:
        """Return once the broker has acknowledged the event.

        Raises Transient without a connection, at once but for the first attempt to
        connect, which is waited for; and after the timeout
        without an answer; refused where the broker does not let us write there; Permanent
        when it would not have this message. A lost answer is not called ambiguous: consumers
        drop repeats by their key.
        """
        link = await self._connection.usable()
        if link is None:
            trouble = self._connection.trouble
            raise Transient(f"no connection to the MQTT broker at {self.where}: {trouble}")
        topic = f"{self.root}/{EVENT}"
        payload = _event(message)
        properties = message_properties(
            expiry_s=_expiry_s(message, self._access.settings.event_expiry_s),
            user={"idempotency-key": message.alert.idem, "schema": SCHEMA},
        )
        try:
            await link.publish(topic, payload, properties=properties)
        except Refused as error:
            raise error.verdict(self.where, topic) from error
        except TimeoutError as error:
            raise Transient(self._access.silence) from error
        except aiomqtt.MqttError as error:
            raise Transient(f"the MQTT broker at {self.where}: {redact(str(error))}") from error

    def listen(self, obey: Errand) -> None:
        """Have commands obeyed from the next connection on, where the settings allow any."""
        settings = self._access.settings
        if settings.commands:
            self._upkeep.commands = MqttCommands(self.root, settings, obey, clock=self._clock)

    def tell_vitals(self, vitals: Callable[[], Vitals]) -> None:
        """Have every heartbeat tell what `vitals` then says; it runs on the loop, so is quick."""
        self._upkeep.vitals = vitals

    def introduce(self, state: State, book: Rulebook) -> None:
        """Have Home Assistant told, with what is shown next, of all there is, where it is asked."""
        if self._access.settings.discovery != "homeassistant":
            return
        if (told := outline(state, book)) != self._introduced:
            self._introduced = told
            found = components(state, book, self._discovery)
            self._discovery.want(found, whole=complete(state, book))

    async def show(self, state: Mapping[str, str]) -> None:
        """Have exactly `state` retained, from the next connection on if there is none now.

        Returns at once: publishing is the connection's own work. Raises ValueError
        for a topic that cannot be one.
        """
        self._upkeep.show(state)

    async def run(self, stop: asyncio.Event) -> None:
        """Stay connected until `stop` is set, then say `offline` and leave, in bounded time."""
        await self._connection.run(stop)


def _event(message: Message) -> str:
    try:
        return event_json(message.alert, sent_at=message.now, repeat=message.repeat)
    except ValueError as error:  # of this alert: those behind it must not wait
        raise Permanent(f"the event cannot be told in JSON: {error}") from error


def _expiry_s(message: Message, longest_s: int) -> int:
    """Return whole seconds until a proposal is void, or the longest.

    A void one is news, and so is whatever asks for no deed: a proposal's end outlives it.
    """
    alert = message.alert
    asks = alert.state in {AlertState.FIRING, AlertState.REPEAT}
    if not asks or alert.expires_at is None or alert.expires_at <= message.now:
        return longest_s
    return min(max(1, int((alert.expires_at - message.now).total_seconds())), longest_s)
