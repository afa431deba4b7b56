"""The reading of chains, divided among the daemons that share a store: a chain is a shard.

Who holds a chain's lease polls it, and what is polled through its endpoints, and puts what came
into the store; whoever leads judges from there. A chain that is taken is read as a start reads
it: from what the store knows of it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field, replace
from math import inf
from typing import Final

from monitor.app.away import Outage
from monitor.app.parts import clocks, markets, reader_of
from monitor.app.shard_readers import divided
from monitor.app.shard_told import Told, in_lines, parsed, written
from monitor.chain.reader import ChainReader
from monitor.clock import Clock, stopwatch
from monitor.config import Settings
from monitor.errors import HedgewatchError, Transient
from monitor.feeds.port import Feed, Refusing, quoted_by
from monitor.logs import redact
from monitor.model.observation import Readings, Snapshot
from monitor.sources.live import Polled, patience
from monitor.sources.timeline import Timeline
from monitor.store.opening import open_divided
from monitor.store.postgres import Divided
from monitor.store.shares import Share

_log = logging.getLogger(__name__)
_DEALS: Final = 10
"""How often in a lease's time the chains are dealt."""

_AGAIN_S: Final = 1.0
"""That nothing is new, or that all still fails, is told so often; a wait for the store as well."""

_ABSTAINS_S: Final = 300.0
"""So long a daemon leaves the chains to others once it could not read one of them."""

Order = Mapping[str, Sequence[str]]


@asynccontextmanager
async def sharing(
    settings: Settings, order: Order, outage: Outage
) -> AsyncIterator[Divided | None]:
    """Read this daemon's share of the chains for the length of a block.

    order: what to ask of each chain's market. outage: as this daemon's `share` has it. Gives what
    the readings of all are taken from; None where chains are not divided.
    """
    chains = divided(settings)
    if not chains:
        yield None
        return
    clock, _ = clocks(settings)
    given, name = settings.store, outage.name
    opened = await outage.there(
        lambda: open_divided(given.url, now=clock.now(), name=name, lasts_s=given.lease_s)
    )
    with closing(opened) as store:
        work = Sharing(store=store, settings=settings, order=order, clock=clock, chains=chains)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(work.run(), name="shards")
            try:
                yield store
            finally:
                task.cancel()
                with suppress(HedgewatchError):
                    store.shares.leave()


@dataclass(slots=True, kw_only=True)
class Sharing:
    """Takes this daemon's share of the chains, and reads each for as long as it is held.

    Where it cannot read one, perhaps another daemon can: it leaves all to others for a while,
    if there are any. seconds: a stopwatch.
    """

    store: Divided
    settings: Settings
    order: Order
    clock: Clock
    chains: tuple[str, ...]
    seconds: Callable[[], float] = stopwatch
    _abstains_until: float = field(default=-inf, init=False)
    _reading: dict[Share, "tuple[Shard, asyncio.Task[None]]"] = field(
        default_factory=dict, init=False
    )

    async def run(self) -> None:
        """Do so until cancelled; a store that is away is waited for, and reading goes on."""
        shares = self.store.shares
        async with asyncio.TaskGroup() as group:
            while True:
                with suppress(Transient):  # told by whoever leads, and by who stands by
                    self._dealt(shares.deal(self.chains, able=self._able()), group)
                await self.clock.sleep(shares.lasts_s / _DEALS)

    def _dealt(self, held: frozenset[Share], group: asyncio.TaskGroup) -> None:
        name = self.store.shares.member.name
        for gone in self._reading.keys() - held:
            _log.info("%s reads %s no longer", name, gone.chain)
            self._reading.pop(gone)[1].cancel()
        for share in sorted(held - self._reading.keys(), key=lambda one: one.chain):
            shard = self._shard(share)
            _log.info("%s reads %s", name, share.chain)
            task = group.create_task(shard.run(), name=f"reads {share.chain}")
            self._reading[share] = shard, task

    def _able(self) -> bool:
        """Return whether every chain that is read here answers, and has for a while."""
        now = self.seconds()
        blind = [shard.share.chain for shard, _ in self._reading.values() if shard.blind(now)]
        if blind and now > self._abstains_until:
            _log.warning(
                "%s cannot be read here: other daemons, if there are any, read all for %.0f min",
                *(", ".join(blind), _ABSTAINS_S / 60),
            )
        if blind:
            self._abstains_until = now + _ABSTAINS_S
        return now > self._abstains_until

    def _shard(self, share: Share) -> "Shard":
        """Return a chain as it was left by whoever read it before."""
        chain, store = share.chain, self.store
        newest = store.readings.newest({chain: -1}).get(chain)
        told = parsed(newest.more) if newest else Told()
        if not told.recent:
            told = replace(told, recent=store.readings.judged(chain))
        reader = reader_of(self.settings, chain, store.checkpoints)
        reader.endpoints.believe = Timeline(self.clock).believed
        reader.resume(told.recent, store.readings.staked(reader.chain.chain_id))
        return Shard(sharing=self, share=share, reader=reader, told=told)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """How a poll ended. line: what was read, empty where nothing was new; fault: why it failed."""

    line: str = ""
    fault: str = ""


