"""Amounts and fees, to the wei, against what the contracts themselves would pay.

The expected figures are a static `decreaseLiquidity` of everything and `collect`
by the owner, answered by the real contracts on a real node, in both token orders.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest

from monitor.amm import (
    amounts_for_liquidity,
    fee_growth_inside,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
    uncollected_fees,
)
from monitor.chain.abi import decode_result, encode_call
from monitor.devnet.local_chain import Devnet
from monitor.devnet.position_book import MintOrder

POOL, MANAGER = "uniswap_v3_pool", "nonfungible_position_manager"
NEAR_WRAP = 2**256 - 2**80
# One edge of each range shared with another, one range bought wholly in each token; the
# last range's edges stay uncrossed until its own turn, so that they remember the wrap.
RANGES = ((225, 275), (225, 240), (260, 300), (249, 251), (120, 520))


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What Hedgewatch makes of one position from the contracts' storage alone."""

    principal: tuple[int, int]
    owed: tuple[int, int]
    in_range: bool


async def read(devnet: Devnet, contract: str, function: str, *args: object) -> tuple[Any, ...]:
    to = devnet.deployment.pool if contract == POOL else devnet.deployment.manager
    call = {"to": to, "data": "0x" + encode_call(contract, function, *args).hex()}
    answer = await devnet.rpc.call("eth_call", call, "latest")
    return decode_result(contract, function, bytes.fromhex(answer[2:]))


async def ticks_of(devnet: Devnet, token_id: int) -> tuple[int, int]:
    held = await read(devnet, MANAGER, "positions", token_id)
    return held[5], held[6]


async def work_out(devnet: Devnet, token_id: int) -> Worked:
    held = await read(devnet, MANAGER, "positions", token_id)
    tick_lower, tick_upper, liquidity = held[5:8]
    sqrt_price_x96, tick, *_ = await read(devnet, POOL, "slot0")
    lower = await read(devnet, POOL, "ticks", tick_lower)
    upper = await read(devnet, POOL, "ticks", tick_upper)
    owed = []
    for token in (0, 1):
        (growth,) = await read(devnet, POOL, f"feeGrowthGlobal{token}X128")
        inside = fee_growth_inside(
            tick,
            growth,
            lower=(tick_lower, lower[2 + token]),
            upper=(tick_upper, upper[2 + token]),
        )
        owed.append(
            uncollected_fees(
                liquidity,
                inside,
                growth_inside_last_x128=held[8 + token],
                tokens_owed=held[10 + token],
            )
        )
    return Worked(
        principal=amounts_for_liquidity(sqrt_price_x96, tick_lower, tick_upper, liquidity),
        owed=(owed[0], owed[1]),
        in_range=tick_lower <= tick < tick_upper,
    )


async def agrees(devnet: Devnet, token_id: int) -> Worked:
    ours = await work_out(devnet, token_id)
    chain = await devnet.static_collect(token_id)
    assert ours.principal == (chain.principal0, chain.principal1)
    total = (ours.principal[0] + ours.owed[0], ours.principal[1] + ours.owed[1])
    assert total == (chain.total0, chain.total1)
    return ours


async def mint_all(devnet: Devnet) -> list[int]:
    owner = devnet.deployment.wallets[0]
    return await devnet.mint_many(
        [
            MintOrder(owner=owner, price_lower=low, price_upper=high, value_usd=70_000 + low)
            for low, high in RANGES
        ]
    )


async def earn(devnet: Devnet) -> None:
    """Cross every edge in both directions, with trading in between."""
    for price in (251.37, 246, 221, 233.3, 270, 310, 250):
        await devnet.swap_to(Fraction(price))
        await devnet.swap_volume(123_456.78)


Move = Callable[[Devnet, int, int], Awaitable[None]]


def towards(edge: str, *, downwards: bool) -> Move:
    """End exactly on an edge's price, coming from above or from below it."""

    async def move(devnet: Devnet, tick_lower: int, tick_upper: int) -> None:
        tick = tick_lower if edge == "lower" else tick_upper
        await devnet.swap_to_sqrt(sqrt_ratio_at_tick(tick + (90 if downwards else -90)))
        await devnet.swap_to_sqrt(sqrt_ratio_at_tick(tick))
        spot = await devnet.slot0()
        assert spot.tick == (tick - 1 if downwards else tick)
        assert tick_at_sqrt_ratio(spot.sqrt_price_x96) == tick

    return move


