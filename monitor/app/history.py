"""A signal's past, from providers' histories onto a shelf, chunk by chunk.

The shelf is the store's inbox, or a folder of files. Each chunk lies there under the name of
its stretch, so that an interrupted pull goes on where it ended. Chunks begin and end on a grid
of their own, whatever day is asked for.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from pydantic import TypeAdapter

from monitor.app.history_plan import Plan, chunks_of
from monitor.clock import Clock
from monitor.config import Settings
from monitor.errors import Permanent, Transient
from monitor.feeds.http import Web
from monitor.feeds.provider import Bygone, FeedSettings, Historian, Provider, Stretch
from monitor.model.observation import Past
from monitor.signals.days import monthly, sessions_of
from monitor.signals.take_past import doubt
from monitor.store.port import Inbox

_PAST: Final = TypeAdapter(Past)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """One chunk. number, of: which it is of its source's. had: it was there already.

    ids: what it left on the shelf now.
    """

    source: str
    stretch: Stretch
    number: int
    of: int
    sessions: int = 0
    had: bool = False
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GaveUp:
    """A source that is asked no more, and why."""

    source: str
    reason: str
    further: bool


class Shelf(Protocol):
    """Where chunks are left."""

    def had(self, source: str, stretch: Stretch) -> bool:
        """Return whether a chunk lies there already."""
        ...

    def keep(self, source: str, stretch: Stretch, found: Bygone, now: datetime) -> tuple[str, ...]:
        """Leave a chunk there, whole or not at all; return the names of what was left."""
        ...


@dataclass(slots=True)
class InboxShelf:
    """The store's inbox, from which the daemon takes a past up."""

    inbox: Inbox
    _waiting: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self._waiting = {said.id for said in self.inbox.unheard()}

    def had(self, source: str, stretch: Stretch) -> bool:
        name = _name(stretch, source)
        return name in self._waiting or self.inbox.heard(name) is not None

    def keep(self, source: str, stretch: Stretch, found: Bygone, now: datetime) -> tuple[str, ...]:
        """Leave a chunk's own name last: that says that all of it is there."""
        name = _name(stretch, source)
        pasts = {f"{name}:{key}" if key else name: (key, bars) for key, bars in found.items()}
        own = pasts.pop(name, ("", ()))
        for word, (key, bars) in (*pasts.items(), (name, own)):
            past = Past(
                id=word, source=source, observed_at=now, name=stretch.signal, key=key, bars=bars
            )
            self.inbox.say(word, _PAST.dump_json(past).decode(), now)
        return (*pasts, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Puller:
    """Fetches what a plan asks for, and leaves it on a shelf."""

    settings: Settings
    web: Web
    clock: Clock
    shelf: Shelf

    async def pull(self, plan: Plan) -> AsyncIterator[Pulled | GaveUp]:
        """Yield each chunk as it is safe on the shelf; go on with the next source where one fails.

        The last thing yielded is a GaveUp where no source has all of it.
        """
        first = plan.first
        for provider in plan.asked:
            try:
                async for one in self._from(provider, plan, first):
                    yield one
                    first = one.stretch.last + _DAY
            except (Transient, Permanent) as error:
                further = provider is not plan.asked[-1]
                yield GaveUp(source=provider.name, reason=str(error), further=further)
            else:
                return

    async def _from(self, provider: Provider, plan: Plan, first: date) -> AsyncIterator[Pulled]:
        assert provider.history is not None
        chunks = tuple(chunks_of(plan, first, provider.history.chunk_days))
        for number, stretch in enumerate(chunks, start=1):
            ids, sessions = tuple[str, ...](), 0
            known = self.shelf.had(provider.name, stretch)
            if not known:
                found = await self._fetched(provider.name, provider.history, stretch)
                sessions = len({bar.day for bars in found.values() for bar in bars})
                # One whose last session is not published yet is named by what it has.
                if (until := _whole_until(stretch, found, plan)) is not None:
                    whole = replace(stretch, last=until)
                    ids = self.shelf.keep(provider.name, whole, found, self.clock.now())
            yield Pulled(
                source=provider.name,
                stretch=stretch,
                number=number,
                of=len(chunks),
                sessions=sessions,
                had=known,
                ids=ids,
            )

    async def _fetched(self, source: str, historian: Historian, stretch: Stretch) -> Bygone:
        own = self.settings.feed.get(source, FeedSettings())
        found = await historian.fetch(self.web, self.clock, own, stretch)
        for key, bars in found.items():
            past = Past(
                id="",
                source=source,
                observed_at=self.clock.now(),
                name=stretch.signal,
                key=key,
                bars=bars,
            )
            if why := doubt(past):
                raise Permanent(f"{source} sent a past that cannot be: {why}")
        return found


def _name(stretch: Stretch, source: str) -> str:
    return f"past:{stretch.signal}:{source}:{stretch.first}:{stretch.last}"


def _whole_until(stretch: Stretch, found: Bygone, plan: Plan) -> date | None:
    """Return until when a chunk is whole; None where it is its newest session that is wanting."""
    if stretch.last != plan.last or monthly(plan.signal):
        return stretch.last
    newest = max((bar.day for bars in found.values() for bar in bars), default=None)
    wanted = sessions_of(plan.signal, stretch.first, stretch.last)
    return stretch.last if newest is not None and newest >= wanted[-1] else newest
