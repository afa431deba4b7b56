"""What is watched on one chain, and all of it read at one block."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import is_, itemgetter
from typing import Final

from monitor.chain.facts import DEFINING, Facts
from monitor.chain.forms import Custody
from monitor.chain.heads import check_witness
from monitor.chain.multicall import Pinned
from monitor.chain.plan import Plan, Row, Watched, plan
from monitor.chain.purse import Purse, Sighting
from monitor.chain.readout import (
    Circumstances,
    Seen,
    read_gauges,
    read_pools,
    read_positions,
    user_of,
)
from monitor.chain.registry import Chain, Dex, Nft
from monitor.chain.settings import UNISWAP_V4, WatchSettings
from monitor.chain.story import nft_of
from monitor.chain.uniswap_v4 import V4
from monitor.chain.wallets import Wallets, gone
from monitor.chain.words import WORD, Answer, address, uint
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
        self._chain = chain = _with_stakers(chain, watches)
        every = [(watch, chain.dex(watch.protocol)) for watch in watches]
        dexed = [(watch, dex) for watch, dex in every if dex.protocol != UNISWAP_V4]
        newest = [(watch, dex) for watch, dex in every if dex.protocol == UNISWAP_V4]
        self._named = {Nft(dex.manager, one) for watch, dex in dexed for one in watch.nft}
        ignored = {Nft(dex.manager, one) for watch, dex in dexed for one in watch.ignore}
        self._ignored = ignored - self._named
        self._pools: dict[str, Dex] = {watch.pool: dex for watch, dex in dexed if watch.pool}
        self._managers = tuple(dict.fromkeys(dex.manager for _, dex in dexed))
        purses = (
            Purse(dex, watch.wallet, staker)
            for watch, dex in dexed
            if watch.wallet
            for staker in ("", *dex.stakers)
        )
        self._wallets = Wallets(purses, ignored=self._ignored)
        self._facts = Facts(chain)
        by_id = {Nft(dex.manager, one) for watch, dex in newest for one in watch.nft}
        self._v4 = V4(chain, self._facts.tokens, by_id)
        self._plan: Plan | None = None
        self._seen = Seen()  # by this very plan
        self._owners: Callable[[Sequence[Answer]], tuple[Answer, ...]] | None = None
        self._looked: tuple[Answer, ...] = ()

    def resume(self, positions: Iterable[Position]) -> None:
        """Look into the gauges that these were seen in: else only their pools tell of them."""
        dexes = {dex.manager: dex for dex in self._chain.dexes}
        for one in positions:
            dex = dexes.get(nft_of(one.key).manager)
            gauge = dex is not None and dex.form.custody is Custody.GAUGE and one.staked_in
            if dex and gauge and self._wallets.add(dex, gauge):
                self._plan = None

    def forget(self, pools: Collection[str]) -> None:
        """Have these pools, by key, and where positions stand in them learned anew."""
        if pools:
            self._facts.forget(pools)
            self._v4.forget(pools)
            self._plan = None

    async def read(self, pinned: Pinned, block: Block) -> Scene:
        """Return everything watched at a block; raise Transient or Permanent."""
        if self._facts.broken.renew(block.timestamp):
            self._plan = None  # a pool may be known now that is not in it
        self._v4.renew(block.timestamp)
        for manager in self._managers:
            await self._facts.factory(pinned, manager)
        await self._facts.learn_watched(pinned, self._pools)
        await self._v4.check(pinned)
        if await self._wallets.begin(pinned):
            self._plan = None
        laid, answers = await self._ask(pinned, block)
        pools, lost_pools = read_pools(laid, answers)
        around = Circumstances(
            readable={state.pool.key for state in pools},
            aside=_aside(self._facts.broken.whys, self._wallets, laid, answers, self._named),
            gauges=read_gauges(laid, answers),
            depositors=self._wallets.staked_by(),
        )
        positions, lost = read_positions(laid, answers, around, self._seen)
        self._seen = Seen(
            answers=answers,
            positions={one.key: one for one in positions},
            custody=around.custody,
        )
        unreadable = _unreadable(self._chain, self._pools, self._facts, self._wallets)
        pools4, positions4, lost4 = self._v4.read(laid.v4, answers[laid.v4_at :])
        return Scene(
            pools=(*pools, *pools4),
            positions=(*positions, *positions4),
            missing=(*unreadable, *lost_pools, *lost, *lost4),
            known={pool.key: pool for pool in (*laid.pools, *laid.v4.pools)},
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
            # Else a fault on the way would leave what was listed before it unread for good.
            self._plan = None
            moved = await self._moved(pinned, laid, answers)
            moved |= await self._v4.learn(pinned, laid.v4, answers[laid.v4_at :])
            told = {
                nft: answers[row.at].data
                for nft, row in laid.rows.items()
                if answers[row.at].ok
                and (row.place is None or row.place.told != answers[row.at].data[DEFINING])
            }
            if not await self._learn(pinned, told) and not moved:
                self._plan = laid
                return laid, answers
        raise Transient(f"what is watched on {self._chain.name} kept changing while it was read")

    async def _moved(self, pinned: Pinned, laid: Plan, answers: Sequence[Answer]) -> bool:
        """Return whether anything came, went, woke or can be staked where it was not looked for."""
        woke = self._wallets.look(
            (nft, answers[at], answers[at + 1]) for nft, at in laid.dozing.items()
        )
        pools = {pool.key: pool for pool in laid.pools}
        staked = False
        for key, gauge in read_gauges(laid, answers).items():
            staked |= self._wallets.add(self._chain.dex(pools[key].protocol), gauge)
        came = await self._wallets.refresh(
            pinned,
            {purse: answers[index] for purse, index in laid.purses.items()},
            lambda nft: _sighted(laid.rows.get(nft), answers),
            still=self._still(answers),
        )
        await self._learn(pinned, came or {})
        return woke or staked or came is not None

    def _still(self, answers: Sequence[Answer]) -> bool:
        """Return whether all owners answered what they did when last looked at by this plan."""
        if self._owners is None:
            return False
        before, self._looked = self._looked, self._owners(answers)
        return bool(before) and all(map(is_, self._looked, before))

    async def _learn(self, pinned: Pinned, told: Mapping[Nft, bytes]) -> bool:
        """Learn where these positions stand; return whether any is known now."""
        new = {
            nft: data
            for nft, data in told.items()
            if data and nft not in self._facts.broken.whys and not self._facts.knows(nft, data)
        }
        if new:
            await self._facts.learn_places(pinned, new)
        return bool(new.keys() & self._facts.places.keys())

    def _laid(self) -> Plan:
        if self._plan is None:
            self._seen = Seen()
            facts = self._facts
            watched = Watched(
                purses=tuple(self._wallets.held),
                nfts=tuple(sorted(self._named | self._wallets.awake())),
                dozing=self._wallets.dozing(),
                pools=tuple(facts.pools[one] for one in self._pools if one in facts.pools),
            )
            self._plan = plan(self._chain, watched, facts, v4=self._v4.section())
            self._owners, self._looked = _owners(self._plan), ()
        return self._plan


def _aside(
    broken: Mapping[Nft | str, str],
    wallets: Wallets,
    laid: Plan,
    answers: Sequence[Answer],
    named: Collection[Nft],
) -> dict[Nft, tuple[str, bool]]:
    """Return the NFTs not to be read although they could be: why, and whether gone."""
    aside = {one: (broken[one], False) for one in laid.rows if one in broken}
    for nft in wallets.left.keys() - named:
        row = laid.rows[nft]
        whither = gone(wallets, nft, _sighted(row, answers))
        if whither and answers[row.at].ok:
            aside[nft] = whither, True
    return aside


def _unreadable(
    chain: Chain, pools: Iterable[str], facts: Facts, wallets: Wallets
) -> Iterator[Missing]:
    """Yield the watched pools and wallets that could not be understood at all."""
    broken = facts.broken.whys
    told = [(pool, broken[pool], False) for pool in pools if pool in broken]
    told += [(purse.wallet, why, True) for purse, why in wallets.broken.items()]
    for what, reason, wallet in told:
        yield Missing(key=f"{chain.chain_id}:{what}", reason=reason, wallet=wallet)


def _owners(laid: Plan) -> Callable[[Sequence[Answer]], tuple[Answer, ...]] | None:
    """Return what picks the answers that `_sighted` looks at; None for too few to matter."""
    at = [n for row in laid.rows.values() for n in range(row.at + 1, row.at + 2 + len(row.chefs))]
    return itemgetter(*at) if len(at) > 1 else None


def _sighted(row: Row | None, answers: Sequence[Answer]) -> Sighting | None:
    """Return who keeps an NFT by a batch that asked for it."""
    if row is None:
        return None
    owner = answers[row.at + 1]
    if not owner.ok or len(owner.data) < WORD:
        return Sighting(None, None)
    keeper = address(owner.data, 0)
    return Sighting(keeper, user_of(row, keeper, answers) if row.chefs else None)


def _with_stakers(chain: Chain, watches: Sequence[WatchSettings]) -> Chain:
    """Return the chain with the stakers that its watches add to those known."""
    dexes = []
    for dex in chain.dexes:
        given = [one for w in watches if w.protocol == dex.protocol for one in w.stakers]
        dexes.append(replace(dex, stakers=tuple(dict.fromkeys((*dex.stakers, *given)))))
    return replace(chain, dexes=tuple(dexes))
