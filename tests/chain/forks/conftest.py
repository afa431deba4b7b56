"""PancakeSwap v3 on the private node: its compiled pool, factory and MasterChefV3.

Its position manager and pool deployer are published as source only. Constructed in their
place: Uniswap's compiled manager, told to expect PancakeSwap's pools and their callback's
name, and a deployer assembled by hand. What the reader meets answers as the originals do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from monitor.chain.abi import contract_from
from monitor.devnet import parts
from monitor.devnet.contracts import MANAGER, TOKEN
from monitor.devnet.local_chain import Devnet
from monitor.devnet.sender import Call

FEE = 2_500
"""PancakeSwap's own 0.25 % tier."""
_FOREVER = 2**256 - 1
_UNISWAP_POOL_HASH = "e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"
_DEPLOYER, _INIT, _LOGIC, _TRADER, _MINING = (
    to_checksum_address(f"0x{n:040x}") for n in range(0xF0_0001, 0xF0_0006)
)
_OPS = {
    name: code
    for code, names in {
        0x10: "LT GT SLT SGT EQ ISZERO",
        0x1B: "SHL SHR",
        0x20: "SHA3",
        0x33: "CALLER",
        0x35: "CALLDATALOAD CALLDATASIZE CALLDATACOPY",
        0x3B: "EXTCODESIZE EXTCODECOPY RETURNDATASIZE RETURNDATACOPY",
        0x50: "POP MLOAD MSTORE MSTORE8 SLOAD SSTORE",
        0x56: "JUMP JUMPI",
        0x5A: "GAS JUMPDEST",
        0x80: "DUP1 DUP2",
        0xF1: "CALL",
        0xF3: "RETURN DELEGATECALL CREATE2",
        0xFA: "STATICCALL",
        0xFD: "REVERT",
    }.items()
    for code, name in enumerate(names.split(), code)
}


def assemble(text: str) -> str:
    """Return EVM code: `0x…` is pushed, `@x` pushes where `x:` stands, words are opcodes."""
    places: dict[str, int] = {}
    for _ in range(2):
        code = b""
        for word in text.split():
            if word.endswith(":"):
                places[word[:-1]] = len(code)
                code += bytes([_OPS["JUMPDEST"]])
            elif word.startswith("@"):
                code += b"\x61" + places.get(word[1:], 0).to_bytes(2)
            elif word.startswith("0x"):
                value = bytes.fromhex(word[2:])
                code += bytes([0x5F + len(value)]) + value
            else:
                code += bytes([_OPS[word]])
    return "0x" + code.hex()


def selector(signature: str) -> str:
    return "0x" + keccak(text=signature)[:4].hex()


_HEAD = "0x00 CALLDATALOAD 0xe0 SHR"
_PASS_ON = """
    RETURNDATASIZE 0x00 0x00 RETURNDATACOPY @good JUMPI
    RETURNDATASIZE 0x00 REVERT good: RETURNDATASIZE 0x00 RETURN
"""


def pool_deployer(factory: str) -> str:
    """Deploys pools as PancakeV3PoolDeployer does; asks the factory for anything else."""
    keep = " ".join(f"0x{4 + 32 * n:02x} CALLDATALOAD 0x{n:02x} SSTORE" for n in range(5))
    tell = " ".join(f"0x{n:02x} SLOAD 0x{32 * n:02x} MSTORE" for n in range(5))
    return assemble(f"""
        {_HEAD} DUP1 {selector("deploy(address,address,address,uint24,int24)")} EQ @deploy JUMPI
        DUP1 {selector("parameters()")} EQ @parameters JUMPI
        CALLDATASIZE 0x00 0x00 CALLDATACOPY
        0x00 0x00 CALLDATASIZE 0x00 {factory} GAS STATICCALL {_PASS_ON}
        parameters: {tell} 0xa0 0x00 RETURN
        deploy: {keep}
        0x60 0x24 0x00 CALLDATACOPY 0x60 0x00 SHA3
        {_INIT} EXTCODESIZE 0x00 0x00 {_INIT} EXTCODECOPY
        {_INIT} EXTCODESIZE 0x00 0x00 CREATE2 0x00 MSTORE 0x20 0x00 RETURN
    """)


