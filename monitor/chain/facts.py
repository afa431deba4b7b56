"""What never changes: the factory, tokens, pools, and where each position stands."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from monitor.amm.ticks import MAX_TICK, MIN_TICK
from monitor.chain.abi import encode_call
from monitor.chain.broken import Broken
from monitor.chain.failures import EmptyAnswer, NoCode, revert_reason
from monitor.chain.multicall import Pinned
from monitor.chain.registry import Chain, Dex, Nft
from monitor.chain.tokens import Tokens
from monitor.chain.words import WORD, Answer, Call, address, sint, uint
from monitor.errors import Permanent, Transient
from monitor.model.pool import Pool, Token

_POOL: Final = "uniswap_v3_pool"
_NOBODY: Final = "0x" + "0" * 40
_POSITION_WORDS: Final = 12
_APART_BITS: Final = 24
DEFINING: Final = slice(2 * WORD, 7 * WORD)
"""Of `positions()`: tokens, fee or spacing, and edges. Only a chain that turns changes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A position's pool and edges. told: the words of `positions()` that define them."""

    pool: Pool
    tick_lower: int
    tick_upper: int
    told: bytes = b""


class _PoolKey(NamedTuple):
    """What a factory tells pools apart by; apart: the fee, or for some the tick spacing."""

    dex: Dex
    token0: str
    token1: str
    apart: int


class Facts:
    """The cache of what never changes, read once a process.

    places: by NFT. pools: by address. broken: why an NFT or a watched pool's
    address cannot be understood; that alone may change, and is looked at again.
    """

    def __init__(self, chain: Chain) -> None:
        self.places: dict[Nft, Place] = {}
        self.pools: dict[str, Pool] = {}
        self.broken = Broken[Nft | str]()
        self._chain = chain
        self._factories: dict[str, str] = {}
        self.tokens = Tokens()
        self._addresses: dict[_PoolKey, str] = {}

    def knows(self, nft: Nft, data: bytes) -> bool:
        """Return whether what `positions(id)` answered tells nothing new of where an NFT stands."""
        place = self.places.get(nft)
        return place is not None and place.told == data[DEFINING]

    def forget(self, pools: Collection[str]) -> None:
        """Have these pools, by key, and their tokens learned anew."""
        for one in [pool for pool in self.pools.values() if pool.key in pools]:
            del self.pools[one.address]
            self.tokens.forget(one)
        there = self.places.items()
        self.places = {nft: place for nft, place in there if place.pool.key not in pools}

    async def learn_places(self, pinned: Pinned, told: Mapping[Nft, bytes]) -> None:
        """Learn positions, known or not, from what `positions(id)` answered, by NFT."""
        dexes = {dex.manager: dex for dex in self._chain.dexes}
        keys: dict[Nft, _PoolKey] = {}
        for nft, data in told.items():
            self.places.pop(nft, None)
            if not _well_formed(data):
                self.broken.note(nft, "the manager answers positions() in another form")
                continue
            dex = dexes[nft.manager]
            keys[nft] = _PoolKey(dex, address(data, 2), address(data, 3), uint(data, 4))
        await self._learn_addresses(pinned, keys.values())
        await self._learn_pools(pinned, keys.values())
        for nft, key in keys.items():
            pool = self.pools.get(self._addresses[key])
            if pool is None:
                self.broken.note(nft, _why_not(key, self._addresses[key], self.tokens))
                continue
            data = told[nft]
            self.broken.clear(nft)
            self.places[nft] = Place(
                pool=pool,
                tick_lower=sint(data, 5),
                tick_upper=sint(data, 6),
                told=data[DEFINING],
            )

    async def learn_watched(self, pinned: Pinned, pools: Mapping[str, Dex]) -> None:
        """Learn pools watched by address, checked against their manager's own factory."""
        new = [one for one in pools if one not in self.pools and one not in self.broken.whys]
        tokens = [encode_call(_POOL, getter) for getter in ("token0", "token1")]
        answers = await pinned.ask_once(
            [
                Call(one, getter)
                for one in new
                for getter in (*tokens, encode_call(*pools[one].form.told_apart_by))
            ]
        )
        keys: dict[str, _PoolKey] = {}
        for pool, parts in zip(new, _rows(answers, len(tokens) + 1), strict=True):
            first, second, apart = (part.data for part in parts)
            whole = all(part.ok and len(part.data) >= WORD for part in parts)
            if not whole or uint(apart, 0) >> _APART_BITS:
                self.broken.note(pool, await _no_pool(pinned, pool, pools[pool], self._chain.name))
                continue
            tokens_of = address(first, 0), address(second, 0)
            keys[pool] = _PoolKey(pools[pool], *tokens_of, uint(apart, 0))
        await self._learn_addresses(pinned, keys.values())
        for pool in [one for one, key in keys.items() if self._addresses[key] != one]:
            del keys[pool]
            why_not = f"{pool} is not a pool of {self._chain.name}'s position manager"
            self.broken.note(pool, why_not)
        await self._learn_pools(pinned, keys.values())
        for pool, key in keys.items():
            if pool not in self.pools:
                self.broken.note(pool, _why_not(key, self._addresses[key], self.tokens))
            else:
                self.broken.clear(pool)

    async def factory(self, pinned: Pinned, manager: str) -> str:
        """Return a manager's factory; raise NoCode where there is no manager."""
        if manager in self._factories:
            return self._factories[manager]
        call = Call(manager, encode_call("nonfungible_position_manager", "factory"))
        try:
            (answer,) = await pinned.ask_once([call])
        except EmptyAnswer:
            await _require_manager(pinned, manager, self._chain.name)
            raise
        if not answer.ok or len(answer.data) != WORD:
            await _require_manager(pinned, manager, self._chain.name)
            raise Permanent(f"{manager} on {self._chain.name} is not a Uniswap v3 position manager")
        self._factories[manager] = address(answer.data, 0)
        return self._factories[manager]

    async def _learn_addresses(self, pinned: Pinned, keys: Iterable[_PoolKey]) -> None:
        # An address at which no pool was understood may itself have been told wrongly.
        known = self._addresses
        new = [key for key in dict.fromkeys(keys) if known.get(key) not in self.pools]
        if not new:
            return
        calls = [
            Call(
                await self.factory(pinned, key.dex.manager),
                encode_call(key.dex.form.factory, "getPool", *key[1:]),
            )
            for key in new
        ]
        answers = await pinned.ask_once(calls)
        for key, answer in zip(new, answers, strict=True):
            if not answer.ok or len(answer.data) < WORD:
                # Whoever named the factory may have erred.
                self._factories.pop(key.dex.manager, None)
                raise Transient(f"the factory did not name a pool: {why(answer)}")
            self._addresses[key] = address(answer.data, 0)

    async def _learn_pools(self, pinned: Pinned, keys: Iterable[_PoolKey]) -> None:
        wanted = {self._addresses[key]: key for key in keys}
        new = {one: key for one, key in wanted.items() if one not in (*self.pools, _NOBODY)}
        await self.tokens.learn(pinned, [t for k in new.values() for t in (k.token0, k.token1)])
        getters = [encode_call(_POOL, getter) for getter in ("tickSpacing", "fee")]
        answers = await pinned.ask_once([Call(one, getter) for one in new for getter in getters])
        for (pool, key), (spacing, fee) in zip(
            new.items(), _rows(answers, len(getters)), strict=True
        ):
            token0, token1 = self.tokens.known[key.token0], self.tokens.known[key.token1]
            told = spacing.ok and fee.ok and not uint(fee.data, 0) >> _APART_BITS
            if token0 is None or token1 is None or not told or not uint(spacing.data, 0):
                continue
            self.pools[pool] = Pool(
                chain_id=self._chain.chain_id,
                address=pool,
                token0=token0,
                token1=token1,
                fee_pips=uint(fee.data, 0),
                tick_spacing=sint(spacing.data, 0),
                quote=quote_of(token0, token1, self._chain.quote),
                protocol=key.dex.protocol,
            )


