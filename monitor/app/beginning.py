"""The hour a run begins at: the machine's, unless no block bears out how far it is ahead."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from monitor.chain.heads import LATEST, header
from monitor.chain.reader import ChainReader
from monitor.chain.ring import Linked
from monitor.chain.rpc import Endpoint
from monitor.clock import SteadyClock
from monitor.errors import HedgewatchError

_PATIENCE_S: Final = 5.0
_LONG_AGO: Final = datetime.fromtimestamp(0, UTC)
_SOON: Final = timedelta(minutes=5)
"""A run that ended so shortly before bears out the clock as well as a block does."""


async def begin(
    clock: SteadyClock, readers: Mapping[str, object], *, after: datetime | None
) -> None:
    """Set a clock going, from the newest block where the machine's is far ahead of that.

    after: the newest instant of the run before, behind which time never falls. Where no chain
    answers within a few seconds the machine's clock is believed.
    """
    if after is None or clock.now() - after > _SOON:
        chains = [one for one in readers.values() if isinstance(one, ChainReader)]
        async with asyncio.TaskGroup() as group:
            # One that fails then rests from an hour that is past: from one that is ahead, for days.
            asked = [
                group.create_task(_head(one, after or _LONG_AGO), name="head") for one in chains
            ]
        heads = [at for one in asked if (at := one.result()) is not None]
        if heads:
            clock.begin(max(heads))
    if after is not None:
        clock.not_before(after)


async def _head(reader: ChainReader, now: datetime) -> datetime | None:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            told = await reader.endpoints.first_that_works(_newest, now)
    except (HedgewatchError, TimeoutError):
        return None  # its first poll tells of it
    return told.block.timestamp


async def _newest(endpoint: Endpoint) -> Linked:
    return await header(endpoint, LATEST)
