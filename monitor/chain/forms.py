"""What the forks of Uniswap v3 answer otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

_POOL: Final = "uniswap_v3_pool"


class Getter(NamedTuple):
    """A getter without arguments. contract: the shipped ABI it is in."""

    contract: str
    name: str


_FEE: Final = Getter(_POOL, "fee")
_GETTERS: Final = (
    Getter(_POOL, "slot0"),
    Getter(_POOL, "liquidity"),
    Getter(_POOL, "feeGrowthGlobal0X128"),
    Getter(_POOL, "feeGrowthGlobal1X128"),
)


class Custody(StrEnum):
    """How a contract that positions are staked in tells whose they are.

    CHEF lists a user's positions and names each one's user. GAUGE lists a depositor's
    positions but names nobody's depositor.
    """

    NONE = "none"
    CHEF = "chef"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How one protocol's contracts answer.

    title: as people call it. told_apart_by: the pool's getter that its factory wants
    beside the tokens, and which `positions()` has as its fifth word; factory: the ABI
    that asks for a pool by it. getters: of a pool, read at every block; the first
    four as Uniswap has them. growth_word: where in `ticks()` the fee growth outside
    of token0 lies; token1's is next. custody: of staked positions.
    """

    title: str
    told_apart_by: Getter = _FEE
    factory: str = "uniswap_v3_factory"
    getters: tuple[Getter, ...] = _GETTERS
    growth_word: int = 2
    custody: Custody = Custody.NONE

    @property
    def spaced(self) -> bool:
        """Return whether pools are told apart by tick spacing, and fees change."""
        return self.told_apart_by.name == "tickSpacing"


_UNISWAP_V3: Final = Form(title="Uniswap v3")
# slot0's feeProtocol is wider (uint32), which moves no word that is read here.
_PANCAKESWAP_V3: Final = Form(title="PancakeSwap v3", custody=Custody.CHEF)
# A pool's fee is what its factory's fee module says now; a tick has stakedLiquidityNet
# before its fee growth; a position in the pool's gauge earns emissions in place of fees.
_SLIPSTREAM: Final = Form(
    title="Slipstream",
    told_apart_by=Getter(_POOL, "tickSpacing"),
    factory="slipstream_factory",
    getters=(
        *_GETTERS,
        Getter("slipstream_pool", "fee"),
        Getter("slipstream_pool", "gauge"),
    ),
    growth_word=3,
    custody=Custody.GAUGE,
)
FORMS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        "uniswap_v3": _UNISWAP_V3,
        "pancakeswap_v3": _PANCAKESWAP_V3,
        "slipstream": _SLIPSTREAM,
        # Its pools have no contracts of their own: nothing is asked of them here.
        "uniswap_v4": Form(title="Uniswap v4", getters=()),
    }
)
"""By protocol, as `[[watch]]` names them."""
