"""A reader that looks again only at what changed tells what a reader new at the block would."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.devnet.local_chain import Devnet
from monitor.model.position import Position

AT = datetime(2020, 2, 1, tzinfo=UTC)
Happening = Callable[[Devnet, int], Awaitable[None]]

HAPPENINGS: dict[str, Happening] = {
    "nothing": lambda devnet, _: devnet.swap_volume(1_000),
    "a deposit": lambda devnet, one: devnet.increase(one, value_usd=5_000),
    "a withdrawal": lambda devnet, one: devnet.decrease(one),
    "a hand-over": lambda devnet, one: devnet.transfer(one, devnet.deployment.wallets[3]),
    "the upper price crossed": lambda devnet, _: devnet.swap_to(400),
    "the lower price crossed": lambda devnet, _: devnet.swap_to(150),
}


@pytest.mark.parametrize("happening", HAPPENINGS)
async def test_what_changed_is_seen(happening: str, devnet: Devnet, reader_on: Any) -> None:
    owner = devnet.deployment.wallets[0]
    touched, other = [await devnet.mint(owner, 200, 300) for _ in range(2)]
    reader = await reader_on(devnet, {"nft": (touched, other)})
    for _ in range(2):
        await devnet.mine()
        await reader.snapshot(AT)
    await HAPPENINGS[happening](devnet, touched)
    told = await reader.snapshot(AT)
    fresh = await reader.snapshot_at(told.block.number, AT)
    assert told.pools == fresh.pools
    assert [bare(one) for one in told.positions] == [bare(one) for one in fresh.positions]


def bare(position: Position) -> Position:
    """Return a position without what its story tells, which is told elsewhere."""
    return replace(position, basis=None, basis_note="")