@dataclass(slots=True, kw_only=True)
class Shard:
    """Reads one chain while its lease is held. told: what was known of it when it was taken."""

    sharing: Sharing
    share: Share
    reader: ChainReader
    told: Told
    _owed: dict[str, str] = field(default_factory=dict, init=False)
    _put: dict[str, tuple[float, str]] = field(default_factory=dict, init=False)
    _unforeseen: set[str] = field(default_factory=set, init=False)
    _good_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._good_at = self.sharing.seconds()

    def blind(self, now: float) -> bool:
        """Return whether the chain's poll fails or hangs for longer than one may take."""
        every_s = self.sharing.settings.chain[self.share.chain].poll_s
        return now - self._good_at > every_s + patience(every_s)

    async def run(self) -> None:
        """Poll the chain and its market until cancelled, or until another daemon reads it."""
        given, chain = self.sharing, self.share.chain
        settings = given.settings
        async with self.reader as reader:
            polled = Polled(name=chain, every_s=settings.chain[chain].poll_s, reader=reader)
            asked = markets(settings, given.order, {chain: reader}, given.clock)
            async with asyncio.TaskGroup() as group:
                for one in (polled, *asked):
                    group.create_task(self._keep(one), name=f"polls {one.name}")

    async def _keep(self, polled: Polled) -> None:
        before = self.told.requests
        while True:
            began = self.sharing.seconds()
            ended = await self._ended(polled)
            if polled.reader is not None:
                self._good_at = self._good_at if ended.fault else self.sharing.seconds()
                self.told = replace(
                    self.told,
                    requests=before + self.reader.requests_made,
                    health=self.reader.health(self.sharing.clock.now()),
                )
            if not self._tell(polled, ended):
                return
            await self.sharing.clock.sleep(
                max(polled.every_s - (self.sharing.seconds() - began), 0.0)
            )

    async def _ended(self, polled: Polled) -> _Ended:
        """Return how a poll ends, as `Live` does of its own."""
        limit_s = patience(polled.every_s)
        try:
            async with asyncio.timeout(limit_s):
                seen = await self._read(polled)
            line = await asyncio.to_thread(in_lines, seen) if seen else ""
        except HedgewatchError as error:
            return _Ended(fault=redact(str(error)))
        except TimeoutError:
            return _Ended(fault=f"no answer within {limit_s:.0f} s")
        except Exception as error:  # noqa: BLE001 - told as a gap, and the traceback here
            if polled.name not in self._unforeseen:
                _log.exception("polling %s failed in an unforeseen way", polled.name)
            self._unforeseen.add(polled.name)
            return _Ended(fault=f"unforeseen {type(error).__name__}: see the log")
        self._unforeseen.discard(polled.name)
        return _Ended(line=line)

    async def _read(self, polled: Polled) -> Snapshot | Readings | None:
        if polled.reader is None:
            assert polled.feed is not None
            return await _answer(polled.name, polled.feed, self.sharing.clock)
        seen = await polled.reader.snapshot(self.sharing.clock.now())
        if seen is not None:
            self.told = self.told.after(seen)
        return seen

    def _tell(self, polled: Polled, ended: _Ended) -> bool:
        """Put how a poll ended into the store; return False once the chain is another's.

        What cannot be put is owed, so that nothing read is lost while the store is away.
        """
        name, now = polled.name, self.sharing.seconds()
        line = ended.line or self._owed.get(name, "")
        at, fault = self._put.get(name, (-_AGAIN_S, ""))
        if not line and fault == ended.fault and now - at < _AGAIN_S:
            return True
        more = written(self.told) if polled.reader is not None else ""
        self._owed[name] = line
        try:
            readings = self.sharing.store.readings
            mine = readings.put(self.share, name, line=line, fault=ended.fault, more=more)
        except Transient:
            return True
        self._owed[name], self._put[name] = "", (now, ended.fault)
        return mine


async def _answer(name: str, feed: Feed, clock: Clock) -> Readings:
    readings = await feed.read()
    return Readings(
        source=name,
        observed_at=clock.now(),
        readings=readings,
        refused=feed.refused() if isinstance(feed, Refusing) else (),
        quotes=quoted_by(feed),
    )
