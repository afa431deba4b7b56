"""Cost bases from the real manager's events, and what they cost in requests."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from monitor.chain.reader import ChainReader
from monitor.chain.settings import EntrySettings
from monitor.chain.story_reader import REQUESTS_A_POLL, REQUESTS_IN_ALL
from monitor.devnet.local_chain import Devnet
from monitor.devnet.position_book import MintOrder
from monitor.model.position import Basis, Position
from tests.chain.pairs import HOUR, NOON, Node, after, only, taken
from tests.chain.symptoms import Symptom, error


async def read(reader: ChainReader) -> Position:
    snapshot = await reader.snapshot(NOON)
    assert snapshot is not None
    (position,) = snapshot.positions
    return position


async def basis(reader: ChainReader) -> Basis:
    position = await read(reader)
    assert position.basis is not None, position.basis_note
    assert position.basis_note == ""
    return position.basis


async def wide(devnet: Devnet) -> int:
    return await devnet.mint(devnet.deployment.wallets[0], 200, 300)


async def test_a_mint_is_the_basis_to_the_wei(either_devnet: Devnet, reader_on: Any) -> None:
    made = either_devnet.deployment
    before = [await balance(either_devnet, token) for token in (made.token0, made.token1)]
    token_id = await wide(either_devnet)
    minted_at = (await either_devnet.head()).timestamp
    after = [await balance(either_devnet, token) for token in (made.token0, made.token1)]
    found = await basis(await reader_on(either_devnet, {"nft": (token_id,)}))
    # What came into the pool is what the mint put there.
    assert [found.hodl0, found.hodl1] == [b - a for a, b in zip(before, after, strict=True)]
    assert (found.collected0, found.collected1, found.realised_token1) == (0, 0, 0)
    assert (found.source, found.opened_at) == ("events", minted_at)


async def balance(devnet: Devnet, token: str) -> int:
    data = "0x70a08231" + devnet.deployment.pool[2:].rjust(64, "0")
    return int(await devnet.rpc.call("eth_call", {"to": token, "data": data}, "latest"), 16)


async def test_an_unchanged_position_costs_no_logs(devnet: Devnet, reader_on: Any) -> None:
    reader = await reader_on(devnet, {"nft": (await wide(devnet),)})
    first = await basis(reader)
    await devnet.swap_volume(1_000_000)
    before = reader.requests_made
    assert await basis(reader) == first
    assert reader.requests_made - before == 2


async def test_a_deposit_adds_to_the_leg(devnet: Devnet, reader_on: Any) -> None:
    token_id = await wide(devnet)
    reader = await reader_on(devnet, {"nft": (token_id,)})
    first = await basis(reader)
    await devnet.increase(token_id, value_usd=100_000)
    second = await basis(reader)
    assert second.hodl0 == pytest.approx(2 * first.hodl0, rel=1e-6)
    assert second.hodl1 == pytest.approx(2 * first.hodl1, rel=1e-6)
    assert second.opened_at == first.opened_at


async def test_a_withdrawal_is_priced_and_takes_its_share(devnet: Devnet, reader_on: Any) -> None:
    token_id = await wide(devnet)
    reader = await reader_on(devnet, {"nft": (token_id,)})
    first = await basis(reader)
    await devnet.swap_to(280)
    await devnet.decrease(token_id, fraction=Fraction(1, 4))
    second = await basis(reader)
    assert second.hodl0 == pytest.approx(first.hodl0 * 3 / 4, rel=1e-9)
    assert second.realised_token1 is not None
    assert second.realised_token1 < 0


async def test_a_withdrawal_out_of_range_is_priced_by_the_pool(
    devnet: Devnet, reader_on: Any
) -> None:
    # One token comes out, and one amount alone does not tell a price.
    token_id = await wide(devnet)
    await devnet.swap_to(350)
    await devnet.decrease(token_id)
    found = await basis(await reader_on(devnet, {"nft": (token_id,)}))
    assert found.realised_token1 is not None
    assert found.realised_token1 < 0


async def test_collected_fees_are_what_left_less_the_principal(
    devnet: Devnet, reader_on: Any
) -> None:
    token_id = await wide(devnet)
    reader = await reader_on(devnet, {"nft": (token_id,)})
    assert (await basis(reader)).collected0 == 0
    await devnet.swap_volume(1_000_000)
    paid = await devnet.collect(token_id)
    found = await basis(reader)
    assert (found.collected0, found.collected1) == paid
    assert min(paid) > 0


async def test_a_change_read_live_equals_one_read_from_the_start(
    devnet: Devnet, reader_on: Any
) -> None:
    token_id = await wide(devnet)
    live = await reader_on(devnet, {"nft": (token_id,)})
    for step in range(4):
        await devnet.swap_to(230 + 15 * step)
        await devnet.increase(token_id, value_usd=10_000)
        await read(live)
        await devnet.decrease(token_id, fraction=Fraction(1, 7))
        await read(live)
        await devnet.collect(token_id)
        last = await basis(live)
    assert last == await basis(await reader_on(devnet, {"nft": (token_id,)}))


async def test_a_deposit_that_a_reorganisation_took_back_is_forgotten(
    devnet: Devnet, reader_on: Any
) -> None:
    token_id = await wide(devnet)
    reader = await reader_on(devnet, {"nft": (token_id,)})
    first = await basis(reader)
    await devnet.mine()
    before = await devnet.snapshot()
    await devnet.increase(token_id, value_usd=50_000)
    assert (await basis(reader)).hodl0 > first.hodl0
    await devnet.revert(before)
    await devnet.mine()
    assert await basis(reader) == first


async def test_a_start_after_the_mint_leaves_the_basis_unknown_with_a_note(
    devnet: Devnet, reader_on: Any
) -> None:
    token_id = await wide(devnet)
    await devnet.increase(token_id, value_usd=5_000)
    start = (await devnet.head()).number
    reader = await reader_on(devnet, {"nft": (token_id,)}, start_block=start)
    position = await read(reader)
    assert position.basis is None
    assert "an earlier start_block" in position.basis_note
    before = reader.requests_made
    await devnet.mine()
    await read(reader)
    assert reader.requests_made - before == 2  # told once, not asked for again


async def test_a_long_history_is_read_over_several_polls(devnet: Devnet, reader_on: Any) -> None:
    token_id = await wide(devnet)
    start = (await devnet.head()).number
    await devnet.rpc.call("anvil_mine", hex(900))
    reader = await reader_on(devnet, {"nft": (token_id,)}, start_block=start, log_range=50)
    polls = 0
    while (position := await read(reader)).basis is None:
        assert "still being read" in position.basis_note
        polls += 1
        await devnet.mine()
    assert polls == 900 // (50 * REQUESTS_A_POLL)


async def test_the_mint_is_found_by_halving_where_logs_come_in_small_ranges(
    devnet: Devnet, reader_on: Any
) -> None:
    await devnet.rpc.call("anvil_mine", hex(400))
    token_id = await wide(devnet)
    reader = await reader_on(devnet, {"nft": (token_id,)}, log_range=50)
    assert (await basis(reader)).hodl0 > 0
    assert reader.requests_made < 30


def narrow(method: str, params: list[Any]) -> Symptom | None:
    """Refuse logs of more than one block."""
    if method != "eth_getLogs" or params[0]["toBlock"] == params[0]["fromBlock"]:
        return None
    return error(-32000, "too wide blocks range, the limit is 1")


@pytest.mark.parametrize("settings", [{}, {"start_block": 0}])
async def test_a_mint_too_far_back_costs_no_younger_position_its_basis(
    pair: tuple[Node, Node], reader_on: Any, settings: dict[str, Any]
) -> None:
    node = pair[0]
    ages = [await wide(node.devnet) for _ in range(3)]
    await node.devnet.rpc.call("anvil_mine", hex(REQUESTS_IN_ALL))
    ages += [await wide(node.devnet) for _ in range(2)]
    node.fault = narrow
    url = node.scripted.url
    reader = await reader_on(node.devnet, {"nft": tuple(ages)}, rpc=(url,), **settings)
    for second in (0, 12):
        told = {one.token_id: one for one in (await taken(reader, after(second))).positions}
        assert [told[one].basis is not None for one in ages] == [False] * 3 + [True] * 2
        assert all("state an [[entry]]" in told[one].basis_note for one in ages[:3])
        await node.devnet.mine()
    asked = len(node.scripted.asked)
    await taken(reader, after(13))
    assert len(node.scripted.asked) - asked == 2, "what is too far back is not asked for each poll"
    await node.devnet.mine()
    await taken(reader, after(2 * HOUR))
    assert len(node.scripted.asked) - asked > 4, "and is looked at again"


async def test_a_hiccup_does_not_leave_the_entry_unknown_for_good(
    pair: tuple[Node, Node], reader_on: Any
) -> None:
    """A time-out taught a range too narrow to begin without the mint, which no old state tells."""
    node, left = pair[0], [1]
    pruned = error(-32000, "missing trie node 7f3a")

    def hiccup(method: str, params: list[Any]) -> Symptom | None:
        if method == "eth_getLogs" and left[0]:
            left[0] -= 1
            return error(-32000, "query timed out")
        old = method == "eth_call" and int(params[1], 16) < int(head, 16) - 10
        return pruned if old else None

    token_id = await wide(node.devnet)
    await node.devnet.rpc.call("anvil_mine", hex(400))
    head = await node.devnet.rpc.call("eth_blockNumber")
    node.fault = hiccup
    reader = await reader_on(node.devnet, {"nft": (token_id,)}, rpc=(node.scripted.url,))
    position = await only(reader, NOON)
    assert "keeps no old state" in position.basis_note
    await node.devnet.mine()
    position = await only(reader, after(12))
    assert position.basis is not None, position.basis_note


async def test_an_entry_from_config_needs_no_logs(either_devnet: Devnet, reader_on: Any) -> None:
    made = either_devnet.deployment
    token_id = await wide(either_devnet)
    key = f"{either_devnet.chain_id}:{made.manager}:{token_id}"
    usdc, weth = Decimal("50000.5"), Decimal("200.000000000000000001")
    amounts = (usdc, weth) if made.quote.usdc_is_token0 else (weth, usdc)
    held = (await read(await reader_on(either_devnet, {"nft": (token_id,)}))).liquidity
    entry = EntrySettings(
        position=key, amount0=amounts[0], amount1=amounts[1], at=NOON, liquidity=held
    )
    found = await basis(await reader_on(either_devnet, {"nft": (token_id,)}, entries=(entry,)))
    raw = (50_000_500_000, 200_000_000_000_000_000_001)
    assert (found.hodl0, found.hodl1) == (raw if made.quote.usdc_is_token0 else raw[::-1])
    assert (found.source, found.opened_at) == ("config", NOON)


async def test_an_entry_for_another_liquidity_is_not_used(devnet: Devnet, reader_on: Any) -> None:
    token_id = await wide(devnet)
    key = f"{devnet.chain_id}:{devnet.deployment.manager}:{token_id}"
    entry = EntrySettings(position=key, amount0=Decimal(1), amount1=Decimal(1), liquidity=7)
    position = await read(await reader_on(devnet, {"nft": (token_id,)}, entries=(entry,)))
    assert position.basis is None
    assert position.basis_note.startswith("its [[entry]] is for liquidity 7, the position has ")


async def test_an_entry_must_say_for_which_liquidity_it_is(devnet: Devnet, reader_on: Any) -> None:
    token_id = await wide(devnet)
    key = f"{devnet.chain_id}:{devnet.deployment.manager}:{token_id}"
    entry = EntrySettings(position=key, amount0=Decimal(1), amount1=Decimal(1))
    position = await read(await reader_on(devnet, {"nft": (token_id,)}, entries=(entry,)))
    assert position.basis is None
    told = f"its [[entry]] needs liquidity = {position.liquidity}, if that is what it is for"
    assert position.basis_note == told


async def test_an_entry_ends_where_the_liquidity_changes(devnet: Devnet, reader_on: Any) -> None:
    token_id = await wide(devnet)
    key = f"{devnet.chain_id}:{devnet.deployment.manager}:{token_id}"
    held = (await read(await reader_on(devnet, {"nft": (token_id,)}))).liquidity
    entry = EntrySettings(position=key, amount0=Decimal(1), amount1=Decimal(1), liquidity=held)
    reader = await reader_on(devnet, {"nft": (token_id,)}, entries=(entry,))
    assert (await basis(reader)).source == "config"
    await devnet.increase(token_id, value_usd=1_000)
    position = await read(reader)
    assert position.basis is None
    assert position.basis_note.endswith("state the entry anew")


async def test_many_positions_share_one_request_for_logs(devnet: Devnet, reader_on: Any) -> None:
    owner = devnet.deployment.wallets[0]
    await devnet.mint_many(
        [
            MintOrder(owner=owner, price_lower=200 - n, price_upper=300, value_usd=9_000)
            for n in range(30)
        ]
    )
    reader = await reader_on(devnet, {"wallet": owner})
    snapshot = await reader.snapshot(NOON)
    assert all(one.basis is not None for one in snapshot.positions)
    assert len({one.basis.hodl0 for one in snapshot.positions}) > 20
    # chain id, head, factory, four batches, the listing, getPool, tokens, spacing, logs of
    # what moved liquidity and of what moved the NFTs, the final block, the receipts of all
    # mints
    assert reader.requests_made <= 15
