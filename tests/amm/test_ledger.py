"""A basis folded from events; mainnet position 389043's collected fees, read on chain."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.amm import amounts_for_liquidity, sqrt_ratio_at_tick
from monitor.amm.amounts import value_x192
from monitor.amm.ledger import basis_from_entry, fold
from monitor.model.position import Flow, LiquidityEvent

START = datetime(2020, 2, 14, tzinfo=UTC)
TICKS = (-6000, 6000)
ONE = 1 << 96


def _event(
    flow: Flow, at: int, liquidity: int, amounts: tuple[int, int], price: int | None = None
) -> LiquidityEvent:
    return LiquidityEvent(
        flow=flow,
        block_number=at,
        log_index=0,
        at=START + timedelta(hours=at),
        liquidity=liquidity,
        amount0=amounts[0],
        amount1=amounts[1],
        sqrt_price_x96=price,
    )


def _deposit(at: int, liquidity: int, price: int) -> LiquidityEvent:
    amounts = amounts_for_liquidity(price, *TICKS, liquidity, round_up=True)
    return _event(Flow.INCREASE, at, liquidity, amounts, price)


def _withdrawal(at: int, liquidity: int, price: int, *, told: bool = True) -> LiquidityEvent:
    amounts = amounts_for_liquidity(price, *TICKS, liquidity)
    return _event(Flow.DECREASE, at, liquidity, amounts, price if told else None)


def test_deposits_add_up_and_the_first_tells_since_when() -> None:
    basis = fold(
        [_event(Flow.INCREASE, 2, 30, (3, 4)), _event(Flow.INCREASE, 1, 100, (10, 20))], *TICKS
    )
    assert basis is not None
    assert (basis.liquidity, basis.hodl0, basis.hodl1) == (130, 13, 24)
    assert basis.realised_token1 == 0
    assert basis.opened_at == START + timedelta(hours=1)
    assert basis.source == "events"


def test_a_withdrawal_takes_its_share_and_leaves_the_rest_rounded_up() -> None:
    basis = fold(
        [
            _event(Flow.INCREASE, 1, 3, (10, 20), ONE),
            _event(Flow.DECREASE, 2, 1, (3, 6), ONE),
        ],
        *TICKS,
    )
    assert basis is not None
    assert (basis.liquidity, basis.hodl0, basis.hodl1) == (2, 7, 14)
    # 3 + 6 withdrawn at price one against a third of 10 + 20: one less, floored.
    assert basis.realised_token1 == -1


def test_a_withdrawal_s_loss_is_booked_at_its_own_price() -> None:
    twice = 112045541949572279837463876454  # sqrt(2) * 2**96, v3-core TickMath.spec.ts
    basis = fold(
        [
            _event(Flow.INCREASE, 1, 100, (1000, 1000), ONE),
            _event(Flow.DECREASE, 2, 50, (350, 700), twice),
        ],
        *TICKS,
    )
    assert basis is not None
    # Withdrawn 350*2 + 700 = 1400 against a half of 1000*2 + 1000 = 1500.
    assert basis.realised_token1 == pytest.approx(-100, abs=1)


def test_collected_fees_are_collects_less_withdrawn_principal() -> None:
    # Position 389043 on mainnet: 198401.464386 collected, 195871.891206 withdrawn.
    basis = fold(
        [
            _event(Flow.INCREASE, 1, 10, (200_000_000_000, 1)),
            _event(Flow.DECREASE, 2, 10, (195_871_891_206, 0), ONE),
            _event(Flow.COLLECT, 3, 0, (198_401_464_386, 2_356_193_777_865_975_827)),
        ],
        *TICKS,
    )
    assert basis is not None
    assert basis.collected0 == 2_529_573_180
    assert basis.collected1 == 2_356_193_777_865_975_827
    assert (basis.uncollected0, basis.uncollected1) == (0, 0)


def test_principal_not_yet_collected_is_no_negative_fee() -> None:
    basis = fold(
        [_event(Flow.INCREASE, 1, 10, (100, 100)), _event(Flow.DECREASE, 2, 5, (50, 50), ONE)],
        *TICKS,
    )
    assert basis is not None
    assert (basis.collected0, basis.collected1) == (0, 0)
    assert (basis.uncollected0, basis.uncollected1) == (50, 50)


def test_a_withdrawal_out_of_range_at_an_untold_price_leaves_realised_unknown() -> None:
    below = sqrt_ratio_at_tick(-9000)
    basis = fold([_deposit(1, 10**20, ONE), _withdrawal(2, 10**19, below, told=False)], *TICKS)
    assert basis is not None
    assert basis.realised_token1 is None
    assert basis.liquidity == 9 * 10**19


def test_a_withdrawal_without_token0_on_either_side_needs_no_price() -> None:
    basis = fold(
        [_event(Flow.INCREASE, 1, 10, (0, 100)), _event(Flow.DECREASE, 2, 5, (0, 49))], *TICKS
    )
    assert basis is not None
    assert basis.realised_token1 == -1


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([], id="no events at all"),
        pytest.param([_event(Flow.COLLECT, 1, 0, (1, 1))], id="a collect alone"),
        pytest.param([_event(Flow.DECREASE, 1, 5, (1, 1))], id="a withdrawal alone"),
        pytest.param(
            [_event(Flow.INCREASE, 1, 5, (9, 9)), _event(Flow.DECREASE, 2, 6, (9, 9))],
            id="more withdrawn than there was",
        ),
    ],
)
def test_sums_that_cannot_be_the_whole_story_give_no_basis(events: list[LiquidityEvent]) -> None:
    assert fold(events, *TICKS) is None


def test_a_position_emptied_and_filled_again_is_as_old_as_its_first_fill() -> None:
    # Its collected fees are of its whole life, so their pace must be too.
    story = [_deposit(1, 10**20, ONE), _withdrawal(2, 10**20, ONE), _deposit(5, 10**20, ONE)]
    basis = fold(story, *TICKS)
    assert basis is not None
    assert basis.opened_at == START + timedelta(hours=1)


def test_a_stated_entry_is_a_basis_of_its_own_kind() -> None:
    basis = basis_from_entry(3, 4, 5, START)
    assert (basis.hodl0, basis.hodl1, basis.liquidity, basis.source) == (3, 4, 5, "config")
    assert basis.realised_token1 == 0


inside = st.integers(-5900, 5900).map(sqrt_ratio_at_tick)
anywhere = st.integers(-20_000, 20_000).map(sqrt_ratio_at_tick)
steps = st.lists(st.tuples(st.booleans(), st.integers(1, 10**24), anywhere), max_size=8)


@given(inside, steps, anywhere)
def test_no_history_of_deposits_and_withdrawals_ever_shows_a_gain(
    entry: int, history: list[tuple[bool, int, int]], now: int
) -> None:
    events, liquidity = [_deposit(0, 10**22, entry)], 10**22
    for at, (deposit, size, price) in enumerate(history, start=1):
        if deposit:
            events.append(_deposit(at, size, price))
            liquidity += size
        elif size < liquidity:
            events.append(_withdrawal(at, size, price))
            liquidity -= size
    basis = fold(events, *TICKS)
    assert basis is not None
    assert basis.liquidity == liquidity
    assert basis.realised_token1 is not None
    assert basis.realised_token1 <= 0
    principal = amounts_for_liquidity(now, *TICKS, liquidity)
    assert value_x192(*principal, now) <= value_x192(basis.hodl0, basis.hodl1, now)


@given(inside, inside, st.integers(10**12, 10**24))
def test_an_inferred_price_books_the_loss_a_told_one_does(
    entry: int, price: int, liquidity: int
) -> None:
    deposit, half = _deposit(1, 2 * liquidity, entry), liquidity
    told = fold([deposit, _withdrawal(2, half, price)], *TICKS)
    inferred = fold([deposit, _withdrawal(2, half, price, told=False)], *TICKS)
    assert told is not None
    assert inferred is not None
    assert told.realised_token1 is not None
    assert inferred.realised_token1 == pytest.approx(told.realised_token1, rel=1e-6, abs=4)


@given(inside, st.permutations(range(4)))
def test_the_order_of_arrival_changes_nothing(entry: int, order: list[int]) -> None:
    events = [
        _deposit(1, 10**20, entry),
        _withdrawal(2, 10**19, ONE),
        _event(Flow.COLLECT, 3, 0, (5, 5)),
        _deposit(4, 10**18, ONE),
    ]
    assert fold([events[i] for i in order], *TICKS) == fold(events, *TICKS)


@given(inside, inside, st.integers(1, 99))
def test_withdrawing_part_by_part_at_one_price_loses_what_one_withdrawal_does(
    entry: int, price: int, percent: int
) -> None:
    assume(entry != price)
    whole = 10**22
    part = whole * percent // 100
    once = fold([_deposit(1, whole, entry), _withdrawal(2, whole, price)], *TICKS)
    parts = [_withdrawal(2, part, price), _withdrawal(3, whole - part, price)]
    twice = fold([_deposit(1, whole, entry), *parts], *TICKS)
    assert once is not None
    assert twice is not None
    assert once.realised_token1 is not None
    assert twice.realised_token1 == pytest.approx(once.realised_token1, abs=8)
