"""The replay driver: past observations through the daemon's own road, and its alerts kept.

It differs from `monitor.app.live` in who feeds the road and who drains the outbox.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from monitor.alerts.alert import Alert
from monitor.alerts.wire import from_json
from monitor.app.daemon import Daemon
from monitor.model.observation import Observation, Snapshot, Word
from monitor.pipeline import Rulebook, State
from monitor.signals.market import market_of
from monitor.sources.tape import Head, Line
from monitor.store.memory import MemoryStore
from monitor.store.records import RowKey, Sample
from monitor.store.rows import epoch_of, restore
from monitor.timetravel.dark import Dark
from monitor.timetravel.fills import Fills, NoFills
from monitor.timetravel.scene import Scene, scene_of
from monitor.timetravel.settled import due, settlements

CHANNEL: Final = "console"
"""The one channel that hears of every alert, whatever its rule's route."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of a tape. alerts: as delivered, in order; scenes: one a block, where wanted.

    dark: the rules that could not be judged on it: their silence says nothing.
    """

    state: State
    alerts: tuple[Alert, ...]
    scenes: tuple[Scene, ...]
    observations: int
    dark: tuple[str, ...] = ()


@dataclass(slots=True)
class Replay:
    """Feeds a tape to the road, answers its proposals, and drains its outbox.

    settles: whether expired legs are settled by the model; on a recorded tape people did.
    """

    book: Rulebook
    fills: Fills = field(default_factory=NoFills)
    prices: Callable[[State], float | None] | None = None
    settles: bool = False

    def run(self, tape: Iterable[Line]) -> Replayed:
        """Take every observation in turn; the store is in memory and nothing is sent.

        A recorded tape says besides where its daemon began, and where it was started anew.
        """
        daemon: Daemon | None = None
        alerts, scenes, count = list[Alert](), list[Scene](), 0
        dark = Dark(self.book.rules)
        for seen in tape:
            if isinstance(seen, Head):
                daemon = self._started(daemon, seen)
                continue
            if daemon is None:
                daemon = self._daemon(seen.observed_at)
            count += 1
            alerts += self._taken(daemon, seen)
            dark.look(daemon.state)
            if self.prices is not None and isinstance(seen, Snapshot):
                price = self.prices(daemon.state)
                if price is not None:
                    scenes.append(scene_of(daemon.state, seen.observed_at, price))
        if daemon is None:
            raise ValueError("the tape is empty")
        return Replayed(
            state=daemon.state,
            alerts=tuple(alerts),
            scenes=tuple(scenes),
            observations=count,
            dark=dark.found(),
        )

    def _taken(self, daemon: Daemon, seen: Observation) -> Iterator[Alert]:
        waiting: list[Observation] = [seen]
        while waiting:
            one = waiting.pop(0)
            daemon.take(one, 0)
            told = list(_drained(daemon, one.observed_at))
            yield from told
            waiting += self.fills.answers(told, one.observed_at)
            if self.settles and not waiting:
                waiting += _settlements(daemon.state, one.observed_at)

    def _started(self, daemon: Daemon | None, head: Head) -> Daemon:
        """Return the daemon as it began to take what follows: as `monitor.app.live` begins."""
        if daemon is None or head.rows is not None:
            rows: Mapping[RowKey, str] = {(kind, key): text for kind, key, text in head.rows or ()}
            samples = (Sample(series=s, at=at, value=value) for s, at, value in head.samples)
            state = replace(restore(rows, samples), epoch=head.epoch)
            daemon = self._daemon(head.at, state)
        daemon.tidy()
        return daemon

    def _daemon(self, at: datetime, state: State | None = None) -> Daemon:
        store = MemoryStore(now=at)
        return Daemon(
            store=store,
            book=self.book,
            state=state or replace(State(), epoch=epoch_of(at)),
            channels=(CHANNEL,),
            reload=lambda: self.book,
            now=lambda: at,
        )


def _settlements(state: State, at: datetime) -> Iterator[Word]:
    layers = state.layers.values()
    if due(layers, at):
        yield from settlements(layers, market_of(state.facts, at), at)


def _drained(daemon: Daemon, now: datetime) -> Iterator[Alert]:
    """Deliver what the outbox holds, one letter a key at a time, as a courier does."""
    outbox = daemon.store.outbox
    while letters := outbox.due(CHANNEL, now, 1_000):
        for letter in letters:
            outbox.sending(letter.id)
            yield from_json(letter.payload)
            outbox.delivered(letter.id, now)


def price_of(pool: str) -> Callable[[State], float | None]:
    """Return what tells a pool's price, in its quote, of a state."""

    def told(state: State) -> float | None:
        seen = state.facts.pools.get(pool)
        return seen.price if seen else None

    return told
