"""A chain's own market: lending rates and prices by one call, with what is wrong left out."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.address import is_checksum_address, to_checksum_address

from monitor.app.doctor import examine
from monitor.chain.aave import POOLS
from monitor.chain.abi import contract
from monitor.chain.chainlink_feeds import FEEDS, NATIVE, SEQUENCERS, TOKENS
from monitor.chain.market import ChainMarket, sources_on
from monitor.chain.reader import chain_reader
from monitor.chain.settings import ChainSettings
from monitor.chain.usd_settings import UsdSettings
from monitor.clock import ManualClock
from monitor.config.settings import ClockSettings, Settings, StoreSettings
from monitor.errors import Permanent, Transient
from monitor.feeds.port import Refusing
from monitor.model.reading import Reading

HEAD = datetime.fromtimestamp(1_790_000_000 + 12 * 100, UTC)
NOW = HEAD + timedelta(seconds=3)
HOUR = 3600
RAY = 10**27
A_TOKEN = "0x" + "aa" * 20
POLYGON, ARBITRUM = 137, 42_161
NAMES = {POLYGON: "polygon", ARBITRUM: "arbitrum", 1: "ethereum"}
RESERVE = ", ".join(contract("aave_v3_pool").functions["getReserveData"].outputs)

# Polygon, of a minute of August 2023 each: token, supply and borrow APR as the chain had them.
SEEN = (
    ("2023-08-14 00:00", "USDC", 0.0486026669, 0.0601594941),
    ("2023-08-16 18:15", "USDC", 0.0886842104, 0.1111435877),
    ("2023-08-14 00:00", "WETH", 0.0039309218, 0.0206419039),
    ("2023-08-17 22:03", "WETH", 0.0047973206, 0.0221197419),
)
QUIET = {"USDC": (0.031, 0.045), "WETH": (0.004, 0.021)}
PRICES = {"ETH/USD": 2_612.34, "BTC/USD": 61_010.0, "USDC/USD": 0.9998}


def reserve(supply: float, borrow: float, a_token: str = A_TOKEN) -> list[Any]:
    """Return a reserve as the Pool's ABI orders it; what is not asked for has values of its own."""
    rates = [round(supply * 10**12) * RAY // 10**12, round(borrow * 10**12) * RAY // 10**12]
    indices = 3 * RAY, 5 * RAY
    return [((7,), indices[0], rates[0], indices[1], rates[1], 9 * RAY, 1_789_999_000, 4,
             a_token, A_TOKEN, A_TOKEN, A_TOKEN, 11, 12, 13)]  # fmt: skip


@dataclass
class Market:
    """A chain that answers as Aave's Pool and Chainlink's feeds do. ago: how old each price is."""

    canned: Any
    rates: Mapping[str, tuple[float, float]] = field(default_factory=lambda: QUIET)
    prices: Mapping[str, float] = field(default_factory=lambda: PRICES)
    ago: Mapping[str, int] = field(default_factory=dict)
    data: bytes | None = None

    def lay(self, chain_id: int = POLYGON) -> None:
        """Have every address of a chain answer."""
        self.canned.chain_id = chain_id
        known = POOLS[chain_id]
        by_token = {token.lower(): symbol for symbol, token in known.tokens.items()}
        self.canned.at[known.pool] = {
            ("aave_v3_pool", "getReserveData"): lambda token: self.lent(by_token[token])
        }
        for pair, proxy in FEEDS[chain_id].items():
            self.canned.at[proxy] = {
                ("chainlink_aggregator", "latestRoundData"): lambda pair=pair: self.round(pair),
                ("chainlink_aggregator", "decimals"): lambda: (8,),
            }

    def lent(self, symbol: str) -> Any:
        if symbol not in self.rates:
            return words(encode([RESERVE], reserve(0, 0, "0x" + "00" * 20)))
        return words(self.data or encode([RESERVE], reserve(*self.rates[symbol])))

    def round(self, pair: str) -> Any:
        if pair not in self.prices:
            return "No data present"
        at = int(HEAD.timestamp()) - self.ago.get(pair, 60)
        return (2**64 + 7, round(self.prices[pair] * 10**8), at, at, 2**64 + 7)


def words(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 32]) for at in range(0, len(data), 32)]


@pytest.fixture
async def asked() -> AsyncIterator[Callable[..., ChainMarket]]:
    """Builds markets that ask these nodes."""
    async with AsyncExitStack() as stack:

        def build(
            *canned: Any, sources: tuple[str, ...] = ("aave", "chainlink"), **usd: Any
        ) -> ChainMarket:
            name = NAMES[canned[0].chain_id]
            settings = ChainSettings(rpc=tuple(one.node.url for one in canned))
            reader = chain_reader(name, settings, watches=())
            stack.push_async_exit(reader)
            return ChainMarket(
                chain=reader.chain,
                endpoints=reader.endpoints,
                clock=ManualClock(NOW),
                sources=sources,
                usd=UsdSettings(**usd),
            )

        yield build


