"""What lets a daemon be left alone: it tells systemd, a dead-man's server and people how it is."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import httpx

from monitor.alerts.figures import age
from monitor.app.alive import Alive
from monitor.app.deadman import PATIENCE_S, Deadman
from monitor.app.notify import Heart, Notifier
from monitor.app.parts import Parts
from monitor.app.room import Room
from monitor.app.sight import Sight
from monitor.clock import SteadyClock, stopwatch
from monitor.config.service import ping_url
from monitor.errors import HedgewatchError
from monitor.logs import redact
from monitor.model.observation import Observation, Readings, Snapshot
from monitor.pipeline import State
from monitor.rules.lifecycle import Phase
from monitor.sources.underway import Underway
from monitor.store.courier import Courier
from monitor.store.holding import HoldingStore
from monitor.store.port import Store

_log = logging.getLogger(__name__)
_PATIENCE: Final = timedelta(minutes=10)
"""How long an alert may wait for its channel, as in rule `self.outbox`."""
_STILL_S: Final = 45.0
POLLS: Final = "polls"
ROAD: Final = "road"


@dataclass(slots=True)
class Upkeep:
    """Looks at what the road takes, and at whether road, polls and couriers move."""

    parts: Parts
    notifier: Notifier = field(default_factory=Notifier)
    seconds: Callable[[], float] = field(default=stopwatch, kw_only=True)
    couriers: Sequence[Courier] = field(default=(), init=False)
    _sight: Sight = field(init=False)
    _heart: Heart = field(init=False)
    _alive: Alive | None = field(default=None, init=False)
    _room: Room | None = field(default=None, init=False)
    _cycles: int = field(default=0, init=False)
    _started: bool = field(default=False, init=False)
    _told_still: Sequence[str] = field(default=(), init=False)

    def __post_init__(self) -> None:
        chains = self.parts.settings.chain
        polls = {name: chain.poll_s for name, chain in chains.items()}
        self._sight = Sight(polls, self.seconds)
        names = (courier_part(channel.name) for channel in self.parts.channels)
        if (given := self.parts.settings.alive) is not None:
            store, there = self.parts.store, [channel.name for channel in self.parts.channels]
            self._alive = Alive(given, store, there, lambda at: _waiting(store, at))
        if isinstance(self.parts.store, HoldingStore):
            self._room = Room(self.parts.store, [channel.name for channel in self.parts.channels])
        self._heart = Heart(frozenset({POLLS, ROAD, *names}), self.notifier.alive, self.seconds)

    def moved(self, part: str) -> Callable[[], None]:
        """Return what a part calls whenever it has moved."""
        return lambda: self._heart.moved(part)

    def pulsed(self, underway: Underway) -> None:
        """Take note that polls are made; not while one does not even end when it is cut off."""
        if not underway.overdue():
            self._heart.moved(POLLS)

    def took(self, seen: Observation, state: State) -> None:
        """Take note of what the road has taken, and what came of it."""
        if not self._started:
            self._started = True
            self.notifier.ready()
        self._sight.took(seen)
        self._heart.moved(ROAD)
        if not self.parts.settings.chain or isinstance(seen, Snapshot):
            self._cycles += 1
        if self._room is not None:
            self._room.look(state, seen.observed_at)
        if isinstance(seen, Readings) and seen.source == "self":
            self._tell_still()
            self.notifier.status(self._status(state, seen.observed_at))
        if self._alive is not None:
            self._alive.look(state, seen.observed_at)

    def _tell_still(self) -> None:
        """Log once what stands still, while that can be told: the watchdog's end tells nothing."""
        still = self._heart.still(_STILL_S)
        if still and still != self._told_still:
            told = ", ".join(still)
            _log.error("%s: nothing moved for %.0f s, the watchdog waits for it", told, _STILL_S)
        self._told_still = still

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """Tell systemd that rules are read anew meanwhile."""
        self.notifier.reloading()
        yield
        self.notifier.ready()

    async def watch(self, stop: asyncio.Event) -> None:
        """Call the dead-man's server, where there is one, until `stop` is set."""
        given = self.parts.settings.deadman
        if given is None:
            return
        async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
            await Deadman(
                url=ping_url(given.url),
                every_s=given.every_s,
                clock=self.parts.post,
                wrong=self.wrong,
                cycles=lambda: self._cycles,
                client=client,
            ).run(stop)

    def wrong(self) -> str:
        """Return what keeps it from doing its work, empty where nothing does."""
        trouble = self._room.store.trouble if self._room is not None else ""
        hour = clock.trouble if isinstance(clock := self.parts.clock, SteadyClock) else ""
        try:
            return (
                self._sight.blind()
                or (trouble and f"the store takes nothing: {trouble}")
                or hour
                or self._untold()
            )
        except HedgewatchError as error:
            return f"the store cannot be read: {redact(str(error))}"

    def _untold(self) -> str:
        """Return by which channels people are told nothing: this call may be all they hear."""
        people = {one.channel.name: one for one in self.couriers if one.channel.name != "console"}
        told, at = {name: one.deaf for name, one in people.items()}, self.parts.post.now()
        for owed in self.parts.store.outbox.backlog():
            if owed.waiting and owed.oldest is not None and at - owed.oldest > _PATIENCE:
                waits = f"alerts wait for {age((at - owed.oldest).total_seconds())}"
                told[owed.channel] = told.get(owed.channel) or waits
        return "; ".join(f"{name}: {told[name]}" for name in people if told[name])

    def _status(self, state: State, at: datetime) -> str:
        chains = [
            f"{one.name} {one.block.number:,} {age((at - one.good_at).total_seconds())} ago"
            for one in state.facts.chains.values()
            if one.block is not None and one.good_at is not None
        ]
        firing = sum(one.phase is Phase.FIRING for one in state.instances.values())
        told = self.wrong() or f"watching {', '.join(chains) or 'no chain yet'}"
        return f"{told}; {firing} firing; {_waiting(self.parts.store, at)}"


def courier_part(channel: str) -> str:
    """Return what a channel's courier is called among the parts that must move."""
    return f"courier {channel}"


def _waiting(store: Store, at: datetime) -> str:
    """Return in few words what has not been delivered."""
    try:
        backlog = store.outbox.backlog()
    except HedgewatchError:  # it is no reason to stop watching
        return "what waits is unknown"
    owed: Sequence[str] = [
        f"{one.waiting} for {one.channel} since {age((at - one.oldest).total_seconds())}"
        for one in backlog
        if one.waiting and one.oldest is not None
    ]
    return f"waiting: {', '.join(owed)}" if owed else "no alert waits"
