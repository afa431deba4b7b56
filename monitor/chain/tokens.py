"""Tokens as their contracts tell of themselves."""

from collections.abc import Iterable
from typing import Final

from monitor.chain.abi import encode_call
from monitor.chain.failures import one_line
from monitor.chain.multicall import Pinned
from monitor.chain.words import Answer, Call, text, uint
from monitor.model.pool import Pool, Token

_MOST_DECIMALS: Final = 255
_MOST_SYMBOL: Final = 24
_GETTERS: Final = ("decimals", "symbol")


class Tokens:
    """The tokens of one chain, read once a process.

    known: by address; None for one that does not tell its decimals, and is asked again.
    """

    def __init__(self) -> None:
        self.known: dict[str, Token | None] = {}

    def forget(self, pool: Pool) -> None:
        """Have a pool's tokens learned anew."""
        for token in (pool.token0, pool.token1):
            self.known.pop(token.address, None)

    async def learn(self, pinned: Pinned, tokens: Iterable[str]) -> None:
        """Learn those of these tokens that are not known yet."""
        new = [token for token in dict.fromkeys(tokens) if self.known.get(token) is None]
        getters = [encode_call("erc20", getter) for getter in _GETTERS]
        answers = await pinned.ask_once([Call(one, getter) for one in new for getter in getters])
        for token, decimals, symbol in zip(new, answers[::2], answers[1::2], strict=True):
            count = uint(decimals.data, 0) if decimals.ok else _MOST_DECIMALS + 1
            self.known[token] = (
                Token(address=token, symbol=_symbol(symbol, token), decimals=count)
                if count <= _MOST_DECIMALS
                else None
            )


def _symbol(answer: Answer, token: str) -> str:
    """Return a token's symbol, fit for print; its short address where it has none."""
    try:
        told = one_line(text(answer.data)) if answer.ok else ""
    except ValueError:
        told = ""
    return told[:_MOST_SYMBOL] or f"{token[:6]}…{token[-4:]}"