def told(readings: tuple[Reading, ...]) -> dict[str, float]:
    return {f"{one.name} {one.key}": one.value for one in readings}


@pytest.mark.parametrize("seen", SEEN, ids=[f"{one[1]} at {one[0]}" for one in SEEN])
async def test_rates_are_read_as_the_chain_had_them(
    seen: tuple[str, str, float, float], canned: Any, asked: Any
) -> None:
    _, symbol, supply, borrow = seen
    Market(canned, rates=QUIET | {symbol: (supply, borrow)}).lay()
    found = told(await asked(canned, sources=("aave",)).read())
    assert found[f"aave.supply polygon:{symbol}"] == pytest.approx(supply, abs=1e-12)
    assert found[f"aave.borrow polygon:{symbol}"] == pytest.approx(borrow, abs=1e-12)
    assert len(found) == 4


async def test_all_of_it_takes_one_call_at_the_head(canned: Any, asked: Any) -> None:
    Market(canned, ago={"BTC/USD": 600}).lay()
    market = asked(canned)
    readings = await market.read()
    assert told(readings) == {
        "aave.supply polygon:USDC": 0.031,
        "aave.borrow polygon:USDC": 0.045,
        "aave.supply polygon:WETH": 0.004,
        "aave.borrow polygon:WETH": 0.021,
        "chainlink.usd polygon:ETH/USD": 2_612.34,
        "chainlink.usd polygon:BTC/USD": 61_010.0,
        "chainlink.usd polygon:USDC/USD": 0.9998,
    }
    stamps = {one.key: (one.as_of, one.source) for one in readings}
    assert stamps["polygon:USDC"] == (HEAD, "aave")
    assert stamps["polygon:BTC/USD"] == (HEAD - timedelta(minutes=10), "chainlink")
    assert [method for method, _ in canned.node.asked] == [
        "eth_chainId",
        "eth_getBlockByNumber",
        "eth_call",
    ]
    await market.read()
    assert len(canned.node.asked) == 5, "two requests each time"
    assert (market.name, market.chain.name) == ("polygon market", "polygon")


async def test_a_reserve_that_is_not_listed_is_simply_not_there_and_told_once(
    canned: Any, asked: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    here = Market(canned, rates={"USDC": QUIET["USDC"]})
    here.lay()
    market = asked(canned, sources=("aave",))
    for _ in range(3):
        assert set(told(await market.read())) == {
            "aave.supply polygon:USDC",
            "aave.borrow polygon:USDC",
        }
    here.rates = QUIET
    assert len(await market.read()) == 4
    assert [one.message for one in caplog.records if "polygon market" in one.message] == [
        "polygon market: aave on polygon lists no WETH",
        "polygon market: polygon:WETH is told again",
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(
            encode([RESERVE], reserve(0, 0, "0x" + "00" * 20)), "lists no", id="neither is listed"
        ),
        pytest.param(b"\1" * 12 * 32, "another language than Aave v3's Pool", id="a pool of v2"),
        pytest.param(
            encode([RESERVE], reserve(0.03, 2**40 / 100)), "an absurd rate", id="a mad number"
        ),
    ],
)
async def test_where_no_reserve_can_be_read_it_never_will(
    data: bytes, said: str, canned: Any, asked: Any
) -> None:
    Market(canned, data=data).lay()
    with pytest.raises(Permanent) as refused:
        await asked(canned, sources=("aave",)).read()
    assert str(refused.value).count(said) == 2
    assert "aave on polygon" in str(refused.value)


async def test_no_contract_at_the_pools_address_is_told(canned: Any, asked: Any) -> None:
    canned.chain_id = POLYGON
    with pytest.raises(Permanent, match="aave on polygon gives no answer, asked for USDC"):
        await asked(canned, sources=("aave",)).read()


async def test_a_price_past_its_heartbeat_is_left_out_and_the_others_stay(
    canned: Any, asked: Any, caplog: pytest.LogCaptureFixture
) -> None:
    Market(canned, ago={"ETH/USD": HOUR + 301, "USDC/USD": 20 * HOUR}).lay()
    market = asked(canned, sources=("chainlink",))
    refusing: Refusing = market
    assert isinstance(refusing, Refusing)
    found = told(await market.read())
    assert set(found) == {"chainlink.usd polygon:BTC/USD", "chainlink.usd polygon:USDC/USD"}
    (lost,) = market.refused()
    assert lost.key == "chainlink.usd|polygon:ETH/USD"
    assert lost.reason.startswith("chainlink ETH/USD is 1 h 5 m old, 1 h is assumed of it")
    (said,) = [one.message for one in caplog.records]
    assert said.startswith("polygon market: chainlink ETH/USD is 1 h 5 m old, 1 h is assumed of it")


