"""What is watched on one chain, and all of it read at one block."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.chain.facts import Facts
from monitor.chain.heads import check_witness
from monitor.chain.multicall import Pinned
from monitor.chain.plan import Plan, Purse, Watched, plan
from monitor.chain.readout import Seen, read_pools, read_positions
from monitor.chain.registry import Chain, Dex, Nft
from monitor.chain.settings import WatchSettings
from monitor.chain.wallets import Wallets
from monitor.chain.words import Answer, uint
from monitor.errors import Transient
from monitor.model.observation import Block, Missing
from monitor.model.pool import Pool, PoolState, UsdPrice
from monitor.model.position import Position

_ROUNDS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What one block shows. known: every pool of these positions, by key."""

    pools: tuple[PoolState, ...]
    positions: tuple[Position, ...]
    missing: tuple[Missing, ...]
    known: Mapping[str, Pool]
    usd: tuple[UsdPrice, ...]


class Watching:
    """What is watched, with what was learned of it; remembers from block to block.

    Raises ValueError for a watch whose protocol has no position manager here.
    """

    def __init__(self, chain: Chain, watches: Sequence[WatchSettings]) -> None:
        dexed = [(watch, chain.dex(watch.protocol)) for watch in watches]
        self._chain = chain
        self._named = {Nft(dex.manager, one) for watch, dex in dexed for one in watch.nft}
        self._ignored = {Nft(dex.manager, one) for watch, dex in dexed for one in watch.ignore}
        self._ignored -= self._named
        self._pools: dict[str, Dex] = {watch.pool: dex for watch, dex in dexed if watch.pool}
        purses = [Purse(dex.manager, watch.wallet) for watch, dex in dexed if watch.wallet]
        self._managers = tuple(dict.fromkeys(dex.manager for _, dex in dexed))
        self._wallets = Wallets(tuple(dict.fromkeys(purses)))
        self._facts = Facts(chain)
        self._plan: Plan | None = None
        self._seen = Seen()  # by this very plan

    async def read(self, pinned: Pinned, block: Block) -> Scene:
        """Return everything watched at a block; raise Transient or Permanent."""
        for manager in self._managers:
            await self._facts.factory(pinned, manager)
        await self._facts.learn_watched(pinned, self._pools)
        laid, answers = await self._ask(pinned, block)
        pools, lost_pools = read_pools(laid, answers)
        positions, lost = read_positions(
            laid,
            answers,
            readable={state.pool.key for state in pools},
            aside=self._aside(laid, answers),
            before=self._seen,
        )
        self._seen = Seen(answers=answers, positions={one.key: one for one in positions})
        return Scene(
            pools=tuple(pools),
            positions=tuple(positions),
            missing=(*self._unreadable(), *lost_pools, *lost),
            known={pool.key: pool for pool in laid.pools},
            usd=laid.prices.read(answers[laid.prices_at :], block.timestamp),
        )

    async def _ask(self, pinned: Pinned, block: Block) -> tuple[Plan, list[Answer]]:
        """Ask the batch, again while it shows positions or pools not known before."""
        for _ in range(_ROUNDS):
            laid = self._laid()
            answers = await pinned.ask(laid.batch, self._seen.answers)
            if not answers[0].ok:
                raise Transient(f"{pinned.endpoint.host} answered the batch without a block time")
            check_witness(pinned, block, uint(answers[0].data, 0))
            came = await self._wallets.refresh(pinned, laid, answers)
            told = {
                nft: answers[row.at].data
                for nft, row in laid.rows.items()
                if row.place is None and nft not in self._facts.broken and answers[row.at].ok
            }
            if told:
                await self._facts.learn_places(pinned, told)
            if not came and not (told.keys() & self._facts.places.keys()):
                return laid, answers
            self._plan = None
        raise Transient(f"what is watched on {self._chain.name} kept changing while it was read")

    def _laid(self) -> Plan:
        if self._plan is None:
            self._seen = Seen()
            facts = self._facts
            watched = Watched(
                purses=tuple(self._wallets.held),
                nfts=tuple(sorted(self._named | self._wallets.nfts() - self._ignored)),
                pools=tuple(facts.pools[one] for one in self._pools if one in facts.pools),
            )
            self._plan = plan(self._chain, watched, facts)
        return self._plan

    def _aside(self, laid: Plan, answers: Sequence[Answer]) -> dict[Nft, tuple[str, bool]]:
        """Return the NFTs not to be read although they could be: why, and whether gone."""
        broken = self._facts.broken
        aside = {one: (broken[one], False) for one in laid.rows.keys() & broken.keys()}
        for nft in self._wallets.left.keys() - self._named - self._ignored:
            at = laid.rows[nft].at
            if answers[at].ok:
                aside[nft] = self._wallets.whither(nft, answers[at + 1]), True
        return aside

    def _unreadable(self) -> list[Missing]:
        """Return the watched pools and wallets that could not be understood at all."""
        broken = self._facts.broken
        told = [(pool, broken[pool], False) for pool in self._pools if pool in broken]
        told += [(purse.wallet, why, True) for purse, why in self._wallets.broken.items()]
        return [
            Missing(key=f"{self._chain.chain_id}:{what}", reason=reason, wallet=wallet)
            for what, reason, wallet in told
        ]
