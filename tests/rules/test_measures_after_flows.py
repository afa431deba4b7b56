"""Yields and gains after money went in or out: every expected figure is algebra by hand.

One position, opened at the middle of its range for a whole, has earned a tenth of it in
fees within a year, all at the entry's price. Then most of it is taken out, or nine times
as much is put in.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.amm.amounts import amounts_for_liquidity
from monitor.amm.ledger import fold
from monitor.amm.ticks import sqrt_ratio_at_tick
from monitor.model.position import Flow, LiquidityEvent, Position
from monitor.rules.surroundings import View
from monitor.rules.verdict import Value
from monitor.signals.absorb import Lens, absorb
from monitor.signals.book import yearly_fees_usd
from monitor.signals.explain import explain
from monitor.signals.facts import Facts

OPENED = datetime(2025, 3, 2, tzinfo=UTC)
YEAR = timedelta(days=365)
AT = OPENED + YEAR
LIQUIDITY = 10**16
LENS = Lens(pegged=frozenset({"0x" + "11" * 20}), chains=frozenset({"main"}))
HALF_HOUR = timedelta(minutes=30)


class Told:
    """Events of one position, in order, at ticks relative to the entry's."""

    def __init__(self, hand: Any) -> None:
        self.hand = hand
        self.held: Position = hand.position(1)
        self.events: list[LiquidityEvent] = []

    def amounts(self, liquidity: int, tick: int, *, up: bool) -> tuple[int, int]:
        root = sqrt_ratio_at_tick(self.hand.tick + tick)
        ticks = self.held.tick_lower, self.held.tick_upper
        return amounts_for_liquidity(root, *ticks, liquidity, round_up=up)

    def add(self, flow: Flow, at: datetime, liquidity: int, amounts: Sequence[int]) -> None:
        self.events.append(
            LiquidityEvent(
                flow=flow,
                block_number=len(self.events) + 1,
                log_index=0,
                at=at,
                liquidity=liquidity,
                amount0=amounts[0],
                amount1=amounts[1],
                transaction=f"0x{len(self.events):x}",
            )
        )

    def deposit(self, at: datetime, liquidity: int = LIQUIDITY, tick: int = 0) -> None:
        self.add(Flow.INCREASE, at, liquidity, self.amounts(liquidity, tick, up=True))

    def withdraw(self, at: datetime, liquidity: int, tick: int = 0) -> None:
        paid = self.amounts(liquidity, tick, up=False)
        self.add(Flow.DECREASE, at, liquidity, paid)
        self.add(Flow.COLLECT, at, 0, paid)

    def collect(self, at: datetime, tenths: int = 1) -> None:
        """Collect fees of so many tenths of the first deposit's tokens."""
        whole = self.amounts(LIQUIDITY, 0, up=True)
        self.add(Flow.COLLECT, at, 0, [one * tenths // 10 for one in whole])

    def view(self, at: datetime = AT, tick: int = 0) -> View:
        basis = fold(self.events, self.held.tick_lower, self.held.tick_upper)
        assert basis is not None
        position = replace(self.held, liquidity=basis.liquidity, basis=basis)
        seen = self.hand.snapshot(at, position, tick=self.hand.tick + tick)
        return View(facts=absorb(Facts(), seen, LENS), scope=position.key, now=at)

    def figure(self, name: str, at: datetime = AT, tick: int = 0) -> Value:
        return self.view(at, tick).value(f"position.{name}")


@pytest.fixture
def told(hand: Any) -> Told:
    story = Told(hand)
    story.deposit(OPENED)
    story.collect(AT - timedelta(hours=1))
    return story


GAINS = ("vs_deposited", "vs_initial", "vs_all_token0", "vs_all_token1")


def test_a_tenth_in_a_year_is_ten_percent(told: Told) -> None:
    for name in ("fee_apr", *GAINS):
        assert told.figure(name).value == pytest.approx(0.1, rel=1e-6), name


def test_what_is_taken_out_at_the_entry_price_changes_no_yield_and_no_gain(told: Told) -> None:
    told.withdraw(AT, LIQUIDITY * 99 // 100)
    for name in ("fee_apr", *GAINS):
        assert told.figure(name).value == pytest.approx(0.1, rel=1e-6), name


def test_what_is_put_in_just_now_has_earned_nothing_and_spoils_no_yield(told: Told) -> None:
    told.deposit(AT, 9 * LIQUIDITY)
    assert told.figure("fee_apr").value == pytest.approx(0.1, rel=1e-6)
    # A tenth of one was gained, and ten have been put in: that is what it is over them.
    for name in GAINS:
        assert told.figure(name).value == pytest.approx(0.01, rel=1e-6), name


def test_a_yield_is_on_what_was_at_work_and_for_how_long(told: Told) -> None:
    # Half is out for another year: 1 for a year and 1/2 for a year have earned 1/10 + 1/20.
    told.withdraw(AT, LIQUIDITY // 2)
    told.add(Flow.COLLECT, AT + YEAR, 0, [one // 20 for one in told.amounts(LIQUIDITY, 0, up=True)])
    assert told.figure("fee_apr", AT + YEAR).value == pytest.approx(0.15 / 1.5, rel=1e-6)
    assert told.figure("vs_deposited", AT + YEAR).value == pytest.approx(0.15, rel=1e-6)


def test_the_yield_of_an_emptied_position_is_that_of_its_time(told: Told) -> None:
    told.withdraw(AT, LIQUIDITY)
    told_ = told.figure("fee_apr", AT + 5 * YEAR)
    assert told_.value == pytest.approx(0.1, rel=1e-6)
    assert told_.note == "over 365.0 d"


def test_a_year_s_fees_are_those_of_what_is_in_now(told: Told) -> None:
    whole = told.view()
    before = yearly_fees_usd(whole.facts, "book", AT)
    told.withdraw(AT, LIQUIDITY * 99 // 100)
    after = yearly_fees_usd(told.view().facts, "book", AT)
    assert before is not None
    assert before == pytest.approx(0.1 * (whole.value("position.hodl_usd").value or 0), rel=1e-6)
    assert after == pytest.approx(before / 100, rel=1e-6)
    told.withdraw(AT, LIQUIDITY - LIQUIDITY * 99 // 100)
    assert yearly_fees_usd(told.view().facts, "book", AT) == 0


def test_compounding_and_gifts_are_neither_put_in_nor_taken_out(told: Told) -> None:
    fees = told.events[-1]
    share = LIQUIDITY // 20
    told.add(Flow.INCREASE, AT, share, told.amounts(share, 0, up=True))
    told.events[-1] = replace(told.events[-1], transaction=fees.transaction)
    for name in GAINS:
        assert told.figure(name).value == pytest.approx(0.1, rel=1e-6), name
    told.deposit(AT, LIQUIDITY)
    told.events[-1] = replace(told.events[-1], given=True)
    for name in GAINS:  # as much again, for nothing
        assert told.figure(name).value == pytest.approx(1.1, rel=1e-6), name


def test_all_from_strangers_is_over_nothing_put_in(told: Told) -> None:
    told.events[0] = replace(told.events[0], given=True)
    for name in GAINS:
        seen = told.figure(name)
        assert seen.value is None
        assert seen.note == "its owner has put in nothing that is worth anything"


def test_break_even_counts_what_withdrawals_have_lost(told: Told) -> None:
    # Fees of a 200th of the whole; half is taken out higher, and then the price is back.
    told.events.pop()
    whole = told.amounts(LIQUIDITY, 0, up=True)
    told.add(Flow.COLLECT, AT, 0, [one // 200 for one in whole])
    before = told.figure("breakeven_lower").value
    told.withdraw(AT, LIQUIDITY // 2, tick=-400)
    after = told.figure("breakeven_lower")
    assert isinstance(before, float)
    assert isinstance(after.value, float)
    # In USDC, of which WETH is the price's inverse: the halves' gap when the one was taken out.
    price = 1e12 / 1.0001 ** (told.hand.tick - 400)
    out = told.amounts(LIQUIDITY // 2, -400, up=False)
    gap0, gap1 = (one / 2 - other for one, other in zip(whole, out, strict=True))
    lost = gap0 / 1e6 + gap1 / 1e18 * price
    assert lost > 0
    assert told.figure("il_realised_usd").value == pytest.approx(-lost, rel=1e-6)
    assert told.figure("il_realised_token0").value == pytest.approx(-lost, rel=1e-6)
    assert told.figure("il_realised_token1").value == pytest.approx(-lost / price, rel=1e-6)
    root = (1e12 / after.value) ** 0.5
    ends = [1.0001 ** (tick / 2) for tick in (told.held.tick_lower, told.held.tick_upper)]
    inside = min(max(root, ends[0]), ends[1])
    held0 = LIQUIDITY // 2 * (1 / inside - 1 / ends[1]) - whole[0] / 2 + whole[0] / 200
    held1 = LIQUIDITY // 2 * (inside - ends[0]) - whole[1] / 2 + whole[1] / 200
    assert (held0 + held1 / root**2) / 1e6 - lost == pytest.approx(0, abs=1e-3)


def test_a_break_even_that_is_nowhere_says_on_which_side_of_it_we_are(told: Told) -> None:
    told.withdraw(AT, LIQUIDITY * 99 // 100)
    seen = told.figure("breakeven_lower")
    assert seen.value is None
    assert seen.note.startswith("all fees so far, those of what was withdrawn too, outweigh")
    poor = Told(told.hand)
    poor.deposit(OPENED)
    poor.withdraw(AT, LIQUIDITY // 2, tick=900)
    poor.add(Flow.COLLECT, AT, 0, (1, 1))
    seen = poor.figure("breakeven_upper")
    assert (seen.value, seen.note) == (None, "what was lost outweighs the fees at every price")


def test_the_figures_told_beside_them_are_their_own(told: Told) -> None:
    told.withdraw(AT, LIQUIDITY // 2)
    view = told.view()
    by_name = {one.name: one.how for one in explain(view.facts, view.scope, AT)}
    whole = view.value("position.hodl_usd").value
    assert isinstance(whole, float)
    # A tenth of the whole, over the whole: it was in until now.
    assert by_name["position.fee_apr"].startswith(f"{whole / 5:,.6g} / {whole * 2:,.6g} USDC ·")
    assert by_name["position.vs_deposited"].startswith(f"({whole:,.6g} + {whole / 5:,.6g} + ")
    assert by_name["position.vs_deposited"].endswith(f") / {whole * 2:,.6g} USDC - 1")


def test_fees_of_a_day_are_over_what_was_in_during_the_day(hand: Any) -> None:
    held, facts, grown = hand.position(1), Facts(), 0
    basis = replace(held.basis, source="events")
    position = replace(held, basis=basis)
    start, end = AT, AT + 48 * HALF_HOUR
    for step in range(49):
        grown += (1 << 96) if step else 0
        if step == 47:  # 99 % is gone in the last hour
            rest = LIQUIDITY // 100
            position = replace(
                position,
                liquidity=rest,
                basis=replace(basis, liquidity=rest),
                fee_growth_inside0_last_x128=grown,
            )
        seen = hand.snapshot(start + step * HALF_HOUR, position, number=step + 1)
        pool = replace(seen.pools[0], fee_growth_global0_x128=grown)
        facts = absorb(facts, replace(seen, pools=(pool,)), LENS)
    told = View(facts=facts, scope=position.key, now=end)
    per_step = LIQUIDITY / 2**32 / 1e6
    fees = per_step * (47 + 1 / 100)
    value = told.value("position.principal_usd").value
    assert isinstance(value, float)
    mean = value * 100 * (47 + 1 / 100) / 48
    assert told.value("position.fee_apr_1d").value == pytest.approx(fees / mean * 365, rel=1e-6)
