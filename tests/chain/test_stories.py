"""What is read again, what is not, and who put it there; counted in requests of a real node."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from monitor.chain.checkpoint import MemoryCheckpoints
from monitor.chain.settings import LinkSettings
from monitor.devnet.contracts import MANAGER, abi
from monitor.devnet.local_chain import Devnet
from monitor.devnet.position_book import collect_call
from monitor.devnet.sender import Call
from monitor.devnet.wallet import Wallet
from monitor.model.position import Basis, Position, position_key
from monitor.store.sqlite import open_sqlite

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RICH = (10**12, 10**22)
SOME = (50_000 * 10**6, 200 * 10**18)
LITTLE = (700 * 10**6, 3 * 10**18)
FINAL = 70  # more than the 64 blocks that a node of anvil's calls final


async def seen(reader: Any) -> Position:
    snapshot = await reader.snapshot(NOON)
    (position,) = snapshot.positions
    assert isinstance(position, Position)
    return position


async def basis(reader: Any) -> Basis:
    position = await seen(reader)
    assert position.basis is not None, position.basis_note
    return position.basis


async def wide(devnet: Devnet) -> int:
    return await devnet.mint(devnet.deployment.wallets[0], 200, 300)


async def wallet(devnet: Devnet, number: int) -> Wallet:
    one = Wallet(devnet, devnet.deployment.wallets[number])
    await one.fund(*RICH)
    return one


async def age(devnet: Devnet, blocks: int = FINAL) -> None:
    await devnet.rpc.call("anvil_mine", hex(blocks))


def counting(node: Any, devnet: Devnet, change: Callable[..., Any] | None = None) -> Counter[str]:
    """Put a node in between that counts, and may answer in the real one's stead."""
    asked: Counter[str] = Counter()

    async def script(method: str, params: list[Any]) -> dict[str, Any]:
        asked[method] += 1
        instead = change(method, params) if change is not None else None
        return instead or await node.forward(devnet.url, method, params)

    node.script = script
    return asked


# --- finality and restarts ------------------------------------------------------------------


