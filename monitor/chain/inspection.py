"""Whether what is watched on a chain can be read at all, part by part: for `hedgewatch doctor`.

Each part is asked in the daemon's own way, so that what would blind it is told before.
"""

from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from monitor.chain.abi import encode_call
from monitor.chain.chainlink import sequencer_fault
from monitor.chain.facts import Facts, has_code
from monitor.chain.multicall import Pinned
from monitor.chain.registry import Chain, Dex, Nft
from monitor.chain.rpc import Endpoint
from monitor.chain.settings import UNISWAP_V4, WatchSettings
from monitor.chain.singly import Manner
from monitor.chain.tokens import Tokens
from monitor.chain.uniswap_v4 import V4
from monitor.chain.watching import Watching
from monitor.chain.words import Call
from monitor.errors import HedgewatchError
from monitor.model.observation import Block, Missing
from monitor.model.pool import Pool, UsdPrice

_PROGRESS: Final = ("still to be looked at", "are listed")
"""How Watching words a wallet so large that it takes several polls to list: no fault."""


class Part(NamedTuple):
    """One thing that was asked: whether it is well, and in words; what to do where it is not."""

    ok: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Looks at what is watched of one chain through one endpoint, which has the block.

    multicall: whether Multicall3 is there.
    """

    endpoint: Endpoint
    chain: Chain
    watches: Sequence[WatchSettings]
    block: Block
    multicall: bool = True

    async def parts(self) -> AsyncIterator[Part]:
        """Yield every part; never raises for what one fails with, for that is what is told."""
        pinned = Pinned(
            endpoint=self.endpoint,
            multicall=self.chain.multicall,
            block=self.block.number,
            manner=Manner(singly=not self.multicall),
        )
        told = []
        async for part in self._contracts(pinned):
            if part.text not in told:  # without its manager a pool fails as that does
                told.append(part.text)
                yield part
        try:
            scene = await Watching(self.chain, self.watches).read(pinned, self.block)
        except (HedgewatchError, ValueError) as error:
            yield Part(False, f"what is watched cannot be read: {error}")
            return
        held, pools = len(scene.positions), len(scene.pools)
        yield Part(True, f"{_count(held, 'position')} in {_count(pools, 'pool')} read")
        for missing in scene.missing:
            if not any(missing.reason in text for text in told):
                yield _missing(missing)
        if scene.usd and self.chain.oracle.sequencer:
            yield await _told(self._sequencer(pinned))
        symbols = dict(_symbols(scene.known.values()))
        for price in scene.usd:
            yield _price(price, symbols.get(price.token, price.token))

    async def _contracts(self, pinned: Pinned) -> AsyncIterator[Part]:
        """Yield what the daemon asks once: factories, StateView, watched pools, stakers."""
        facts, dexes = Facts(self.chain), list(self._dexes())
        for dex in dexes:
            if dex.protocol == UNISWAP_V4:
                yield await _told(self._state_view(pinned, dex))
            else:
                yield await _told(_factory(pinned, facts, dex))
        known = {dex.protocol: dex for dex in dexes}
        for one in self.watches:
            if one.pool is not None and one.protocol in known:
                yield await _told(_pool(pinned, facts, one.pool, known[one.protocol]))
        stakers = [*(one for dex in dexes for one in dex.stakers)]
        stakers += [one for watch in self.watches for one in watch.stakers]
        for staker in dict.fromkeys(stakers):
            yield await _told(_staker(pinned, staker))

    def _dexes(self) -> Iterator[Dex]:
        protocols = {str(one.protocol) for one in self.watches}
        return (dex for dex in self.chain.dexes if dex.protocol in protocols)

    async def _state_view(self, pinned: Pinned, dex: Dex) -> Part:
        ids = {
            Nft(dex.manager, token_id)
            for one in self.watches
            if one.protocol == UNISWAP_V4
            for token_id in one.nft
        }
        await V4(self.chain, Tokens(), ids).check(pinned)
        return Part(True, f"Uniswap v4 is read through StateView {self.chain.state_view}")

    async def _sequencer(self, pinned: Pinned) -> Part:
        where = self.chain.oracle.sequencer
        asked = Call(where, encode_call("chainlink_aggregator", "latestRoundData"))
        (answer,) = await pinned.ask_once([asked])
        fault = sequencer_fault(answer, self.block.timestamp)
        if not fault:
            return Part(True, f"the sequencer is up, says its uptime feed {where}")
        if not answer.ok or not answer.data:
            return Part(False, f"{fault}: check {where}, or give another in [usd] sequencer")
        return Part(False, f"{fault}: dollars by feeds are unknown until it is well")


async def _told(asking: Awaitable[Part]) -> Part:
    try:
        return await asking
    except (HedgewatchError, ValueError) as error:
        return Part(False, str(error))


async def _factory(pinned: Pinned, facts: Facts, dex: Dex) -> Part:
    factory = await facts.factory(pinned, dex.manager)
    if await has_code(pinned, factory):
        return Part(True, f"the {dex.protocol} factory {factory} stands behind its manager")
    return Part(
        False,
        f"the {dex.protocol} manager {dex.manager} names a factory {factory} without code: "
        f"check the manager in config",
    )


async def _pool(pinned: Pinned, facts: Facts, pool: str, dex: Dex) -> Part:
    await facts.learn_watched(pinned, {pool: dex})
    if pool in facts.pools:
        known = facts.pools[pool]
        return Part(True, f"pool {known.pair} {known.fee_pips / 10_000:g} % at {pool}")
    return Part(False, f"{facts.broken.whys[pool]}: check pool in its [[watch]]")


async def _staker(pinned: Pinned, staker: str) -> Part:
    if await has_code(pinned, staker):
        return Part(True, f"staker {staker}")
    return Part(False, f"staker {staker} has no code: check stakers in its [[watch]]")


def _missing(missing: Missing) -> Part:
    what = missing.reason
    if missing.wallet:
        slow = any(words in what for words in _PROGRESS)
        return Part(slow, what if slow else f"{what}: check wallet in its [[watch]]")
    if missing.gone:
        return Part(False, f"{what}: take it out of its [[watch]]")
    return Part(False, f"{what}: check its [[watch]]")


def _price(price: UsdPrice, symbol: str) -> Part:
    if price.usd is not None:
        return Part(True, f"{symbol} {price.usd:,.2f} USD, {price.source}")
    if "[[usd.feed]]" in price.note:
        return Part(False, f"{symbol}: {price.note}")
    if "address" in price.note or "language" in price.note or "decimals" in price.note:
        return Part(False, f"{symbol}: {price.note}: give its feed in [[usd.feed]]")
    return Part(False, f"{symbol}: {price.note}: its dollars are unknown until that is well")


def _symbols(pools: Iterable[Pool]) -> Iterator[tuple[str, str]]:
    for pool in pools:
        for token in (pool.token0, pool.token1):
            yield token.address, token.symbol


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
