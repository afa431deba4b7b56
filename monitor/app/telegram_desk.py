"""Who answers what is asked, said and pressed by Telegram, and who draws."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from monitor.alerts.alert import Alert
from monitor.alerts.wire import from_json
from monitor.app.asked import Asked
from monitor.app.chart import Mark, Scenery, scenery
from monitor.app.daemon import Daemon
from monitor.app.drawing import drawn
from monitor.app.errands import Errands
from monitor.app.present import open_saved
from monitor.channels.telegram_buttons import event_of
from monitor.channels.telegram_desk import Desk, Told
from monitor.channels.telegram_pins import Pins
from monitor.channels.telegram_writer import Picture
from monitor.config import Settings
from monitor.errors import Permanent
from monitor.pipeline import State
from monitor.store.course import saved_course
from monitor.store.port import Store
from monitor.store.records import Change, RowKey
from monitor.store.rows import restore

if TYPE_CHECKING:
    from monitor.store.postgres import Shared

_log: Final = logging.getLogger(__name__)
KIND: Final = "telegram"
"""Of the store's rows that remember which messages have buttons."""


class Charts:
    """Draws what the daemon knows now, one chart after another, beside the loop.

    marks: how book and hedge went, oldest first. now: the observations' time.
    """

    def __init__(
        self, daemon: Daemon, marks: Callable[[], Sequence[Mark]], now: Callable[[], datetime]
    ) -> None:
        self._daemon = daemon
        self._marks = marks
        self._now = now
        self._turn = asyncio.Lock()
        self._told = set[str]()

    async def asked(self, of: str) -> Picture:
        """Return the chart asked for; raise Permanent in a sentence where there is none."""
        return await self._drawn(self._scenery(of=of.strip()))

    async def of_alert(self, alert: Alert) -> Picture | None:
        """Return what goes with an alert, None where nothing can be drawn; why is told once."""
        try:
            return await self._drawn(self._scenery(alert=alert))
        except Permanent as error:
            if str(error) not in self._told:
                _log.warning("telegram: an alert goes without its chart: %s", error)
            self._told.add(str(error))
            return None

    def _scenery(self, of: str = "", alert: Alert | None = None) -> Scenery:
        return scenery(self._daemon.state, self._marks(), self._now(), of=of, alert=alert)

    async def _drawn(self, shown: Scenery) -> Picture:
        async with self._turn:
            return Picture(png=await drawn(shown), caption="")


class SavedCharts:
    """Draws what the store knows, for a daemon that carries letters for who leads."""

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now

    async def of_alert(self, alert: Alert) -> Picture:
        """Return what goes with an alert; raise Permanent where nothing can be drawn."""
        state, marks = await asyncio.to_thread(self._saved)
        return Picture(png=await drawn(scenery(state, marks, self._now(), alert=alert)), caption="")

    def _saved(self) -> tuple[State, Sequence[Mark]]:
        """Read over a connection of its own: all of the state takes a while."""
        with closing(open_saved(self._settings)) as store:
            store.only_read()
            saved = store.load()
        return restore(saved.rows, saved.samples), saved_course(saved.rows)


def desk_of(daemon: Daemon, asked: Asked, errands: Errands, charts: Charts) -> Desk:
    """Return who answers for a daemon."""

    def told(alert: str, event: str) -> Told | None:
        last: Alert | None = None
        for one in reversed(daemon.store.history.of_alert(alert)):
            if (read := _read(one.payload)) is None:
                continue
            last = last or read
            if event_of(one.idem) == event:
                return Told(alert=read, last=last)
        return None

    return Desk(
        answer=asked.answer, obey=errands.run, left=errands.left, told=told, chart=charts.asked
    )


def pins_of(store: Store, rows: Mapping[RowKey, str]) -> Pins:
    """Return what earlier runs remembered of their messages; it goes on being kept."""
    known = {name: text for (kind, name), text in rows.items() if kind == KIND}

    def keep(name: str, text: str | None) -> None:
        store.commit(Change(rows={(KIND, name): text}))

    return Pins(known, keep)


def shared_pins(shared: "Shared") -> Pins:
    """Return what any of the daemons that share a store remembers, whoever leads."""

    def known() -> dict[str, str]:
        return {name: text for (_, name), text in shared.store.rows(KIND).items()}

    return Pins(keep=partial(shared.note, KIND), look=known)


def _read(payload: str) -> Alert | None:
    try:
        return from_json(payload)
    except ValueError:  # another release wrote it
        return None
