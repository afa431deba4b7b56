"""A shared store that is away: the log hears of it again and again, and people without it.

Without a store no daemon can ask whether another has told already. So who led tells soon, and
any other only where it lasts: who led may be gone with the database.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final, TypeVar

from monitor.alerts.figures import age
from monitor.app.notify import Notifier
from monitor.channels.port import Speaking
from monitor.clock import Clock, stopwatch
from monitor.errors import Permanent, Transient
from monitor.logs import redact

_log = logging.getLogger(__name__)
T = TypeVar("T")
LED_S: Final = 60.0
"""So long who led waits before it tells people."""

OTHERS_S: Final = 300.0
_SETTLED_S: Final = 10.0
"""That it is over is believed once nothing has failed for so long."""

_LOG_S: Final = 600.0
_LOOK_S: Final = 1.0
_RETRY_S: Final = 30.0


@dataclass(slots=True, kw_only=True)
class Outage:
    """Tells of a store that is away, once, and of its end. name: of this daemon.

    people: opens the channels that speak to people. seconds: a stopwatch. led: whether this
    daemon led last, as far as it knows; an outage is told by what it was when that began.
    notifier: told of waiting.
    """

    name: str
    clock: Clock
    people: Callable[[AsyncExitStack], Sequence[Speaking]]
    seconds: Callable[[], float] = stopwatch
    led: bool = False
    notifier: Notifier = field(default_factory=Notifier)
    _why: str = field(default="", init=False)
    _led: bool = field(default=False, init=False)
    _since: float = field(default=0.0, init=False)
    _last: float = field(default=0.0, init=False)
    _logged_at: float | None = field(default=None, init=False)

    def failed(self, why: str, *, logged: bool = False) -> None:
        """Take note that the store failed just now; the log hears of it every ten minutes.

        logged: it was told there already.
        """
        now = self.seconds()
        if not self._why:
            self._since, self._led = now, self.led
        self._why, self._last = why, now
        if not logged and (self._logged_at is None or now - self._logged_at >= _LOG_S):
            lasts = "" if self._logged_at is None else f" for {age(now - self._since)}"
            self._logged_at = now
            _log.warning("the store is away%s, nobody can lead: %s", lasts, why)

    async def there(self, opener: Callable[[], T]) -> T:
        """Return what an opener opens, once the store is there.

        Waiting is all there is to do then, so systemd neither ends nor restarts who does.
        """
        while True:
            try:
                return opener()
            except Transient as error:
                self.failed(redact(str(error)))
                self.notifier.tell("READY=1", "WATCHDOG=1")
                self.notifier.status(f"{self.name} waits for the store: {self._why}")
                await self.clock.sleep(_LOOK_S)

    async def run(self) -> None:
        """Tell people, until cancelled."""
        while True:
            await self.clock.sleep(_LOOK_S)
            if self._why and not self._settled() and self._lasts() >= self._patience():
                async with AsyncExitStack() as stack:
                    await self._told(self.people(stack))
            elif self._why and self._settled():
                self._over()

    async def _told(self, people: Sequence[Speaking]) -> None:
        """Tell that it is away, wait for its end, and tell that to whoever heard of it."""
        heard = [one for one in people if await self._say(one, self._blind, self._settled)]
        while not self._settled():
            await self.clock.sleep(_LOOK_S)
        lasted = age(self._lasts())
        self._over()
        told = f"🟢 SEES AGAIN · database, after {lasted}\n{_MEANWHILE}"
        for one in heard:
            await self._say(one, lambda: told, lambda: bool(self._why))

    async def _say(
        self, channel: Speaking, text: Callable[[], str], untrue: Callable[[], bool]
    ) -> bool:
        """Return whether a channel took a text, which is tried until it is untrue."""
        again = ""
        while not untrue():
            try:
                await channel.say(again + text(), loud=True)
            except Transient as error:
                again = again or ("Perhaps again: " if error.ambiguous else "")
                wait = error.retry_after.total_seconds() if error.retry_after else _RETRY_S
                await self.clock.sleep(max(wait, _LOOK_S))
            except Permanent as error:
                _log.error("%s: nobody hears of the store: %s", channel.name, redact(str(error)))
                return False
            else:
                return True
        return False

    def _blind(self) -> str:
        who = f"{self.name}, which led," if self._led else self.name
        return (
            "🔴 BLIND · database\n"
            f"The store has failed {who} for {age(self._lasts())}: {self._why}\n"
            "Unless another daemon reaches it, nothing is watched and no alert sent.\n"
            f"Told by {self.name} itself, not from the outbox."
        )

    def _over(self) -> None:
        if self._logged_at is not None:
            _log.info("the store answers again")
        self._why, self._logged_at = "", None

    def _settled(self) -> bool:
        return self.seconds() - self._last >= _SETTLED_S

    def _lasts(self) -> float:
        """Return from its first failure to its last, in seconds."""
        return self._last - self._since

    def _patience(self) -> float:
        return LED_S if self._led else OTHERS_S


_MEANWHILE: Final = "What came and went meanwhile was not seen."
