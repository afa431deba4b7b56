"""The chain a rule test is told over: one pool, one position, nothing of which is asked."""

from datetime import datetime
from typing import Final

from monitor.amm.ticks import sqrt_ratio_at_tick
from monitor.model.observation import Block, Snapshot
from monitor.model.pool import Pool, PoolState, Token
from monitor.model.position import Position, TickState, position_key
from monitor.signals.catalogue import Scope

CHAIN: Final = "test"
_CHAIN_ID: Final = 1
_TICK: Final = 221_100
_WIDTH: Final = 1_020
_LIQUIDITY: Final = 10**16
_POOL: Final = Pool(
    chain_id=_CHAIN_ID,
    address="0x" + "03" * 20,
    token0=Token(address="0x" + "01" * 20, symbol="USDC", decimals=6),
    token1=Token(address="0x" + "02" * 20, symbol="WETH", decimals=18),
    fee_pips=3_000,
    tick_spacing=60,
    quote=0,
)
_NO_FEES: Final = TickState(fee_growth_outside0_x128=0, fee_growth_outside1_x128=0)
_POSITION: Final = Position(
    key=position_key(_CHAIN_ID, "0x" + "04" * 20, 1),
    token_id=1,
    owner="0x" + "05" * 20,
    pool=_POOL.key,
    tick_lower=_TICK - _WIDTH,
    tick_upper=_TICK + _WIDTH,
    liquidity=_LIQUIDITY,
    fee_growth_inside0_last_x128=0,
    fee_growth_inside1_last_x128=0,
    tokens_owed0=0,
    tokens_owed1=0,
    lower=_NO_FEES,
    upper=_NO_FEES,
)

KEYS: Final = {Scope.POOL: _POOL.key, Scope.POSITION: _POSITION.key}
"""What a layer over a pool or a position is over, in a test."""


def example(at: datetime) -> Snapshot:
    """Return a block with the position in it, so that rules over positions have one."""
    state = PoolState(
        pool=_POOL,
        sqrt_price_x96=sqrt_ratio_at_tick(_TICK),
        tick=_TICK,
        liquidity=_LIQUIDITY,
        fee_growth_global0_x128=0,
        fee_growth_global1_x128=0,
    )
    return Snapshot(
        chain=CHAIN,
        chain_id=_CHAIN_ID,
        block=Block(number=1, hash="0x" + "01" * 32, timestamp=at),
        observed_at=at,
        pools=(state,),
        positions=(_POSITION,),
    )
