"""One line an event, on whatever stream people look at."""

from typing import TextIO

from monitor.alerts.render import console_line
from monitor.channels.port import Message
from monitor.errors import Permanent


class ConsoleChannel:
    """Prints alerts. dated: with the day before the time, for a story of many days."""

    name = "console"

    def __init__(self, stream: TextIO, *, dated: bool = False) -> None:
        self._stream = stream
        self._dated = dated

    async def send(self, message: Message) -> None:
        """Print the alert's line; raise Permanent once nobody reads the stream any more."""
        line = console_line(message.alert, dated=self._dated)
        try:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        except (OSError, ValueError) as error:
            raise Permanent(f"the console cannot be written: {error}") from error
