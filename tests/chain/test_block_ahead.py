"""A block that a node stamps far ahead of us is not read: those that are no wonder follow it."""

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from monitor.app.shards import Sharing
from monitor.clock import SystemClock
from monitor.config import parse_settings
from monitor.store.opening import open_divided
from tests.chain.forks.test_slipstream import MANAGER, MINE, Slipstream
from tests.chain.forks.test_slipstream_daemon import CONFIG, NOON, daemon, seen_at

FAR = 10**6
"""Months ahead, at the twelve seconds a block that the node stamps them by."""


def config_of(canned: Any, store: str) -> str:
    given = {"rpc": canned.node.url, "chain_id": canned.chain_id}
    return CONFIG.format(store=store, manager=MANAGER, mine=MINE, **given)


async def until(reached: Any) -> None:
    async with asyncio.timeout(20):
        while not reached():
            await SystemClock().sleep(0.01)


async def test_a_daemon_reads_on_after_a_block_it_did_not_believe(
    canned: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    canned.at = Slipstream(owners={4: MINE}).contracts()
    url = f"sqlite:///{tmp_path / 'watch.db'}"
    (config := tmp_path / "config.toml").write_text(config_of(canned, url))
    async with daemon(config):
        await seen_at(url, canned.head)
        before, canned.head = canned.head, FAR
        await until(lambda: "ahead of this machine's clock" in caplog.text)
        canned.head = before + 1
        await seen_at(url, canned.head)


async def test_so_does_one_that_reads_for_who_leads(canned: Any, postgres_url: str) -> None:
    canned.at = Slipstream(owners={4: MINE}).contracts()
    with closing(open_divided(postgres_url, now=NOON, name="reads", lasts_s=1.0)) as store:
        reading = Sharing(
            store=store,
            settings=parse_settings(config_of(canned, postgres_url)),
            order={},
            clock=SystemClock(),
            chains=("base2",),
        )

        def told(what: str) -> bool:
            newest = store.readings.newest({"base2": -1}).get("base2")
            return newest is not None and what in newest.line + newest.fault

        async with asyncio.TaskGroup() as group:
            task = group.create_task(reading.run())
            before, canned.head = canned.head, FAR
            await until(lambda: told("ahead of this machine's clock"))
            canned.head = before + 1
            await until(lambda: told(canned.block(before + 1)["hash"]))
            task.cancel()
