"""A day on a real pool with real swaps of known volume: implied volatility, fees, LVR."""

import math
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from monitor.chain.abi import decode_result, encode_call
from monitor.devnet.local_chain import Devnet
from monitor.model.observation import Block, Snapshot
from monitor.model.pool import Pool, PoolState, Token
from monitor.model.position import Position, TickState
from monitor.rules.surroundings import View
from monitor.signals.absorb import Lens, absorb
from monitor.signals.facts import Facts

AT = datetime(2026, 3, 2, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
POOL, MANAGER = "uniswap_v3_pool", "nonfungible_position_manager"
FEE, SPACING = 0.003, 60
VOLUME_USD = 40_000


async def ask(devnet: Devnet, contract: str, function: str, *args: object) -> tuple[Any, ...]:
    to = devnet.deployment.pool if contract == POOL else devnet.deployment.manager
    call = {"to": to, "data": "0x" + encode_call(contract, function, *args).hex()}
    answer = await devnet.rpc.call("eth_call", call, "latest")
    return decode_result(contract, function, bytes.fromhex(answer[2:]))


async def read(devnet: Devnet, token_id: int, step: int) -> Snapshot:
    """Return pool and position as the contracts have them now, as observed at a half hour."""
    made = devnet.deployment
    usdc_first = made.token0 == made.usdc
    usdc = Token(address=made.usdc, symbol="USDC", decimals=6)
    weth = Token(address=made.weth, symbol="WETH", decimals=18)
    pool = Pool(
        chain_id=31337,
        address=made.pool,
        token0=usdc if usdc_first else weth,
        token1=weth if usdc_first else usdc,
        fee_pips=3000,
        tick_spacing=SPACING,
        quote=0 if usdc_first else 1,
    )
    sqrt_price_x96, tick, *_ = await ask(devnet, POOL, "slot0")
    growth = [(await ask(devnet, POOL, f"feeGrowthGlobal{one}X128"))[0] for one in (0, 1)]
    (liquidity,) = await ask(devnet, POOL, "liquidity")
    held = await ask(devnet, MANAGER, "positions", token_id)
    edges = [await ask(devnet, POOL, "ticks", one) for one in held[5:7]]
    lower, upper = (
        TickState(fee_growth_outside0_x128=one[2], fee_growth_outside1_x128=one[3]) for one in edges
    )
    position = Position(
        key=f"31337:{made.manager}:{token_id}",
        token_id=token_id,
        owner=made.wallets[0],
        pool=pool.key,
        tick_lower=held[5],
        tick_upper=held[6],
        liquidity=held[7],
        fee_growth_inside0_last_x128=held[8],
        fee_growth_inside1_last_x128=held[9],
        tokens_owed0=held[10],
        tokens_owed1=held[11],
        lower=lower,
        upper=upper,
    )
    state = PoolState(
        pool=pool,
        sqrt_price_x96=sqrt_price_x96,
        tick=tick,
        liquidity=liquidity,
        fee_growth_global0_x128=growth[0],
        fee_growth_global1_x128=growth[1],
    )
    at = AT + step * HALF_HOUR
    return Snapshot(
        chain="main",
        chain_id=31337,
        block=Block(number=step, hash=f"0x{step:064x}", timestamp=at),
        observed_at=at,
        pools=(state,),
        positions=(position,),
    )


async def test_a_day_of_known_volume(either_devnet: Devnet) -> None:
    devnet = either_devnet
    owner = devnet.deployment.wallets[0]
    token_id = await devnet.mint(owner, 225, 275)
    lens = Lens(pegged=frozenset({devnet.deployment.usdc}), chains=frozenset({"main"}))
    facts = Facts()
    for step in range(49):
        if step:
            await devnet.swap_volume(VOLUME_USD)  # there and back again, half of it each way
        seen = await read(devnet, token_id, step)
        facts = absorb(facts, seen, lens)
    (pool,), (position,) = seen.pools, seen.positions
    view = View(facts=facts, scope=position.key, now=seen.observed_at)

    def told(name: str) -> float:
        value = view.value(name)
        assert isinstance(value.value, float), value.note
        return value.value

    # Lambert's formula, from volume, fee and the value of one spacing at the price.
    depth = pool.liquidity * pool.sqrt_price_x96 / 2**96
    tick_value = depth * SPACING * math.log(1.0001) / 2 / 10**pool.pool.token1.decimals
    in_usdc = tick_value if pool.pool.quote == 1 else tick_value * told("pool.price")
    lambert = 2 * FEE * math.sqrt(48 * VOLUME_USD / in_usdc * 365)
    assert told("pool.implied_vol_1d") == pytest.approx(lambert, rel=0.01)
    # What was earned is what the contracts would pay out, token by token.
    paid = await devnet.static_collect(token_id)
    fees = (paid.total0 - paid.principal0, paid.total1 - paid.principal1)
    price = told("pool.price")
    coins = [
        raw / 10**token.decimals
        for raw, token in zip(fees, (pool.pool.token0, pool.pool.token1), strict=True)
    ]
    in_dollars = sum(
        amount * (1 if token.symbol == "USDC" else price)
        for amount, token in zip(coins, (pool.pool.token0, pool.pool.token1), strict=True)
    )
    assert told("position.earned_usd") == pytest.approx(in_dollars, rel=1e-9)
    assert told("position.fee_apr_1d") == pytest.approx(
        in_dollars / told("position.principal_usd") * 365, rel=1e-6
    )
    # Its price came back each time, and nobody polls while it is away.
    assert told("pool.realised_vol_1d") == pytest.approx(0, abs=1e-6)
    assert told("position.time_in_range_1d") == 1


async def test_lvr_of_a_day_is_what_holding_the_trades_would_have_gained(
    either_devnet: Devnet,
) -> None:
    devnet = either_devnet
    token_id = await devnet.mint(devnet.deployment.wallets[0], 225, 275)
    lens = Lens(pegged=frozenset({devnet.deployment.usdc}), chains=frozenset({"main"}))
    facts, before, lost = Facts(), None, Fraction(0)
    prices = (250, 252, 249, 255, 262, 258, 251, 246, 240, 243)
    for step, price in enumerate(prices):
        await devnet.swap_to(Fraction(price))
        seen = await read(devnet, token_id, step)
        facts = absorb(facts, seen, lens)
        paid = await devnet.static_collect(token_id)
        now = (paid.principal0, paid.principal1)
        root = Fraction(seen.pools[0].sqrt_price_x96, 1 << 96)
        if before is not None:
            lost += (before[0] - now[0]) * root**2 + before[1] - now[1]
        before = now
    view = View(facts=facts, scope=seen.positions[0].key, now=seen.observed_at)
    raw1 = 10 ** seen.pools[0].pool.token1.decimals
    assert view.value("position.lvr_token1").value == pytest.approx(float(lost) / raw1, rel=1e-4)
