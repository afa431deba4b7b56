"""A daemon started anew still watches what the one before followed into its gauge."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.app.live import run
from monitor.app.shard_told import from_lines
from monitor.app.shards import Sharing
from monitor.clock import SystemClock
from monitor.config import parse_settings
from monitor.model.observation import Snapshot
from monitor.pipeline import State, step
from monitor.signals.facts import Facts, PositionSeen
from monitor.store.opening import open_divided
from monitor.store.rows import changed_rows, restore
from monitor.store.sqlite import open_sqlite
from tests.chain.forks.test_slipstream import GAUGE, MANAGER, MINE, Slipstream

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONFIG = """\
instance = "test"
[store]
url = "{store}"
[chain.base2]
rpc = ["{rpc}"]
chain_id = {chain_id}
managers = {{ slipstream = "{manager}" }}
poll_s = 0.02
behind = 0
[feeds]
vix = []
"vx.settle" = []
"eth.price" = []
"dvol.eth" = []
[[watch]]
chain = "base2"
protocol = "slipstream"
wallet = "{mine}"
[rules]
enabled = ["lp_range"]
"""


@asynccontextmanager
async def daemon(config: Path) -> AsyncIterator[None]:
    task = asyncio.ensure_future(run(config, io.StringIO()))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def seen_at(store_url: str, block: int) -> PositionSeen:
    """Return what is known of the only position once a block was taken."""

    def known() -> Facts:
        with closing(open_sqlite(store_url, now=SystemClock().now())) as store:
            return restore(store.load().rows, ()).facts

    async with asyncio.timeout(20):
        while True:
            facts = known()
            source = facts.chains.get("base2")
            if source is not None and source.block is not None and source.block.number == block:
                (position,) = facts.positions.values()
                return position
            await SystemClock().sleep(0.01)


async def test_what_was_staked_before_a_restart_is_not_told_gone_after_it(
    canned: Any, tmp_path: Path
) -> None:
    slip = Slipstream(owners={4: MINE})
    canned.at = slip.contracts()
    url = f"sqlite:///{tmp_path / 'watch.db'}"
    (config := tmp_path / "config.toml").write_text(
        CONFIG.format(
            store=url, rpc=canned.node.url, chain_id=canned.chain_id, manager=MANAGER, mine=MINE
        )
    )
    async with daemon(config):
        await seen_at(url, canned.head)
        slip.stake(4, MINE)
        canned.head += 1
        staked = await seen_at(url, canned.head)
    canned.head += 1
    async with daemon(config):
        again = await seen_at(url, canned.head)
    assert staked.position.staked_in == again.position.staked_in == GAUGE
    assert (again.gone, again.unread) == ("", "")


async def test_who_takes_over_the_reading_of_a_chain_looks_where_it_was_staked(
    canned: Any, postgres_url: str, hand: Any
) -> None:
    slip = Slipstream()
    canned.at = slip.contracts()
    slip.stake(4, MINE)
    settings = parse_settings(
        CONFIG.format(
            store=postgres_url,
            rpc=canned.node.url,
            chain_id=canned.chain_id,
            manager=MANAGER,
            mine=MINE,
        )
    )
    with closing(open_divided(postgres_url, now=NOON, name="next", lasts_s=1.0)) as store:
        judged = hand.snapshot(NOON, replace(hand.position(4), staked_in=GAUGE))
        key = f"{canned.chain_id}:{MANAGER}:4"
        (staked,) = judged.positions
        judged = replace(judged, chain="base2", positions=(replace(staked, key=key),))
        state, _ = step(hand.book("lp_range"), State(), judged)
        for (kind, name), row in changed_rows(State(), state).items():
            store.database.run("INSERT INTO state VALUES (?, ?, ?)", kind, name, row)
        reading = Sharing(
            store=store, settings=settings, order={}, clock=SystemClock(), chains=("base2",)
        )
        async with asyncio.TaskGroup() as group, asyncio.timeout(20):
            task = group.create_task(reading.run())
            while (found := store.readings.newest({"base2": -1}).get("base2")) is None:
                await SystemClock().sleep(0.01)
            task.cancel()
    seen = from_lines(found.line)
    assert isinstance(seen, Snapshot)
    assert [(one.key, one.staked_in) for one in seen.positions] == [(key, GAUGE)]
