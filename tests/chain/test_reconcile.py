"""A position's whole life through real transactions, against its owner's balances, to the wei.

The other book is kept by the tokens: every Transfer they tell of the owner, and the
owner's ether.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.chain.settings import LinkSettings
from monitor.devnet.contracts import Deployment
from monitor.devnet.local_chain import Devnet, open_devnet
from monitor.devnet.node import AnvilNode
from monitor.devnet.wallet import Wallet
from monitor.model.position import Basis, Position, position_key

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
RICH = (10**12, 10**22)
SOME = (50_000 * 10**6, 200 * 10**18)
LITTLE = (700 * 10**6, 3 * 10**18)


@dataclass(frozen=True)
class Book:
    """What a wallet has paid and got of one token since it was funded, raw."""

    paid: int
    got: int


async def book(devnet: Devnet, wallet: Wallet, token: str, since: int) -> Book:
    padded = "0x" + wallet.address[2:].lower().rjust(64, "0")
    sums = []
    for topics in ([TRANSFER, padded], [TRANSFER, None, padded]):
        criteria = {"address": token, "topics": topics, "fromBlock": hex(since)}
        logs = await devnet.rpc.call("eth_getLogs", criteria)
        sums.append(sum(int(log["data"], 16) for log in logs))
    return Book(*sums)


async def funded(devnet: Devnet, number: int) -> tuple[Wallet, int]:
    wallet = Wallet(devnet, devnet.deployment.wallets[number])
    await wallet.fund(*RICH)
    return wallet, (await devnet.head()).number + 1


async def seen(reader: Any) -> Position:
    snapshot = await reader.snapshot(NOON)
    (position,) = snapshot.positions
    assert isinstance(position, Position)
    assert position.basis is not None, position.basis_note
    return position


def key(devnet: Devnet, token_id: int) -> str:
    return position_key(devnet.chain_id, devnet.deployment.manager, token_id)


def check(basis: Basis, book0: Book, book1: Book) -> None:
    """Hold a basis to what the owner paid and got; gifts came from another pocket."""
    assert basis.deposited0 - basis.gifted0 == book0.paid
    assert basis.deposited1 - basis.gifted1 == book1.paid
    assert basis.withdrawn0 - basis.uncollected0 + basis.collected0 == book0.got
    assert basis.withdrawn1 - basis.uncollected1 + basis.collected1 == book1.got


async def live_through_it(devnet: Devnet, owner: Wallet, stranger: Wallet, reader_on: Any) -> int:
    """Mint, add, be given, withdraw, collect, compound; hold every step to the books."""
    made = devnet.deployment
    since = (await devnet.head()).number
    token_id = await owner.mint((200, 300), SOME)
    reader = await reader_on(devnet, {"nft": (token_id,)})

    async def step() -> Position:
        position = await seen(reader)
        books = [await book(devnet, owner, token, since) for token in (made.token0, made.token1)]
        assert position.basis is not None
        check(position.basis, *books)
        return position

    held = await step()
    await devnet.swap_volume(2_000_000)
    await owner.increase(token_id, LITTLE)
    held = await step()
    assert (held.basis.gifted0, held.basis.gifted1) == (0, 0)
    before = [await book(devnet, stranger, token, since) for token in (made.token0, made.token1)]
    await stranger.increase(token_id, LITTLE)
    held = await step()
    after = [await book(devnet, stranger, token, since) for token in (made.token0, made.token1)]
    assert held.basis.gifted0 == after[0].paid - before[0].paid > 0
    assert held.basis.gifted1 == after[1].paid - before[1].paid > 0
    await devnet.swap_to(270)
    await owner.decrease(token_id, held.liquidity // 3)
    held = await step()
    assert held.basis.uncollected0 > 0
    await devnet.swap_volume(2_000_000)
    await owner.collect(token_id)
    held = await step()
    assert (held.basis.uncollected0, held.basis.uncollected1) == (0, 0)
    assert min(held.basis.collected0, held.basis.collected1) > 0
    await devnet.swap_volume(2_000_000)
    await owner.compound(token_id, (10 * 10**6, 10**17))
    held = await step()
    assert min(held.basis.compounded0, held.basis.compounded1) > 0
    return token_id


async def test_a_whole_life_reconciles_to_the_wei(either_devnet: Devnet, reader_on: Any) -> None:
    devnet = either_devnet
    made = devnet.deployment
    (owner, since), (stranger, _) = await funded(devnet, 2), await funded(devnet, 3)
    token_id = await live_through_it(devnet, owner, stranger, reader_on)
    held = await seen(await reader_on(devnet, {"nft": (token_id,)}))
    await devnet.swap_volume(500_000)
    await owner.burn(token_id, held.liquidity)
    books = [await book(devnet, owner, token, since) for token in (made.token0, made.token1)]
    # The burned position is told by the one that continues it.
    later = await owner.mint((210, 290), LITTLE)
    links = (LinkSettings(positions=(key(devnet, token_id), key(devnet, later))),)
    continued = await seen(await reader_on(devnet, {"nft": (later,)}, links=links))
    assert continued.links is not None, continued.links_note
    (burned,) = continued.links
    assert (burned.tick_lower, burned.tick_upper) == (held.tick_lower, held.tick_upper)
    assert burned.basis.liquidity == 0
    assert (burned.basis.uncollected0, burned.basis.uncollected1) == (0, 0)
    check(burned.basis, *books)


@pytest.fixture(params=[True, False], ids=["usdc first", "weth first"])
async def wrapping(
    request: pytest.FixtureRequest, usdc_weth_chain: tuple[AnvilNode, Deployment]
) -> AsyncIterator[Devnet]:
    """A deployment whose WETH wraps ether."""
    node, _ = usdc_weth_chain
    async with open_devnet(node, usdc_is_token0=request.param, real_weth=True) as devnet:
        yield devnet


async def test_ether_that_is_unwrapped_is_collected_all_the_same(
    wrapping: Devnet, reader_on: Any
) -> None:
    made = wrapping.deployment
    owner, since = await funded(wrapping, 4)
    token_id = await owner.mint((200, 300), SOME)
    reader = await reader_on(wrapping, {"nft": (token_id,)})
    held = await seen(reader)
    await wrapping.swap_volume(2_000_000)
    await wrapping.swap_to(240)
    await owner.decrease(token_id, held.liquidity // 4)
    before = int(await wrapping.rpc.call("eth_getBalance", owner.address, "latest"), 16)
    await owner.collect_unwrapped(token_id)
    after = int(await wrapping.rpc.call("eth_getBalance", owner.address, "latest"), 16)
    basis = (await seen(reader)).basis
    assert basis is not None
    books = {token: await book(wrapping, owner, token, since) for token in (made.usdc, made.weth)}
    assert books[made.weth].got == 0
    assert after > before  # gas costs nothing on the devnet
    books[made.weth] = Book(books[made.weth].paid, after - before)
    check(basis, books[made.token0], books[made.token1])
