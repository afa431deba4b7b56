"""The status page of `hedgewatch web`: what a daemon elsewhere on this machine last saved."""

import asyncio
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Self

from monitor.app.page_live import delivered, ground_of
from monitor.app.present import clock_of, open_saved
from monitor.app.rulebook import load_enabled, rulebook
from monitor.clock import Clock
from monitor.config import Settings
from monitor.rules.loader import pack_files
from monitor.shipped import rules_dir
from monitor.store.course import saved_course
from monitor.store.endpoints import saved_endpoints
from monitor.store.lock import is_running
from monitor.store.rows import epoch_of, restore
from monitor.store.sqlite import SqliteStore
from monitor.web.seen import Ground, Seen
from monitor.web.server import serve


async def serve_saved(settings: Settings, begun: Callable[[], None]) -> None:
    """Serve the page until SIGTERM or SIGINT; raise ConfigError where it cannot be begun."""
    stop, loop, clock = asyncio.Event(), asyncio.get_running_loop(), clock_of(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    load_enabled(settings)  # a fault in a rule file is told at the start
    with Saved(settings, clock) as source:
        await serve(settings.web, source, clock=clock, stop=stop, begun=begun)


class Saved:
    """The present as it is in the store, read on a thread of its own: SQLite keeps to one."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._store: SqliteStore | None = None
        self._rules: tuple[object, Ground] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.submit(self._close).result()
        self._thread.shutdown()

    async def look(self) -> Seen:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._look)

    def _look(self) -> Seen:
        now = self._clock.now()
        if self._store is None:
            self._store = open_saved(self._settings, now)
            self._store.only_read()
        store, saved = self._store, self._store.load()
        state = replace(restore(saved.rows, saved.samples), epoch=epoch_of(saved.created_at))
        return Seen(
            ground=self._ground(),
            state=state,
            now=now,
            running=is_running(self._settings.store.url),
            endpoints=saved_endpoints(saved.rows),
            course=saved_course(saved.rows),
            delivered=delivered(store),
            tallies={name: store.history.tally(name) for name in self._settings.chain},
        )

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
        if self._store is not None:
            with closing(self._store):
                pass
