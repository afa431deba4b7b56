"""One line an event, on whatever stream people look at."""

import errno
import io
from typing import Final, TextIO

from monitor.alerts.render import console_line
from monitor.channels.port import Message
from monitor.errors import Permanent, Transient

_PASSES: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EAGAIN})
"""What may be over by the next time: a disk or a quota that is full, a reader that is slow."""


class ConsoleChannel:
    """Prints alerts. dated: with the day before the time, for a story of many days."""

    name = "console"

    def __init__(self, stream: TextIO, *, dated: bool = False) -> None:
        self._stream = _buffered(stream)
        self._dated = dated
        self._kept = ""
        self._gone = set[str]()

    async def send(self, message: Message) -> None:
        """Print the alert's line.

        Raises Transient while there is no room for it, Permanent once nobody reads the stream.
        """
        line = f"{console_line(message.alert, dated=self._dated)}\n"
        try:
            self._print(line)
        except (OSError, ValueError) as error:
            passes = isinstance(error, OSError) and error.errno in _PASSES
            if not passes:
                self._kept = ""
            fault = Transient if passes else Permanent
            raise fault(f"the console cannot be written: {error}") from error

    def _print(self, line: str) -> None:
        """Write a line once: what could not go out stays in the stream, and goes out first."""
        if self._kept and self._kept != line:
            self._stream.flush()
            self._gone.add(self._kept)
            self._kept = ""
        if line in self._gone:  # with another's, since it was tried
            self._gone.remove(line)
            return
        if not self._kept:
            self._kept = line
            self._stream.write(line)
        self._stream.flush()
        self._kept = ""


def _buffered(stream: TextIO) -> TextIO:
    """Return a stream that keeps what finds no room: under PYTHONUNBUFFERED one drops it."""
    if not isinstance(raw := getattr(stream, "buffer", None), io.RawIOBase):
        return stream
    return open(raw.fileno(), "w", encoding=stream.encoding, errors=stream.errors, closefd=False)
