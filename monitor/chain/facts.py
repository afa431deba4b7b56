"""What never changes: the factory, tokens, pools, and where each position stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.chain.abi import encode_call
from monitor.chain.failures import EmptyAnswer, NoCode, one_line, revert_reason
from monitor.chain.multicall import Pinned
from monitor.chain.registry import Chain
from monitor.chain.words import WORD, Answer, Call, address, sint, text, uint
from monitor.errors import Permanent, Transient
from monitor.model.pool import Pool, Token

_POOL: Final = "uniswap_v3_pool"
_NOBODY: Final = "0x" + "0" * 40
_POSITION_WORDS: Final = 12
_MOST_DECIMALS: Final = 255
_MOST_SYMBOL: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A position's pool and edges."""

    pool: Pool
    tick_lower: int
    tick_upper: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _PoolKey:
    token0: str
    token1: str
    fee: int


class Facts:
    """The cache of what never changes, read once a process.

    places: by token id. pools: by address. broken: why a token id or a watched
    pool's address cannot be understood; found out once, like the rest.
    """

    def __init__(self, chain: Chain) -> None:
        self.places: dict[int, Place] = {}
        self.pools: dict[str, Pool] = {}
        self.broken: dict[int | str, str] = {}
        self._chain = chain
        self._factory: str | None = None
        self._tokens: dict[str, Token | None] = {}
        self._addresses: dict[_PoolKey, str] = {}

    async def learn_places(self, pinned: Pinned, told: Mapping[int, bytes]) -> None:
        """Learn positions from what `positions(id)` answered, by token id."""
        keys: dict[int, _PoolKey] = {}
        for token_id, data in told.items():
            if len(data) < _POSITION_WORDS * WORD:
                self.broken[token_id] = "the manager answers positions() in another form"
                continue
            keys[token_id] = _PoolKey(
                token0=address(data, 2), token1=address(data, 3), fee=uint(data, 4)
            )
        await self._learn_addresses(pinned, keys.values())
        await self._learn_pools(pinned, keys.values())
        for token_id, key in keys.items():
            pool = self.pools.get(self._addresses[key])
            if pool is None:
                self.broken[token_id] = self._why_not(key)
                continue
            data = told[token_id]
            self.places[token_id] = Place(
                pool=pool, tick_lower=sint(data, 5), tick_upper=sint(data, 6)
            )

    async def learn_watched(self, pinned: Pinned, pools: Sequence[str]) -> None:
        """Learn pools watched by address, checked against the manager's own factory."""
        new = [one for one in pools if one not in self.pools and one not in self.broken]
        getters = [encode_call(_POOL, getter) for getter in ("token0", "token1", "fee")]
        answers = await pinned.ask_once([Call(one, getter) for one in new for getter in getters])
        keys: dict[str, _PoolKey] = {}
        for pool, parts in zip(new, _rows(answers, len(getters)), strict=True):
            if not all(part.ok and len(part.data) >= WORD for part in parts):
                self.broken[pool] = await self._no_pool(pinned, pool)
                continue
            first, second, fee = (part.data for part in parts)
            keys[pool] = _PoolKey(
                token0=address(first, 0), token1=address(second, 0), fee=uint(fee, 0)
            )
        await self._learn_addresses(pinned, keys.values())
        for pool in [one for one, key in keys.items() if self._addresses[key] != one]:
            del keys[pool]
            self.broken[pool] = f"{pool} is not a pool of {self._chain.name}'s position manager"
        await self._learn_pools(pinned, keys.values())
        for pool, key in keys.items():
            if pool not in self.pools:
                self.broken[pool] = self._why_not(key)

    async def factory(self, pinned: Pinned) -> str:
        """Return the manager's factory; raise NoCode where manager or Multicall3 is none."""
        if self._factory is not None:
            return self._factory
        call = Call(self._chain.manager, encode_call("nonfungible_position_manager", "factory"))
        try:
            (answer,) = await pinned.ask_once([call])
        except EmptyAnswer:
            await self._require_code(pinned, self._chain.multicall, "Multicall3")
            raise
        if not answer.ok or len(answer.data) != WORD:
            await self._require_code(pinned, self._chain.manager, "position manager")
            raise Permanent(
                f"{self._chain.manager} on {self._chain.name} is not a Uniswap v3 position manager"
            )
        self._factory = address(answer.data, 0)
        return self._factory

    async def _require_code(self, pinned: Pinned, contract: str, role: str) -> None:
        if await has_code(pinned, contract):
            return
        raise NoCode(
            f"the {role}'s address {contract} has no code on {self._chain.name}: "
            f"is it the right address, and the right chain?"
        )

    async def _no_pool(self, pinned: Pinned, pool: str) -> str:
        if await has_code(pinned, pool):
            return f"{pool} is not a Uniswap v3 pool"
        return f"the pool's address {pool} has no code on {self._chain.name}"

    async def _learn_addresses(self, pinned: Pinned, keys: Iterable[_PoolKey]) -> None:
        new = [key for key in dict.fromkeys(keys) if key not in self._addresses]
        if not new:
            return
        factory = await self.factory(pinned)
        answers = await pinned.ask_once(
            [
                Call(
                    factory, encode_call("uniswap_v3_factory", "getPool", k.token0, k.token1, k.fee)
                )
                for k in new
            ]
        )
        for key, answer in zip(new, answers, strict=True):
            if not answer.ok or len(answer.data) < WORD:
                raise Transient(f"the factory did not name a pool: {why(answer)}")
            self._addresses[key] = address(answer.data, 0)

    async def _learn_pools(self, pinned: Pinned, keys: Iterable[_PoolKey]) -> None:
        wanted = {self._addresses[key]: key for key in keys}
        new = {one: key for one, key in wanted.items() if one not in (*self.pools, _NOBODY)}
        await self._learn_tokens(pinned, [t for k in new.values() for t in (k.token0, k.token1)])
        spacing = encode_call(_POOL, "tickSpacing")
        answers = await pinned.ask_once([Call(one, spacing) for one in new])
        for (pool, key), answer in zip(new.items(), answers, strict=True):
            token0, token1 = self._tokens[key.token0], self._tokens[key.token1]
            if token0 is None or token1 is None or not answer.ok:
                continue
            self.pools[pool] = Pool(
                chain_id=self._chain.chain_id,
                address=pool,
                token0=token0,
                token1=token1,
                fee_pips=key.fee,
                tick_spacing=sint(answer.data, 0),
                quote=quote_of(token0, token1, self._chain.quote),
            )

    async def _learn_tokens(self, pinned: Pinned, tokens: Iterable[str]) -> None:
        new = [token for token in dict.fromkeys(tokens) if token not in self._tokens]
        getters = [encode_call("erc20", getter) for getter in ("decimals", "symbol")]
        answers = await pinned.ask_once([Call(one, getter) for one in new for getter in getters])
        for token, (decimals, symbol) in zip(new, _rows(answers, len(getters)), strict=True):
            count = uint(decimals.data, 0) if decimals.ok else _MOST_DECIMALS + 1
            self._tokens[token] = (
                Token(address=token, symbol=_symbol(symbol, token), decimals=count)
                if count <= _MOST_DECIMALS
                else None
            )

    def _why_not(self, key: _PoolKey) -> str:
        if self._addresses[key] == _NOBODY:
            return f"the factory knows no pool of {key.token0}, {key.token1} and fee {key.fee}"
        for token in (key.token0, key.token1):
            if self._tokens.get(token) is None:
                return f"token {token} does not tell its decimals"
        return f"pool {self._addresses[key]} does not tell its tick spacing"


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


def _rows(answers: Sequence[Answer], width: int) -> list[Sequence[Answer]]:
    return [answers[start : start + width] for start in range(0, len(answers), width)]


def _symbol(answer: Answer, token: str) -> str:
    """Return a token's symbol, fit for print; its short address where it has none."""
    try:
        told = one_line(text(answer.data)) if answer.ok else ""
    except ValueError:
        told = ""
    return told[:_MOST_SYMBOL] or f"{token[:6]}…{token[-4:]}"
