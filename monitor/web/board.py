"""The page as it was last written, and the stream of what changed in it since.

A reader holds no queue: it knows which version it has, and when it is ready for more it is
given what is newer, each section once and as it is by then. So a slow one skips, costs nothing,
and holds nobody up.
"""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from monitor.clock import Clock, stopwatch
from monitor.errors import HedgewatchError
from monitor.logs import redact
from monitor.web.charts import series
from monitor.web.page import Built, built, page
from monitor.web.seen import Seen, Source

_log = logging.getLogger(__name__)

HEARTBEAT_S: Final = 15.0
EVERY_S: Final = 2.0
MOST_READERS: Final = 32
_FRESH_S: Final = 1.0
_SHARE: Final = 10.0
"""A look that took long is followed by a rest so many times as long."""
_DIGITS: Final = 19
_RETRY_MS: Final = 2_000
_LATE_S: Final = 90.0
"""A page that somebody reads and that was last written so long ago is no page of the present."""
_AGE: Final = re.compile(r"(<time\b[^>]*>)[^<]*")
"""The words of an age, which tick in the page itself and are no news."""
_SPAN: Final = re.compile(r'(<i class="span">)[^<]*')
"""Those of how long something has lasted: no news either, but told from time to time."""


class _Told:
    """What readers know of each section, and since when."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, float]] = {}

    def news(self, name: str, part: str, now: float) -> bool:
        """Tell whether a section is another than the one last told, and note it where it is."""
        told = _AGE.sub(r"\1", part)
        before, at = self._known.get(name, ("", 0.0))
        if told == before:
            return False
        lasting = _SPAN.sub(r"\1", told) == _SPAN.sub(r"\1", before)
        if lasting and now - at < HEARTBEAT_S:
            return False
        self._known[name] = (told, now)
        return True


class Board:
    """Writes the page when somebody reads it. boot: names this run in the stream's ids."""

    def __init__(
        self,
        source: Source,
        *,
        clock: Clock,
        boot: str,
        seconds: Callable[[], float] = stopwatch,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self._source, self._clock, self._seconds = source, clock, seconds
        self._boot, self._heartbeat_s = boot, heartbeat_s
        self._made: Built | None = None
        self._made_at = 0.0
        self._version = 0
        self._changed: dict[str, int] = {}
        self._told = _Told()
        self._news = asyncio.Condition()
        self._wanted = asyncio.Event()
        self._making = asyncio.Lock()
        self._closed = False
        self._failing = ""
        self.readers = 0
        self.took_s = 0.0

    async def seen(self) -> Seen:
        """Return the present moment, unwritten."""
        return await self._source.look()

    async def page(self) -> str:
        """Return the whole page, at most a second old."""
        made = await self._present()
        return page(made, f"{self._boot}-{self._version}")

    async def series(self) -> str:
        """Return the numbers of the charts."""
        course = (await self._present()).seen.course
        return await asyncio.to_thread(series, course)

    async def stream(self, last: str) -> AsyncIterator[bytes]:
        """Yield events of changed sections until the board is closed. last: read so far.

        Where nothing can be told it says why, for a stream that goes on is no sign of life then.
        """
        since, dark = _version_in(last, self._boot, self._version), ""
        with self._reading():
            yield f"retry: {_RETRY_MS}\n\n".encode()
            while not self._closed:
                if self._made is not None and self._version > since:
                    news = [name for name, at in self._changed.items() if at > since]
                    since = self._version
                    yield _frame(self._made, news, f"{self._boot}-{since}")
                    # And while it is taken, the next may come.
                elif self._failing != dark:
                    dark = self._failing
                    yield _heartbeat(self._clock.now(), dark)
                elif not await self._newer(since, dark):
                    yield _heartbeat(self._clock.now(), dark or self._late())

    async def run(self) -> None:
        """Look anew every few seconds while somebody reads, until cancelled."""
        while True:
            await self._wanted.wait()
            began = self._seconds()
            try:
                await self._make()
            except HedgewatchError as error:
                await self._fails(redact(str(error)))
            except Exception:  # noqa: BLE001 - what the page watches must go on without it
                if not self._failing:
                    _log.exception("the status page cannot be written")
                await self._fails("a fault of Hedgewatch's own, told in its log")
            else:
                await self._fails("")
            took = self._seconds() - began
            await self._clock.sleep(max(EVERY_S, _SHARE * took))

    async def close(self) -> None:
        """End every stream."""
        self._closed = True
        async with self._news:
            self._news.notify_all()

    async def _fails(self, why: str) -> None:
        """Say once that there is nothing to show, and once that there is again."""
        if why == self._failing:
            return
        _log.warning("status page: %s", why or "it is written again")
        self._failing = why
        async with self._news:
            self._news.notify_all()

    def _late(self) -> str:
        """Return why what was written last is no news any more, or nothing."""
        late = self._seconds() - self._made_at > _LATE_S
        return "the last look at it has not ended" if late else ""

    async def _present(self) -> Built:
        async with self._making:
            if self._made is not None and self._seconds() - self._made_at < _FRESH_S:
                return self._made
            return await self._write()

    async def _make(self) -> None:
        async with self._making:
            await self._write()

    async def _write(self) -> Built:
        seen, began = await self._source.look(), self._seconds()
        made, news = await asyncio.to_thread(self._written, seen)
        self.took_s = self._seconds() - began
        self._made, self._made_at = made, self._seconds()
        if news:
            self._version += 1
            self._changed.update(dict.fromkeys(news, self._version))
            async with self._news:
                self._news.notify_all()
        return made

    def _written(self, seen: Seen) -> tuple[Built, list[str]]:
        """Return a moment and what is news in it: a thread's work, one at a time."""
        made, now = built(seen), self._seconds()
        return made, [name for name, part in made.parts.items() if self._told.news(name, part, now)]

    async def _newer(self, since: int, dark: str) -> bool:
        """Wait until there is something newer, or for a heartbeat's length; tell which."""

        def news() -> bool:
            return self._version > since or self._failing != dark or self._closed

        try:
            async with asyncio.timeout(self._heartbeat_s), self._news:
                await self._news.wait_for(news)
        except TimeoutError:
            return False
        return True

    @contextmanager
    def _reading(self) -> Iterator[None]:
        self.readers += 1
        self._wanted.set()
        try:
            yield
        finally:
            self.readers -= 1
            if not self.readers:
                self._wanted.clear()


def _frame(made: Built, news: Iterable[str], stamp: str) -> bytes:
    parts = {name: made.parts[name] for name in news}
    data = json.dumps({"at": made.seen.now.isoformat(), "parts": parts}, ensure_ascii=False)
    return f"id: {stamp}\nevent: parts\ndata: {data}\n\n".encode()


def _heartbeat(now: datetime, dark: str) -> bytes:
    """Return a comment for proxies, and an event for the page, which cannot see comments.

    dark: why there is nothing to show.
    """
    told = (
        f"event: dark\ndata: {' '.join(dark.split())}"
        if dark
        else f"event: alive\ndata: {now.isoformat()}"
    )
    return f": alive\n{told}\n\n".encode()


def _version_in(last: str, boot: str, newest: int) -> int:
    """Return which version a reader has; none where it is another run's."""
    named, _, number = last.rpartition("-")
    known = named == boot and number.isdecimal() and len(number) < _DIGITS and int(number) <= newest
    return int(number) if known else 0
