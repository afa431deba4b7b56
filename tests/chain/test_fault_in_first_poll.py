"""A fault while a wallet is first looked through: whatever it hits, nothing is lost by it."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from aiohttp import web

from monitor.chain.reader import ChainReader
from monitor.devnet.local_chain import Devnet
from monitor.devnet.position_book import MintOrder
from monitor.errors import HedgewatchError
from monitor.model.observation import Snapshot
from tests.chain.conftest import ScriptedNode

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def first_snapshot(reader: ChainReader) -> Snapshot:
    """Return the first that a reader takes, over as many polls as fail."""
    for n in range(20):
        try:
            told = await reader.snapshot(NOON + timedelta(minutes=5 * n))
        except HedgewatchError:
            continue
        assert told is not None
        return told
    raise AssertionError("no poll went well")


@pytest.mark.timeout(120)
async def test_whichever_request_of_a_first_poll_fails_the_next_shows_every_position(
    devnet: Devnet, reader_on: Any, scripted_node: ScriptedNode
) -> None:
    mine = devnet.deployment.wallets[0]
    order = MintOrder(owner=mine, price_lower=200, price_upper=300, value_usd=1_000)
    held = await devnet.mint_many([order, order])
    for fails in count():
        asked = count()

        async def script(
            method: str, params: list[Any], fails: int = fails, asked: Any = asked
        ) -> web.Response | dict[str, Any]:
            if next(asked) == fails:
                return web.Response(status=500)
            return await ScriptedNode.forward(devnet.url, method, params)

        scripted_node.script = script
        reader = await reader_on(devnet, {"wallet": mine}, rpc=(scripted_node.url,))
        seen = await first_snapshot(reader)
        assert [one.token_id for one in seen.positions] == sorted(held), f"request {fails} failed"
        assert seen.missing == ()
        if next(asked) <= fails:
            break
    assert fails > 3
