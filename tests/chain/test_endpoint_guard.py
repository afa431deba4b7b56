"""Which of several endpoints is asked: rests, half-open tries, laggards, and what is told."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from monitor.chain.breaker import BreakerState
from monitor.chain.endpoints import Endpoints
from monitor.chain.failures import Behind, NoHistory
from monitor.chain.heads import Heads, Target
from monitor.chain.registry import Chain
from monitor.chain.rpc import Endpoint
from monitor.errors import Transient
from monitor.logs import Secret

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CHAIN = Chain(
    name="main",
    chain_id=1,
    dexes=(),
    multicall="0x" + "11" * 20,
    behind=0,
    quote=(),
    start_block=None,
    log_range=None,
)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


class Node:
    """What a scripted node is to say. number: its head, a block every 12 seconds."""

    def __init__(self, scripted: Any) -> None:
        self.scripted = scripted
        self.number = 100
        self.fails: list[Callable[[], web.Response]] = []
        scripted.script = self.script

    @property
    def asked(self) -> list[str]:
        return [method for method, _ in self.scripted.asked]

    async def script(self, method: str, params: list[Any]) -> Any:
        if self.fails:
            return self.fails[0]()
        if method == "eth_chainId":
            return {"result": "0x1"}
        number = self.number if params[0] == "latest" else int(params[0], 16)
        told = {
            "number": hex(number),
            "hash": f"0x{number:064x}",
            "parentHash": f"0x{number - 1:064x}",
            "timestamp": hex(int(NOON.timestamp()) + (number - 100) * 12),
        }
        return {"result": told}

    def down(self, status: int = 503, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.fails[:] = [lambda: web.Response(status=status, headers=named)]

    def up(self) -> None:
        self.fails.clear()


class Pool:
    """Endpoints over scripted nodes, worked by asking for the head."""

    def __init__(self, *nodes: Node) -> None:
        self.nodes = nodes
        self.seconds = 0.0
        self.ends = [
            Endpoint(Secret(node.scripted.url), timeout_s=5, seconds=lambda: self.seconds)
            for node in nodes
        ]
        self.endpoints = Endpoints(CHAIN, self.ends, chance=lambda: 0.0)
        self.heads = Heads(0, seconds=lambda: self.seconds)

    async def read(self, at: float) -> Target:
        async def work(endpoint: Endpoint) -> Target:
            return await self.heads.target(
                endpoint, lambda one, head: self.endpoints.weigh(one, head, after(at))
            )

        target = await self.endpoints.first_that_works(work, after(at))
        self.heads.remember(target)
        return target

    def hosts(self, *nodes: Node) -> list[str]:
        return [node.scripted.url.removeprefix("http://") for node in nodes]


PoolOf = Callable[..., Awaitable[Pool]]


@pytest.fixture
async def pool_of(scripted_nodes: Any) -> AsyncIterator[PoolOf]:
    async with AsyncExitStack() as stack:

        async def build(count: int) -> Pool:
            pool = Pool(*[Node(one) for one in await scripted_nodes(count)])
            await stack.enter_async_context(pool.endpoints)
            return pool

        yield build


async def test_the_primary_serves_again_once_its_rest_is_over(pool_of: PoolOf) -> None:
    pool = await pool_of(2)
    first, second = pool.nodes
    first.down()
    await pool.read(0)
    first.up()
    for number, (at, server) in enumerate([(9.9, second), (10, first), (22, first)], start=101):
        first.number = second.number = number
        before = len(server.asked)
        await pool.read(at)
        assert len(server.asked) > before
    assert second.asked.count("eth_chainId") == 1
    assert first.asked == ["eth_chainId"] * 2 + ["eth_getBlockByNumber"] * 2


async def test_a_half_open_try_that_fails_rests_twice_as_long(pool_of: PoolOf) -> None:
    pool = await pool_of(2)
    first, _ = pool.nodes
    first.down()
    tries = []
    for at in range(0, 140, 5):
        before = len(first.asked)
        await pool.read(at)
        tries += [at] * (len(first.asked) - before)
    assert tries == [0, 10, 30, 70]


async def test_every_switch_checks_the_chain(pool_of: PoolOf) -> None:
    pool = await pool_of(2)
    first, second = pool.nodes
    await pool.read(0)
    first.down()
    second.number = 101
    await pool.read(1)
    first.up()
    first.number = 102
    await pool.read(20)
    first.down()
    second.number = 103
    await pool.read(21)
    assert second.asked == ["eth_chainId", "eth_getBlockByNumber"] * 2


async def test_a_wait_that_was_asked_for_is_kept_even_by_the_only_endpoint(
    pool_of: PoolOf,
) -> None:
    pool = await pool_of(1)
    (node,) = pool.nodes
    node.down(429, Retry_After="100")
    (host,) = pool.hosts(node)
    told = f"{host} limits the rate (HTTP 429), and asks to wait 100 s"
    with pytest.raises(Transient) as caught:
        await pool.read(0)
    assert str(caught.value) == told
    for at in (12, 50, 99):
        with pytest.raises(Transient) as caught:
            await pool.read(at)
        assert str(caught.value) == f"{told}: it is not asked before 12:01:40 UTC"
        assert caught.value.retry_after == timedelta(seconds=100 - at)
    assert node.asked == ["eth_chainId"]
    node.up()
    assert (await pool.read(100)).block.number == 100


async def test_the_only_endpoint_is_asked_again_at_once_where_it_asked_for_no_rest(
    pool_of: PoolOf,
) -> None:
    pool = await pool_of(1)
    (node,) = pool.nodes
    node.down()
    for at in (0, 1, 2):
        with pytest.raises(Transient, match="HTTP 503"):
            await pool.read(at)
    node.up()
    assert (await pool.read(3)).block.number == 100


async def test_one_out_while_another_serves_is_said_once_and_its_end_once(
    pool_of: PoolOf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    pool = await pool_of(2)
    first, second = pool.nodes
    first.down()
    for at in range(0, 70, 5):
        await pool.read(at)
    first.up()
    await pool.read(75)
    await pool.read(80)
    mine, other = pool.hosts(first, second)
    assert caplog.messages == [
        f"{mine} failed (HTTP 503): it rests 10 s, {other} serves",
        f"{mine} answers again",
    ]


async def test_work_given_up_for_taking_too_long_blames_whom_it_waited_for(
    pool_of: PoolOf,
) -> None:
    pool = await pool_of(2)
    first, second = pool.nodes
    stuck, at_it = asyncio.Event(), asyncio.Event()

    async def never(endpoint: Endpoint) -> None:
        await endpoint.call("eth_chainId")
        at_it.set()
        await stuck.wait()

    waiting = asyncio.ensure_future(pool.endpoints.first_that_works(never, NOON))
    await at_it.wait()
    waiting.cancel()
    await asyncio.wait([waiting])
    before = len(first.asked)
    await pool.read(5)
    assert (len(first.asked), second.asked[-1]) == (before, "eth_getBlockByNumber")
    assert pool.endpoints.health(after(5))[0].resting_why.endswith("took too long in all")


async def test_what_another_may_do_better_does_not_rest_the_first(pool_of: PoolOf) -> None:
    pool = await pool_of(2)

    async def old_state(endpoint: Endpoint) -> str:
        if endpoint is pool.ends[0]:
            raise NoHistory(f"{endpoint.host} keeps no state that old")
        return endpoint.host

    assert await pool.endpoints.first_that_works(old_state, NOON) == pool.ends[1].host
    await pool.read(0)
    assert pool.nodes[0].asked[-1] == "eth_getBlockByNumber"


@pytest.mark.parametrize("back", [1, 2, 3])
async def test_a_head_that_goes_back_a_little_gives_way_to_another_and_is_not_blamed(
    pool_of: PoolOf, back: int
) -> None:
    pool = await pool_of(2)
    first, second = pool.nodes
    await pool.read(0)
    first.number -= back
    second.number += 1
    assert (await pool.read(12)).block.number == 101
    first.number = 102
    assert (await pool.read(24)).block.number == 102
    assert first.asked[-1] == "eth_getBlockByNumber"
    assert all(one.breaker is BreakerState.CLOSED for one in pool.endpoints.health(after(24)))


async def test_where_none_has_a_newer_block_there_is_none(pool_of: PoolOf) -> None:
    pool = await pool_of(2)
    await pool.read(0)
    for node in pool.nodes:
        node.number -= 1
    with pytest.raises(Behind):
        await pool.read(12)
    pool.nodes[1].down()
    with pytest.raises(Behind):
        await pool.read(24)


async def test_a_laggard_is_put_aside_until_it_catches_up(
    pool_of: PoolOf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    pool = await pool_of(2)
    first, second = pool.nodes
    second.number = 106
    # A block of noon, read 72 s later: is it old, or is the chain slow? The other tells.
    assert (await pool.read(72)).block.number == 106
    mine, other = pool.hosts(first, second)
    why = f"{mine} at block 100 is 72 s behind {other} at block 106"
    health = pool.endpoints.health(after(72))[0]
    assert (health.quarantined_since, health.quarantined_why) == (after(72), why)
    before = len(first.asked)
    second.number = 107
    await pool.read(84)
    assert len(first.asked) == before
    # Fifteen seconds on it is asked for its head alone, and is five blocks short.
    second.number = 108
    assert (await pool.read(87)).block.number == 108
    assert first.asked[before:] == ["eth_getBlockByNumber"]
    first.number = second.number = 109
    assert (await pool.read(108)).block.number == 109
    head = "eth_getBlockByNumber"
    assert first.asked[before + 1 :] == [head, "eth_chainId", head]
    assert pool.endpoints.health(after(108))[0].quarantined_why == ""
    assert caplog.messages == [
        f"{why}: it is put aside until it catches up",
        f"{mine} has caught up",
    ]


async def test_a_laggard_serves_where_no_other_can(pool_of: PoolOf) -> None:
    pool = await pool_of(2)
    first, second = pool.nodes
    second.number = 106
    await pool.read(72)
    second.down()
    with pytest.raises(Transient) as caught:
        await pool.read(80)
    mine, other = pool.hosts(first, second)
    assert str(caught.value) == (
        f"{other} failed (HTTP 503); {mine} is 6 blocks (72 s) behind what was already read"
    )
    first.number = 107
    assert (await pool.read(150)).block.number == 107


async def test_where_the_whole_chain_is_slow_nobody_is_put_aside(pool_of: PoolOf) -> None:
    pool = await pool_of(2)
    first, second = pool.nodes
    assert (await pool.read(600)).block.number == 100
    asked = len(second.asked)
    first.number = second.number = 101
    assert (await pool.read(630)).block.number == 101
    assert len(second.asked) == asked  # the others are not asked at every poll
    assert [one.quarantined_why for one in pool.endpoints.health(after(630))] == ["", ""]


async def test_a_head_of_an_invented_time_makes_no_other_look_old(pool_of: PoolOf) -> None:
    pool = await pool_of(2)
    first, second = pool.nodes
    second.number = 100_000  # two weeks ahead of the clock
    assert (await pool.read(61)).block.number == 100  # old enough to have the other asked
    assert "eth_getBlockByNumber" in second.asked
    first.number = 106
    assert (await pool.read(73)).block.number == 106
    assert pool.endpoints.health(after(73))[0].quarantined_why == ""


async def test_health_tells_what_people_need(pool_of: PoolOf) -> None:
    pool = await pool_of(2)
    first, second = pool.nodes
    first.down()
    await pool.read(0)
    pool.seconds = 7.5
    pool.ends[1].log_width = 1000
    bad, good = pool.endpoints.health(after(1))
    mine, other = pool.hosts(first, second)
    assert (bad.host, bad.serving, bad.breaker, bad.head) == (mine, False, BreakerState.OPEN, None)
    assert (bad.resting_until, bad.resting_why) == (after(10), f"{mine} failed (HTTP 503)")
    assert (bad.head_age_s, bad.latency_s, bad.log_width) == (None, None, None)
    assert (good.host, good.serving, good.breaker) == (other, True, BreakerState.CLOSED)
    assert good.head is not None
    assert (good.head.number, good.head_age_s, good.log_width) == (100, 7.5, 1000)
    assert (good.latency_s, good.requests_made) == (0.0, 2)
    assert pool.endpoints.health(after(10))[0].breaker is BreakerState.HALF_OPEN


async def test_latency_is_smoothed(scripted_node: Any) -> None:
    node = Node(scripted_node)
    seconds = iter([0.0, 1.0, 1.0, 3.0])  # one second, then two
    endpoint = Endpoint(Secret(scripted_node.url), timeout_s=5, seconds=lambda: next(seconds))
    await endpoint.call("eth_chainId")
    assert endpoint.latency_s == 1.0
    await endpoint.call("eth_chainId")
    assert endpoint.latency_s == pytest.approx(1.2)
    assert node.asked == ["eth_chainId"] * 2
    await endpoint.close()


async def test_a_dead_backup_shows_although_nobody_needs_it(pool_of: PoolOf) -> None:
    pool = await pool_of(2)
    first, second = pool.nodes
    second.down()
    asked = []
    for at, number in ((0, 100), (299, 124), (300, 125), (599, 149), (601, 150)):
        first.number = number
        await pool.read(at)
        asked.append(len(second.asked))
    # Five minutes at least from one try to the next.
    assert asked == [0, 0, 1, 1, 2]
    spare = pool.endpoints.health(after(601))[1]
    assert (spare.asked, spare.serving) == (True, False)
    assert spare.resting_why.endswith("failed (HTTP 503)")
