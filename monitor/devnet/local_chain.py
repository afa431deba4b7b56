"""The devnet as a whole: a node with one WETH/USDC pool, and hands to work it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final

from monitor.devnet.contracts import Deployment, deploy
from monitor.devnet.node import CHAIN_ID, AnvilNode
from monitor.devnet.pool import Pool, Slot0
from monitor.devnet.position_book import Collected, MintOrder, PositionBook
from monitor.devnet.rpc import Rpc
from monitor.devnet.sender import Call, Receipt, Sender
from monitor.devnet.swaps import swap_to_limit, there_and_back
from monitor.model.observation import Block
from monitor.timetravel.prices import EVERY_PRICE, Price

_START: Final = 250
_BACKGROUND_USD: Final = 1_000_000.0


class Devnet:
    """Works one deployment. All prices are USDC per WETH, whichever is token0.

    Every verb sends its transactions in one block of their own and raises
    Permanent, with the revert reason, when one fails. `at` is that block's time,
    later than its parent's; None adds a second.
    """

    def __init__(self, rpc: Rpc, sender: Sender, deployment: Deployment) -> None:
        self.deployment = deployment
        self.positions = PositionBook(rpc, deployment)
        self.chain_id = CHAIN_ID
        self._pool = Pool(rpc, deployment)
        self._rpc = rpc
        self._sender = sender

    @property
    def rpc(self) -> Rpc:
        """Return the connection to the node, for what no verb here says."""
        return self._rpc

    @property
    def url(self) -> str:
        return self._rpc.url

    async def slot0(self) -> Slot0:
        """Return the pool's price and tick now."""
        return await self._pool.slot0()

    async def head(self) -> Block:
        """Return the newest block."""
        header = await self._sender.head()
        return Block(
            number=int(header["number"], 16),
            hash=header["hash"],
            timestamp=datetime.fromtimestamp(int(header["timestamp"], 16), UTC),
        )

    async def price(self) -> Fraction:
        """Return USDC per WETH now, exactly."""
        return await self._pool.price()

    async def send(self, *calls: Call, at: datetime | None = None) -> list[Receipt]:
        """Put calls of your own into one block."""
        return await self._sender.send(calls, at=at)

    async def mine(self, at: datetime | None = None) -> int:
        """Mine one empty block and return its number."""
        return await self._sender.mine(at=at)

    async def mint(
        self,
        owner: str,
        price_lower: Price,
        price_upper: Price,
        *,
        value_usd: float = 100_000.0,
        at: datetime | None = None,
    ) -> int:
        """Mint one position worth about `value_usd` for `owner`; return its token id."""
        order = MintOrder(
            owner=owner, price_lower=price_lower, price_upper=price_upper, value_usd=value_usd
        )
        (token_id,) = await self.mint_many([order], at=at)
        return token_id

    async def mint_many(
        self, orders: Sequence[MintOrder], *, at: datetime | None = None
    ) -> list[int]:
        """Mint all orders in one block; return their token ids in order."""
        spot = (await self.slot0()).sqrt_price_x96
        receipts = await self.send(*(self.positions.mint(order, spot) for order in orders), at=at)
        return [self.positions.minted(receipt) for receipt in receipts]

    async def increase(
        self, token_id: int, *, value_usd: float, at: datetime | None = None
    ) -> None:
        """Add liquidity worth about `value_usd`, paid by the deployer as anyone may."""
        spot = (await self.slot0()).sqrt_price_x96
        await self.send(await self.positions.increase(token_id, value_usd, spot), at=at)

    async def decrease(
        self, token_id: int, *, fraction: Fraction = Fraction(1), at: datetime | None = None
    ) -> None:
        """Take out this share of the liquidity, rounded down; the tokens stay owed."""
        await self.send(await self.positions.decrease(token_id, fraction), at=at)

    async def collect(self, token_id: int, *, at: datetime | None = None) -> tuple[int, int]:
        """Pay everything owed to the owner; return the raw (amount0, amount1) that left."""
        receipts = await self.send(await self.positions.collect(token_id), at=at)
        return self.positions.paid_out(receipts[0])

    async def burn(self, token_id: int, *, at: datetime | None = None) -> None:
        """Empty, collect and burn a position, in one transaction of its owner."""
        await self.send(await self.positions.close(token_id), at=at)

    async def burn_direct(self, token_id: int, *, at: datetime | None = None) -> None:
        """Burn a position as it stands; raises Permanent "Not cleared" unless it is empty."""
        await self.send(await self.positions.burn(token_id), at=at)

    async def transfer(self, token_id: int, to: str, *, at: datetime | None = None) -> None:
        """Hand a position to another owner."""
        await self.send(await self.positions.transfer(token_id, to), at=at)

    async def static_collect(self, token_id: int) -> Collected:
        """Return what closing the position now would pay, to the wei; changes nothing."""
        return await self.positions.static_collect(token_id)

    async def swap_to(self, price: Price, *, at: datetime | None = None) -> None:
        """Move the price by one real swap to exactly `Quote.sqrt_price_x96(price)`."""
        await self.swap_to_sqrt(self.deployment.quote.sqrt_price_x96(price), at=at)

    async def swap_to_sqrt(self, sqrt_price_x96: int, *, at: datetime | None = None) -> None:
        """Move the price by one real swap to exactly this; a block is mined in any case."""
        spot = (await self.slot0()).sqrt_price_x96
        if spot == sqrt_price_x96:
            await self.mine(at)
        else:
            await self.send(swap_to_limit(self.deployment, spot, sqrt_price_x96), at=at)

    async def swap_volume(self, volume_usd: float, *, at: datetime | None = None) -> None:
        """Make fees: buy WETH for half the volume, then swap back to where the price was."""
        spot = (await self.slot0()).sqrt_price_x96
        await self.send(*there_and_back(self.deployment, spot, volume_usd / 2), at=at)

    async def trade_to(
        self, price: Price, *, volume_usd: float, at: datetime | None = None
    ) -> None:
        """Make fees as `swap_volume` does and move to exactly `price`, in one block."""
        spot = (await self.slot0()).sqrt_price_x96
        target = self.deployment.quote.sqrt_price_x96(price)
        swaps = list(there_and_back(self.deployment, spot, volume_usd / 2))
        if target != spot:
            swaps.append(swap_to_limit(self.deployment, spot, target))
        await self.send(*swaps, at=at)

    async def set_fee_growth_global(self, growth0_x128: int, growth1_x128: int) -> None:
        """Write the pool's fee growth as if it had earned that much; do it before any mint."""
        await self._pool.set_fee_growth_global(growth0_x128, growth1_x128)

    async def snapshot(self) -> str:
        """Return a name for the state as it is now."""
        name: str = await self._rpc.call("evm_snapshot")
        return name

    async def revert(self, name: str) -> None:
        """Put the state back to a snapshot, which is used up by it."""
        await self._rpc.call("evm_revert", name)
        self._sender.forget()


