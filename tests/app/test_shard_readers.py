"""What one daemon reads and another takes: fresh or blind, whole, and told of what was dropped."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

import psycopg
import pytest

from monitor.app.shard_readers import FarChain, FarMarket, Looks, divided
from monitor.app.shard_told import from_lines, in_lines
from monitor.app.shards import Sharing
from monitor.clock import SystemClock, stopwatch
from monitor.config import Settings, parse_settings
from monitor.devnet.local_chain import Devnet
from monitor.errors import Transient
from monitor.model.observation import Missing, Readings, Reorg, Snapshot
from monitor.model.reading import Reading
from monitor.sources.tape import written
from monitor.store.opening import open_divided
from monitor.store.postgres import Divided

CLOCK = SystemClock()
NOW = datetime(2020, 2, 14, 12, tzinfo=UTC)
Opener: TypeAlias = Callable[[str], Divided]


@pytest.fixture
def daemon(postgres_url: str) -> Iterator[Opener]:
    """Open what chains are divided by for a daemon of a name."""
    opened: list[Divided] = []

    def opener(name: str) -> Divided:
        opened.append(open_divided(postgres_url, now=NOW, name=name, lasts_s=1.0))
        return opened[-1]

    yield opener
    for one in opened:
        one.close()


@pytest.fixture
def shared(devnet: Devnet, postgres_url: str) -> Settings:
    """Two chains that are one node's, whose readers poll often."""
    text = (
        f'[store]\nurl = "{postgres_url}"\n'
        f'[chain.one]\nrpc = ["{devnet.url}"]\nchain_id = {devnet.chain_id}\n'
        f'manager = "{devnet.deployment.manager}"\npoll_s = 0.02\nbehind = 0\n'
        '[[watch]]\nchain = "one"\nnft = [1]\n'
    )
    given = parse_settings(text)
    (watch,) = given.watch
    return replace(
        given,
        chain={"one": given.chain["one"], "two": given.chain["one"]},
        watch=(watch, replace(watch, chain="two")),
    )


async def until(reached: Callable[[], Any], within_s: float = 30.0) -> None:
    began = stopwatch()
    while not reached():
        assert stopwatch() - began < within_s
        await CLOCK.sleep(0.01)


