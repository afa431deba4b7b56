"""Chains by name, several at once, and what is peculiar to some: constructed answers."""

from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.chain.abi import encode_call
from monitor.chain.reader import ChainReader, chain_reader
from monitor.chain.registry import KNOWN, settle
from monitor.chain.settings import ChainSettings, WatchSettings
from monitor.errors import Permanent, Transient
from monitor.model.observation import Snapshot

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVERYWHERE = "0xC36442b4a4522E871399CD717aBDD847Ab11FE88"
FACTORY, POOL, TOKEN0, TOKEN1, MINE = (f"0x{digit * 40}" for digit in "34567")
NOBODY = "0x" + "0" * 40
NPM, POOLS = "nonfungible_position_manager", "uniswap_v3_pool"
# From Uniswap's own deployment pages (2026-04-07); Multicall3 from its deployment list.
PUBLISHED = {
    "ethereum": (1, EVERYWHERE),
    "optimism": (10, EVERYWHERE),
    "bsc": (56, "0x7b8A01B39D58278b5DE7e48c8449c9f4F5170613"),
    "unichain": (130, "0x943e6e07a7E8E791dAFC44083e54041D743C46E9"),
    "polygon": (137, EVERYWHERE),
    "zksync": (324, "0x0616e5762c1E7Dc3723c50663dF10a162D690a86"),
    "base": (8453, "0x03a520b32C04BF3bEEf7BEb72E919cf822Ed34f1"),
    "arbitrum": (42161, EVERYWHERE),
    "celo": (42220, "0x3d79EdAaBC0EaB6F08ED885C05Fc0B014290D95A"),
    "avalanche": (43114, "0x655C406EBFa14EE2006250925e54ec43AD184f8B"),
}
FORKS = {
    ("ethereum", "pancakeswap_v3"): "0x46A15B0b27311cedF172AB29E4f4766fbE7F4364",
    ("bsc", "pancakeswap_v3"): "0x46A15B0b27311cedF172AB29E4f4766fbE7F4364",
    ("optimism", "slipstream"): "0x416b433906b1B72FA758e166e239c43d68dC6F29",
    ("base", "slipstream"): "0x827922686190790b37229fd06084350E74485b72",
}
ZKSYNC_MULTICALL3 = "0xF9cda624FBC7e059355ce98a31693d299FACd963"
L1_BLOCK = "0x170593f"
"""What `aggregate` told on Arbitrum One for its block number, as captured: Ethereum's."""


def put_position(chain: Any, manager: str, *, fee: int = 500) -> None:
    """Let `MINE` hold token id 7 of a pool whose price and fee growth are nothing special."""
    told = {
        "slot0": (2**96, 0, 0, 1, 1, 0, True),
        "liquidity": (1,),
        "feeGrowthGlobal0X128": (0,),
        "feeGrowthGlobal1X128": (0,),
        "ticks": (1, 1, 0, 0, 0, 0, 0, True),
        "tickSpacing": (10,),
        "fee": (fee,),
    }
    token = {("erc20", "decimals"): lambda: (6,), ("erc20", "symbol"): lambda: ("USDC",)}
    position = (0, NOBODY, TOKEN0, TOKEN1, fee, -10, 10, 10**6, 0, 0, 0, 0)
    chain.at |= {
        manager: {
            (NPM, "factory"): lambda: (FACTORY,),
            (NPM, "positions"): lambda _: position,
            (NPM, "ownerOf"): lambda _: (MINE,),
        },
        FACTORY: {("uniswap_v3_factory", "getPool"): lambda *_: (POOL,)},
        POOL: {(POOLS, name): lambda *_, one=one: one for name, one in told.items()},
        TOKEN0: token,
        TOKEN1: token,
    }


def reader_of(name: str, chain: Any, **watch: Any) -> ChainReader:
    settings = ChainSettings(rpc=(chain.node.url,), behind=0)
    watches = [WatchSettings(chain=name, **(watch or {"nft": (7,)}))]
    return chain_reader(name, settings, watches=watches)


async def taken(reader: ChainReader, chain: Any) -> Snapshot:
    chain.head += 1
    snapshot = await reader.snapshot(NOON)
    assert snapshot is not None
    return snapshot