def renamed_callback(logic: str) -> str:
    """Runs `logic` with PancakeSwap's name of the mint callback turned into Uniswap's."""
    theirs = selector("pancakeV3MintCallback(uint256,uint256,bytes)")
    ours = bytes.fromhex(selector("uniswapV3MintCallback(uint256,uint256,bytes)")[2:])
    turn = " ".join(f"0x{byte:02x} 0x{n:02x} MSTORE8" for n, byte in enumerate(ours))
    return assemble(f"""
        CALLDATASIZE 0x00 0x00 CALLDATACOPY {_HEAD} {theirs} EQ @turn JUMPI
        run: 0x00 0x00 CALLDATASIZE 0x00 {logic} GAS DELEGATECALL {_PASS_ON}
        turn: {turn} @run JUMP
    """)


def trader(pool: str, tokens: Sequence[str]) -> str:
    """Sends its calldata on to the pool, and pays whatever the pool calls back for."""
    pay = " ".join(
        f"""0x{4 + 32 * n:02x} CALLDATALOAD 0x00 SLT ISZERO @skip{n} JUMPI
        {selector("transfer(address,uint256)")} 0xe0 SHL 0x00 MSTORE
        {pool} 0x04 MSTORE 0x{4 + 32 * n:02x} CALLDATALOAD 0x24 MSTORE
        0x00 0x00 0x44 0x00 0x00 {token} GAS CALL POP skip{n}:"""
        for n, token in enumerate(tokens)
    )
    return assemble(f"""
        CALLER {pool} EQ @pay JUMPI CALLDATASIZE 0x00 0x00 CALLDATACOPY
        0x00 0x00 CALLDATASIZE 0x00 0x00 {pool} GAS CALL {_PASS_ON}
        pay: {pay} 0x00 0x00 RETURN
    """)


