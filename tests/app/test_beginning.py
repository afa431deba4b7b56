"""The hour a run begins at, from a real node whose newest block is years behind the machine."""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from monitor.app.beginning import begin
from monitor.chain.reader import ChainReader, chain_reader
from monitor.chain.settings import ChainSettings, WatchSettings
from monitor.clock import SteadyClock, SystemClock
from monitor.devnet.local_chain import Devnet

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def reader(devnet: Devnet) -> AsyncIterator[ChainReader]:
    settings = ChainSettings(
        rpc=(devnet.url,), chain_id=devnet.chain_id, manager=devnet.deployment.manager
    )
    watches = [WatchSettings(chain="devnet", wallet=devnet.deployment.wallets[0])]
    async with chain_reader("devnet", settings, watches=watches) as made:
        yield made


async def test_it_is_the_newest_blocks_where_the_machine_is_far_ahead(
    devnet: Devnet, reader: ChainReader, caplog: pytest.LogCaptureFixture
) -> None:
    clock, head = SteadyClock(SystemClock()), (await devnet.head()).timestamp
    await begin(clock, {"devnet": reader}, after=None)
    assert timedelta() <= clock.now() - head < MINUTE
    [told] = caplog.messages
    assert "ahead of the newest block" in told
    later = head + 3 * MINUTE
    await begin(clock, {"devnet": reader}, after=later)
    assert timedelta() <= clock.now() - later < MINUTE


async def test_a_run_that_ended_just_now_bears_the_machine_out(reader: ChainReader) -> None:
    clock = SteadyClock(SystemClock())
    await begin(clock, {"devnet": reader}, after=SystemClock().now() - MINUTE)
    assert reader.requests_made == 0
    assert abs(clock.now() - SystemClock().now()) < MINUTE


async def test_where_no_chain_answers_the_machine_is_believed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    settings = ChainSettings(rpc=("http://127.0.0.1:9",), chain_id=1)
    async with chain_reader("ethereum", settings, watches=[]) as gone:
        clock = SteadyClock(SystemClock())
        await begin(clock, {"ethereum": gone}, after=SystemClock().now() - 60 * MINUTE)
        assert abs(clock.now() - SystemClock().now()) < MINUTE


async def test_an_endpoint_that_fails_then_does_not_rest_by_a_clock_that_is_ahead(
    devnet: Devnet,
) -> None:
    settings = ChainSettings(
        rpc=("http://127.0.0.1:9", devnet.url),
        chain_id=devnet.chain_id,
        manager=devnet.deployment.manager,
    )
    async with chain_reader("devnet", settings, watches=[]) as made:
        clock = SteadyClock(SystemClock())
        await begin(clock, {"devnet": made}, after=None)
        gone, _ = made.health(clock.now())
        assert gone.resting_until is None or gone.resting_until - clock.now() < 60 * MINUTE
