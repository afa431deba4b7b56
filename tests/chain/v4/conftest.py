"""The real Uniswap v4 contracts on the private node, hands to work them, and a reader.

Nothing here approves a token to the manager: it is given what it is to pay.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address

from monitor.amm.ticks import sqrt_ratio_at_tick
from monitor.chain.abi import Contract, contract_from, decode_result, encode_call
from monitor.chain.chainlink_feeds import NATIVE
from monitor.chain.history import Told
from monitor.chain.reader import ChainReader, chain_reader
from monitor.chain.settings import ChainSettings, EntrySettings, WatchSettings
from monitor.devnet import parts
from monitor.devnet.local_chain import Devnet
from monitor.devnet.sender import Call
from monitor.model.observation import Snapshot

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FAR = 2**40
RICH = hex(10**30)
NOBODY = "0x" + "00" * 20
MINT, DECREASE, BURN, SETTLE, TAKE_PAIR = 0x02, 0x01, 0x03, 0x0B, 0x11
"""The manager's actions, by its own numbers."""
SPACING = 60
TICKS = (-1_200, 1_800)
LIQUIDITY = 10**21

Key = tuple[str, str, int, int, str]
_KEY = "(address,address,uint24,int24,address)"


@dataclass(frozen=True, slots=True, kw_only=True)
class V4:
    """The v4 contracts on a devnet, and hands to work them."""

    devnet: Devnet
    pool_manager: str
    manager: str
    view: str
    router: str

    async def send(self, to: str, data: bytes, what: str) -> None:
        await self.devnet.send(
            Call(sender=self.devnet.deployment.deployer, to=to, data=data, what=what)
        )

    async def open(self, key: Key, tick: int = 0) -> None:
        """Initialise a pool at a tick's price."""
        data = abi("PoolManager").encode("initialize", key, sqrt_ratio_at_tick(tick))
        await self.send(self.pool_manager, data, "opening a v4 pool")

    async def act(self, *actions: tuple[int, str, tuple[object, ...]]) -> None:
        """Have the manager do actions: (number, types of the arguments, arguments)."""
        plan = bytes(number for number, _, _ in actions)
        what = [encode(types.split(";"), values) for _, types, values in actions]
        data = abi("PositionManager").encode(
            "modifyLiquidities", encode(["bytes", "bytes[]"], [plan, what]), FAR
        )
        await self.send(self.manager, data, "changing a v4 position")

    async def mint(
        self, key: Key, liquidity: int = LIQUIDITY, ticks: tuple[int, int] = TICKS
    ) -> int:
        """Mint a position of the deployer's, and return its id."""
        token_id = int((await self.ask(self.manager, "PositionManager", "nextTokenId"))[0])
        most = 2**127
        await self.act(
            (
                MINT,
                f"{_KEY};int24;int24;uint256;uint128;uint128;address;bytes",
                (key, *ticks, liquidity, most, most, self.devnet.deployment.deployer, b""),
            ),
            *((SETTLE, "address;uint256;bool", (coin, 0, False)) for coin in key[:2]),
        )
        return token_id

    async def decrease(self, token_id: int, liquidity: int, key: Key, to: str) -> None:
        """Take liquidity, or with none of it the fees alone, to someone."""
        await self.act(
            (DECREASE, "uint256;uint256;uint128;uint128;bytes", (token_id, liquidity, 0, 0, b"")),
            (TAKE_PAIR, "address;address;address", (*key[:2], to)),
        )

    async def burn(self, token_id: int, key: Key, to: str) -> None:
        await self.act(
            (BURN, "uint256;uint128;uint128;bytes", (token_id, 0, 0, b"")),
            (TAKE_PAIR, "address;address;address", (*key[:2], to)),
        )

    async def swap(self, key: Key, amount: int, *, zero_for_one: bool) -> None:
        """Sell exactly `amount`, at any price."""
        limit = sqrt_ratio_at_tick(-880_000 if zero_for_one else 880_000)
        # The router takes what it sells from its caller, and ether from what it holds.
        data = abi("PoolSwapTest").encode(
            "swap", key, (zero_for_one, -amount, limit), (False, False), b""
        )
        await self.devnet.rpc.call("anvil_setBalance", self.router, RICH)
        await self.send(self.router, data, "a v4 swap")

    async def ask(self, to: str, contract: str, call: str, *args: object) -> tuple[Any, ...]:
        data = "0x" + abi(contract).encode(call, *args).hex()
        answer = await self.devnet.rpc.call("eth_call", {"to": to, "data": data}, "latest")
        return abi(contract).decode(call, bytes.fromhex(answer[2:]))

    async def held(self, coin: str, owner: str) -> int:
        """Return what someone holds of a coin, raw."""
        if coin == NATIVE:
            return int(await self.devnet.rpc.call("eth_getBalance", owner, "latest"), 16)
        data = "0x" + encode_call("erc20", "balanceOf", owner).hex()
        answer = await self.devnet.rpc.call("eth_call", {"to": coin, "data": data}, "latest")
        return int(decode_result("erc20", "balanceOf", bytes.fromhex(answer[2:]))[0])


