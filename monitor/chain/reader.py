"""Reads everything watched on one chain at one block.

Requests a poll, once everything is known: one for the head, one for the block
behind it where its parent hash does not already name a block we know, one for
the batch. A block read already costs the head alone. At a poll every 12 seconds
that is 14,400 to 21,600 requests a day, and one more for a position that changed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, NamedTuple, Self

from monitor.chain.abi import check_shipped
from monitor.chain.agreement import Agreement, Second
from monitor.chain.endpoints import Endpoints
from monitor.chain.failures import Behind, NoBlock
from monitor.chain.heads import Heads, Target, header
from monitor.chain.health import EndpointHealth
from monitor.chain.history import Histories, Told
from monitor.chain.log_sources import LogSources
from monitor.chain.multicall import Pinned
from monitor.chain.pacing import Allowance, Pace
from monitor.chain.registry import Chain, settle
from monitor.chain.ring import Linked
from monitor.chain.rpc import Endpoint
from monitor.chain.settings import (
    ChainSettings,
    WatchSettings,
    on_loopback,
    rpc_url,
)
from monitor.chain.singly import Manner
from monitor.chain.usd_settings import UsdSettings, oracle_of
from monitor.chain.watching import Watching
from monitor.logs import Secret
from monitor.model.observation import Block, Snapshot
from monitor.model.position import Position

_USD: Final = UsdSettings()
# What free plans bear; a poll needs three.
_RPS: Final = 10.0
_BURST: Final = 20
_NOTHING: Final = Told()


class _Read(NamedTuple):
    endpoint: Endpoint
    target: Target
    snapshot: Snapshot


class _Known(NamedTuple):
    """What is watched and what happened to it, with all that was learned of both."""

    watching: Watching
    histories: Histories


class ChainReader:
    """Makes snapshots of one chain; close it, or use it as an async context.

    Raises ValueError for a watch whose protocol has no position manager on the chain.
    """

    def __init__(
        self,
        chain: Chain,
        endpoints: Endpoints,
        *,
        watches: Sequence[WatchSettings],
        told: Told = _NOTHING,
        heads: Heads | None = None,
    ) -> None:
        check_shipped()
        self.chain = chain
        self._endpoints = endpoints
        self._watches = tuple(watch for watch in watches if watch.chain == chain.name)
        self._told = told
        self._watching = Watching(chain, self._watches)
        self._heads = heads or Heads(chain.behind)
        self._histories = Histories(chain, told)
        self._agreement: Agreement | None = None
        self._manners: dict[Endpoint, Manner] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._endpoints.__aexit__(kind, error, trace)

    @property
    def endpoints(self) -> Endpoints:
        """Return the endpoints it asks, for whoever reads something else on this chain."""
        return self._endpoints

    @property
    def requests_made(self) -> int:
        """Return HTTP requests made since the start, over all endpoints."""
        return self._endpoints.requests_made

    async def snapshot(self, observed_at: datetime) -> Snapshot | None:
        """Return everything watched at one block, or None where no new block has come.

        The whole of it comes from one endpoint. Raises Transient or Permanent with
        one sentence; what fails alone is in the snapshot's `missing` instead.
        """
        try:
            read = await self._endpoints.first_that_works(
                lambda endpoint: self._read(endpoint, observed_at), observed_at
            )
        except Behind:
            return None
        if read is None:
            return None
        snapshot = read.snapshot
        if self._agreement is not None:
            # One that is withheld is not remembered, and so read again at the next poll.
            snapshot = await self._agreement.settled(read.endpoint, snapshot)
        self._heads.remember(read.target)
        return snapshot

    def agree(self, grace: timedelta) -> None:
        """Have a second endpoint confirm what weighs, and wait so long where none does."""
        apart = Second(
            watching=Watching(self.chain, self._watches),
            ours=self._watching,
            histories=Histories(self.chain, replace(self._told, checkpoints=None)),
            pin=self._pinned,
            told_by=self._histories.told_by,
        )
        self._agreement = Agreement(self._endpoints, apart, grace=grace)

    def confirm_what(self, weighs: Callable[[Snapshot], bool]) -> None:
        """Say which snapshots weigh, where any are to be confirmed."""
        if self._agreement is not None:
            self._agreement.weighs = weighs

    def resume(self, blocks: Sequence[Block], positions: Iterable[Position] = ()) -> None:
        """Take what an earlier run read: what is dropped since is noticed, what is staked found."""
        self._heads.resume(blocks)
        self._watching.resume(positions)

    def pin(self, block: int) -> None:
        """Take a block of the past for the head: `snapshot` then reads as it would have then.

        What it remembers is of the blocks before, so they are to be taken in order. Needs a node
        that keeps their state.
        """
        self._heads.pin(block)

    def health(self, now: datetime) -> tuple[EndpointHealth, ...]:
        """Return how each endpoint is doing, in order of preference."""
        return self._endpoints.health(now)

    async def snapshot_at(self, block: int, observed_at: datetime) -> Snapshot:
        """Return everything watched at a block of any age, as a reader new at it would.

        What `snapshot` remembers is left alone. Needs a node that keeps that state;
        raises Transient (NoHistory among them) or Permanent else.
        """
        return await self._endpoints.first_that_works(
            lambda endpoint: self._read_at(endpoint, block, observed_at), observed_at
        )

    async def _read(self, endpoint: Endpoint, observed_at: datetime) -> _Read | None:
        target = await self._heads.target(
            endpoint, lambda one, head: self._endpoints.weigh(one, head, observed_at)
        )
        if self._heads.is_last(target.block):
            return None
        if target.reorg is not None:
            self._histories.turned(target.reorg.ancestor)
            if self._agreement is not None:
                self._agreement.turned(target.reorg.ancestor)
        snapshot = await _made(
            self.chain,
            self._pinned(endpoint, target.block),
            self._endpoints.logs(endpoint, target.block, observed_at),
            target.block,
            _Known(self._watching, self._histories),
        )
        seen = replace(snapshot, observed_at=observed_at, reorg=target.reorg)
        return _Read(endpoint, target, seen)

    async def _read_at(self, endpoint: Endpoint, number: int, observed_at: datetime) -> Snapshot:
        block = (await _there(endpoint, number)).block
        snapshot = await _made(
            self.chain,
            # A manner of its own: Multicall3 may not have been there yet.
            replace(self._pinned(endpoint, block), manner=Manner()),
            self._endpoints.logs(endpoint, block, observed_at),
            block,
            _Known(
                Watching(self.chain, self._watches),
                Histories(self.chain, replace(self._told, checkpoints=None)),
            ),
        )
        return replace(snapshot, observed_at=observed_at)

    def _pinned(self, endpoint: Endpoint, block: Block) -> Pinned:
        return Pinned(
            endpoint=endpoint,
            multicall=self.chain.multicall,
            block=block.number,
            manner=self._manners.setdefault(endpoint, Manner()),
        )


async def _made(
    chain: Chain, pinned: Pinned, sources: LogSources, block: Block, known: _Known
) -> Snapshot:
    """Return a block's snapshot, as yet observed when the block was stamped."""
    scene = await known.watching.read(pinned, block)
    positions = await known.histories.attach(
        sources, scene.positions, pools=scene.known, block=block.number
    )
    return Snapshot(
        chain=chain.name,
        chain_id=chain.chain_id,
        block=block,
        observed_at=block.timestamp,
        pools=scene.pools,
        positions=tuple(positions),
        missing=scene.missing,
        usd=scene.usd,
    )


