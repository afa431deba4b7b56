"""Which MQTT a broker speaks: as configured, or found out by asking."""

import logging
from dataclasses import replace
from typing import Final

import aiomqtt
from aiomqtt.exceptions import MqttConnectError

from monitor.channels.mqtt_client import V5, V311, Access, Unanswered
from monitor.channels.mqtt_link import open_link

_log: Final = logging.getLogger(__name__)
_WRONG_PROTOCOL: Final = frozenset({1, 132})


class VersionChoice:
    """The version to connect with; under `auto` the broker is asked until it speaks 5.

    Another may take its place at any time: what is found out holds until it is refused.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._settled = {"auto": None, "5": V5, "3.1.1": V311}[access.settings.protocol]
        self._said_old = False

    async def settle(self) -> aiomqtt.ProtocolVersion:
        """Return the version; raise MqttError when the broker says nothing of it."""
        return self._settled or await self._ask()

    def doubt(self, error: aiomqtt.MqttError) -> None:
        """Ask anew where a broker may have refused the version that it was found to speak."""
        wrong = isinstance(error, MqttConnectError) and _code(error) in _WRONG_PROTOCOL
        if (wrong or isinstance(error, Unanswered)) and self._access.settings.protocol == "auto":
            self._settled = None

    def tell(self, spoken: aiomqtt.ProtocolVersion) -> None:
        """Say once of a broker that was asked, and is connected to, that it is an old one."""
        if spoken is V311 and self._access.settings.protocol == "auto" and not self._said_old:
            self._said_old = True
            _log.warning(
                "mqtt: the broker at %s speaks 3.1.1 only: what it refuses will look sent",
                self._access.where,
            )

    async def _ask(self) -> aiomqtt.ProtocolVersion:
        """Ask once, in a bare visit.

        A will or properties a 3.1.1 broker would stumble over before it comes to
        the version.
        """
        asking = replace(self._access, client_id=f"{self._access.client_id}-probe", will="")
        try:
            async with open_link(asking, V5):
                self._settled = V5
                return V5
        except Unanswered:
            # It may not read 5, or may just be stopping: ask again next time.
            pass
        except MqttConnectError as error:
            if _code(error) not in _WRONG_PROTOCOL:
                raise
        return V311


def _code(error: MqttConnectError) -> int | None:
    code = getattr(error.rc, "value", error.rc)
    return code if isinstance(code, int) else None