@asynccontextmanager
async def reads(
    store: Divided, settings: Settings, seconds: Callable[[], float] = stopwatch
) -> AsyncIterator[Sharing]:
    """Have a daemon read its share of the chains for the length of a block, and then die."""
    sharing = Sharing(
        store=store,
        settings=settings,
        order={},
        clock=CLOCK,
        chains=divided(settings),
        seconds=seconds,
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(sharing.run())
        yield sharing
        task.cancel()


def taker(store: Divided, chain: str) -> FarChain:
    """Return what takes a chain's readings, however slow this machine is to make the first."""
    return FarChain(chain, Looks(store.readings, lambda: 0.0), poll_s=0.02)


async def taken(far: FarChain) -> Snapshot:
    """Return the next snapshot that is taken."""
    while (seen := await far.snapshot(NOW)) is None:
        await CLOCK.sleep(0.01)
    return seen


async def forever(far: FarChain) -> None:
    """Look for readings until that fails."""
    while True:
        await far.snapshot(NOW)
        await CLOCK.sleep(0.01)


def is_read(store: Divided, chain: str, block: Any) -> Callable[[], bool]:
    """Return whether the newest reading is of a block, without taking it for anybody."""

    def reached() -> bool:
        found = store.readings.newest({chain: -1}).get(chain)
        return found is not None and f'"{block.hash}"' in found.line

    return reached


async def test_what_is_read_is_the_same_to_the_last_bit(
    devnet: Devnet, daemon: Opener, shared: Settings
) -> None:
    holds, leads = daemon("holds"), daemon("leads")
    await devnet.trade_to(243.21, volume_usd=1_000)
    far = taker(leads, "one")
    async with reads(holds, shared) as sharing:
        seen = await asyncio.wait_for(taken(far), 30)
        (shard,) = [one for one, _ in sharing._reading.values() if one.share.chain == "one"]
        fresh = await shard.reader.snapshot_at(seen.block.number, NOW)
        assert replace(seen, observed_at=NOW) == fresh
        assert seen.positions[0].liquidity > 0
        assert far.requests_made == 0  # none was made for it since it began
        assert [one.host for one in far.health(NOW)] == [devnet.url.removeprefix("http://")]
        await devnet.mine()
        await asyncio.wait_for(taken(far), 30)
        assert far.requests_made > 0


async def test_a_reorg_is_told_to_who_missed_the_reading_it_came_with_and_only_once(
    devnet: Devnet, daemon: Opener, shared: Settings
) -> None:
    holds, leads = daemon("holds"), daemon("leads")
    far, other = (taker(leads, "one") for _ in range(2))
    async with reads(holds, shared):
        shared_block = (await asyncio.wait_for(taken(far), 30)).block
        other.resume([shared_block])
        before = await devnet.snapshot()
        await devnet.swap_to(240.0)
        gone = (await asyncio.wait_for(taken(far), 30)).block
        await devnet.revert(before)
        await devnet.swap_to(260.0)
        await until(is_read(leads, "one", await devnet.head()))
        await devnet.mine()
        newest = await devnet.head()
        await until(is_read(leads, "one", newest))
        seen = await asyncio.wait_for(taken(far), 30)
        assert seen.block.hash == newest.hash
        assert seen.reorg == Reorg(ancestor=shared_block.number, dropped=(gone,))
        # Who never took what was dropped has nothing to take back.
        told = await asyncio.wait_for(taken(other), 30)
        assert (told.block, told.reorg) == (seen.block, None)
        await devnet.mine()
        assert (await asyncio.wait_for(taken(far), 30)).reorg is None


async def test_who_takes_a_chain_over_notices_what_it_dropped_while_nobody_read(
    devnet: Devnet, daemon: Opener, shared: Settings
) -> None:
    first, second, leads = daemon("first"), daemon("second"), daemon("leads")
    far = taker(leads, "two")
    async with reads(first, shared):
        kept = (await asyncio.wait_for(taken(far), 30)).block
        before = await devnet.snapshot()
        await devnet.swap_to(240.0)
        gone = (await asyncio.wait_for(taken(far), 30)).block
    await devnet.revert(before)
    await devnet.swap_to(260.0)
    await devnet.mine()
    async with reads(second, shared):
        seen = await asyncio.wait_for(taken(far), 30)
    assert seen.block.hash == (await devnet.head()).hash
    assert seen.reorg == Reorg(ancestor=kept.number, dropped=(gone,))


async def test_a_chain_one_cannot_read_is_read_by_another_that_can(
    devnet: Devnet, daemon: Opener, shared: Settings
) -> None:
    able, cut_off, leads = daemon("able"), daemon("cut off"), daemon("leads")
    nowhere = {
        name: replace(chain, rpc=("http://127.0.0.1:1",)) for name, chain in shared.chain.items()
    }
    ahead = 0.0
    far = {name: taker(leads, name) for name in shared.chain}

    def newest(name: str) -> Any:
        return leads.readings.newest({name: -1}).get(name)

    async with (
        reads(able, shared),
        reads(cut_off, replace(shared, chain=nowhere), lambda: stopwatch() + ahead),
    ):
        await until(lambda: len(able.shares.held) == len(cut_off.shares.held) == 1)
        ((dark,), (lit,)) = ([s.chain for s in one.shares.held] for one in (cut_off, able))
        await until(lambda: newest(dark) is not None and newest(dark).fault)
        with pytest.raises(Transient, match="Connection refused"):
            await asyncio.wait_for(forever(far[dark]), 30)
        (endpoint,) = far[dark].health(NOW)
        assert (endpoint.host, bool(endpoint.resting_why)) == ("127.0.0.1:1", True)
        await asyncio.wait_for(taken(far[lit]), 30)
        ahead = 20.0
        await until(lambda: len(able.shares.held) == 2)
        await until(lambda: not newest(dark).fault)
        assert (await asyncio.wait_for(taken(far[dark]), 30)).chain == dark
        assert cut_off.shares.held == frozenset()
        await devnet.mine()
        assert (await asyncio.wait_for(taken(far[lit]), 30)).chain == lit
    # With nobody else there, who cannot read goes on trying.
    able.shares.leave()
    async with reads(cut_off, replace(shared, chain=nowhere), lambda: stopwatch() + 40):
        await until(lambda: len(cut_off.shares.held) == 2)


def older(url: str, seconds: float, *, answered: bool = True) -> None:
    """Make what was put so much older, by the database's clock."""
    with psycopg.connect(url, autocommit=True) as admin:
        also = ", answered = answered - make_interval(secs => %s)" if answered else ""
        admin.execute(
            f"UPDATE reading SET polled = polled - make_interval(secs => %s){also}".encode(),
            [seconds] * (2 if answered else 1),
        )


async def test_a_reading_that_does_not_come_is_a_poll_that_fails(
    daemon: Opener, hand: Any, postgres_url: str
) -> None:
    holds, at = daemon("holds"), 0.0
    (share,) = holds.shares.deal(["one"])
    far = FarChain("one", Looks(holds.readings, lambda: at), poll_s=1.0)
    assert await far.snapshot(NOW) is None  # who reads may be just beginning
    at = 10.1
    with pytest.raises(Transient, match=r"^no daemon has read it within 10 s$"):
        await far.snapshot(NOW)
    seen = hand.snapshot(NOW)
    holds.readings.put(share, "one", line=written(seen), more="")
    assert await far.snapshot(NOW) == seen
    assert await far.snapshot(NOW) is None
    older(postgres_url, 9.0)
    assert await far.snapshot(NOW) is None
    older(postgres_url, 1.1)
    with pytest.raises(Transient, match="no daemon has read it"):
        await far.snapshot(NOW)
    holds.readings.put(share, "one", more="")  # it is the newest still
    assert await far.snapshot(NOW) is None
    holds.readings.put(share, "one", fault="node.example: no answer within 10 s", more="")
    with pytest.raises(Transient, match=r"^node\.example: no answer within 10 s$"):
        await far.snapshot(NOW)


async def test_what_nobody_has_vouched_for_since_is_not_taken_by_who_begins_to_lead(
    daemon: Opener, hand: Any, postgres_url: str
) -> None:
    holds = daemon("holds")
    (share,) = holds.shares.deal(["one"])
    holds.readings.put(share, "one", line=written(hand.snapshot(NOW)), more="")
    older(postgres_url, 3600.0)
    far = FarChain("one", Looks(holds.readings), poll_s=1.0)
    assert await far.snapshot(NOW) is None
    holds.readings.put(share, "one", fault="no answer within 10 s", more="")
    with pytest.raises(Transient, match=r"^no answer within 10 s$"):
        await far.snapshot(NOW)
    holds.readings.put(share, "one", more="")  # nothing is newer: it is vouched for
    assert await far.snapshot(NOW) is not None


async def test_a_reading_of_another_release_is_a_poll_that_fails(daemon: Opener) -> None:
    holds = daemon("holds")
    (share,) = holds.shares.deal(["one"])
    holds.readings.put(share, "one", line='{"snapshot":{"chain":"one"}}', more='{"?":1}')
    with pytest.raises(Transient, match="of another release"):
        await FarChain("one", Looks(holds.readings), poll_s=1.0).snapshot(NOW)


async def test_a_market_is_taken_as_it_was_read_and_fails_as_it_does(
    daemon: Opener, postgres_url: str
) -> None:
    holds, name, at = daemon("holds"), "one market", 0.0
    (share,) = holds.shares.deal(["one"])
    rate = Reading(
        name="aave.supply", value=0.03, unit="1", as_of=NOW, source="aave", key="one:USDC"
    )
    lost = Missing(key="chainlink.usd|one:ETH/USD", reason="its sequencer is down")
    said = Readings(source=name, observed_at=NOW, readings=(rate,), refused=(lost,))
    holds.readings.put(share, name, line=written(said), more="")
    market = FarMarket(name, Looks(holds.readings, lambda: at), clock=CLOCK)
    for _ in range(2):  # a feed says again what it said
        assert (await market.read(), market.refused()) == ((rate,), (lost,))
    holds.readings.put(share, name, fault="no answer within 180 s", more="")
    with pytest.raises(Transient, match="no answer within 180 s"):
        await market.read()
    at = 181.0
    older(postgres_url, 181.0)
    with pytest.raises(Transient, match="no daemon has read it within 180 s"):
        await market.read()


def test_chains_are_divided_on_a_shared_store_unless_config_says_no(shared: Settings) -> None:
    assert divided(shared) == ("one", "two")
    assert divided(replace(shared, store=replace(shared.store, shards=False))) == ()
    assert divided(replace(shared, store=replace(shared.store, url="sqlite:///x.db"))) == ()


def test_what_two_endpoints_must_agree_on_and_one_chain_alone_are_read_by_who_leads(
    shared: Settings,
) -> None:
    one, two = shared.chain["one"], shared.chain["two"]
    agreed = replace(two, agree=True, agree_grace_s=1.0, rpc=("http://a", "http://b"))
    third = {"one": one, "two": agreed, "three": two}
    assert divided(replace(shared, chain=third)) == ("one", "three")
    assert divided(replace(shared, chain={"one": one, "two": agreed})) == ()
    assert divided(replace(shared, chain={"one": one})) == ()


async def test_a_reading_of_five_thousand_positions_holds_nothing_up(
    hand: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each half of it takes half a second, all of it the interpreter's own if done at once."""
    seen = hand.snapshot(NOW, *[hand.position(number) for number in range(1, 5001)])
    gaps: list[float] = []

    async def watch() -> None:
        while True:
            before = stopwatch()
            await CLOCK.sleep(0)
            gaps.append(stopwatch() - before)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(watch())
        text = await asyncio.to_thread(in_lines, seen)
        back = await asyncio.to_thread(from_lines, text)
        task.cancel()
    with capsys.disabled():
        sys.stdout.write(f"\n5,000 positions written and read: {max(gaps) * 1000:.0f} ms at once\n")
    assert back == seen
    assert max(gaps) < 0.1
