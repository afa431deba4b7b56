"""The pool itself: what it says of its price, and what can be written into it."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from monitor.devnet.contracts import POOL, Deployment, abi
from monitor.devnet.rpc import Rpc

_FEE_GROWTH_SLOTS: Final = (1, 2)  # of its storage: feeGrowthGlobal0X128, feeGrowthGlobal1X128


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot0:
    """The pool's price and its own tick, which on a boundary may differ from the price's."""

    sqrt_price_x96: int
    tick: int


class Pool:
    """Reads and writes the pool of one deployment past any transaction."""

    def __init__(self, rpc: Rpc, deployment: Deployment) -> None:
        self._rpc = rpc
        self._made = deployment

    async def slot0(self) -> Slot0:
        """Return its price and tick now."""
        sqrt_price_x96, tick, *_ = await self._read("slot0")
        return Slot0(sqrt_price_x96=sqrt_price_x96, tick=tick)

    async def price(self) -> Fraction:
        """Return USDC per WETH now, exactly."""
        return self._made.quote.price((await self.slot0()).sqrt_price_x96)

    async def set_fee_growth_global(self, growth0_x128: int, growth1_x128: int) -> None:
        """Write its fee growth as if it had earned that much; do it before any mint."""
        for slot, value in zip(_FEE_GROWTH_SLOTS, (growth0_x128, growth1_x128), strict=True):
            words = (self._made.pool, f"0x{slot:064x}", f"0x{value % 2**256:064x}")
            await self._rpc.call("anvil_setStorageAt", *words)

    async def _read(self, function: str) -> tuple[Any, ...]:
        call = {"to": self._made.pool, "data": "0x" + abi(POOL).encode(function).hex()}
        answer = await self._rpc.call("eth_call", call, "latest")
        return abi(POOL).decode(function, bytes.fromhex(answer[2:]))
