"""The contract with the real services; run by hand: `pytest -m network tests/feeds`."""

import math

import pytest

from monitor.clock import SystemClock
from monitor.feeds.http import HttpSettings, Web, open_client
from monitor.feeds.provider import FeedSettings, providers

pytestmark = pytest.mark.network


@pytest.mark.parametrize("name", sorted(set(providers()) - {"manual"}))
async def test_the_service_still_speaks_as_it_did(name: str) -> None:
    settings = HttpSettings()
    clock = SystemClock()
    async with open_client(settings) as client:
        provider = providers()[name]
        feed = provider.build(Web(client, clock, settings=settings), clock, FeedSettings())
        readings = await feed.read()
    assert readings
    assert {reading.name for reading in readings} <= set(provider.signals)
    assert all(math.isfinite(reading.value) for reading in readings)
