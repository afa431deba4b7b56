"""What is kept up over a connection that only carries events: nothing."""

from collections.abc import Callable, Mapping

from monitor.channels.mqtt_commands import MqttCommands
from monitor.channels.mqtt_link import Link
from monitor.channels.vitals import Vitals


class Bare:
    """Stands where `Upkeep` does, for a daemon that helps another: what is retained is his."""

    def __init__(self) -> None:
        self.commands: MqttCommands | None = None
        self.vitals: Callable[[], Vitals] = Vitals

    def show(self, state: Mapping[str, str]) -> None:
        """Do nothing: who leads shows it."""

    async def until_lost(self, link: Link) -> str:
        """Return why a connection was lost."""
        return await link.until_lost(lambda _message: None)

    async def say_goodbye(self, link: Link) -> None:
        """Do nothing: that a helper leaves is no news."""