async def test_what_is_not_final_is_provisional_and_looked_at_once_more(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    asked = counting(scripted_node, devnet)
    reader = await reader_on(devnet, {"nft": (await wide(devnet),)}, rpc=(scripted_node.url,))
    assert (await basis(reader)).provisional
    assert asked["eth_getLogs"] == 2
    await devnet.mine()
    assert (await basis(reader)).provisional
    assert asked["eth_getLogs"] == 2
    await age(devnet)
    assert not (await basis(reader)).provisional
    assert asked["eth_getLogs"] == 4
    await age(devnet)
    assert not (await basis(reader)).provisional
    assert asked["eth_getLogs"] == 4


async def test_a_restart_does_not_read_a_finished_history_again(
    devnet: Devnet, reader_on: Any, scripted_node: Any, tmp_path: Path
) -> None:
    token_id = await wide(devnet)
    await devnet.swap_to(270)
    await devnet.decrease(token_id, fraction=Fraction(1, 3))
    await age(devnet)
    asked = counting(scripted_node, devnet)
    found: list[Basis] = []
    for _ in range(3):
        store = open_sqlite(f"sqlite:///{tmp_path}/x.db", now=NOON)
        reader = await reader_on(
            devnet,
            {"nft": (token_id,)},
            rpc=(scripted_node.url,),
            checkpoints=store.checkpoints,
        )
        found.append(await basis(reader))
        await devnet.mine()
        found.append(await basis(reader))
        store.close()
    assert asked["eth_getLogs"] == 2
    assert asked["eth_getTransactionReceipt"] == 1, "who minted it does not change"
    assert found == [found[0]] * 6
    assert not found[0].provisional


async def test_a_change_while_nobody_looked_is_read_from_the_checkpoint_on(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    token_id = await wide(devnet)
    await age(devnet)
    kept = MemoryCheckpoints()
    first = await basis(await reader_on(devnet, {"nft": (token_id,)}, checkpoints=kept))
    left_at = (await devnet.head()).number
    await age(devnet, 500)
    await devnet.increase(token_id, value_usd=20_000)
    begun: list[int] = []

    def note(method: str, params: list[Any]) -> None:
        if method == "eth_getLogs":
            begun.append(int(params[0]["fromBlock"], 16))

    counting(scripted_node, devnet, note)
    url = scripted_node.url
    again = await reader_on(devnet, {"nft": (token_id,)}, rpc=(url,), checkpoints=kept)
    found = await basis(again)
    assert found.hodl0 > first.hodl0
    assert found == await basis(await reader_on(devnet, {"nft": (token_id,)}))
    assert begun == [left_at - 64 + 1] * 2


async def test_a_long_reading_goes_on_where_a_restart_broke_it_off(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    token_id = await wide(devnet)
    start = (await devnet.head()).number
    await age(devnet, 900)
    kept = MemoryCheckpoints()
    asked = counting(scripted_node, devnet)
    given = {"start_block": start, "log_range": 50, "checkpoints": kept}
    for _ in range(3):
        reader = await reader_on(devnet, {"nft": (token_id,)}, rpc=(scripted_node.url,), **given)
        position = await seen(reader)
    assert position.basis is not None
    assert asked["eth_getLogs"] == 2 * -(-901 // 50)


async def test_only_what_is_final_is_kept(devnet: Devnet, reader_on: Any) -> None:
    token_id = await wide(devnet)
    await age(devnet)
    await devnet.increase(token_id, value_usd=20_000)
    kept = MemoryCheckpoints()
    assert (
        await basis(await reader_on(devnet, {"nft": (token_id,)}, checkpoints=kept))
    ).provisional
    (saved,) = kept.load(devnet.chain_id)
    assert len(saved.events) == 1
    assert saved.mark == ()
    assert saved.next_block == (await devnet.head()).number - 64 + 1


async def test_a_node_that_tells_no_final_block_is_trusted_so_many_blocks_back(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    def refuse(_method: str, params: list[Any]) -> dict[str, Any] | None:
        if params[:1] == ["finalized"]:
            return {"error": {"code": -39001, "message": "Unknown block"}}
        return None

    counting(scripted_node, devnet, refuse)
    token_id = await wide(devnet)
    reader = await reader_on(devnet, {"nft": (token_id,)}, rpc=(scripted_node.url,), final_after=20)
    await age(devnet, 10)
    assert (await basis(reader)).provisional
    await age(devnet, 20)
    assert not (await basis(reader)).provisional


async def test_a_mint_that_a_reorganisation_moved_is_dated_anew(
    devnet: Devnet, reader_on: Any
) -> None:
    # The position shows nothing of it: same id, same liquidity, same marks.
    await devnet.mine()
    before = await devnet.snapshot()
    token_id = await wide(devnet)
    reader = await reader_on(devnet, {"nft": (token_id,)})
    opened_at = (await basis(reader)).opened_at
    await devnet.revert(before)
    await devnet.mine((await devnet.head()).timestamp + timedelta(hours=1))
    assert await wide(devnet) == token_id
    minted_at = (await devnet.head()).timestamp
    await devnet.mine()
    assert opened_at is not None
    assert opened_at < minted_at
    assert (await basis(reader)).opened_at == minted_at


async def test_logs_that_lag_the_state_are_neither_believed_nor_kept(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    token_id = await wide(devnet)
    await age(devnet)
    await devnet.swap_volume(1_000_000)
    kept = MemoryCheckpoints()
    lagging = True

    def lag(method: str, _params: list[Any]) -> dict[str, Any] | None:
        return {"result": []} if lagging and method == "eth_getLogs" else None

    counting(scripted_node, devnet, lag)
    given = {"rpc": (scripted_node.url,), "checkpoints": kept}
    reader = await reader_on(devnet, {"nft": (token_id,)}, **given)
    assert (await seen(reader)).basis is None
    assert kept.load(devnet.chain_id) == ()
    lagging = False
    reader = await reader_on(devnet, {"nft": (token_id,)}, **given)
    assert (await basis(reader)).collected0 == 0
    await age(devnet)
    await basis(reader)
    # A collect changes no liquidity: only the marks show that the logs lack it.
    lagging = True
    paid = await devnet.collect(token_id)
    assert (await basis(reader)).collected0 == 0
    assert [one.mark for one in kept.load(devnet.chain_id)] != [()]
    lagging = False
    await devnet.mine()
    assert (await basis(reader)).collected0 == paid[0]


# --- who did it -----------------------------------------------------------------------------


async def test_a_deposit_is_a_gift_unless_the_owner_or_one_let_act_made_it(
    devnet: Devnet, reader_on: Any
) -> None:
    owner, friend = await wallet(devnet, 5), await wallet(devnet, 6)
    token_id = await owner.mint((200, 300), SOME)
    reader = await reader_on(devnet, {"nft": (token_id,)})
    await friend.increase(token_id, LITTLE)
    gifted = (await basis(reader)).gifted0
    assert gifted > 0
    manager, made = abi(MANAGER), devnet.deployment
    allow = manager.encode("approve", friend.address, token_id)
    await devnet.send(Call(sender=owner.address, to=made.manager, data=allow, what="approving"))
    await friend.increase(token_id, LITTLE)
    assert (await basis(reader)).gifted0 == gifted
    helper = await wallet(devnet, 7)
    allow = manager.encode("setApprovalForAll", helper.address, True)
    await devnet.send(Call(sender=owner.address, to=made.manager, data=allow, what="approving"))
    await helper.increase(token_id, LITTLE)
    found = await basis(reader)
    assert found.gifted0 == gifted
    assert found == await basis(await reader_on(devnet, {"nft": (token_id,)}))


async def test_an_nft_that_came_by_transfer_says_so_and_its_hands_do_not_matter(
    devnet: Devnet, reader_on: Any
) -> None:
    owner = await wallet(devnet, 5)
    token_id = await owner.mint((200, 300), SOME)
    reader = await reader_on(devnet, {"nft": (token_id,)})
    first = await basis(reader)
    await owner.increase(token_id, LITTLE)
    await devnet.transfer(token_id, devnet.deployment.wallets[8])
    block = (await devnet.head()).number
    position = await seen(reader)
    assert position.basis_note.startswith(f"it came from {owner.address} in block {block}: ")
    assert position.basis is not None
    assert position.basis.gifted0 == 0
    assert position.basis.deposited0 > first.deposited0
    # Back where it was minted to, as from a staker: nothing to say.
    await devnet.transfer(token_id, owner.address)
    assert (await seen(reader)).basis_note == ""


async def test_a_collect_to_another_address_is_the_owner_s_all_the_same(
    devnet: Devnet, reader_on: Any
) -> None:
    owner = await wallet(devnet, 5)
    token_id = await owner.mint((200, 300), SOME)
    await devnet.swap_volume(1_000_000)
    data = collect_call(token_id, devnet.deployment.wallets[8])
    call = Call(sender=owner.address, to=devnet.deployment.manager, data=data, what="collecting")
    await devnet.send(call)
    found = await basis(await reader_on(devnet, {"nft": (token_id,)}))
    assert min(found.collected0, found.collected1) > 0


async def test_flows_out_of_range_are_priced_by_the_pool_and_unknown_without_old_state(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    token_id = await wide(devnet)
    await devnet.swap_volume(1_000_000)
    await devnet.swap_to(350)
    await devnet.collect(token_id)
    await age(devnet, 5)
    found = await basis(await reader_on(devnet, {"nft": (token_id,)}))
    assert found.received_token1 is not None
    assert found.received_token1 > 0
    head = (await devnet.head()).number

    def prune(method: str, params: list[Any]) -> dict[str, Any] | None:
        if method == "eth_call" and int(params[1], 16) < head:
            return {"error": {"code": -32000, "message": "missing trie node abc"}}
        return None

    counting(scripted_node, devnet, prune)
    pruned = await basis(await reader_on(devnet, {"nft": (token_id,)}, rpc=(scripted_node.url,)))
    assert (pruned.received_token0, pruned.received_token1) == (None, None)
    assert (pruned.collected0, pruned.paid_token1) == (found.collected0, found.paid_token1)


# --- links ----------------------------------------------------------------------------------


def key(devnet: Devnet, token_id: int) -> str:
    return position_key(devnet.chain_id, devnet.deployment.manager, token_id)


def link(devnet: Devnet, *token_ids: int) -> tuple[LinkSettings, ...]:
    return (LinkSettings(positions=tuple(key(devnet, one) for one in token_ids)),)


async def test_a_chain_of_burned_positions_is_told_by_the_one_that_is_left(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    owner = await wallet(devnet, 5)
    ids = [await owner.mint((200, 300), SOME)]
    for price in (270, 240):
        reader = await reader_on(devnet, {"nft": (ids[-1],)})
        held = await seen(reader)
        await devnet.swap_to(price)
        ids.append(await owner.rebalance(ids[-1], held.liquidity, (price - 50, price + 50), LITTLE))
    await age(devnet)
    kept = MemoryCheckpoints()
    asked = counting(scripted_node, devnet)
    for _ in range(2):
        reader = await reader_on(
            devnet,
            {"nft": (ids[-1],)},
            links=link(devnet, *ids),
            rpc=(scripted_node.url,),
            checkpoints=kept,
        )
        last = await seen(reader)
        assert last.links is not None, last.links_note
        assert [one.key for one in last.links] == [key(devnet, one) for one in ids[:-1]]
        for one in last.links:
            assert one.basis.liquidity == 0
            assert one.basis.realised_token1 is not None
            assert one.basis.realised_token1 < 0
    assert asked["eth_getLogs"] == 4  # those that are left, and those that are gone: once


async def test_a_link_that_cannot_be_followed_says_why(devnet: Devnet, reader_on: Any) -> None:
    first, second = await wide(devnet), await wide(devnet)
    reader = await reader_on(devnet, {"nft": (second,)}, links=link(devnet, first, second))
    position = await seen(reader)
    assert position.links is None
    told = f"{key(devnet, first)}, which it continues, still holds liquidity and is not watched"
    assert position.links_note == told
    watched = await reader_on(devnet, {"nft": (first, second)}, links=link(devnet, first, second))
    both = (await watched.snapshot(NOON)).positions
    assert [len(one.links) for one in sorted(both, key=lambda one: one.token_id)] == [0, 1]
    never = await seen(await reader_on(devnet, {"nft": (second,)}, links=link(devnet, 999, second)))
    assert never.links is None
    assert "the deposits found make liquidity 0" in never.links_note
