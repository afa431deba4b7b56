"""A private chain with ten pools and as many positions as are asked for."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, islice, product
from typing import Any

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address

from monitor.amm.ticks import MAX_TICK, sqrt_ratio_at_tick
from monitor.clock import SystemClock
from monitor.devnet import parts
from monitor.devnet.contracts import FACTORY, MANAGER, POOL, ROUTER, TOKEN, abi
from monitor.devnet.local_chain import Devnet, open_devnet
from monitor.devnet.node import AnvilNode
from monitor.devnet.sender import Call
from monitor.timetravel.prices import amounts_to_offer

POOLS = 10
_SPACING = {500: 10, 3000: 60, 10000: 200}
_FOREVER = 2**256 - 1
_ENOUGH = 2**255
_SUPPLY = 2**200
_HUGE = 2**180
_LIQUIDITY = 1e20
_DEPTH = 1e24  # of each pool's background: swaps cross its positions without feeling them
_BLOCK = 500  # mints a block
_WIDEST = 200  # of a range, in tick spacings


@dataclass(frozen=True, kw_only=True)
class Pool:
    """One pool of the bench's chain. start: the tick its price began at."""

    address: str
    token0: str
    token1: str
    fee: int
    start: int


class World:
    """A chain under load. Positions are opened about the price, so their mints tell it."""

    def __init__(self, devnet: Devnet, pools: Sequence[Pool]) -> None:
        self.devnet = devnet
        self.pools = tuple(pools)
        self._dice = random.Random(2026)

    @property
    def deployer(self) -> str:
        return self.devnet.deployment.deployer

    async def mint(self, owner: str, count: int) -> None:
        """Mint `count` positions for `owner`, evenly over the pools, no two edges the same."""
        orders = [self._order(self.pools[n % POOLS], owner) for n in range(count)]
        for start in range(0, count, _BLOCK):
            await self.devnet.send(*orders[start : start + _BLOCK])

    async def trade(self, at: datetime | None = None, *, reach: int = 100) -> None:
        """Put one block on the chain that leaves every pool within `reach` ticks of its start."""
        calls = []
        for pool in self.pools:
            spot, _, *_ = await self._read(pool.address, "slot0")
            target = sqrt_ratio_at_tick(pool.start + self._dice.randint(-reach, reach))
            if spot == target:
                continue
            way = pool.token0, pool.token1
            token_in, token_out = way if target < spot else way[::-1]
            order = (token_in, token_out, pool.fee, self.deployer, _FOREVER, _HUGE, 0, target)
            calls.append(
                self._call(self.devnet.deployment.router, ROUTER, "exactInputSingle", order)
            )
        await self.devnet.send(*calls, at=at)

    async def _read(self, address: str, function: str) -> tuple[Any, ...]:
        call = {"to": address, "data": "0x" + abi(POOL).encode(function).hex()}
        answer = await self.devnet.rpc.call("eth_call", call, "latest")
        return abi(POOL).decode(function, bytes.fromhex(answer[2:]))

    def _order(self, pool: Pool, owner: str) -> Call:
        spacing = _SPACING[pool.fee]
        half = self._dice.randint(20, _WIDEST) * spacing // 2
        middle = pool.start + self._dice.randint(-half, half) * 9 // 10
        ticks = ((middle - half) // spacing * spacing, (middle + half) // spacing * spacing)
        return self._mint(pool, ticks, owner, _LIQUIDITY * self._dice.uniform(0.1, 10))

    async def deepen(self) -> None:
        """Give every pool a background that spans all prices."""
        orders = []
        for pool in self.pools:
            edge = MAX_TICK // _SPACING[pool.fee] * _SPACING[pool.fee]
            orders.append(self._mint(pool, (-edge, edge), self.deployer, _DEPTH))
        await self.devnet.send(*orders)

    def _mint(self, pool: Pool, ticks: tuple[int, int], owner: str, liquidity: float) -> Call:
        offered = amounts_to_offer(sqrt_ratio_at_tick(pool.start), ticks, liquidity)
        head = (pool.token0, pool.token1, pool.fee, *ticks)
        return self._call(
            *(self.devnet.deployment.manager, MANAGER, "mint"),
            (*head, *offered, 0, 0, owner, _FOREVER),
        )

    def _call(self, to: str, contract: str, function: str, *arguments: object) -> Call:
        data = abi(contract).encode(function, *arguments)
        return Call(sender=self.deployer, to=to, data=data, what=f"{contract}.{function}")


@asynccontextmanager
async def open_world() -> AsyncIterator[World]:
    """Run a node whose time is now's, and open ten pools of four tokens on it."""
    node = AnvilNode(genesis=SystemClock().now() - timedelta(hours=2))
    async with node, open_devnet(node) as devnet:
        yield await _opened(devnet)


async def _opened(devnet: Devnet) -> World:
    made = devnet.deployment
    deploying = World(devnet, ())
    tokens = [made.weth, made.usdc]
    for name in ("Bench A", "Bench B"):
        code = bytes.fromhex(parts.artifact(TOKEN)["bytecode"].removeprefix("0x"))
        arguments = encode(
            ["string", "string", "uint256", "address"], [name, name[-1], _SUPPLY, made.deployer]
        )
        creation = Call(sender=made.deployer, to=None, data=code + arguments, what=name)
        (receipt,) = await devnet.send(creation)
        assert receipt.contract is not None
        tokens.append(to_checksum_address(receipt.contract))
        for spender in (made.manager, made.router):
            await devnet.send(deploying._call(tokens[-1], TOKEN, "approve", spender, _ENOUGH))
    pools = []
    named = islice(product(combinations(tokens, 2), _SPACING), POOLS)
    for number, (pair, fee) in enumerate(named):
        token0, token1 = sorted(pair, key=lambda token: int(token, 16))
        start = 221_100 if set(pair) == {made.weth, made.usdc} else 3_000 * (number - 5)
        opening = (token0, token1, fee, sqrt_ratio_at_tick(start))
        name = "createAndInitializePoolIfNecessary"
        await devnet.send(deploying._call(made.manager, MANAGER, name, *opening))
        asked = abi(FACTORY).encode("getPool", token0, token1, fee)
        call = {"to": made.factory, "data": "0x" + asked.hex()}
        answer = await devnet.rpc.call("eth_call", call, "latest")
        address = to_checksum_address("0x" + answer[-40:])
        pools.append(Pool(address=address, token0=token0, token1=token1, fee=fee, start=start))
    world = World(devnet, pools)
    await world.deepen()
    return world
