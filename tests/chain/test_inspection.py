"""What the doctor asks before the daemon does: constructed answers, each part well or broken."""

from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.chain.chainlink import Feed, Oracle
from monitor.chain.checkup import check_up
from monitor.chain.inspection import Inspection, Part
from monitor.chain.registry import MULTICALL3, Chain, Dex
from monitor.chain.rpc import Endpoint
from monitor.chain.settings import WatchSettings
from monitor.logs import Secret
from monitor.model.observation import Block
from tests.chain.symptoms import Symptom, error


def at(digits: str) -> str:
    return "0x" + digits * 20


MANAGER, FACTORY, POOL, STAKER = at("11"), at("22"), at("33"), at("44")
USDC, WETH, FEED, UPTIME, VIEW, V4 = at("55"), at("66"), at("77"), at("88"), at("99"), at("12")
STAMP = 1_790_000_000 + 12 * 100
BLOCK = Block(
    number=100, hash=f"0x{31_337:032x}{100:032x}", timestamp=datetime.fromtimestamp(STAMP, UTC)
)
ROUND = (7, 250_000_000_000, STAMP - 60, STAMP - 60, 7)


def sound() -> dict[str, dict[tuple[str, str], Any]]:
    """Return a chain on which a pool, its factory, a staker and a feed are all well."""
    erc20 = "erc20"
    pool = "uniswap_v3_pool"
    return {
        MANAGER: {("nonfungible_position_manager", "factory"): lambda: (FACTORY,)},
        FACTORY: {("uniswap_v3_factory", "getPool"): lambda *_: (POOL,)},
        POOL: {
            (pool, "token0"): lambda: (USDC,),
            (pool, "token1"): lambda: (WETH,),
            (pool, "fee"): lambda: (3_000,),
            (pool, "tickSpacing"): lambda: (60,),
            (pool, "slot0"): lambda: (2**96, 0, 0, 1, 1, 0, 1),
            (pool, "liquidity"): lambda: (10**18,),
            (pool, "feeGrowthGlobal0X128"): lambda: (0,),
            (pool, "feeGrowthGlobal1X128"): lambda: (0,),
        },
        USDC: {(erc20, "decimals"): lambda: (6,), (erc20, "symbol"): lambda: ("USDC",)},
        WETH: {(erc20, "decimals"): lambda: (18,), (erc20, "symbol"): lambda: ("WETH",)},
        STAKER: {},
        FEED: {
            ("chainlink_aggregator", "latestRoundData"): lambda: ROUND,
            ("chainlink_aggregator", "decimals"): lambda: (8,),
        },
        UPTIME: {
            ("chainlink_aggregator", "latestRoundData"): lambda: (7, 0, STAMP - 9_999, STAMP, 7)
        },
    }


def chain(**changed: Any) -> Chain:
    feed = Feed(pair="ETH/USD", proxy=FEED, heartbeat_s=3_600)
    given: dict[str, Any] = {
        "name": "devnet",
        "chain_id": 31_337,
        "dexes": (Dex(protocol="uniswap_v3", manager=MANAGER, stakers=(STAKER,)),),
        "multicall": MULTICALL3,
        "behind": 0,
        "quote": (),
        "start_block": None,
        "log_range": None,
        "oracle": Oracle(routes={WETH: (feed,)}, sequencer=UPTIME),
    }
    return Chain(**(given | changed))


async def inspected(
    canned: Any, of: Chain, watch: WatchSettings, broken: dict[str, Any] | None = None
) -> list[Part]:
    canned.at = sound() | (broken or {})
    for gone in [where for where, what in canned.at.items() if what is None]:
        del canned.at[gone]
    endpoint = Endpoint(Secret(canned.node.url), timeout_s=5)
    try:
        looking = Inspection(endpoint=endpoint, chain=of, watches=(watch,), block=BLOCK)
        return [part async for part in looking.parts()]
    finally:
        await endpoint.close()


POOL_WATCH = WatchSettings(chain="devnet", pool=POOL)


async def test_all_that_is_well_is_told_part_by_part(canned: Any) -> None:
    found = await inspected(canned, chain(), POOL_WATCH)
    assert [one.text for one in found if not one.ok] == []
    assert [one.text for one in found] == [
        f"the uniswap_v3 factory {FACTORY} stands behind its manager",
        f"pool USDC/WETH 0.3 % at {POOL}",
        f"staker {STAKER}",
        "0 positions in 1 pool read",
        f"the sequencer is up, says its uptime feed {UPTIME}",
        "WETH 2,500.00 USD, chainlink ETH/USD",
    ]


