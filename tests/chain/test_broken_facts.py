"""What is not understood at first: a node may err once, and the chain may come to it later."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.chain.endpoints import Endpoints
from monitor.chain.reader import ChainReader
from monitor.chain.registry import Dex
from monitor.chain.rpc import Endpoint
from monitor.chain.settings import WatchSettings
from monitor.errors import Transient
from monitor.logs import Secret
from monitor.model.observation import Snapshot
from tests.chain.test_inspection import (
    FACTORY,
    MANAGER,
    POOL,
    USDC,
    V4,
    VIEW,
    WETH,
    chain,
    sound,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
OWNER = "0x" + "77" * 20
NOBODY = "0x" + "0" * 40
POSITIONS = ("nonfungible_position_manager", "positions")
PLAIN = (0, NOBODY, USDC, WETH, 3_000, -600, 600, 10**15, 0, 0, 0, 0)
Told = dict[str, dict[tuple[str, str], Callable[..., Any]]]


def with_positions(*told: int | str) -> Told:
    made = sound()
    made[MANAGER] |= {
        POSITIONS: lambda _: told or PLAIN,
        ("nonfungible_position_manager", "ownerOf"): lambda _: (OWNER,),
    }
    made[POOL][("uniswap_v3_pool", "ticks")] = lambda _: (10**15, 10**15, 0, 0, 0, 0, 0, 1)
    return made


def sound_v4() -> Told:
    manager, view = "uniswap_v4_position_manager", "uniswap_v4_state_view"
    info = (600 % 2**24) << 32 | ((-600) % 2**24) << 8
    return sound() | {
        V4: {
            (manager, "poolManager"): lambda: (FACTORY,),
            (manager, "ownerOf"): lambda _: (OWNER,),
            (manager, "getPoolAndPositionInfo"): lambda _: (USDC, WETH, 3_000, 60, NOBODY, info),
        },
        VIEW: {
            (view, "poolManager"): lambda: (FACTORY,),
            (view, "getSlot0"): lambda _: (2**96, 0, 0, 3_000),
            (view, "getLiquidity"): lambda _: (10**18,),
            (view, "getFeeGrowthGlobals"): lambda _: (0, 0),
            (view, "getTickInfo"): lambda *_: (1, 1, 0, 0),
            (view, "getPositionInfo"): lambda *_: (10**15, 0, 0),
        },
    }


def reader_of(canned: Any, *watches: dict[str, Any]) -> ChainReader:
    return reader_on([Endpoint(Secret(canned.node.url, "rpc"), timeout_s=5)], *watches)


def reader_on(nodes: list[Endpoint], *watches: dict[str, Any]) -> ChainReader:
    dexes = Dex(protocol="uniswap_v3", manager=MANAGER), Dex(protocol="uniswap_v4", manager=V4)
    mine = chain(dexes=dexes, state_view=VIEW)
    return ChainReader(
        mine,
        Endpoints(mine, nodes),
        watches=[WatchSettings(chain="devnet", **watch) for watch in watches],
    )


async def taken(reader: ChainReader, canned: Any, blocks: int = 1) -> Snapshot:
    """Return the snapshot so many blocks of twelve seconds later."""
    canned.head += blocks
    snapshot = await reader.snapshot(NOON + timedelta(seconds=12 * canned.head))
    assert snapshot is not None
    return snapshot


def lie(made: Told, where: str, what: tuple[str, str], answer: Any) -> Told:
    return made | {where: made[where] | {what: lambda *_: answer}}


@pytest.mark.parametrize(
    ("where", "what", "answer", "said"),
    [
        (USDC, ("erc20", "decimals"), (300,), "does not tell its decimals"),
        (FACTORY, ("uniswap_v3_factory", "getPool"), (NOBODY,), "the factory knows no pool"),
        (FACTORY, ("uniswap_v3_factory", "getPool"), (OWNER,), "does not tell its tick spacing"),
        (POOL, ("uniswap_v3_pool", "fee"), "gone", "does not tell its tick spacing and fee"),
        (POOL, ("uniswap_v3_pool", "fee"), (2**255,), "does not tell its tick spacing and fee"),
        (POOL, ("uniswap_v3_pool", "tickSpacing"), (0,), "does not tell its tick spacing and fee"),
        (MANAGER, POSITIONS, (*PLAIN[:5], 600, -600, *PLAIN[7:]), "in another form"),
    ],
    ids=lambda told: told[1] if isinstance(told, tuple) and len(told) == 2 else "",
)
async def test_a_position_that_a_node_told_wrongly_once_is_read_a_minute_later(
    canned: Any, where: str, what: tuple[str, str], answer: Any, said: str
) -> None:
    async with reader_of(canned, {"nft": (7,)}) as reader:
        canned.at = lie(with_positions(), where, what, answer)
        wrong = await taken(reader, canned)
        assert said in wrong.missing[0].reason
        assert not wrong.missing[0].gone
        canned.at = with_positions()
        assert (await taken(reader, canned)).missing == wrong.missing
        seen = await taken(reader, canned, blocks=4)
        assert [one.token_id for one in seen.positions] == [7]
        assert seen.missing == ()


async def test_a_pool_watched_before_it_is_deployed_is_read_once_it_is(canned: Any) -> None:
    async with reader_of(canned, {"pool": POOL}) as reader:
        canned.at = {where: told for where, told in sound().items() if where != POOL}
        assert "has no code" in (await taken(reader, canned)).missing[0].reason
        canned.at = sound()
        seen = await taken(reader, canned, blocks=5)
        assert ([one.pool.address for one in seen.pools], seen.missing) == ([POOL], ())


async def test_what_stays_broken_is_asked_for_ever_more_seldom_and_always_told(
    canned: Any,
) -> None:
    async with reader_of(canned, {"nft": (7,)}) as reader:
        canned.at = lie(with_positions(), USDC, ("erc20", "decimals"), "none")
        await taken(reader, canned)
        before = reader.requests_made
        for _ in range(600):  # two hours
            (missing,) = (await taken(reader, canned)).missing
            assert "does not tell its decimals" in missing.reason
        assert reader.requests_made - before - 2 * 600 <= 20


async def test_a_uniswap_v4_position_whose_token_did_not_answer_is_read_a_minute_later(
    canned: Any,
) -> None:
    async with reader_of(canned, {"nft": (7,), "protocol": "uniswap_v4"}) as reader:
        canned.at = lie(sound_v4(), USDC, ("erc20", "decimals"), "none")
        assert "does not tell its decimals" in (await taken(reader, canned)).missing[0].reason
        canned.at = sound_v4()
        seen = await taken(reader, canned, blocks=5)
        assert ([one.token_id for one in seen.positions], seen.missing) == ([7], ())


@pytest.mark.parametrize("fee", [10**18, 2**24])
async def test_a_contract_whose_fee_is_no_pool_s_is_no_pool(canned: Any, fee: int) -> None:
    async with reader_of(canned, {"pool": POOL}) as reader:
        canned.at = lie(sound(), POOL, ("uniswap_v3_pool", "fee"), (fee,))
        (missing,) = (await taken(reader, canned)).missing
        assert missing.reason == f"{POOL} is not a Uniswap v3 pool"


async def test_a_manager_of_another_form_is_told_and_leaves_the_rest_in_sight(
    canned: Any,
) -> None:
    # As Algebra's: who deployed the pool stands where Uniswap has the fee.
    async with reader_of(canned, {"nft": (7,)}, {"pool": POOL}) as reader:
        canned.at = with_positions(*PLAIN[:4], FACTORY, *PLAIN[5:])
        seen = await taken(reader, canned)
        assert seen.missing[0].reason.endswith("the manager answers positions() in another form")
        assert [one.pool.address for one in seen.pools] == [POOL]


@pytest.mark.parametrize("liar", [0, 1])
@pytest.mark.parametrize("watch", [{"pool": POOL}, {"nft": (7,), "protocol": "uniswap_v4"}])
async def test_another_scale_of_a_token_is_a_difference_and_is_asked_for_again(
    canned_two: list[Any], liar: int, watch: dict[str, Any]
) -> None:
    for one in canned_two:
        one.at = sound_v4()
    other = canned_two[liar]
    other.at = lie(other.at, USDC, ("erc20", "decimals"), (0,))
    nodes = [Endpoint(Secret(one.node.url, "rpc"), timeout_s=5) for one in canned_two]
    async with reader_on(nodes, watch) as reader:
        reader.agree(timedelta(minutes=5))
        reader.confirm_what(lambda _: True)
        told = "0 against 6" if liar == 0 else "6 against 0"
        with pytest.raises(Transient, match=f"has token0 decimals {told}"):
            await reader.snapshot(NOON)
        other.at = sound_v4()
        seen = await reader.snapshot(NOON + timedelta(seconds=12))
        assert seen is not None
        assert seen.unconfirmed == ""
        assert [one.pool.token0.decimals for one in seen.pools] == [6]
