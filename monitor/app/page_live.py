"""The status page within `run`: what the daemon holds, looked at between two observations."""

import asyncio
from collections.abc import Mapping, Sequence

from monitor.app.daemon import Daemon
from monitor.app.parts import Parts
from monitor.app.rulebook import polled
from monitor.config import Settings
from monitor.pipeline import Rulebook
from monitor.store.endpoints import seen_of
from monitor.store.holding import HoldingStore
from monitor.store.opening import is_shared
from monitor.store.port import Store
from monitor.web.seen import NEWEST, Delivered, Ground, Seen
from monitor.web.server import keep_serving


async def serve_page(parts: Parts, daemon: Daemon, stop: asyncio.Event) -> None:
    """Serve the page until `stop` is set; at once nothing where `[web]` is not on.

    Nor where several share a store: each of them serves it, whether it leads or not.
    """
    if parts.settings.web.on and not is_shared(parts.settings.store.url):
        source = Held(parts, daemon)
        await keep_serving(parts.settings.web, source, clock=parts.clock, stop=stop)


class Held:
    """The present as the daemon holds it: frozen, so that a thread may write it out."""

    def __init__(self, parts: Parts, daemon: Daemon) -> None:
        self._parts, self._daemon = parts, daemon
        self._ground: tuple[Rulebook, Ground] | None = None

    async def look(self) -> Seen:
        parts, daemon = self._parts, self._daemon
        now, names = parts.clock.now(), parts.settings.chain
        return Seen(
            ground=self._on(daemon.book),
            state=daemon.state,
            now=now,
            trouble=parts.store.trouble if isinstance(parts.store, HoldingStore) else "",
            endpoints={name: seen_of(daemon.health(name)) for name in names},
            course=parts.course.marks,
            silences=tuple(daemon.dispatch.desk.silences.values()),
            delivered=delivered(parts.store),
            tallies={name: parts.store.history.tally(name) for name in names},
        )

    def _on(self, book: Rulebook) -> Ground:
        if self._ground is None or self._ground[0] is not book:
            self._ground = (book, ground_of(self._parts.settings, book))
        return self._ground[1]


def ground_of(settings: Settings, book: Rulebook) -> Ground:
    """Return what settings and rules in force say."""
    order: Mapping[str, Sequence[str]] = polled(settings, book.packs)
    return Ground(
        instance=settings.instance,
        chains=tuple(settings.chain),
        channels=settings.channel.names(),
        order=order,
        rules=book.rules,
        layers=tuple(layer for pack in book.packs for layer in pack.layers),
    )


def delivered(store: Store) -> Delivered:
    """Return what of the outbox and the log is shown."""
    events = store.history.latest(NEWEST)
    owed = store.outbox.backlog()
    dead = store.outbox.dead_letters(NEWEST) if any(one.dead for one in owed) else ()
    return Delivered(
        backlog=owed,
        dead=dead,
        events=events,
        told=events[-1].id if events else 0,  # numbers grow by one and are never used again
    )