@pytest.mark.parametrize(
    ("broken", "said", "todo"),
    [
        pytest.param({FACTORY: None}, "names a factory 0x2222", "check the manager", id="factory"),
        pytest.param({MANAGER: None}, "has no code on devnet", "is it the right", id="manager"),
        pytest.param({POOL: None}, f"{POOL} has no code", "check pool in", id="no pool"),
        pytest.param({POOL: {}}, POOL, "check pool in", id="a pool that answers nothing"),
        pytest.param({STAKER: None}, f"staker {STAKER}", "check stakers", id="staker"),
        pytest.param({FEED: None}, "nothing answers at its address", "[[usd.feed]]", id="feed"),
        pytest.param(
            {FEED: sound()[FEED] | {("chainlink_aggregator", "latestRoundData"): lambda: (
                7, 250_000_000_000, STAMP - 9_000, STAMP - 9_000, 7)}},
            "is 2 h 30 m old, its heartbeat is 1 h", "unknown until that is well", id="a stale one",
        ),
        pytest.param({UPTIME: None}, "uptime feed does not tell", "[usd] sequencer", id="uptime"),
        pytest.param(
            {UPTIME: {("chainlink_aggregator", "latestRoundData"): lambda: (7, 1, 1, 1, 7)}},
            "the sequencer is down", "dollars by feeds are unknown", id="a sequencer that is down",
        ),
    ],
)  # fmt: skip
async def test_what_is_broken_is_told_with_what_to_do(
    canned: Any, broken: dict[str, Any], said: str, todo: str
) -> None:
    found = await inspected(canned, chain(), POOL_WATCH, broken)
    faults = [one.text for one in found if not one.ok]
    assert len(faults) == len(set(faults)), faults
    assert any(said in text and todo in text for text in faults), found


async def test_a_position_nobody_minted_is_told_with_what_to_do(canned: Any) -> None:
    found = await inspected(canned, chain(), WatchSettings(chain="devnet", nft=(7,)))
    (fault,) = [one.text for one in found if not one.ok]
    assert fault.startswith("position 7: ")
    assert fault.endswith("[[watch]]")


@pytest.mark.parametrize(
    ("view", "broken", "said"),
    [
        pytest.param("", {}, 'state_view = "0x…"', id="none is known"),
        pytest.param(VIEW, {}, f"{VIEW} has no code on devnet", id="none is there"),
        pytest.param(VIEW, {VIEW: {}}, f"{VIEW} on devnet is not of Uniswap v4", id="another"),
    ],
)
async def test_a_state_view_that_cannot_be_asked_is_told(
    canned: Any, view: str, broken: dict[str, Any], said: str
) -> None:
    manager = {V4: {("uniswap_v4_position_manager", "poolManager"): lambda: (FACTORY,)}}
    of = chain(dexes=(Dex(protocol="uniswap_v4", manager=V4),), state_view=view)
    watch = WatchSettings(chain="devnet", protocol="uniswap_v4", nft=(1,))
    found = await inspected(canned, of, watch, manager | broken)
    assert said in found[0].text
    assert [one.ok for one in found] == [False, False]


@pytest.mark.parametrize(
    ("symptom", "blocks", "why"),
    [
        pytest.param(error(-32601, "no"), 0, "does not offer eth_getLogs", id="none at all"),
        pytest.param(
            error(-32000, "too wide blocks range, the limit is 2048"),
            2_048,
            "",
            id="a stated range",
        ),
        pytest.param(error(-32000, "block range is too wide"), 1_000, "", id="a range found out"),
    ],
)
async def test_the_widest_range_of_logs_is_found_by_asking(
    scripted_node: Any, symptom: Symptom, blocks: int, why: str
) -> None:
    async def script(method: str, params: list[Any]) -> Any:
        if method != "eth_getLogs":
            return {"result": {"eth_chainId": "0x1", "eth_getCode": "0x00"}.get(method, HEAD)}
        width = int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) + 1
        return symptom.response() if width > blocks else {"result": []}

    scripted_node.script = script
    endpoint = Endpoint(Secret(scripted_node.url), timeout_s=5)
    found = await check_up(endpoint, chain_id=1, contracts={"it": MANAGER}, multicall=MULTICALL3)
    await endpoint.close()
    assert found.log_blocks == blocks
    assert why in found.no_logs


HEAD = {
    "number": hex(50_000),
    "hash": "0x" + "ab" * 32,
    "parentHash": "0x" + "cd" * 32,
    "timestamp": hex(STAMP),
}