def _well_formed(data: bytes) -> bool:
    """Return whether `positions()` can be what a Uniswap v3 manager says of a position."""
    return (
        len(data) >= _POSITION_WORDS * WORD
        and not uint(data, 4) >> _APART_BITS
        and MIN_TICK <= sint(data, 5) < sint(data, 6) <= MAX_TICK
    )


def _why_not(key: _PoolKey, pool: str, tokens: Tokens) -> str:
    """Return why the pool that a factory names for a key is not understood."""
    if pool == _NOBODY:
        apart = "tick spacing" if key.dex.form.spaced else "fee"
        return f"the factory knows no pool of {key.token0}, {key.token1} and {apart} {key.apart}"
    for token in (key.token0, key.token1):
        if tokens.known.get(token) is None:
            return f"token {token} does not tell its decimals"
    return f"pool {pool} does not tell its tick spacing and fee"


def quote_of(token0: Token, token1: Token, preferred: Sequence[str]) -> int:
    """Return which token people count in: the one preferred first, else token1.

    preferred: symbols or EIP-55 addresses, in order.
    """
    for wanted in preferred:
        for index, token in enumerate((token0, token1)):
            if wanted in (token.symbol, token.address):
                return index
    return 1


def why(answer: Answer) -> str:
    """Return why a call of a batch failed, in the contract's words where it gave any."""
    reason = revert_reason(answer.data.hex())
    if reason:
        return f"the contract reverted: {reason}"
    return "the contract reverted" if answer.data else "the contract answered nothing"


async def has_code(pinned: Pinned, contract: str) -> bool:
    """Return whether a contract stands at an address."""
    code = await pinned.endpoint.call("eth_getCode", contract, hex(pinned.block))
    return code not in ("0x", "")


async def _require_manager(pinned: Pinned, manager: str, chain: str) -> None:
    if await has_code(pinned, manager):
        return
    raise NoCode(
        f"the position manager's address {manager} has no code on {chain}: "
        f"is it the right address, and the right chain?"
    )


async def _no_pool(pinned: Pinned, pool: str, dex: Dex, chain: str) -> str:
    if await has_code(pinned, pool):
        return f"{pool} is not a {dex.form.title} pool"
    return f"the pool's address {pool} has no code on {chain}"


def _rows(answers: Sequence[Answer], width: int) -> list[Sequence[Answer]]:
    return [answers[start : start + width] for start in range(0, len(answers), width)]