def abi(name: str) -> Any:
    return contract_from(parts.artifact(name)["abi"], name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pancake:
    """PancakeSwap v3 on a devnet, and hands to work it."""

    devnet: Devnet
    factory: str
    manager: str
    pool: str
    chef: str

    @staticmethod
    def abi(name: str) -> Any:
        return abi(name)

    async def send(self, who: str, to: str | None, data: bytes, what: str) -> Any:
        (receipt,) = await self.devnet.send(Call(sender=who, to=to, data=data, what=what))
        return receipt

    async def asked(self, to: str, contract: Any, call: str, *args: object) -> Any:
        data = "0x" + contract.encode(call, *args).hex()
        answer = await self.devnet.rpc.call("eth_call", {"to": to, "data": data}, "latest")
        return contract.decode(call, bytes.fromhex(answer[2:]))

    async def mint(self, owner: str, lower: int, upper: int) -> int:
        made = self.devnet.deployment
        order = (made.token0, made.token1, FEE, lower, upper, 10**12, 10**20, 0, 0, owner)
        data = abi(MANAGER).encode("mint", (*order, _FOREVER))
        await self.take_share(0)  # for Uniswap's manager will not read the wide feeProtocol
        receipt = await self.send(made.deployer, self.manager, data, "minting")
        await self.take_share(3_200)
        return self.devnet.positions.minted(receipt)

    async def take_share(self, of_ten_thousand: int) -> None:
        """Set what the protocol takes of the fees, of both tokens."""
        data = abi("PancakeV3Factory").encode(
            "setFeeProtocol", self.pool, of_ten_thousand, of_ten_thousand
        )
        await self.send(self.devnet.deployment.deployer, self.factory, data, "setting its share")

    async def trade(self, amount: int) -> None:
        """Swap so much token0 in, and back out again."""
        made = self.devnet.deployment
        for zero_for_one, limit in ((True, 4295128740), (False, 2**159)):
            data = abi("PancakeV3Pool").encode(
                "swap", made.deployer, zero_for_one, amount, limit, b""
            )
            await self.send(made.deployer, _TRADER, data, "trading")

    async def collectable(self, token_id: int, caller: str) -> tuple[int, int]:
        """Return what a collect by `caller` would pay."""
        most = 2**128 - 1
        data = abi(MANAGER).encode("collect", (token_id, caller, most, most))
        call = {"from": caller, "to": self.manager, "data": "0x" + data.hex()}
        told = await self.devnet.rpc.call("eth_call", call, "latest")
        found: tuple[int, int] = abi(MANAGER).decode("collect", bytes.fromhex(told[2:]))
        return found

    async def stake(self, owner: str, token_id: int) -> None:
        data = abi(MANAGER).encode(
            "safeTransferFrom(address,address,uint256)", owner, self.chef, token_id
        )
        await self.send(owner, self.manager, data, "staking")

    async def unstake(self, owner: str, token_id: int, to: str) -> None:
        data = abi("MasterChefV3").encode("withdraw", token_id, to)
        await self.send(owner, self.chef, data, "unstaking")


@pytest.fixture
async def pancake(devnet: Devnet) -> Pancake:
    """Its WETH/USDC pool of 0.25 %, with a farm whose mining pool pays nothing."""
    made = devnet.deployment
    code = await devnet.rpc.call("eth_getCode", made.manager, "latest")

    async def create(name: str, arguments: bytes, bytecode: str = "") -> str:
        data = bytes.fromhex((bytecode or parts.artifact(name)["bytecode"])[2:]) + arguments
        call = Call(sender=made.deployer, to=None, data=data, what=f"deploying {name}")
        (receipt,) = await devnet.send(call)
        return to_checksum_address(receipt.contract or "")

    async def place(where: str, what: str) -> None:
        await devnet.rpc.call("anvil_setCode", where, what)

    assert code != "0x"
    init = parts.artifact("PancakeV3Pool")["bytecode"]
    await place(_INIT, init)
    factory = await create("PancakeV3Factory", encode(["address"], [_DEPLOYER]))
    await place(_DEPLOYER, pool_deployer(factory))
    expecting = parts.artifact(MANAGER)["bytecode"].replace(
        _UNISWAP_POOL_HASH, keccak(hexstr=init).hex()
    )
    manager = await create(
        MANAGER, encode(["address"] * 3, [_DEPLOYER, made.weth, "0x" + "00" * 20]), expecting
    )
    await place(_LOGIC, await devnet.rpc.call("eth_getCode", manager, "latest"))
    await place(manager, renamed_callback(_LOGIC))
    chef = await create("MasterChefV3", encode(["address"] * 3, [made.weth, manager, made.weth]))
    cake = Pancake(devnet=devnet, factory=factory, manager=manager, pool="", chef=chef)
    opening = abi("PancakeV3Factory").encode("createPool", made.token0, made.token1, FEE)
    await cake.send(made.deployer, factory, opening, "creating the pool")
    (pool,) = await cake.asked(
        factory, abi("PancakeV3Factory"), "getPool", made.token0, made.token1, FEE
    )
    pool = to_checksum_address(pool)
    await place(_TRADER, trader(pool, (made.token0, made.token1)))
    await place(_MINING, assemble("0x20 0x00 RETURN"))
    price = made.quote.sqrt_price_x96(250)
    for to, what, call, *args in (
        (pool, "PancakeV3Pool", "initialize", price),
        (factory, "PancakeV3Factory", "setLmPool", pool, _MINING),
        (chef, "MasterChefV3", "setLMPoolDeployer", _MINING),
        (chef, "MasterChefV3", "add", 1, pool, False),
        *((token, TOKEN, "approve", manager, _FOREVER) for token in (made.weth, made.usdc)),
        *((token, TOKEN, "transfer", _TRADER, 2**150) for token in (made.weth, made.usdc)),
    ):
        await cake.send(made.deployer, to, abi(what).encode(call, *args), call)
    return Pancake(devnet=devnet, factory=factory, manager=manager, pool=pool, chef=chef)
