"""Reads everything watched on one chain at one block.

Requests a poll, once everything is known: one for the head, one for the block
behind it where its parent hash does not already name a block we know, one for
the batch. A block read already costs the head alone. At a poll every 12 seconds
that is 14,400 to 21,600 requests a day, and one more for a position that changed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self

from monitor.chain.abi import check_shipped
from monitor.chain.endpoints import Endpoints
from monitor.chain.facts import Facts
from monitor.chain.heads import Heads, check_witness
from monitor.chain.history import Histories
from monitor.chain.multicall import Pinned
from monitor.chain.plan import Plan, Watched, plan
from monitor.chain.readout import read_pools, read_positions
from monitor.chain.registry import Chain, settle
from monitor.chain.rpc import Endpoint
from monitor.chain.settings import ChainSettings, EntrySettings, WatchSettings, rpc_url
from monitor.chain.wallets import Wallets
from monitor.chain.words import Answer, uint
from monitor.errors import Transient
from monitor.model.observation import Block, Missing, Snapshot

_ROUNDS: Final = 6
_STUCK: Final = timedelta(minutes=10)


class ChainReader:
    """Makes snapshots of one chain; close it, or use it as an async context."""

    def __init__(
        self,
        chain: Chain,
        endpoints: Endpoints,
        *,
        watches: Sequence[WatchSettings],
        entries: Sequence[EntrySettings] = (),
    ) -> None:
        check_shipped()
        mine = [watch for watch in watches if watch.chain == chain.name]
        self.chain = chain
        self._endpoints = endpoints
        self._token_ids = {one for watch in mine for one in watch.nft}
        self._ignored = {one for watch in mine for one in watch.ignore} - self._token_ids
        self._pools = tuple(dict.fromkeys(watch.pool for watch in mine if watch.pool))
        wallets = dict.fromkeys(watch.wallet for watch in mine if watch.wallet)
        self._wallets = Wallets(chain, tuple(wallets))
        self._facts = Facts(chain)
        self._heads = Heads(chain.behind)
        self._histories = Histories(chain, entries)
        self._plan: Plan | None = None

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
    def requests_made(self) -> int:
        """Return HTTP requests made since the start, over all endpoints."""
        return self._endpoints.requests_made

    async def snapshot(self, observed_at: datetime) -> Snapshot | None:
        """Return everything watched at one block, or None where no new block has come.

        The whole of it comes from one endpoint. Raises Transient or Permanent with
        one sentence; what fails alone is in the snapshot's `missing` instead.
        """
        return await self._endpoints.first_that_works(
            lambda endpoint: self._read(endpoint, observed_at), observed_at
        )

    async def _read(self, endpoint: Endpoint, observed_at: datetime) -> Snapshot | None:
        block = await self._heads.target(endpoint)
        if self._heads.is_last(block):
            if len(self._endpoints) > 1 and observed_at - block.timestamp > _STUCK:
                raise Transient(f"{endpoint.host} has stood at block {block.number} for long")
            return None
        pinned = Pinned(endpoint=endpoint, multicall=self.chain.multicall, block=block.number)
        await self._facts.factory(pinned)
        await self._facts.learn_watched(pinned, self._pools)
        laid, answers = await self._ask(pinned, block)
        pools, lost_pools = read_pools(laid, answers)
        read, lost = read_positions(
            self.chain,
            laid,
            answers,
            readable={state.pool.key for state in pools},
            aside=self._aside(laid, answers),
        )
        known = {pool.key: pool for pool in laid.pools}
        positions = await self._histories.attach(endpoint, read, pools=known, block=block.number)
        self._heads.remember(block)
        return Snapshot(
            chain=self.chain.name,
            chain_id=self.chain.chain_id,
            block=block,
            observed_at=observed_at,
            pools=tuple(pools),
            positions=tuple(positions),
            missing=(*self._unreadable(), *lost_pools, *lost),
        )

    async def _ask(self, pinned: Pinned, block: Block) -> tuple[Plan, list[Answer]]:
        """Ask the batch, again while it shows positions or pools not known before."""
        for _ in range(_ROUNDS):
            laid = self._laid()
            answers = await pinned.ask(laid.batch)
            if not answers[0].ok:
                raise Transient(f"{pinned.endpoint.host} answered the batch without a block time")
            check_witness(pinned, block, uint(answers[0].data, 0))
            came = await self._wallets.refresh(pinned, laid, answers)
            understood = laid.places.keys() | self._facts.broken.keys()
            told = {
                token_id: answers[index].data
                for token_id, index in laid.positions.items()
                if token_id not in understood and answers[index].ok
            }
            if told:
                await self._facts.learn_places(pinned, told)
            if not came and not (told.keys() & self._facts.places.keys()):
                return laid, answers
            self._plan = None
        raise Transient(f"what is watched on {self.chain.name} kept changing while it was read")

    def _laid(self) -> Plan:
        if self._plan is None:
            watched = Watched(
                wallets=tuple(self._wallets.held),
                token_ids=tuple(
                    sorted(self._token_ids | self._wallets.token_ids() - self._ignored)
                ),
                pools=tuple(
                    self._facts.pools[one] for one in self._pools if one in self._facts.pools
                ),
            )
            self._plan = plan(self.chain, watched, self._facts)
        return self._plan

    def _aside(self, laid: Plan, answers: Sequence[Answer]) -> dict[int, tuple[str, bool]]:
        """Return the token ids not to be read although they could be: why, and whether gone."""
        broken = self._facts.broken
        aside = {one: (broken[one], False) for one in laid.positions if one in broken}
        for token_id in self._wallets.left.keys() - self._token_ids - self._ignored:
            index = laid.positions[token_id]
            if answers[index].ok:
                aside[token_id] = self._wallets.whither(token_id, answers[index + 1]), True
        return aside

    def _unreadable(self) -> list[Missing]:
        """Return the watched pools and wallets that could not be understood at all."""
        broken: Mapping[int | str, str] = self._facts.broken
        pools = [(pool, broken[pool]) for pool in self._pools if pool in broken]
        told = [(what, reason, False) for what, reason in pools]
        told += [(what, reason, True) for what, reason in self._wallets.broken.items()]
        return [
            Missing(key=f"{self.chain.chain_id}:{what}", reason=reason, wallet=wallet)
            for what, reason, wallet in told
        ]


def chain_reader(
    name: str,
    settings: ChainSettings,
    *,
    watches: Sequence[WatchSettings],
    entries: Sequence[EntrySettings] = (),
) -> ChainReader:
    """Build the reader of the chain `name` means; raise ValueError in one sentence.

    Resolves the endpoints' secrets, so a variable that is not set is told here.
    """
    chain = settle(name, settings)
    endpoints = [
        Endpoint(rpc_url(reference), timeout_s=settings.timeout_s) for reference in settings.rpc
    ]
    return ChainReader(chain, Endpoints(chain, endpoints), watches=watches, entries=entries)