@pytest.mark.parametrize("name", PUBLISHED)
async def test_a_chain_is_read_by_its_name_alone(name: str, canned: Any) -> None:
    canned.chain_id, manager = PUBLISHED[name]
    canned.multicall = ZKSYNC_MULTICALL3 if name == "zksync" else canned.multicall
    put_position(canned, manager)
    async with reader_of(name, canned) as reader:
        snapshot = await taken(reader, canned)
    assert [one.key for one in snapshot.positions] == [f"{canned.chain_id}:{manager}:7"]
    assert (snapshot.chain, snapshot.missing) == (name, ())


def test_every_known_chain_is_among_the_published() -> None:
    known = {name: (one.chain_id, one.dexes["uniswap_v3"].manager) for name, one in KNOWN.items()}
    assert known == PUBLISHED


@pytest.mark.parametrize(("where", "manager"), FORKS.items())
def test_forks_have_their_managers_where_they_are(where: tuple[str, str], manager: str) -> None:
    name, protocol = where
    assert settle(name, ChainSettings(rpc=("env:A",))).dex(protocol).manager == manager


async def test_two_chains_in_one_config_are_read_apart(canned_two: Any) -> None:
    canned, second_canned = canned_two
    canned.chain_id, second_canned.chain_id = 1, 42161
    second_canned.head = 370_000_000
    put_position(canned, EVERYWHERE, fee=500)
    put_position(second_canned, EVERYWHERE, fee=3_000)
    async with reader_of("ethereum", canned) as one, reader_of("arbitrum", second_canned) as two:
        first, second = await taken(one, canned), await taken(two, second_canned)
    assert [one.key for one in first.positions] == [f"1:{EVERYWHERE}:7"]
    assert [one.key for one in second.positions] == [f"42161:{EVERYWHERE}:7"]
    assert (first.block.number, second.block.number) == (101, 370_000_001)
    assert (first.pools[0].pool.fee_pips, second.pools[0].pool.fee_pips) == (500, 3_000)


async def test_the_node_of_another_chain_is_refused(canned: Any) -> None:
    canned.chain_id = 42161
    put_position(canned, EVERYWHERE)
    async with reader_of("ethereum", canned) as reader:
        with pytest.raises(Permanent, match="serves chain id 42161, but ethereum is 1"):
            await taken(reader, canned)


async def test_what_arbitrum_calls_a_block_number_inside_contracts_is_never_asked(
    canned: Any,
) -> None:
    # Constructed after a captured answer: Multicall3 there tells Ethereum's block number, and
    # headers carry it beside their own.
    canned.chain_id, canned.head = 42161, 370_000_000
    canned.header = {"l1BlockNumber": L1_BLOCK, "sendCount": "0x1", "sendRoot": "0x" + "1" * 64}
    put_position(canned, EVERYWHERE)
    async with reader_of("arbitrum", canned) as reader:
        snapshot = await taken(reader, canned)
    assert snapshot.block.number == 370_000_001
    assert canned.of_multicall == {encode_call("multicall3", "getCurrentBlockTimestamp")}
    blocks = [params[1] for method, params in canned.node.asked if method == "eth_call"]
    assert set(blocks) == {hex(370_000_001)}


@pytest.mark.parametrize(
    "late",
    [pytest.param(-1, id="a block behind"), pytest.param(1_000, id="far ahead, as after a turn")],
)
async def test_a_batch_run_in_another_block_is_noticed_by_its_time(canned: Any, late: int) -> None:
    canned.chain_id, canned.head = 42161, 370_000_000
    put_position(canned, EVERYWHERE)
    async with reader_of("arbitrum", canned) as reader:
        await taken(reader, canned)

        async def elsewhere(method: str, params: list[Any]) -> Any:
            if method != "eth_call":
                return await canned.script(method, params)
            block = hex(int(params[1], 16) + late)
            return canned.call(params[0]["to"], bytes.fromhex(params[0]["data"][2:]), block)

        canned.node.script = elsewhere
        with pytest.raises(Transient, match="answered for another block than 370000002"):
            await taken(reader, canned)


async def test_a_protocol_of_another_chain_is_told_with_those_that_are_there(canned: Any) -> None:
    with pytest.raises(ValueError, match="no position manager of slipstream is known on arbitrum"):
        reader_of("arbitrum", canned, nft=(1,), protocol="slipstream")
