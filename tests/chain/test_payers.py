"""Who put it there: a stranger's mint, one let act, and what finding out costs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from monitor.devnet.contracts import FEE_PIPS, MANAGER, abi
from monitor.devnet.local_chain import Devnet
from monitor.devnet.sender import Call
from monitor.devnet.wallet import Wallet
from monitor.model.position import Position

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RICH = (10**12, 10**22)
SOME = (50_000 * 10**6, 200 * 10**18)
LITTLE = (700 * 10**6, 3 * 10**18)


async def seen(reader: Any) -> Position:
    snapshot = await reader.snapshot(NOON)
    (position,) = snapshot.positions
    assert isinstance(position, Position)
    return position


async def wallet(devnet: Devnet, number: int) -> Wallet:
    one = Wallet(devnet, devnet.deployment.wallets[number])
    await one.fund(*RICH)
    return one


async def minted_for(
    devnet: Devnet, payer: Wallet, owner: str, usdc_weth: tuple[int, int] = SOME
) -> int:
    """Mint one for somebody else, as anyone may."""
    made = devnet.deployment
    ticks = made.quote.ticks(200, 300)
    offered = usdc_weth if made.quote.usdc_is_token0 else usdc_weth[::-1]
    terms = (made.token0, made.token1, FEE_PIPS, *ticks, *offered, 0, 0, owner, 2**256 - 1)
    data = abi(MANAGER).encode("mint", terms)
    call = Call(sender=payer.address, to=made.manager, data=data, what="minting for another")
    (receipt,) = await devnet.send(call)
    return devnet.positions.minted(receipt)


async def test_a_position_minted_by_a_stranger_is_a_gift_and_says_so(
    either_devnet: Devnet, reader_on: Any
) -> None:
    devnet = either_devnet
    owner, stranger = await wallet(devnet, 5), await wallet(devnet, 6)
    token_id = await minted_for(devnet, stranger, owner.address)
    block = (await devnet.head()).number
    position = await seen(await reader_on(devnet, {"nft": (token_id,)}))
    found = position.basis
    assert found is not None
    assert min(found.deposited0, found.deposited1) > 0
    assert (found.gifted0, found.gifted1) == (found.deposited0, found.deposited1)
    assert (found.paid_token0, found.paid_token1) == (0, 0)
    begins = f"it was minted by {stranger.address} in block {block}, who is not its owner: "
    assert position.basis_note.startswith(begins)
    # What the owner adds is paid for; a rebalance of its own is no gift.
    await owner.increase(token_id, LITTLE)
    after = (await seen(await reader_on(devnet, {"nft": (token_id,)}))).basis
    assert after is not None
    assert after.gifted0 == found.gifted0 < after.deposited0


async def test_a_position_minted_for_oneself_by_one_let_act_is_one_s_own(
    devnet: Devnet, reader_on: Any
) -> None:
    owner, helper = await wallet(devnet, 5), await wallet(devnet, 6)
    allow = abi(MANAGER).encode("setApprovalForAll", helper.address, True)
    manager = devnet.deployment.manager
    await devnet.send(Call(sender=owner.address, to=manager, data=allow, what="approving"))
    token_id = await minted_for(devnet, helper, owner.address)
    position = await seen(await reader_on(devnet, {"nft": (token_id,)}))
    assert position.basis is not None
    assert (position.basis.gifted0, position.basis_note) == (0, "")


async def test_who_minted_is_asked_little_by_little_of_a_node_that_takes_one_at_a_time(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    owner, stranger = await wallet(devnet, 5), await wallet(devnet, 6)
    for _ in range(65):
        await minted_for(devnet, stranger, owner.address, LITTLE)

    async def script(method: str, params: list[Any]) -> Any:
        return await scripted_node.forward(devnet.url, method, params)

    scripted_node.script = script
    scripted_node.takes_batches = False
    reader = await reader_on(devnet, {"wallet": owner.address}, rpc=(scripted_node.url,))
    first = (await reader.snapshot(NOON)).positions
    known = [one for one in first if one.basis is not None and one.basis.gifted0]
    assert 50 < len(known) < 65, "64 requests a poll, some of them to learn what it takes"
    waiting = next(one for one in first if one not in known)
    assert waiting.basis_note == "who made some of its deposits is still being read"
    await devnet.mine()
    second = (await reader.snapshot(NOON)).positions
    assert all(one.basis is not None and one.basis.gifted0 for one in second)


_OPERATOR = "0xe985e9c5"  # isApprovedForAll(address,address)


def of_receipt(method: str, _params: list[Any]) -> bool:
    return method == "eth_getTransactionReceipt"


def of_operator(method: str, params: list[Any]) -> bool:
    return method == "eth_call" and str(params[0]["data"]).startswith(_OPERATOR)


@pytest.mark.parametrize(
    ("hit", "fault"),
    [
        pytest.param(of_receipt, {}, id="the receipts' request fails"),
        pytest.param(
            of_receipt,
            {"error": {"code": -32005, "message": "limit exceeded"}},
            id="one receipt fails in a request that does not",
        ),
        pytest.param(of_receipt, {"result": {"logs": [{}]}}, id="a receipt is malformed"),
        pytest.param(of_operator, {}, id="it fails when asked whom the owner lets act"),
    ],
)
async def test_a_fault_while_it_is_asked_who_minted_makes_no_gift_a_cost(
    devnet: Devnet, reader_on: Any, scripted_node: Any, hit: Any, fault: Any
) -> None:
    owner, stranger = await wallet(devnet, 5), await wallet(devnet, 6)
    token_id = await minted_for(devnet, stranger, owner.address)
    fails = True

    async def script(method: str, params: list[Any]) -> Any:
        if fails and hit(method, params):
            return fault or web.Response(status=500)
        return await scripted_node.forward(devnet.url, method, params)

    scripted_node.script = script
    reader = await reader_on(devnet, {"nft": (token_id,)}, rpc=(scripted_node.url,))
    unknown = await seen(reader)
    assert unknown.basis_note == "who made some of its deposits is still being read"
    fails = False
    await devnet.mine()
    position = await seen(reader)
    assert position.basis is not None
    assert position.basis.gifted0 == position.basis.deposited0 > 0


async def test_an_entry_stays_known_where_logs_fail_while_it_is_asked_who_minted(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    owner, stranger = await wallet(devnet, 5), await wallet(devnet, 6)
    token_id = await minted_for(devnet, stranger, owner.address)
    failing = {"eth_getTransactionReceipt"}

    async def script(method: str, params: list[Any]) -> Any:
        if method in failing:
            return web.Response(status=500)
        return await scripted_node.forward(devnet.url, method, params)

    scripted_node.script = script
    reader = await reader_on(devnet, {"nft": (token_id,)}, rpc=(scripted_node.url,))
    known = (await seen(reader)).basis
    assert known is not None
    failing.add("eth_getLogs")
    await devnet.mine()
    assert (await seen(reader)).basis == known
    failing.clear()
    await devnet.mine()
    asked_again = await reader.snapshot(NOON + timedelta(hours=1))
    assert asked_again.positions[0].basis.gifted0 > 0