@asynccontextmanager
async def open_devnet(
    node: AnvilNode,
    *,
    usdc_is_token0: bool = True,
    price: Price = _START,
    background_usd: float = _BACKGROUND_USD,
    real_weth: bool = False,
) -> AsyncIterator[Devnet]:
    """Deploy everything on a running node and hand over the result.

    usdc_is_token0: as on Ethereum; false is the order of Arbitrum and Base.
    real_weth: a WETH that wraps ether; else a plain token stands in for it.
    background_usd: worth of the deployer's full-range position, token id 1; 0
    for none, and then no swap can cross a region without other liquidity.
    """
    async with Rpc(node.url) as rpc:
        sender = Sender(rpc)
        made = await deploy(
            rpc, sender, usdc_is_token0=usdc_is_token0, price=price, real_weth=real_weth
        )
        devnet = Devnet(rpc, sender, made)
        if background_usd:
            await devnet.mint(made.deployer, *EVERY_PRICE, value_usd=background_usd)
        yield devnet


@asynccontextmanager
async def attach(url: str, deployment: Deployment) -> AsyncIterator[Devnet]:
    """Work a deployment made earlier, from another event loop perhaps."""
    async with Rpc(url) as rpc:
        yield Devnet(rpc, Sender(rpc), deployment)
