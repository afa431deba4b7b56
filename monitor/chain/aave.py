"""Lending rates of Aave v3: what each reserve pays and asks now, as its Pool tells them.

Pools are those Aave's published address book lists (2026-05-01). Tokens are Circle's own
USDC, or what stands for it where it has none, and the wrapped ETH that Aave lists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from monitor.chain.abi import encode_call
from monitor.chain.failures import revert_reason
from monitor.chain.words import WORD, Answer, Call, uint
from monitor.model.reading import Reading
from monitor.signals.catalogue import BY_NAME

SOURCE: Final = "aave"
_RAY: Final = 10**27
_WORDS: Final = 15
_SUPPLY, _BORROW, _A_TOKEN = 2, 4, 8
_SIDES: Final = (("aave.supply", _SUPPLY), ("aave.borrow", _BORROW))
_SAME_ON_FOUR: Final = "0x794a61358D6845594F94dc1DB02A252b5b4814aD"


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingPool:
    """A chain's Pool. tokens: by the symbol their rates are known by."""

    pool: str
    tokens: Mapping[str, str]

    def calls(self) -> list[Call]:
        """Return the calls, one a token."""
        return [
            Call(self.pool, encode_call("aave_v3_pool", "getReserveData", token))
            for token in self.tokens.values()
        ]

    def read(
        self, answers: Sequence[Answer], chain: str, at: datetime
    ) -> tuple[list[Reading], dict[str, str]]:
        """Return the rates told, and by key why others were not. at: the block's own time."""
        found, lost = list[Reading](), dict[str, str]()
        for symbol, answer in zip(self.tokens, answers, strict=True):
            key = f"{chain}:{symbol}"
            rates = _rates(answer)
            if isinstance(rates, str):
                lost[key] = f"aave on {chain} {rates} {symbol}"
                continue
            found += [
                Reading(name=name, key=key, value=rate, unit="fraction", as_of=at, source=SOURCE)
                for (name, _), rate in zip(_SIDES, rates, strict=True)
            ]
        return found, lost


def _rates(answer: Answer) -> list[float] | str:
    """Return what a reserve pays suppliers and asks of borrowers, APR, or why it does not say."""
    if not answer.ok:
        told = revert_reason(answer.data.hex()) if answer.data else ""
        return f"{told or 'gives no answer'}, asked for"
    if len(answer.data) < _WORDS * WORD:
        return "speaks another language than Aave v3's Pool of"
    if not uint(answer.data, _A_TOKEN):
        return "lists no"
    rates = [uint(answer.data, word) / _RAY for _, word in _SIDES]
    for (name, _), rate in zip(_SIDES, rates, strict=True):
        plausible = BY_NAME[name].plausible
        if plausible is not None and not plausible.above < rate <= plausible.up_to:
            return f"states an absurd rate of {rate:.3g} for"
    return rates


def _of(pool: str, usdc: str, weth: str) -> LendingPool:
    return LendingPool(pool=pool, tokens=MappingProxyType({"USDC": usdc, "WETH": weth}))


POOLS: Final[Mapping[int, LendingPool]] = MappingProxyType(
    {
        1: _of(  # Ethereum
            "0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2",
            "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
            "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
        ),
        10: _of(  # Optimism
            _SAME_ON_FOUR,
            "0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85",
            "0x4200000000000000000000000000000000000006",
        ),
        56: _of(  # BNB Smart Chain
            "0x6807dc923806fE8Fd134338EABCA509979a7e0cB",
            "0x8AC76a51cc950d9822D68b83fE1Ad97B32Cd580d",
            "0x2170Ed0880ac9A755fd29B2688956BD959F933F8",
        ),
        100: _of(  # Gnosis
            "0xb50201558B00496A145fE76f7424749556E326D8",
            "0xDDAfbb505ad214D7b80b1f830fcCc89B60fb7A83",
            "0x6A023CCd1ff6F2045C3309768eAd9E68F978f6e1",
        ),
        137: _of(  # Polygon
            _SAME_ON_FOUR,
            "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359",
            "0x7ceB23fD6bC0adD59E62ac25578270cFf1b9f619",
        ),
        146: _of(  # Sonic
            "0x5362dBb1e601abF3a4c14c22ffEdA64042E5eAA3",
            "0x29219dd400f2Bf60E5a23d13Be72B486D4038894",
            "0x50c42dEAcD8Fc9773493ED674b675bE577f2634b",
        ),
        324: _of(  # zkSync
            "0x78e30497a3c7527d953c6B1E3541b021A98Ac43c",
            "0x1d17CBcF0D6D143135aE902365D2E5e2A16538D4",
            "0x5AEa5775959fBC2557Cc8789bC1bf90A239D9a91",
        ),
        8453: _of(  # Base
            "0xA238Dd80C259a72e81d7e4664a9801593F98d1c5",
            "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
            "0x4200000000000000000000000000000000000006",
        ),
        42_161: _of(  # Arbitrum
            _SAME_ON_FOUR,
            "0xaf88d065e77c8cC2239327C5EDb3A432268e5831",
            "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1",
        ),
        42_220: _of(  # Celo
            "0x3E59A31363E2ad014dcbc521c4a0d5757d9f3402",
            "0xcebA9300f2b948710d2653dD7B07f33A8B32118C",
            "0xD221812de1BD094f35587EE8E174B07B6167D9Af",
        ),
        43_114: _of(  # Avalanche
            _SAME_ON_FOUR,
            "0xB97EF9Ef8734C71904D8002F8b6Bc66Dd9c48a6E",
            "0x49D5c2BdFfac6CE2BFdB6640F4F80f226bc10bAB",
        ),
        59_144: _of(  # Linea
            "0xc47b8C00b0f69a36fa203Ffeac0334874574a8Ac",
            "0x176211869cA2b568f2A7D4EE941E073a821EE1ff",
            "0xe5D7C2a44FfDDf6b295A15c148167daaAf5Cf34f",
        ),
        534_352: _of(  # Scroll
            "0x11fCfe756c05AD438e312a7fd934381537D3cFfe",
            "0x06eFdBFf2a14a7c8E15944D1F4A48F9F95F663A4",
            "0x5300000000000000000000000000000000000004",
        ),
    }
)
"""The Pool of each chain id, and two of its reserves."""
