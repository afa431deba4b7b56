"""Shared by all tests: a real node with the real contracts, and a real broker."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

import pytest

from monitor.amm.amounts import amounts_for_liquidity
from monitor.amm.ticks import sqrt_ratio_at_tick
from monitor.app.rulebook import rulebook
from monitor.config import RulesSettings, Settings, UsdSettings
from monitor.devnet.broker import Broker
from monitor.devnet.contracts import Deployment
from monitor.devnet.local_chain import Devnet, attach, open_devnet
from monitor.devnet.node import AnvilNode
from monitor.devnet.parts import mosquitto_path
from monitor.devnet.postgres import Postgres, postgres_bin
from monitor.model.observation import Block, Gap, Missing, Readings, Snapshot
from monitor.model.pool import Pool, PoolState, Token
from monitor.model.position import Basis, Position, TickState, position_key
from monitor.model.reading import Reading
from monitor.pipeline import Rulebook
from monitor.rules.loader import load_packs
from monitor.shipped import rules_dir


@pytest.fixture
def logging_put_back() -> Iterator[None]:
    """What commands run in this process make of logging ends with the test."""
    root, known = logging.getLogger(), logging.root.manager.loggerDict
    before = (root.handlers[:], root.level, sys.excepthook)
    levels = {name: logging.getLogger(name).level for name in known}
    yield
    root.handlers[:], root.level, sys.excepthook = before
    for name in known:
        logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
    logging.captureWarnings(False)


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


@pytest.fixture(scope="session")
def mosquitto() -> Path:
    """The broker's program; the test is skipped, loudly, where there is none."""
    found = mosquitto_path()
    if found is None:
        pytest.skip("mosquitto is missing: run `make setup`, or install it")
    return found


@pytest.fixture
async def broker(mosquitto: Path) -> AsyncIterator[Broker]:  # noqa: ARG001 - it must be there
    """A fresh mosquitto on a free port."""
    async with Broker() as running:
        yield running


@contextmanager
def open_postgres(*given: str) -> Iterator[Postgres]:
    """Run a PostgreSQL with these settings; where there is none the test is skipped, loudly."""
    if postgres_bin() is None:
        pytest.skip("PostgreSQL is missing: install postgresql")
    with Postgres(*given) as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL for the whole session."""
    with open_postgres() as running:
        yield running


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A PostgreSQL of the test's own, which it may take away."""
    with open_postgres() as running:
        yield running


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """Return where an empty schema of its own is for each test."""
    return postgres.fresh_schema()


Figure: TypeAlias = Callable[..., None]