def chain_reader(
    name: str,
    settings: ChainSettings,
    *,
    watches: Sequence[WatchSettings],
    told: Told = _NOTHING,
    usd: UsdSettings = _USD,
) -> ChainReader:
    """Build the reader of the chain `name` means; raise ValueError in one sentence.

    Resolves the endpoints' secrets, so a variable that is not set is told here.
    """
    chain = settle(name, settings)
    chain = replace(chain, oracle=oracle_of(name, chain.chain_id, usd))
    lag = timedelta(seconds=settings.lag_s)
    endpoints = [_endpoint(reference, settings) for reference in settings.rpc]
    reader = ChainReader(
        chain,
        Endpoints(chain, endpoints, lag=lag),
        watches=watches,
        told=told,
        heads=Heads(chain.behind, lag=lag, stall_s=settings.stall_s),
    )
    if settings.agree:
        reader.agree(timedelta(seconds=settings.agree_grace_s))
    return reader


async def _there(endpoint: Endpoint, number: int) -> Linked:
    """Return a block's header; raise NoBlock, with the newest there is, for one yet to come."""
    try:
        return await header(endpoint, hex(number))
    except NoBlock as error:
        newest = (await header(endpoint, "latest")).block.number
        if number <= newest:
            raise
        raise NoBlock(
            f"block {number:,} is yet to come: {endpoint.host} is at block {newest:,}"
        ) from error


def _endpoint(reference: str, settings: ChainSettings) -> Endpoint:
    url = rpc_url(reference)
    pace = Pace(allowance(settings, url))
    return Endpoint(url, timeout_s=settings.timeout_s, pace=pace)


def allowance(settings: ChainSettings, url: Secret) -> Allowance:
    """Return what an endpoint is asked at most; a loopback one has no rate unless config says."""
    free = settings.rps is None and on_loopback(url)
    return Allowance(
        rps=None if free else settings.rps or _RPS,
        burst=settings.burst or _BURST,
        at_once=settings.at_once,
    )
