"""Deploys the real contracts: Uniswap v3, two ERC-20s, Multicall3, one WETH/USDC pool."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address

from monitor.chain.abi import Contract, contract_from
from monitor.devnet import parts
from monitor.devnet.rpc import Rpc
from monitor.devnet.sender import Call, Sender
from monitor.errors import Permanent
from monitor.timetravel.prices import USDC_DECIMALS, Price, Quote

MULTICALL3: Final = "0xcA11bde05977b3631167028862bE2a173976CA11"
FEE_PIPS: Final = 3000
_NOBODY: Final = "0x" + "00" * 20
_SUPPLY: Final = 2**200  # never runs out, and squares of it still fit where they must
_SHARE: Final = 2**190  # of each wallet, which pays for its own positions
_DECIMALS_SLOT: Final = 5  # of OpenZeppelin 3's ERC20
_TOKEN_TRIES: Final = 64

MANAGER: Final = "NonfungiblePositionManager"
FACTORY: Final = "UniswapV3Factory"
POOL: Final = "UniswapV3Pool"
TOKEN: Final = "ERC20PresetFixedSupply"  # noqa: S105 - a contract's name
ROUTER: Final = "SwapRouter"
WETH: Final = "WETH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Where everything lies. deployer: holds most tokens and has approved manager and router.

    wallets: each holds some of both and has approved the manager.
    """

    deployer: str
    wallets: tuple[str, ...]
    weth: str
    usdc: str
    factory: str
    manager: str
    router: str
    multicall3: str
    pool: str

    @property
    def quote(self) -> Quote:
        """Return how the pool writes prices: by address order, as on every chain."""
        return Quote(int(self.usdc, 16) < int(self.weth, 16))

    @property
    def token0(self) -> str:
        return self.usdc if self.quote.usdc_is_token0 else self.weth

    @property
    def token1(self) -> str:
        return self.weth if self.quote.usdc_is_token0 else self.usdc


@cache
def abi(name: str) -> Contract:
    """Return a deployed contract's ABI, from the package that brought its bytecode."""
    return contract_from(parts.artifact(name)["abi"], name)


async def deploy(
    rpc: Rpc, sender: Sender, *, usdc_is_token0: bool, price: Price, real_weth: bool = False
) -> Deployment:
    """Deploy everything and open the 0.3 % pool at `price` USDC per WETH.

    real_weth: a WETH that wraps ether; else a plain token stands in for it.
    """
    deployer, *wallets = [to_checksum_address(item) for item in await rpc.call("eth_accounts")]
    weth = await (_real_weth if real_weth else _weth)(rpc, sender, deployer)
    usdc = await _usdc(rpc, sender, deployer, weth, usdc_is_token0=usdc_is_token0)
    factory = await _create(sender, deployer, FACTORY)
    arguments = encode(["address", "address", "address"], [factory, weth, _NOBODY])
    manager = await _create(sender, deployer, MANAGER, arguments)
    router = await _create(sender, deployer, ROUTER, arguments[:64])
    await _multicall(rpc)
    setup = [
        _approval(deployer, token, spender)
        for token in (weth, usdc)
        for spender in (manager, router)
    ]
    token0, token1 = sorted((weth, usdc), key=lambda address: int(address, 16))
    start = Quote(usdc_is_token0).sqrt_price_x96(price)
    opening = abi(MANAGER).encode(
        "createAndInitializePoolIfNecessary", token0, token1, FEE_PIPS, start
    )
    setup.append(Call(sender=deployer, to=manager, data=opening, what="opening the pool"))
    for wallet in wallets:
        setup += _shared(deployer, wallet, (weth, usdc), manager)
    await sender.send(setup)
    asked = abi(FACTORY).encode("getPool", token0, token1, FEE_PIPS)
    answer = await rpc.call("eth_call", {"to": factory, "data": "0x" + asked.hex()}, "latest")
    return Deployment(
        deployer=deployer,
        wallets=tuple(wallets),
        weth=weth,
        usdc=usdc,
        factory=factory,
        manager=manager,
        router=router,
        multicall3=MULTICALL3,
        pool=to_checksum_address("0x" + answer[-40:]),
    )


async def _weth(_rpc: Rpc, sender: Sender, deployer: str) -> str:
    return await _create(
        sender, deployer, TOKEN, _token_arguments("Wrapped Ether", "WETH", deployer)
    )


async def _real_weth(rpc: Rpc, sender: Sender, deployer: str) -> str:
    weth = await _create(sender, deployer, WETH)
    await rpc.call("anvil_setBalance", deployer, hex(2 * _SUPPLY))
    deposit = abi(WETH).encode("deposit")
    await sender.send(
        [Call(sender=deployer, to=weth, data=deposit, what="wrapping ether", value=_SUPPLY)]
    )
    return weth


async def _usdc(rpc: Rpc, sender: Sender, deployer: str, weth: str, *, usdc_is_token0: bool) -> str:
    """Return USDC on the wanted side of WETH's address: it is deployed until it fits."""
    for _ in range(_TOKEN_TRIES):
        arguments = _token_arguments("USD Coin", "USDC", deployer)
        usdc = await _create(sender, deployer, TOKEN, arguments)
        if (int(usdc, 16) < int(weth, 16)) == usdc_is_token0:
            slot, value = f"0x{_DECIMALS_SLOT:064x}", f"0x{USDC_DECIMALS:064x}"
            await rpc.call("anvil_setStorageAt", usdc, slot, value)
            return usdc
    raise Permanent(f"no USDC address in {_TOKEN_TRIES} fell on the wanted side of {weth}")


def _token_arguments(name: str, symbol: str, owner: str) -> bytes:
    return encode(["string", "string", "uint256", "address"], [name, symbol, _SUPPLY, owner])


async def _create(sender: Sender, deployer: str, name: str, arguments: bytes = b"") -> str:
    code = bytes.fromhex(parts.artifact(name)["bytecode"].removeprefix("0x"))
    call = Call(sender=deployer, to=None, data=code + arguments, what=f"deploying {name}")
    (receipt,) = await sender.send([call])
    if receipt.contract is None:
        raise Permanent(f"deploying {name} gave no address")
    return to_checksum_address(receipt.contract)


async def _multicall(rpc: Rpc) -> None:
    creation = "0x" + parts.multicall3_creation_code().hex()
    runtime = await rpc.call("eth_call", {"data": creation}, "latest")
    await rpc.call("anvil_setCode", MULTICALL3, runtime)


def _shared(deployer: str, wallet: str, tokens: Iterable[str], manager: str) -> Iterator[Call]:
    """Yield what gives a wallet tokens of its own, and lets the manager take them."""
    for token in tokens:
        share = abi(TOKEN).encode("transfer", wallet, _SHARE)
        yield Call(sender=deployer, to=token, data=share, what="sharing tokens")
        yield _approval(wallet, token, manager)


def _approval(owner: str, token: str, spender: str) -> Call:
    data = abi(TOKEN).encode("approve", spender, 2**256 - 1)
    return Call(sender=owner, to=token, data=data, what="approving tokens")
