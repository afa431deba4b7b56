"""Which block is read, and what its chain dropped: on a node whose chain is made to turn."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from monitor.chain.failures import Behind
from monitor.chain.heads import Heads, Target
from monitor.chain.reader import ChainReader
from monitor.chain.rpc import Endpoint
from monitor.devnet.local_chain import Devnet
from monitor.errors import Transient
from monitor.logs import Secret
from monitor.model.observation import Block, Reorg, Snapshot

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def taken(reader: ChainReader) -> Snapshot:
    snapshot = await reader.snapshot(NOON)
    assert snapshot is not None
    return snapshot


async def swapped(devnet: Devnet, reader: ChainReader, *prices: float) -> list[Block]:
    """Swap once a block, and read each."""
    read = []
    for price in prices:
        await devnet.swap_to(price)
        read.append((await taken(reader)).block)
    return read


@pytest.mark.parametrize("behind", [0, 1, 2])
async def test_blocks_that_follow_each_other_are_no_reorg(
    devnet: Devnet, reader_on: Any, behind: int
) -> None:
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool}, behind=behind)
    await devnet.mine()
    await devnet.mine()
    await taken(reader)
    for holes in (1, 1, 3, 1, 2):
        for _ in range(holes):
            await devnet.mine()
        before = reader.requests_made
        assert (await taken(reader)).reorg is None
        assert reader.requests_made - before <= 3


async def test_the_last_block_replaced_at_its_own_height(devnet: Devnet, reader_on: Any) -> None:
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool})
    shared = (await taken(reader)).block
    before = await devnet.snapshot()
    (gone,) = await swapped(devnet, reader, 260)
    await devnet.revert(before)
    await devnet.swap_to(240)
    found = await taken(reader)
    assert found.block.number == gone.number
    assert found.reorg == Reorg(ancestor=shared.number, dropped=(gone,))
    await devnet.mine()
    assert (await taken(reader)).reorg is None


async def test_what_the_node_itself_reorganises(devnet: Devnet, reader_on: Any) -> None:
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool})
    first, second, third = await swapped(devnet, reader, 260, 270, 280)
    await devnet.rpc.call("anvil_reorg", 2, [])
    found = await taken(reader)
    assert found.block.number == third.number
    assert found.reorg == Reorg(ancestor=first.number, dropped=(second, third))
    price = devnet.deployment.quote.price(found.pools[0].sqrt_price_x96)
    assert float(price) == pytest.approx(260)


@pytest.mark.parametrize("grown", [1, 2, 3, 4, 9])
async def test_a_branch_that_has_outgrown_what_was_read(
    devnet: Devnet, reader_on: Any, grown: int
) -> None:
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool})
    shared = (await taken(reader)).block
    before = await devnet.snapshot()
    dropped = await swapped(devnet, reader, 260, 270, 280)
    await devnet.revert(before)
    await devnet.swap_to(240)
    for _ in range(grown):
        await devnet.mine()
    found = await taken(reader)
    assert found.block.number == shared.number + 1 + grown
    assert found.reorg == Reorg(ancestor=shared.number, dropped=tuple(dropped))


async def test_a_head_that_is_gone_is_not_read_as_its_successor_s_parent(
    devnet: Devnet, reader_on: Any
) -> None:
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool}, behind=1)
    await devnet.mine()
    before = await devnet.snapshot()
    await devnet.swap_to(260)
    await taken(reader)  # of the block below, with this one known as the head
    await devnet.revert(before)
    await devnet.swap_to(240)
    there = await devnet.head()
    await devnet.mine()
    found = await taken(reader)
    assert (found.block, found.reorg) == (there, None)


async def test_what_was_dropped_once_is_not_dropped_again(devnet: Devnet, reader_on: Any) -> None:
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool})
    shared = (await taken(reader)).block
    for price in (240, 230):
        before = await devnet.snapshot()
        dropped = await swapped(devnet, reader, price + 1, price + 2, price + 3)
        await devnet.revert(before)
        await devnet.swap_to(price)
        await devnet.rpc.call("anvil_mine", hex(9))
        found = await taken(reader)
        assert found.reorg == Reorg(ancestor=shared.number, dropped=tuple(dropped))
        shared = found.block


async def test_a_deep_turn_is_walked_back_in_few_requests(devnet: Devnet, reader_on: Any) -> None:
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool})
    for _ in range(10):
        await devnet.mine()
        shared = (await taken(reader)).block
    before = await devnet.snapshot()
    dropped = await swapped(devnet, reader, *range(251, 281))
    await devnet.revert(before)
    await devnet.swap_to(240)
    await devnet.rpc.call("anvil_mine", hex(40))
    made = reader.requests_made
    assert (await taken(reader)).reorg == Reorg(ancestor=shared.number, dropped=tuple(dropped))
    # The head, the block read last, strides to 31 back, halving, and the batch.
    assert reader.requests_made - made <= 2 + 6 + 5 + 1


async def test_a_turn_deeper_than_memory_drops_all_that_was_read(
    devnet: Devnet, reader_on: Any
) -> None:
    before = await devnet.snapshot()
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool})
    dropped = await swapped(devnet, reader, 260, 270)
    await devnet.revert(before)
    await devnet.swap_to(240)
    await devnet.rpc.call("anvil_mine", hex(5))
    reorg = (await taken(reader)).reorg
    assert reorg == Reorg(ancestor=dropped[0].number - 1, dropped=tuple(dropped))


async def test_what_was_dropped_is_told_again_after_a_read_that_failed(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    failing: list[bool] = []

    async def script(method: str, params: list[Any]) -> Any:
        if failing and method == "eth_call":
            return web.Response(status=503)
        return await scripted_node.forward(devnet.url, method, params)

    scripted_node.script = script
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool}, rpc=(scripted_node.url,))
    shared = (await taken(reader)).block
    before = await devnet.snapshot()
    (gone,) = await swapped(devnet, reader, 260)
    await devnet.revert(before)
    await devnet.swap_to(240)
    failing.append(True)
    with pytest.raises(Transient, match="HTTP 503"):
        await reader.snapshot(NOON)
    failing.clear()
    assert (await taken(reader)).reorg == Reorg(ancestor=shared.number, dropped=(gone,))


async def test_a_turn_between_the_head_and_the_batch_is_dropped_one_poll_later(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    turned: list[str] = []

    async def script(method: str, params: list[Any]) -> Any:
        if method == "eth_call" and turned == ["due"]:
            # Another block of the same height and second: its clock cannot tell it.
            await devnet.revert(before)
            await devnet.swap_to(240, at=stamp)
            turned.append("done")
        return await scripted_node.forward(devnet.url, method, params)

    scripted_node.script = script
    reader = await reader_on(devnet, {"pool": devnet.deployment.pool}, rpc=(scripted_node.url,))
    shared = (await taken(reader)).block
    before = await devnet.snapshot()
    stamp = shared.timestamp + timedelta(seconds=12)
    await devnet.swap_to(260, at=stamp)
    turned.append("due")
    mixed = await taken(reader)
    price = devnet.deployment.quote.price(mixed.pools[0].sqrt_price_x96)
    assert float(price) == pytest.approx(240)  # under the hash of the block that is gone
    found = await taken(reader)
    assert found.block == await devnet.head()
    assert found.block.timestamp == mixed.block.timestamp
    assert found.reorg == Reorg(ancestor=shared.number, dropped=(mixed.block,))


async def test_a_turn_while_nobody_watched_is_noticed_after_a_restart(
    devnet: Devnet, reader_on: Any
) -> None:
    first = await reader_on(devnet, {"pool": devnet.deployment.pool})
    kept = [(await taken(first)).block]
    before = await devnet.snapshot()
    kept += await swapped(devnet, first, 260, 270)
    await devnet.revert(before)
    await devnet.swap_to(240)
    await devnet.rpc.call("anvil_mine", hex(3))
    second = await reader_on(devnet, {"pool": devnet.deployment.pool})
    second.resume(kept)
    assert (await taken(second)).reorg == Reorg(ancestor=kept[0].number, dropped=tuple(kept[1:]))


async def test_a_restart_at_the_same_block_reads_it_once_more(
    devnet: Devnet, reader_on: Any
) -> None:
    first = await reader_on(devnet, {"pool": devnet.deployment.pool})
    block = (await taken(first)).block
    second = await reader_on(devnet, {"pool": devnet.deployment.pool})
    second.resume([block])
    again = await taken(second)
    assert (again.block, again.reorg) == (block, None)
    assert await second.snapshot(NOON) is None


class Watch:
    """Heads of one endpoint, with seconds that pass when told."""

    def __init__(self, url: str, **limits: Any) -> None:
        self.seconds = 0.0
        self.endpoint = Endpoint(Secret(url), timeout_s=5)
        self.heads = Heads(0, seconds=lambda: self.seconds, **limits)

    async def read(self) -> Target:
        target = await self.heads.target(self.endpoint)
        self.heads.remember(target)
        return target


async def test_a_node_a_little_behind_is_tolerated_and_one_far_behind_is_told(
    devnet: Devnet,
) -> None:
    watch = Watch(devnet.url, lag=timedelta(seconds=60))
    before = await devnet.snapshot()
    start = (await devnet.head()).timestamp
    for seconds in (30, 60, 90):
        await devnet.mine(at=start + timedelta(seconds=seconds))
        await watch.read()
    await devnet.revert(before)
    with pytest.raises(Transient, match=r"is 3 blocks \(90 s\) behind what was already read"):
        await watch.heads.target(watch.endpoint)
    # The very same blocks again: a backend that is late, not another chain.
    for seconds in (30, 60):
        await devnet.mine(at=start + timedelta(seconds=seconds))
    with pytest.raises(Behind, match=r"is 1 block \(30 s\) behind"):
        await watch.heads.target(watch.endpoint)
    await devnet.mine(at=start + timedelta(seconds=90))
    assert watch.heads.is_last((await watch.heads.target(watch.endpoint)).block)
    await watch.endpoint.close()


async def test_a_head_that_stands_is_told_after_the_limit(devnet: Devnet) -> None:
    watch = Watch(devnet.url, stall_s=120)
    number = (await watch.read()).block.number
    watch.seconds = 120
    assert watch.heads.is_last((await watch.heads.target(watch.endpoint)).block)
    watch.seconds = 121
    with pytest.raises(Transient, match=f"has stood at block {number} for 121 s"):
        await watch.heads.target(watch.endpoint)
    await devnet.mine()
    assert (await watch.read()).block.number == number + 1
    watch.seconds = 240
    assert watch.heads.is_last((await watch.heads.target(watch.endpoint)).block)
    await watch.endpoint.close()


async def test_a_node_behind_for_longer_than_the_limit_is_told(devnet: Devnet) -> None:
    watch = Watch(devnet.url, stall_s=120)
    before = await devnet.snapshot()
    await devnet.mine()
    await watch.read()
    await devnet.revert(before)
    watch.seconds = 121
    with pytest.raises(Transient, match=r"is 1 block \(.* s\) behind") as caught:
        await watch.heads.target(watch.endpoint)
    assert type(caught.value) is Transient
    await watch.endpoint.close()


async def test_a_node_that_takes_no_batch_is_asked_one_by_one_from_then_on(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    async def script(method: str, params: list[Any]) -> Any:
        return await scripted_node.forward(devnet.url, method, params)

    scripted_node.script = script
    scripted_node.takes_batches = False
    reader = await reader_on(
        devnet, {"pool": devnet.deployment.pool}, rpc=(scripted_node.url,), behind=1
    )
    spent = []
    for _ in range(4):
        await devnet.rpc.call("anvil_mine", hex(3))
        before = reader.requests_made
        assert (await taken(reader)).reorg is None
        spent.append(reader.requests_made - before)
    # Head, the refused pair, both by themselves, the batch; and then without the refusal.
    assert spent[1:] == [5, 4, 4]


async def test_a_header_of_another_block_than_was_asked_for_is_no_reorg(
    devnet: Devnet, reader_on: Any, scripted_node: Any
) -> None:
    confused = False

    async def script(method: str, params: list[Any]) -> Any:
        if confused and method == "eth_getBlockByNumber":
            params = ["latest", False]
        return await scripted_node.forward(devnet.url, method, params)

    scripted_node.script = script
    reader = await reader_on(
        devnet, {"pool": devnet.deployment.pool}, rpc=(scripted_node.url,), behind=0
    )
    await taken(reader)
    confused = True
    await devnet.mine()
    await devnet.mine()
    with pytest.raises(Transient, match=r"asked for block \d+ and answered with block \d+"):
        await taken(reader)
    confused = False
    assert (await reader.snapshot(NOON + timedelta(minutes=5))).reorg is None