def beyond(edge: str) -> Move:
    """End well outside of the range."""

    async def move(devnet: Devnet, tick_lower: int, tick_upper: int) -> None:
        tick = tick_lower - 777 if edge == "lower" else tick_upper + 777
        await devnet.swap_to_sqrt(sqrt_ratio_at_tick(tick))

    return move


async def inside(devnet: Devnet, tick_lower: int, tick_upper: int) -> None:
    await devnet.swap_to_sqrt(sqrt_ratio_at_tick((tick_lower + tick_upper) // 2) + 12345)


MOVES = [
    pytest.param(inside, True, id="in range"),
    pytest.param(beyond("lower"), False, id="below"),
    pytest.param(beyond("upper"), False, id="above"),
    pytest.param(towards("lower", downwards=True), False, id="on the lower edge from above"),
    pytest.param(towards("lower", downwards=False), True, id="on the lower edge from below"),
    pytest.param(towards("upper", downwards=True), True, id="on the upper edge from above"),
    pytest.param(towards("upper", downwards=False), False, id="on the upper edge from below"),
]


@pytest.mark.parametrize("wrapping", [False, True], ids=["growth from zero", "growth wrapped"])
@pytest.mark.parametrize(("move", "in_range"), MOVES)
async def test_equals_to_the_wei_what_closing_pays(
    either_devnet: Devnet, move: Move, in_range: bool, wrapping: bool
) -> None:
    if wrapping:
        await either_devnet.set_fee_growth_global(NEAR_WRAP, NEAR_WRAP)
    token_ids = await mint_all(either_devnet)
    await earn(either_devnet)
    for token_id in token_ids:
        await move(either_devnet, *await ticks_of(either_devnet, token_id))
        ours = await agrees(either_devnet, token_id)
        assert ours.in_range == in_range
        assert min(ours.owed) > 0
        await agrees(either_devnet, token_ids[-1])
    if wrapping:
        for token in (0, 1):
            (growth,) = await read(either_devnet, POOL, f"feeGrowthGlobal{token}X128")
            assert growth < NEAR_WRAP


async def test_a_range_may_start_with_less_than_no_growth(either_devnet: Devnet) -> None:
    # The upper edge is as old as the pool's first fees, the lower one is new: inside is
    # negative, which on chain is a number just under 2**256. One of the two, by order.
    await mint_all(either_devnet)
    await earn(either_devnet)
    owner = either_devnet.deployment.wallets[1]
    token_ids = [
        await either_devnet.mint(owner, 200, 240),
        await either_devnet.mint(owner, 260, 320),
    ]
    held = [await read(either_devnet, MANAGER, "positions", one) for one in token_ids]
    assert any(growth > 2**255 for one in held for growth in one[8:10])
    await earn(either_devnet)
    for token_id in token_ids:
        assert min((await agrees(either_devnet, token_id)).owed) > 0


async def test_a_withdrawal_not_collected_yet_is_owed(either_devnet: Devnet) -> None:
    token_id = (await mint_all(either_devnet))[0]
    await earn(either_devnet)
    await either_devnet.decrease(token_id, fraction=Fraction(1, 3))
    await either_devnet.swap_to(243.21)
    await either_devnet.swap_volume(50_000)
    ours = await agrees(either_devnet, token_id)
    assert min(ours.owed) > 0


async def test_an_emptied_position_owes_only_what_was_left_in_it(either_devnet: Devnet) -> None:
    token_id = (await mint_all(either_devnet))[3]
    await earn(either_devnet)
    await either_devnet.decrease(token_id)
    await earn(either_devnet)
    ours = await agrees(either_devnet, token_id)
    assert ours.principal == (0, 0)
    assert max(ours.owed) > 0


async def test_fees_taken_out_are_not_counted_again(either_devnet: Devnet) -> None:
    token_id = (await mint_all(either_devnet))[0]
    await earn(either_devnet)
    ours = await agrees(either_devnet, token_id)
    assert await either_devnet.collect(token_id) == ours.owed
    assert (await agrees(either_devnet, token_id)).owed == (0, 0)