async def test_while_a_sequencer_is_down_no_price_written_through_it_is_believed(
    canned: Any, asked: Any
) -> None:
    Market(canned).lay(ARBITRUM)
    down = int(HEAD.timestamp()) - HOUR
    canned.at[SEQUENCERS[ARBITRUM]] = {
        ("chainlink_aggregator", "latestRoundData"): lambda: (9, 1, down, down, 9)
    }
    prices = asked(canned, sources=("chainlink",))
    assert await prices.read() == (), "an answer, whose prices are all refused"
    assert {one.key: one.reason for one in prices.refused()} == {
        f"chainlink.usd|arbitrum:{pair}": "the sequencer is down, says its uptime feed, on arbitrum"
        for pair in PRICES
    }
    canned.at[SEQUENCERS[ARBITRUM]] = {
        ("chainlink_aggregator", "latestRoundData"): lambda: (9, 0, down - 1, down, 9)
    }
    assert (len(await prices.read()), prices.refused()) == (3, ())
    canned.at[SEQUENCERS[ARBITRUM]] = {
        ("chainlink_aggregator", "latestRoundData"): lambda: (9, 1, down, down, 9)
    }
    found = told(await asked(canned).read())
    assert {name.partition(" ")[0] for name in found} == {"aave.supply", "aave.borrow"}


async def test_the_next_endpoint_is_asked_where_the_first_fails(
    canned_two: list[Any], asked: Any
) -> None:
    first, second = canned_two
    for one in canned_two:
        Market(one).lay()

    async def fail(method: str, params: list[Any]) -> Any:
        if method == "eth_call":
            return {"error": {"code": -32000, "message": "out of order"}}
        return await first.script(method, params)

    first.node.script = fail
    assert len(await asked(first, second).read()) == 7
    assert [method for method, _ in second.node.asked] == [
        "eth_chainId",
        "eth_getBlockByNumber",
        "eth_call",
    ]


async def test_an_answer_for_another_block_is_refused(canned: Any, asked: Any) -> None:
    Market(canned).lay()

    async def script(method: str, params: list[Any]) -> Any:
        late = [params[0], hex(90)] if method == "eth_call" else params
        return await canned.script(method, late)

    canned.node.script = script
    with pytest.raises(Transient, match="answered for another block than 100"):
        await asked(canned).read()


async def test_a_head_of_the_future_is_refused(canned: Any, asked: Any) -> None:
    Market(canned).lay()
    canned.head = 110
    with pytest.raises(Transient, match=r"stamps its head \d\d:\d\d UTC, which is to come"):
        await asked(canned).read()


async def test_what_is_off_or_not_known_is_not_asked_of(canned: Any, asked: Any) -> None:
    canned.chain_id = POLYGON
    with pytest.raises(Permanent, match="neither Aave v3 nor Chainlink is known on polygon"):
        await asked(canned, sources=()).read()
    assert not canned.node.asked


@pytest.mark.parametrize(
    ("chain_id", "chainlink", "expected"),
    [
        pytest.param(1, True, ("aave", "chainlink"), id="Ethereum has both"),
        pytest.param(1, False, ("aave",), id="prices may be turned off"),
        pytest.param(324, True, ("aave",), id="no feeds are known on zkSync"),
        pytest.param(31_337, True, (), id="a private chain has neither"),
        pytest.param(None, True, (), id="nor has one nobody knows"),
    ],
)
def test_what_a_chain_is_known_to_have(
    chain_id: int | None, chainlink: bool, expected: tuple[str, ...]
) -> None:
    assert sources_on(chain_id, UsdSettings(chainlink=chainlink)) == expected


def test_every_address_is_whole_and_the_tokens_are_those_that_prices_know() -> None:
    for chain_id, known in POOLS.items():
        assert all(map(is_checksum_address, (known.pool, *known.tokens.values()))), chain_id
        routes = TOKENS.get(chain_id, {})
        for symbol, pair in (("USDC", "USDC/USD"), ("WETH", "ETH/USD")):
            priced = [t for t, route in routes.items() if route == (pair,) and t != NATIVE]
            if priced:
                assert [known.tokens[symbol]] == priced, (chain_id, symbol)
    assert to_checksum_address("0x794a61358d6845594f94dc1db02a252b5b4814ad") == POOLS[10].pool


async def test_the_doctor_tells_what_a_chains_market_says(canned: Any, tmp_path: Path) -> None:
    Market(canned).lay()
    clock = tmp_path / "clock"
    clock.write_text(NOW.isoformat())
    settings = Settings(
        chain={"polygon": ChainSettings(rpc=(canned.node.url,))},
        clock=ClockSettings(scenario=str(clock)),
        store=StoreSettings(url=f"sqlite:///{tmp_path}/hedgewatch.db"),
    )

    async def visit() -> Any:
        order = {"polygon market": ("aave",)}
        found = [one async for one in examine(settings, order)]
        (one,) = [one for one in found if one.subject == "polygon market"]
        return one

    well = await visit()
    assert well.ok
    assert well.text == (
        "aave.supply polygon:USDC 3.1 %, aave.borrow polygon:USDC 4.5 %, "
        "aave.supply polygon:WETH 0.40 %, aave.borrow polygon:WETH 2.1 %, 3 s old"
    )
    canned.at.clear()
    ill = await visit()
    assert not ill.ok
    assert ill.text.startswith("aave on polygon gives no answer")
