"""Chains that other daemons may read, as whoever leads takes them: their newest readings.

A reading that does not come is a poll that fails: the chain is blind by the same rules as one
whose endpoints do not answer, and nothing is taken that nobody has vouched for since.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf
from typing import Final

from monitor.app.shard_told import Told, from_lines, parsed
from monitor.chain.health import EndpointHealth
from monitor.chain.market import MARKET_S, market_name
from monitor.clock import Clock, stopwatch
from monitor.config import Settings
from monitor.errors import Transient
from monitor.model.observation import Block, Missing, Readings, Snapshot
from monitor.model.position import Position
from monitor.model.quote import OptionQuote
from monitor.model.reading import Reading
from monitor.signals.facts import REMEMBERED
from monitor.sources.live import Polled, patience
from monitor.store.opening import is_shared
from monitor.store.readings import Newest, ReadingTable

LOOK_S: Final = 0.25
"""How often it is looked for a newer reading, or as often as the chain is polled."""

_MARKET_LOOK_S: Final = 5.0
_WAIT_S: Final = 10.0
"""How long a market's first reading is waited for."""


@dataclass(slots=True)
class Looks:
    """Looks for all that others read at once, as often as one of it is looked for.

    seconds: a stopwatch.
    """

    readings: ReadingTable
    seconds: Callable[[], float] = stopwatch
    known: dict[str, int] = field(default_factory=dict, init=False)
    _found: dict[str, Newest] = field(default_factory=dict, init=False)
    _at: float = field(default=-inf, init=False)

    def newest(self, source: str) -> Newest | None:
        """Return what was told last of a source, each time as it is now but for an instant."""
        now = self.seconds()
        if source not in self._found or now - self._at > LOOK_S / 2:
            self._found, self._at = self.readings.newest(self.known), now
        return self._found.pop(source, None)


@dataclass(slots=True, kw_only=True)
class _Row:
    """What is polled by another. source: its name. limit_s: how old the last answer may be."""

    source: str
    looks: Looks
    limit_s: float
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.looks.seconds()
        self.looks.known[self.source] = -1

    def newest(self) -> Newest | None:
        """Return what was told last, if it was lately; raise Transient where nobody polls it.

        None while it was not, and need not have been: whoever reads may be just beginning.
        """
        found = self.looks.newest(self.source)
        if found is not None and found.polled_s <= self.limit_s:
            return found
        if self.waited() > self.limit_s:
            raise Transient(f"no daemon has read it within {self.limit_s:.0f} s")
        return None

    def waited(self) -> float:
        """Return for how long this has been looked for, in seconds."""
        return self.looks.seconds() - self.began

    def is_news(self, found: Newest) -> bool:
        """Return whether there is a reading to take; raise Transient where the poll failed."""
        if found.line and found.answered_s <= self.limit_s:
            return True
        if found.fault:
            raise Transient(found.fault)
        # A line that nobody has vouched for is none: there is a fault then, but for an instant.
        return False

    async def taken(self, found: Newest) -> Snapshot | Readings:
        """Return the reading of a row that has one, which is known from now on."""
        known = self.looks.known
        before, known[self.source] = known[self.source], found.number
        try:
            return await asyncio.to_thread(from_lines, found.line)
        except ValueError as error:
            known[self.source] = before
            raise Transient(f"what was read of it is of another release: {error}") from error
        except BaseException:
            known[self.source] = before
            raise


def divided(settings: Settings) -> tuple[str, ...]:
    """Return the chains that daemons divide among them; none where one daemon reads all.

    A chain of which two endpoints must agree is read by whoever leads: what weighs, and so is
    to be agreed on, is for the rules to say.
    """
    chains = tuple(name for name, chain in settings.chain.items() if not chain.agree)
    shares = is_shared(settings.store.url) and settings.store.shards
    return chains if shares and len(chains) > 1 else ()


