"""The status page over what is in the store: of `hedgewatch web`, and of daemons that share one."""

import asyncio
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from monitor.app.page_live import delivered, ground_of
from monitor.app.present import clock_of, open_saved
from monitor.app.rulebook import load_enabled, rulebook
from monitor.clock import Clock
from monitor.config import Settings
from monitor.rules.loader import pack_files
from monitor.shipped import rules_dir
from monitor.store.connection import database_path
from monitor.store.course import KIND as COURSE
from monitor.store.course import CourseMark, saved_course
from monitor.store.desk import saved_silences
from monitor.store.endpoints import saved_endpoints
from monitor.store.following import Following
from monitor.store.lock import is_running
from monitor.store.opening import is_shared
from monitor.store.records import RowKey
from monitor.store.sqlite import SqliteStore
from monitor.web.seen import Ground, Seen
from monitor.web.server import keep_serving, serve


async def serve_saved(settings: Settings, begun: Callable[[], None]) -> None:
    """Serve the page until SIGTERM or SIGINT; raise where it cannot be begun."""
    stop, loop, clock = asyncio.Event(), asyncio.get_running_loop(), clock_of(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    load_enabled(settings)  # a fault in a rule file is told at the start
    with Saved(settings, clock) as source:
        await serve(settings.web, source, clock=clock, stop=stop, begun=begun)


async def serve_beside(settings: Settings, stop: asyncio.Event) -> None:
    """Serve the page of a shared store until `stop` is set; at once nothing where it is not on."""
    if settings.web.on:
        clock = clock_of(settings)
        with Saved(settings, clock) as source:
            await keep_serving(settings.web, source, clock=clock, stop=stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """A store that is read. file: which it is, for another may be put in its place."""

    store: SqliteStore
    following: Following
    file: tuple[int, int] | None


class Saved:
    """The present as it is in the store, read on a thread of its own: SQLite keeps to one."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._open: _Open | None = None
        self._rules: tuple[object, Ground] | None = None
        self._course: tuple[Mapping[RowKey, str], tuple[CourseMark, ...]] = ({}, ())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.submit(self._close).result()
        self._thread.shutdown()

    async def look(self) -> Seen:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._look)

    def _look(self) -> Seen:
        opened = self._opened()
        found, store = opened.following.look(), opened.store
        return Seen(
            ground=self._ground(),
            state=found.state,
            now=self._clock.now(),
            running=is_running(self._settings.store.url),
            endpoints=saved_endpoints(found.rows),
            course=self._noted(found.rows),
            silences=saved_silences(found.rows),
            delivered=delivered(store),
            tallies={name: store.history.tally(name) for name in self._settings.chain},
        )

    def _opened(self) -> _Open:
        """Return the store that is in its place now."""
        file = _file(self._settings.store.url)
        if self._open is not None and self._open.file == file:
            return self._open
        self._close()
        store = open_saved(self._settings)
        following = Following(store.only_read())
        self._open = _Open(store=store, following=following, file=file)
        return self._open

    def _noted(self, rows: Mapping[RowKey, str]) -> tuple[CourseMark, ...]:
        """Return the marks of the charts: for hours they are what they were."""
        mine = {key: text for key, text in rows.items() if key[0] == COURSE}
        if mine != self._course[0]:
            self._course = (mine, saved_course(mine))
        return self._course[1]

    def _ground(self) -> Ground:
        """Return the rules, read anew once a file of theirs is another."""
        given = self._settings.rules.folder
        files = pack_files(Path(given) if given else rules_dir())
        stamp = tuple((file, file.stat().st_mtime_ns) for file in files)
        if self._rules is None or self._rules[0] != stamp:
            book = rulebook(self._settings, load_enabled(self._settings))
            self._rules = (stamp, ground_of(self._settings, book))
        return self._rules[1]

    def _close(self) -> None:
        opened, self._open = self._open, None
        if opened is not None:
            opened.store.close()


def _file(url: str) -> tuple[int, int] | None:
    """Return which file a store is in, None where it is in none."""
    if is_shared(url):
        return None
    try:
        found = database_path(url).stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
