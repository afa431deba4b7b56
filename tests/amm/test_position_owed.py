"""A position's fees in one go, held to the two steps they are made of."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.amm import fee_growth_inside, uncollected_fees
from monitor.amm.fee_growth import position_owed
from monitor.model.pool import Pool, PoolState, Token
from monitor.model.position import Position, TickState

TOKEN = Token(address="0x" + "11" * 20, symbol="T", decimals=18)
POOL = Pool(
    chain_id=1,
    address="0x" + "33" * 20,
    token0=TOKEN,
    token1=TOKEN,
    fee_pips=3000,
    tick_spacing=60,
    quote=1,
)
words = st.integers(0, 2**256 - 1)
halves = st.integers(0, 2**128 - 1)
pairs = st.tuples(words, words)


@given(st.integers(-8, 8), pairs, st.tuples(pairs, pairs), pairs, st.tuples(halves, halves, halves))
def test_both_tokens_at_once_come_to_the_same_as_one_by_one(
    tick: int,
    grown: tuple[int, int],
    outside: tuple[tuple[int, int], tuple[int, int]],
    last: tuple[int, int],
    held: tuple[int, int, int],
) -> None:
    liquidity, *owed = held
    lower, upper = outside
    state = PoolState(
        pool=POOL,
        sqrt_price_x96=2**96,
        tick=tick,
        liquidity=1,
        fee_growth_global0_x128=grown[0],
        fee_growth_global1_x128=grown[1],
    )
    position = Position(
        key="1:m:1",
        token_id=1,
        owner="",
        pool=POOL.key,
        tick_lower=-5,
        tick_upper=5,
        liquidity=liquidity,
        fee_growth_inside0_last_x128=last[0],
        fee_growth_inside1_last_x128=last[1],
        tokens_owed0=owed[0],
        tokens_owed1=owed[1],
        lower=TickState(fee_growth_outside0_x128=lower[0], fee_growth_outside1_x128=lower[1]),
        upper=TickState(fee_growth_outside0_x128=upper[0], fee_growth_outside1_x128=upper[1]),
    )
    expected = tuple(
        uncollected_fees(
            liquidity,
            fee_growth_inside(tick, grown[n], lower=(-5, lower[n]), upper=(5, upper[n])),
            growth_inside_last_x128=last[n],
            tokens_owed=owed[n],
        )
        for n in (0, 1)
    )
    assert position_owed(state, position) == expected