@pytest.fixture
def figure(
    record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> Figure:
    """Return what tells a measured figure, for people and for `make soak`, and holds it to a limit.

    most, least: the limit, either or neither. measured: how, in a few words.
    """

    def told(name: str, value: float, unit: str, *, measured: str, **limit: float) -> None:
        ((side, bound),) = limit.items() or ((None, 0.0),)
        ok = side is None or (value <= bound if side == "most" else value >= bound)
        words = f"at {side} {bound:g}" if side else None
        kept = {"value": value, "unit": unit, "limit": words, "ok": ok, "measured": measured}
        record_property("figure", {"name": name, **kept})
        with capsys.disabled():
            sys.stdout.write(f"\n{name}: {value:,.4g} {unit} ({words or 'told'}): {measured}\n")
        assert ok, f"{name}: {value:g} {unit}, {words}"

    return told


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


# --- observations made by hand --------------------------------------------------------------

_NEW_YORK = ZoneInfo("America/New_York")
_USDC = Token(address="0x" + "11" * 20, symbol="USDC", decimals=6)
_WETH = Token(address="0x" + "22" * 20, symbol="WETH", decimals=18)
_POOL = Pool(
    chain_id=1,
    address="0x" + "33" * 20,
    token0=_USDC,
    token1=_WETH,
    fee_pips=3000,
    tick_spacing=60,
    quote=0,
)
_UNTOUCHED = TickState(fee_growth_outside0_x128=0, fee_growth_outside1_x128=0)


@dataclass(frozen=True)
class Hand:
    """Makes rulebooks and observations. The chain is called `main`, its tick 221100 is 250 USDC."""

    tick: int = 221_100
    pool_key: str = _POOL.key

    def book(self, *packs: str, files: tuple[Path, ...] = ()) -> Rulebook:
        """Return what is judged by: shipped packs by id, and rule files of the test's own."""
        settings = Settings(
            rules=RulesSettings(enabled=packs), usd=UsdSettings(pegged=(_USDC.address,))
        )
        shipped = [rules_dir() / f"{pack}.toml" for pack in packs]
        book = rulebook(settings, load_packs([*shipped, *files]))
        lens = replace(book.lens, chains=frozenset({"main"}))
        return replace(book, lens=lens)

    def key(self, token_id: int = 1) -> str:
        return position_key(1, "0x" + "44" * 20, token_id)

    def vix(self, value: float, as_of: datetime, observed_at: datetime | None = None) -> Readings:
        reading = Reading(name="vix", value=value, unit="points", as_of=as_of, source="cboe")
        return Readings(source="vix", observed_at=observed_at or as_of, readings=(reading,))

    def settled(self, day: date, prices: Mapping[date, float], observed_at: datetime) -> Readings:
        """Return a session's VX settlements, stamped as theirs are: 16:00 New York."""
        as_of = datetime.combine(day, time(16), _NEW_YORK)
        readings = tuple(
            Reading(
                name="vx.settle",
                key=expiry.isoformat(),
                value=price,
                unit="points",
                as_of=as_of,
                source="cboe_settlement",
            )
            for expiry, price in prices.items()
        )
        return Readings(source="vx.settle", observed_at=observed_at, readings=readings)

    def position(self, token_id: int = 1, *, ticks: tuple[int, int] | None = None) -> Position:
        """Return a position opened at the middle, 2,000 ticks about it unless said otherwise."""
        lower, upper = ticks or (self.tick - 1_000, self.tick + 1_000)
        entry = sqrt_ratio_at_tick(self.tick)
        hodl = amounts_for_liquidity(entry, lower, upper, 10**16, round_up=True)
        return Position(
            key=self.key(token_id),
            token_id=token_id,
            owner="0x" + "55" * 20,
            pool=_POOL.key,
            tick_lower=lower,
            tick_upper=upper,
            liquidity=10**16,
            fee_growth_inside0_last_x128=0,
            fee_growth_inside1_last_x128=0,
            tokens_owed0=0,
            tokens_owed1=0,
            lower=_UNTOUCHED,
            upper=_UNTOUCHED,
            basis=Basis(
                liquidity=10**16,
                hodl0=hodl[0],
                hodl1=hodl[1],
                realised_token1=0,
                collected0=0,
                collected1=0,
                deposited0=hodl[0],
                deposited1=hodl[1],
                opened_at=None,
                source="config",
            ),
        )

    def snapshot(
        self,
        at: datetime,
        *positions: Position,
        tick: int | None = None,
        number: int = 1,
        missing: tuple[Missing, ...] = (),
    ) -> Snapshot:
        """Return a block stamped and observed at `at`."""
        where = self.tick if tick is None else tick
        state = PoolState(
            pool=_POOL,
            sqrt_price_x96=sqrt_ratio_at_tick(where),
            tick=where,
            liquidity=10**18,
            fee_growth_global0_x128=0,
            fee_growth_global1_x128=0,
        )
        return Snapshot(
            chain="main",
            chain_id=1,
            block=Block(number=number, hash=f"0x{number:064x}", timestamp=at),
            observed_at=at,
            pools=(state,),
            positions=positions,
            missing=missing,
        )

    def gap(self, source: str, at: datetime) -> Gap:
        return Gap(source=source, observed_at=at, reason=f"{source} cannot be reached")


@pytest.fixture(scope="session")
def hand() -> Hand:
    """Make observations, and what they are judged by."""
    return Hand()
