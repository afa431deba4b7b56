"""Slipstream (Velodrome, Aerodrome): constructed answers in the form of its contracts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.amm.fee_growth import position_owed
from monitor.chain.reader import ChainReader, chain_reader
from monitor.chain.settings import ChainSettings, WatchSettings
from monitor.model.observation import Snapshot

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MANAGER, FACTORY, POOL, GAUGE, TOKEN0, TOKEN1, MINE, YOURS = (
    f"0x{digit * 40}" for digit in "12345678"
)
NOBODY = "0x" + "0" * 40
SPACING = 100
PRICE = 2**96
GROWTH = (7 << 128, 5 << 128)
"""Of the whole pool, since its beginning."""
EDGE = (3 << 128, 2 << 128)
"""Of the lower tick, outside; the upper tick was never crossed."""
MARK = (1 << 128, 1 << 128)
"""Inside the range, when the position was last touched."""
LIQUIDITY = 1_000_000


@dataclass
class Slipstream:
    """One pool, its gauge and its NFTs; owners by id, and what each depositor staked."""

    owners: dict[int, str] = field(default_factory=dict)
    staked: dict[str, list[int]] = field(default_factory=dict)
    gauge: str = GAUGE
    fee: int = 500
    owed: tuple[int, int] = (0, 0)

    def contracts(self) -> dict[str, dict[tuple[str, str], Callable[..., Any]]]:
        npm, pool, own = "nonfungible_position_manager", "uniswap_v3_pool", "slipstream_pool"
        return {
            MANAGER: {
                (npm, "factory"): lambda: (FACTORY,),
                (npm, "balanceOf"): lambda who: (len(self.of(who)),),
                (npm, "tokenOfOwnerByIndex"): lambda who, n: (self.of(who)[n],),
                (npm, "ownerOf"): lambda one: (self.owners[one],) if one in self.owners else "ID",
                ("slipstream_position_manager", "positions"): self.position,
            },
            FACTORY: {("slipstream_factory", "getPool"): self.pool_of},
            POOL: {
                (own, "slot0"): lambda: (PRICE, 0, 0, 1, 1, True),
                (pool, "liquidity"): lambda: (LIQUIDITY,),
                (pool, "feeGrowthGlobal0X128"): lambda: (GROWTH[0],),
                (pool, "feeGrowthGlobal1X128"): lambda: (GROWTH[1],),
                (own, "ticks"): self.tick,
                (pool, "tickSpacing"): lambda: (SPACING,),
                (pool, "token0"): lambda: (TOKEN0,),
                (pool, "token1"): lambda: (TOKEN1,),
                (own, "fee"): lambda: (self.fee,),
                (own, "gauge"): lambda: (self.gauge,),
            },
            GAUGE: {
                ("slipstream_gauge", "stakedValues"): lambda who: (tuple(self.staked.get(who, ())),)
            },
            **{
                token: {("erc20", "decimals"): lambda: (6,), ("erc20", "symbol"): lambda: ("USDC",)}
                for token in (TOKEN0, TOKEN1)
            },
        }

    def of(self, who: str) -> list[int]:
        return [one for one, owner in self.owners.items() if owner.lower() == who]

    def pool_of(self, first: str, second: str, spacing: int) -> tuple[str]:
        return (POOL if (first, second, spacing) == (TOKEN0, TOKEN1, SPACING) else NOBODY,)

    def position(self, one: int) -> Any:
        if one not in self.owners:
            return "ID"
        ticks = (SPACING, -SPACING, SPACING)
        return (0, NOBODY, TOKEN0, TOKEN1, *ticks, LIQUIDITY, *MARK, *self.owed)

    def tick(self, tick: int) -> tuple[Any, ...]:
        edge = EDGE if tick < 0 else (0, 0)
        return (LIQUIDITY, LIQUIDITY, 99, *edge, 88, 0, 0, 0, True)

    def stake(self, one: int, depositor: str) -> None:
        self.owners[one] = GAUGE
        self.staked.setdefault(depositor.lower(), []).append(one)


@pytest.fixture
def slip(canned: Any) -> Slipstream:
    made = Slipstream()
    canned.at = made.contracts()
    return made


@pytest.fixture
def reader_of(canned: Any) -> Callable[..., ChainReader]:
    def build(*watches: dict[str, Any]) -> ChainReader:
        settings = ChainSettings(
            rpc=(canned.node.url,),
            chain_id=canned.chain_id,
            managers={"slipstream": MANAGER},
            behind=0,
        )
        given = [WatchSettings(chain="base2", protocol="slipstream", **one) for one in watches]
        return chain_reader("base2", settings, watches=given)

    return build


async def taken(reader: ChainReader, canned: Any) -> Snapshot:
    canned.head += 1
    snapshot = await reader.snapshot(NOON)
    assert snapshot is not None
    return snapshot


async def test_six_fields_of_slot0_and_longer_ticks_are_read_and_fees_owed_follow(
    canned: Any, slip: Slipstream, reader_of: Any
) -> None:
    slip.owners = {4: MINE}
    async with reader_of({"wallet": MINE}) as reader:
        snapshot = await taken(reader, canned)
    (position,), (state,) = snapshot.positions, snapshot.pools
    assert (state.sqrt_price_x96, state.tick, state.pool.protocol) == (PRICE, 0, "slipstream")
    assert (state.pool.tick_spacing, state.pool.fee_pips) == (SPACING, 500)
    lower = (position.lower.fee_growth_outside0_x128, position.lower.fee_growth_outside1_x128)
    assert lower == EDGE
    # Inside: 7 - 3 and 5 - 2 per unit of liquidity, less 1 and 1 had before.
    assert position_owed(state, position) == (3 * LIQUIDITY, 2 * LIQUIDITY)
    assert (position.owner, position.staked_in, position.earns_fees) == (MINE, "", True)


async def test_a_pool_s_fee_is_what_it_says_at_each_block(
    canned: Any, slip: Slipstream, reader_of: Any
) -> None:
    async with reader_of({"pool": POOL}) as reader:
        assert (await taken(reader, canned)).pools[0].pool.fee_pips == 500
        slip.fee = 3_000
        assert (await taken(reader, canned)).pools[0].pool.fee_pips == 3_000


@pytest.mark.parametrize(
    "watches",
    [
        pytest.param(({"wallet": MINE, "stakers": (GAUGE,)},), id="its gauge given in config"),
        pytest.param(({"wallet": MINE}, {"pool": POOL}), id="the gauge of a pool watched"),
    ],
)
async def test_what_is_staked_in_a_gauge_is_found_and_earns_no_fees(
    canned: Any, slip: Slipstream, reader_of: Any, watches: tuple[dict[str, Any], ...]
) -> None:
    slip.owed = (11, 13)
    slip.stake(4, MINE)
    slip.stake(5, YOURS)
    async with reader_of(*watches) as reader:
        snapshot = await taken(reader, canned)
    (position,) = snapshot.positions
    assert (position.token_id, position.owner, position.staked_in) == (4, MINE, GAUGE)
    assert not position.earns_fees
    assert position_owed(snapshot.pools[0], position) == (11, 13)


async def test_a_position_is_followed_into_its_gauge_and_out_again(
    canned: Any, slip: Slipstream, reader_of: Any
) -> None:
    slip.owners = {4: MINE, 5: MINE}
    async with reader_of({"wallet": MINE}) as reader:
        first = await taken(reader, canned)
        slip.stake(4, MINE)
        staked = await taken(reader, canned)
        slip.staked.clear()
        slip.owners[4] = YOURS
        gone = await taken(reader, canned)
    assert [one.token_id for one in first.positions] == [4, 5]
    assert [(one.token_id, one.staked_in) for one in staked.positions] == [(4, GAUGE), (5, "")]
    assert staked.positions[0].owner == MINE
    assert staked.missing == ()
    assert [one.token_id for one in gone.positions] == [5]
    assert gone.missing[0].reason == f"position 4: left the watched wallet {MINE} for {YOURS}"


async def test_what_was_followed_into_a_gauge_is_found_there_by_the_next_reader(
    canned: Any, slip: Slipstream, reader_of: Any
) -> None:
    slip.owners = {4: MINE}
    async with reader_of({"wallet": MINE}) as reader:
        await taken(reader, canned)
        slip.stake(4, MINE)
        before = await taken(reader, canned)
    async with reader_of({"wallet": MINE}) as reader:
        reader.resume([before.block], before.positions)
        (position,) = (await taken(reader, canned)).positions
    assert (position.token_id, position.owner, position.staked_in) == (4, MINE, GAUGE)


async def test_a_second_endpoint_looks_for_it_in_the_gauge_it_was_followed_into(
    canned_two: list[Any], slip: Slipstream
) -> None:
    for canned in canned_two:
        canned.at = slip.contracts()
    first, second = canned_two
    settings = ChainSettings(
        rpc=(first.node.url, second.node.url),
        chain_id=first.chain_id,
        managers={"slipstream": MANAGER},
        behind=0,
        agree=True,
    )
    watch = WatchSettings(chain="base2", protocol="slipstream", wallet=MINE)
    slip.owners = {4: MINE}
    async with chain_reader("base2", settings, watches=[watch]) as reader:
        await taken(reader, first)
        slip.stake(4, MINE)
        reader.confirm_what(lambda _: True)
        second.head = first.head + 1
        staked = await taken(reader, first)
    assert (staked.positions[0].staked_in, staked.unconfirmed) == (GAUGE, "")


async def test_by_id_the_gauge_is_told_as_its_keeper_for_it_names_no_depositor(
    canned: Any, slip: Slipstream, reader_of: Any
) -> None:
    slip.stake(4, YOURS)
    async with reader_of({"nft": (4,)}) as reader:
        (position,) = (await taken(reader, canned)).positions
    assert (position.owner, position.staked_in, position.earns_fees) == (GAUGE, GAUGE, False)


async def test_a_pool_without_a_gauge_has_none_to_be_staked_in(
    canned: Any, slip: Slipstream, reader_of: Any
) -> None:
    slip.gauge = NOBODY
    slip.owners = {4: MINE}
    async with reader_of({"wallet": MINE}) as reader:
        before = await taken(reader, canned)
        slip.gauge = GAUGE  # it is made later, and noticed
        slip.stake(4, MINE)
        after = await taken(reader, canned)
    assert before.positions[0].staked_in == ""
    assert [(one.owner, one.staked_in) for one in after.positions] == [(MINE, GAUGE)]
    assert after.missing == ()


async def test_what_it_reverts_with_for_no_such_id_means_burned(
    canned: Any, slip: Slipstream, reader_of: Any
) -> None:
    slip.owners = {4: MINE}
    async with reader_of({"nft": (4,)}) as reader:
        assert (await taken(reader, canned)).missing == ()
        del slip.owners[4]
        (missing,) = (await taken(reader, canned)).missing
    assert (missing.reason, missing.gone) == ("position 4: it was burned, or never minted", True)
