"""What systemd is told: ready, reloading, stopping, how it is, and that everything moves."""

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from monitor.clock import stopwatch
from monitor.logs import redact


class Notifier:
    """Speaks the protocol of sd_notify(3). address: $NOTIFY_SOCKET; empty where nobody listens."""

    def __init__(self, address: str | None = None) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "") if address is None else address

    def tell(self, *assignments: str) -> None:
        """Send assignments in one datagram, without ever waiting; what cannot be sent is not."""
        if not self._address:
            return
        # A name that begins with @ is of the abstract kind, which begins with a zero byte.
        where = self._address.replace("@", "\0", 1) if self._address[0] == "@" else self._address
        text = redact("\n".join(assignments))
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
            one.sendto(text.encode(), socket.MSG_DONTWAIT, where)

    def ready(self) -> None:
        """Say that it has started, or that a reload is done."""
        self.tell("READY=1")

    def reloading(self) -> None:
        """Say that the rules are being read anew; `ready` ends it."""
        self.tell("RELOADING=1", f"MONOTONIC_USEC={stopwatch() * 1e6:.0f}")

    def stopping(self) -> None:
        """Say that it has begun to stop."""
        self.tell("STOPPING=1")

    def status(self, text: str) -> None:
        """Say how it is, in one line for `systemctl status`."""
        self.tell(f"STATUS={' '.join(text.split())}")

    def alive(self) -> None:
        """Put off the watchdog."""
        self.tell("WATCHDOG=1")


@dataclass(slots=True)
class Heart:
    """Beats once every part has moved since the last beat; no timer makes it beat.

    parts: names. One that stands still stops it, and systemd ends what no longer works.
    """

    parts: frozenset[str]
    beat: Callable[[], None]
    seconds: Callable[[], float] = stopwatch
    _still: set[str] = field(init=False)
    _beaten: float = field(init=False)

    def __post_init__(self) -> None:
        self._still, self._beaten = set(self.parts), self.seconds()

    def moved(self, part: str) -> None:
        """Take note that a part has done something of its work."""
        self._still.discard(part)
        if not self._still:
            self._still, self._beaten = set(self.parts), self.seconds()
            self.beat()

    def still(self, for_s: float = 0.0) -> Sequence[str]:
        """Return the parts that have not moved since the last beat, where that is so long ago."""
        return sorted(self._still) if self.seconds() - self._beaten >= for_s else ()
