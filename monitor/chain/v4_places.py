"""What defines a Uniswap v4 position: its pool's key and its ticks, as the manager packs them."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from eth_utils.crypto import keccak

from monitor.amm.ticks import MAX_TICK, MIN_TICK
from monitor.chain.broken import Broken
from monitor.chain.chainlink_feeds import NATIVE
from monitor.chain.facts import Place, quote_of
from monitor.chain.multicall import Pinned
from monitor.chain.registry import Chain, Nft
from monitor.chain.settings import UNISWAP_V4
from monitor.chain.tokens import Tokens
from monitor.chain.words import WORD, address, sint, uint
from monitor.model.pool import Pool, Token

_DYNAMIC: Final = 0x800000
_KEY: Final = 5 * WORD
_INFO: Final = 6 * WORD
_NATIVE_DECIMALS: Final = 18
_COINS: Final[Mapping[int, str]] = {56: "BNB", 137: "POL", 42_220: "CELO", 43_114: "AVAX"}


class V4Places:
    """The places of one chain's watched v4 positions.

    known: by NFT. broken: why an NFT's cannot be understood.
    """

    def __init__(self, chain: Chain, tokens: Tokens) -> None:
        self.known: dict[Nft, Place] = {}
        self.broken = Broken[Nft]()
        self._chain = chain
        self._tokens = tokens
        self._told: dict[Nft, bytes] = {}

    def renew(self, now: datetime) -> None:
        """Have what was not understood learned again where it is time. now: the block's own."""
        for nft in self.broken.renew(now):
            self._told.pop(nft, None)

    def forget(self, pools: Collection[str]) -> None:
        """Have these pools, by key, and their tokens learned anew."""
        for nft in [nft for nft, place in self.known.items() if place.pool.key in pools]:
            self._tokens.forget(self.known.pop(nft).pool)
            self._told.pop(nft, None)

    async def learn(self, pinned: Pinned, told: Mapping[Nft, bytes]) -> bool:
        """Learn from what defines positions; return whether any is known that was not.

        An id can come to mean another position where a chain turns, so it is compared.
        """
        # The last byte tells of a subscriber, and changes.
        new = {nft: data[:-1] for nft, data in told.items() if self._told.get(nft) != data[:-1]}
        whole = {nft: data for nft, data in new.items() if len(data) == _INFO - 1}
        coins = {address(data, word) for data in whole.values() for word in (0, 1)}
        await self._tokens.learn(pinned, coins - {NATIVE})
        self._told |= new  # only now: what a fault cut short is to be learned again
        for nft in new:
            self.known.pop(nft, None)
            found = self._place(whole[nft]) if nft in whole else "its manager speaks otherwise"
            if isinstance(found, str):
                self.broken.note(nft, found)
            else:
                self.broken.clear(nft)
                self.known[nft] = found
        return bool(new.keys() & self.known.keys())

    def _place(self, data: bytes) -> Place | str:
        """Return a position's place from its pool's key and its packed ticks, or why not."""
        coins = address(data, 0), address(data, 1)
        tokens = [self._token(coin) for coin in coins]
        for coin, token in zip(coins, tokens, strict=True):
            if token is None:
                return f"token {coin} does not tell its decimals"
        token0, token1 = (token for token in tokens if token is not None)
        fee, spacing, hooks = uint(data, 2), sint(data, 3), address(data, 4)
        if not spacing:
            return "its manager names no pool"
        info = int.from_bytes(data[_KEY:] + b"\0")
        tick_lower, tick_upper = _tick(info >> 8), _tick(info >> 32)
        if not MIN_TICK <= tick_lower < tick_upper <= MAX_TICK:
            return "its manager names no range"
        pool = Pool(
            chain_id=self._chain.chain_id,
            address="0x" + keccak(data[:_KEY]).hex(),
            token0=token0,
            token1=token1,
            fee_pips=fee,  # of a dynamic one no fee but a flag, until its state tells
            tick_spacing=spacing,
            quote=quote_of(_wrapped(token0), token1, self._chain.quote),
            protocol=UNISWAP_V4,
            hooks="" if hooks == NATIVE else hooks,
            dynamic_fee=fee == _DYNAMIC,
        )
        return Place(pool=pool, tick_lower=tick_lower, tick_upper=tick_upper)

    def _token(self, coin: str) -> Token | None:
        if coin != NATIVE:
            return self._tokens.known[coin]
        symbol = _COINS.get(self._chain.chain_id, "ETH")
        return Token(address=NATIVE, symbol=symbol, decimals=_NATIVE_DECIMALS)


def _tick(bits: int) -> int:
    """Return the signed integer in the lowest 24 bits."""
    value = bits & 0xFFFFFF
    return value - (1 << 24) if value >> 23 else value


def _wrapped(token: Token) -> Token:
    """Return a chain's own coin under the name of its wrapped self, by which people prefer it."""
    return replace(token, symbol="W" + token.symbol) if token.address == NATIVE else token
