"""Shared by all tests: a real node with the real contracts, and a real broker."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from monitor.devnet.broker import Broker
from monitor.devnet.contracts import Deployment
from monitor.devnet.local_chain import Devnet, attach, open_devnet
from monitor.devnet.node import AnvilNode
from monitor.devnet.parts import mosquitto_path


def _deployed(*, usdc_is_token0: bool) -> Iterator[tuple[AnvilNode, Deployment]]:
    """Run one node for the whole session, with everything deployed at 250 USDC per WETH."""
    node = AnvilNode()

    async def deploy() -> Deployment:
        await node.start()
        async with open_devnet(node, usdc_is_token0=usdc_is_token0) as devnet:
            return devnet.deployment

    try:
        yield node, asyncio.run(deploy())
    finally:
        node.stop()


@pytest.fixture(scope="session")
def usdc_weth_chain() -> Iterator[tuple[AnvilNode, Deployment]]:
    """USDC is token0, as on Ethereum."""
    yield from _deployed(usdc_is_token0=True)


@pytest.fixture(scope="session")
def weth_usdc_chain() -> Iterator[tuple[AnvilNode, Deployment]]:
    """WETH is token0, as on Arbitrum and Base."""
    yield from _deployed(usdc_is_token0=False)


async def _fresh(chain: tuple[AnvilNode, Deployment]) -> AsyncIterator[Devnet]:
    """Hand the chain over as it was deployed, and put it back afterwards."""
    node, deployment = chain
    async with attach(node.url, deployment) as devnet:
        before = await devnet.snapshot()
        try:
            yield devnet
        finally:
            await devnet.revert(before)


@pytest.fixture
async def devnet(usdc_weth_chain: tuple[AnvilNode, Deployment]) -> AsyncIterator[Devnet]:
    """A WETH/USDC 0.3 % pool at 250 USDC per WETH; USDC is token0; nothing said twice."""
    async for fresh in _fresh(usdc_weth_chain):
        yield fresh


@pytest.fixture
async def devnet_weth_first(
    weth_usdc_chain: tuple[AnvilNode, Deployment],
) -> AsyncIterator[Devnet]:
    """The same pool with WETH as token0."""
    async for fresh in _fresh(weth_usdc_chain):
        yield fresh


@pytest.fixture(params=["usdc first", "weth first"])
def either_devnet(request: pytest.FixtureRequest) -> Devnet:
    """Both token orders, one after the other."""
    name = "devnet" if request.param == "usdc first" else "devnet_weth_first"
    chosen: Devnet = request.getfixturevalue(name)
    return chosen


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    """A fresh mosquitto on a free port; the test is skipped, loudly, where there is none."""
    if mosquitto_path() is None:
        pytest.skip("mosquitto is missing: run `make setup`, or install it")
    async with Broker() as running:
        yield running


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line how many broker tests did not run, lest nobody notice."""
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if "mosquitto is missing" in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.write_line(
            f"NOT TESTED: {len(skipped)} broker tests, for mosquitto is missing", red=True
        )
