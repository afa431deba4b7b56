"""The dead-man ping: while all is well somebody elsewhere is called, and misses the calls if not.

The form is healthchecks.io's: the URL itself for "well", `/start`, and `/fail` with the reason.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import httpx

from monitor.clock import Clock
from monitor.logs import Secret, redact

_log = logging.getLogger(__name__)
PATIENCE_S: Final = 10.0
"""How long one call may take in all."""


@dataclass(slots=True, kw_only=True)
class Deadman:
    """Calls in a task of its own, so that a server that hangs holds up nothing.

    wrong: what is wrong, empty for nothing. cycles: how often a poll has gone well since ever;
    where none has since the last call, none is made.
    """

    url: Secret
    every_s: float
    clock: Clock
    wrong: Callable[[], str]
    cycles: Callable[[], int]
    client: httpx.AsyncClient
    _failing: bool = field(default=False, init=False)

    async def run(self, stop: asyncio.Event) -> None:
        """Call until `stop` is set, whatever a call waits for then."""
        async with asyncio.TaskGroup() as group:
            calls = group.create_task(self._calls(), name="dead-man calls")
            await stop.wait()
            calls.cancel()

    async def _calls(self) -> None:
        told, counted = "", self.cycles()  # before: what goes well meanwhile counts
        await self._call("/start")
        while True:
            await self.clock.sleep(self.every_s)
            wrong, cycles = self.wrong(), self.cycles()
            if wrong and wrong != told and await self._call("/fail", wrong):
                told = wrong
            elif not wrong and cycles != counted and await self._call(""):
                told, counted = "", cycles

    async def _call(self, path: str, reason: str | None = None) -> bool:
        """Return whether the call was taken; log once that it is not, and once that it is again."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await self._asked(_behind(self.url.reveal(), path), reason)
            fault = "" if answer.is_success else f"HTTP status {answer.status_code}"
        except TimeoutError:
            fault = f"no answer within {PATIENCE_S:.0f} s"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            fault = redact(f"{type(error).__name__}: {error}".rstrip(": "))
        if bool(fault) != self._failing:
            self._failing = bool(fault)
            if fault:
                _log.warning("the dead-man call fails: %s", fault)
            else:
                _log.info("the dead-man call works again")
        return not fault

    async def _asked(self, url: str, reason: str | None) -> httpx.Response:
        if reason is None:
            return await self.client.get(url)
        return await self.client.post(url, content=redact(reason)[:1000].encode())


def _behind(url: str, path: str) -> str:
    """Return the URL with more behind its path; a query stays where it is."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + path if path else parts.path))