def abi(name: str) -> Contract:
    return contract_from(parts.artifact(name)["abi"], name)


@pytest.fixture
async def v4(devnet: Devnet) -> V4:
    """The v4 contracts beside the devnet's own, with coins to pay with."""
    made = devnet.deployment

    async def create(name: str, types: list[str], values: list[object]) -> str:
        code = bytes.fromhex(parts.artifact(name)["bytecode"].removeprefix("0x"))
        call = Call(
            sender=made.deployer,
            to=None,
            data=code + encode(types, values),
            what=f"deploying {name}",
        )
        (receipt,) = await devnet.send(call)
        assert receipt.contract is not None
        return to_checksum_address(receipt.contract)

    pool_manager = await create("PoolManager", ["address"], [made.deployer])
    manager = await create(
        "PositionManager",
        ["address", "address", "uint256", "address", "address"],
        [pool_manager, NOBODY, 100_000, NOBODY, NOBODY],
    )
    view = await create("StateView", ["address"], [pool_manager])
    router = await create("PoolSwapTest", ["address"], [pool_manager])
    await devnet.rpc.call("anvil_setBalance", manager, RICH)
    token = contract_from(parts.artifact("ERC20PresetFixedSupply")["abi"], "token")
    for coin in (made.weth, made.usdc):
        for call, args in (
            ("transfer", (manager, 10**40)),
            ("approve", (router, 2**256 - 1)),
        ):
            data = token.encode(call, *args)
            await devnet.send(Call(sender=made.deployer, to=coin, data=data, what=call))
    return V4(devnet=devnet, pool_manager=pool_manager, manager=manager, view=view, router=router)


@pytest.fixture
def plain(devnet: Devnet) -> Key:
    """A pool of the devnet's two tokens at 0.3 %, without a hook."""
    return (devnet.deployment.token0, devnet.deployment.token1, 3000, SPACING, NOBODY)


@pytest.fixture
def ether(devnet: Devnet) -> Key:
    """A pool of the chain's own coin and USDC."""
    return (NATIVE, devnet.deployment.usdc, 500, SPACING, NOBODY)


class Reads(Protocol):
    """Builds a reader of the v4 positions with these ids."""

    def __call__(
        self, *ids: int, entries: tuple[EntrySettings, ...] = (), **settings: Any
    ) -> ChainReader: ...


@pytest.fixture
def reader_of(v4: V4) -> Reads:
    def build(*ids: int, entries: tuple[EntrySettings, ...] = (), **settings: Any) -> ChainReader:
        given = {
            "rpc": (v4.devnet.url,),
            "chain_id": v4.devnet.chain_id,
            "managers": {"uniswap_v4": v4.manager},
            "state_view": v4.view,
            "behind": 0,
        }
        watch = WatchSettings(chain="devnet", protocol="uniswap_v4", nft=ids)
        chosen = ChainSettings(**(given | settings))
        return chain_reader("devnet", chosen, watches=[watch], told=Told(entries=entries))

    return build


@pytest.fixture
def seen(reader_of: Reads) -> Callable[..., Awaitable[Snapshot]]:
    """Reads one snapshot of the positions with these ids."""

    async def read(*ids: int, **more: Any) -> Snapshot:
        async with reader_of(*ids, **more) as reader:
            snapshot = await reader.snapshot(NOON)
            assert snapshot is not None
            return snapshot

    return read
