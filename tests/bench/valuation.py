"""`valuation`: what one position's tokens cost to work out, beside zelos-demeter."""

import random
from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext

from monitor.amm.amounts import amounts_for_liquidity, value_x192
from monitor.amm.fee_growth import position_owed
from monitor.amm.loss import loss_fraction
from monitor.amm.measure import Scales, measure, usd_prices
from monitor.amm.ticks import sqrt_ratio_at_tick
from monitor.model.pool import Pool, PoolState, Token
from monitor.model.position import Basis, Position, TickState
from tests.bench.peer import demeter
from tests.bench.table import Figure, Table
from tests.bench.timing import microseconds

POSITIONS = 1_000
_ROUNDS = 50
_TICK = 221_100  # of a WETH/USDC pool at 250 USDC, by its own token order
_DECIMALS = (6, 18)
_DEMETER_DIGITS = 33  # of the 35 it sets: its three operations round each
_USDC = Token(address="0x" + "11" * 20, symbol="USDC", decimals=_DECIMALS[0])
_WETH = Token(address="0x" + "22" * 20, symbol="WETH", decimals=_DECIMALS[1])
_POOL = Pool(
    chain_id=1,
    address="0x" + "33" * 20,
    token0=_USDC,
    token1=_WETH,
    fee_pips=3000,
    tick_spacing=60,
    quote=0,
)


def run(table: Table) -> None:
    """Measure ours and theirs in turns."""
    pool, positions = _book(random.Random(2026))
    price = pool.sqrt_price_x96
    inputs = [(price, p.tick_lower, p.tick_upper, p.liquidity) for p in positions]
    ours: list[float] = []
    cold: list[float] = []
    theirs: list[float] = []
    with demeter(inputs, _DECIMALS) as peer:
        _agree(inputs, peer.amounts)
        for _ in range(_ROUNDS):
            _amounts(inputs)  # the ticks that the cold round before has forgotten
            ours.append(microseconds(lambda: _amounts(inputs), operations=POSITIONS))
            theirs.append(peer.value() * 1e6 / POSITIONS)
            cold.append(microseconds(lambda: _cold_amounts(inputs), operations=POSITIONS))
        told = f"zelos-demeter {peer.version}'s get_amounts, {min(theirs):.2f} us"
    least = min(ours)
    table.add(
        "valuation.amounts", Figure(value=least, unit="us", against="ticks known, as in a poll")
    )
    faster = Figure(
        value=min(theirs) / least, unit="times faster", limit=5, at_least=True, against=told
    )
    table.add("valuation.vs_demeter", faster)
    slower = min(theirs) / min(cold)
    table.add(
        "valuation.vs_demeter_cold",
        Figure(value=slower, unit="times faster", against="the same, no tick known to us"),
    )
    _whole(pool, positions, table)


def _whole(pool: PoolState, positions: Sequence[Position], table: Table) -> None:
    scales = Scales(pool, usd_prices(pool, (_USDC.address,)))
    three = _least(lambda: [_amounts_fees_il(pool, one) for one in positions])
    every = _least(lambda: [measure(one, pool, scales=scales) for one in positions])
    table.add(
        "valuation.all",
        Figure(value=three, unit="us", limit=10, against="amounts, both fees and IL, exact"),
    )
    table.add(
        "valuation.measures",
        Figure(value=every, unit="us", against="every measure of a poll, and USD"),
    )


def _least(work: Callable[[], object]) -> float:
    return min(microseconds(work, operations=POSITIONS) for _ in range(_ROUNDS))


def _amounts(inputs: Sequence[tuple[int, int, int, int]]) -> None:
    for price, lower, upper, liquidity in inputs:
        amounts_for_liquidity(price, lower, upper, liquidity)


def _cold_amounts(inputs: Sequence[tuple[int, int, int, int]]) -> None:
    for price, lower, upper, liquidity in inputs:
        sqrt_ratio_at_tick.cache_clear()
        amounts_for_liquidity(price, lower, upper, liquidity)


def _amounts_fees_il(
    pool: PoolState, position: Position
) -> tuple[tuple[int, int], tuple[int, int], float | None]:
    price = pool.sqrt_price_x96
    amounts = amounts_for_liquidity(
        price, position.tick_lower, position.tick_upper, position.liquidity
    )
    basis = position.basis
    assert basis is not None
    hodl = value_x192(basis.hodl0, basis.hodl1, price)
    return amounts, position_owed(pool, position), loss_fraction(value_x192(*amounts, price), hodl)


def _agree(inputs: Sequence[tuple[int, int, int, int]], theirs: Sequence[Sequence[str]]) -> None:
    """Require each amount of theirs, rounded down to raw units, to be ours."""
    with localcontext() as exact:
        exact.prec = 90
        for given, amounts in zip(inputs, theirs, strict=True):
            for mine, its, decimals in zip(
                amounts_for_liquidity(*given), amounts, _DECIMALS, strict=True
            ):
                raw = Decimal(its).scaleb(decimals)
                blur = raw.scaleb(-_DEMETER_DIGITS)
                assert mine - blur <= raw < mine + 1 + blur, (given, mine, its)


def _book(dice: random.Random) -> tuple[PoolState, list[Position]]:
    """Return a pool, and positions below, about and above its price."""
    state = PoolState(
        pool=_POOL,
        sqrt_price_x96=sqrt_ratio_at_tick(_TICK) + dice.getrandbits(80),
        tick=_TICK,
        liquidity=10**24,
        fee_growth_global0_x128=dice.getrandbits(256),
        fee_growth_global1_x128=dice.getrandbits(256),
    )
    return state, [_position(number, dice) for number in range(POSITIONS)]


def _position(number: int, dice: random.Random) -> Position:
    lower = (_TICK // 60 + dice.randint(-100, 40)) * 60
    upper = lower + dice.randint(1, 150) * 60
    liquidity = dice.getrandbits(70)
    hodl = amounts_for_liquidity(
        sqrt_ratio_at_tick(_TICK - 500), lower, upper, liquidity, round_up=True
    )
    edges = [
        TickState(
            fee_growth_outside0_x128=dice.getrandbits(256),
            fee_growth_outside1_x128=dice.getrandbits(256),
        )
        for _ in range(2)
    ]
    return Position(
        key=f"1:0x{'44' * 20}:{number}",
        token_id=number,
        owner="0x" + "55" * 20,
        pool=_POOL.key,
        tick_lower=lower,
        tick_upper=upper,
        liquidity=liquidity,
        fee_growth_inside0_last_x128=dice.getrandbits(256),
        fee_growth_inside1_last_x128=dice.getrandbits(256),
        tokens_owed0=dice.getrandbits(40),
        tokens_owed1=dice.getrandbits(60),
        lower=edges[0],
        upper=edges[1],
        basis=Basis(
            liquidity=liquidity,
            hodl0=hodl[0],
            hodl1=hodl[1],
            realised_token1=0,
            collected0=0,
            collected1=0,
            opened_at=None,
            source="events",
        ),
    )