class FarChain:
    """One chain's snapshots as some daemon reads them. poll_s: how often it does."""

    def __init__(self, name: str, looks: Looks, *, poll_s: float) -> None:
        self.looks = looks
        self._row = _Row(source=name, looks=looks, limit_s=patience(poll_s))
        self._told = Told()
        self._before: int | None = None
        self._taken: dict[str, None] = {}

    @property
    def requests_made(self) -> int:
        """Return the requests made since this reader was, by whoever reads the chain."""
        return self._told.requests - (self._before or 0)

    async def snapshot(self, observed_at: datetime) -> Snapshot | None:  # noqa: ARG002 - a Reader's
        """Return the newest snapshot, None where it was returned; raise Transient for none."""
        found = self._row.newest()
        if found is None:
            return None
        if found.more:
            self._note(parsed(found.more))
        if not self._row.is_news(found):
            return None
        seen = await self._row.taken(found)
        assert isinstance(seen, Snapshot)
        reorg = self._told.dropped_of(frozenset(self._taken))
        for block in reorg.dropped if reorg else ():
            self._taken.pop(block.hash, None)
        self.resume([seen.block])
        return replace(seen, reorg=reorg)

    def resume(self, blocks: Sequence[Block], positions: Iterable[Position] = ()) -> None:  # noqa: ARG002 - a reader's
        """Take blocks that are judged: what the chain drops of them is then told."""
        self._taken.update((block.hash, None) for block in blocks)
        while len(self._taken) > 2 * REMEMBERED:
            del self._taken[next(iter(self._taken))]

    def health(self, now: datetime) -> tuple[EndpointHealth, ...]:  # noqa: ARG002 - a reader's
        """Return how each endpoint is doing for the daemon that reads."""
        return self._told.health

    def confirm_what(self, weighs: Callable[[Snapshot], bool]) -> None:
        """Do nothing: a chain whose endpoints must agree is not divided."""

    def _note(self, told: Told) -> None:
        self._told = told
        if self._before is None:
            self._before = told.requests


class FarMarket:
    """One chain's market as some daemon reads it; a `Feed`."""

    def __init__(self, name: str, looks: Looks, *, clock: Clock) -> None:
        self.name = name
        self._clock = clock
        self._row = _Row(source=name, looks=looks, limit_s=patience(MARKET_S))
        self._said: Readings | None = None

    async def read(self) -> tuple[Reading, ...]:
        """Return what the chain said last; raise Transient where nobody has asked it lately."""
        while (found := self._row.newest()) is None or not await self._heard(found):
            if self._row.waited() > _WAIT_S:
                raise Transient("no daemon has read it yet")
            await self._clock.sleep(LOOK_S)
        assert self._said is not None
        return self._said.readings

    async def _heard(self, found: Newest) -> bool:
        """Take what is new; return whether anything was ever said."""
        if self._row.is_news(found):
            said = await self._row.taken(found)
            assert isinstance(said, Readings)
            self._said = said
        return self._said is not None

    def refused(self) -> tuple[Missing, ...]:
        """Return what the last answer left out, and why."""
        return self._said.refused if self._said else ()

    def quotes(self) -> tuple[OptionQuote, ...]:
        """Return the quotes of the last answer."""
        return self._said.quotes if self._said else ()


def far_chains(settings: Settings, readings: ReadingTable) -> dict[str, FarChain]:
    """Return a reader of each chain that is divided, by name."""
    looks = Looks(readings)
    return {
        name: FarChain(name, looks, poll_s=settings.chain[name].poll_s)
        for name in divided(settings)
    }


def far_polls(
    settings: Settings,
    order: Mapping[str, Sequence[str]],
    far: Mapping[str, FarChain],
    clock: Clock,
) -> Iterator[Polled]:
    """Yield how often it is looked for what is read of each chain, and of its market."""
    for name, chain in far.items():
        yield Polled(name=name, every_s=min(settings.chain[name].poll_s, LOOK_S), reader=chain)
        if order.get(market := market_name(name)):
            feed = FarMarket(market, chain.looks, clock=clock)
            yield Polled(name=market, every_s=_MARKET_LOOK_S, feed=feed)
