"""The figures of a small story, worked out by hand."""

from dataclasses import replace

import pytest

from monitor.timetravel.courses import ALL, courses, weekly
from monitor.timetravel.measures import Interval
from monitor.timetravel.outcome import Outcome, outcomes
from monitor.timetravel.scene import Offset, Scene, Story
from tests.timetravel.small import DAY, SCENES, START, STORY, scene


def outcome(name: str, story: Story = STORY) -> Outcome:
    cash = [(START, -150.0), (START + 3 * DAY, 250.0)]
    return next(one for one in outcomes(story, cash, seed=1) if one.name == name)


def test_a_range_bears_its_share_of_the_hedge() -> None:
    half, full, book = courses(STORY)
    assert (half.name, full.name, book.name) == ("×/÷2", "full", ALL)
    assert half.hedge == pytest.approx([0, 25, 100, 50])
    assert full.hedge == pytest.approx([0, 25, 100, 50])
    assert book.hedge == pytest.approx([0, 50, 200, 100])
    assert book.value == pytest.approx([2_000, 1_700, 1_200, 1_850])


def test_drawdowns_with_and_without_hedge_and_fees() -> None:
    found = outcome(ALL).drawdown
    assert found[False, False] == pytest.approx(-0.4)  # 1,200 of 2,000
    assert found[True, False] == pytest.approx(-0.3)  # 1,400
    assert found[False, True] == pytest.approx(-0.38)  # 1,200 and 40 of fees
    assert found[True, True] == pytest.approx(-0.28)
    assert outcome(ALL).cut == pytest.approx(0.25)


def test_the_worst_loss_with_and_without_the_hedge() -> None:
    found = outcome(ALL)
    assert found.worst_il == pytest.approx(-360 / 1_560)
    assert found.hedged_il == pytest.approx(-160 / 1_560)


def test_what_was_offset() -> None:
    found = outcome("×/÷2")
    assert found.at_worst == Offset(lost_usd=-300.0, hedge_usd=100.0)
    # Steps begun at 40 and at 50: -200 + 260 lost, 75 - 50 made.
    assert found.storm == Offset(lost_usd=60.0, hedge_usd=25.0)
    assert found.whole == Offset(lost_usd=-40.0, hedge_usd=50.0)


def test_a_loss_small_against_what_was_put_in_is_little() -> None:
    assert not outcome("×/÷2").little(Offset(lost_usd=-40.0, hedge_usd=1.0))  # 4 % of 1,000
    assert outcome("full").little(Offset(lost_usd=-10.0, hedge_usd=1.0))  # 1 %
    assert not outcome("full").little(Offset(lost_usd=0.0, hedge_usd=1.0))  # that is no loss


def test_cost_and_rates_by_the_year() -> None:
    found = outcome(ALL)
    assert found.cost == pytest.approx(-100 / 2_000 * 365 / 3)
    assert found.calm_cost == (None, "only 1 days with VIX at or below 20")
    # 2,000 put in came to 1,850 and 60 of fees in three days; hedged, 250 for 150 besides.
    assert found.irr[False][0] == pytest.approx((1_910 / 2_000) ** (365 / 3) - 1)
    assert found.irr[True][0] == pytest.approx((2_160 / 2_150) ** (365 / 3) - 1)


def test_cash_that_is_unknown_leaves_the_hedged_rate_unknown() -> None:
    (*_, found) = outcomes(STORY, "a trade has no price", seed=1)
    assert found.irr[True] == (None, "a trade has no price")
    assert found.irr[False][0] is not None


def test_alerts_are_counted_by_the_month() -> None:
    month = 365 / 12
    assert outcome("×/÷2").alerts_month == pytest.approx(month / 3)
    assert outcome("full").alerts_month == 0
    assert outcome(ALL).alerts_month == pytest.approx(2 * month / 3)


def test_an_unknown_hedge_leaves_unknown_what_rests_on_it_alone() -> None:
    dark = replace(STORY, scenes=(*SCENES[:2], replace(SCENES[2], hedge_usd=None), SCENES[3]))
    found = outcome(ALL, dark)
    assert found.drawdown[False, False] == pytest.approx(-0.4)
    assert found.drawdown[True, False] is None
    assert found.cut is None
    assert found.hedged_il is None
    assert found.at_worst is None
    assert found.storm is None
    assert found.whole == Offset(lost_usd=-50.0, hedge_usd=100.0)


def test_for_less_than_a_day_a_hedge_s_last_price_stands() -> None:
    soon = replace(SCENES[2], at=SCENES[1].at + 0.9 * DAY, hedge_usd=None)
    (*_, book) = courses(replace(STORY, scenes=(*SCENES[:2], soon, SCENES[3])))
    assert book.hedge == pytest.approx([0, 50, 50, 100])


def test_an_unknown_vix_leaves_the_storm_unknown() -> None:
    blind = replace(STORY, scenes=(replace(SCENES[0], vix=None), *SCENES[1:]))
    assert outcome(ALL, blind).storm is None
    assert outcome(ALL, blind).storm_interval == "a VIX close is unknown"


def weeks(count: int, *, vix: float = 14.0, hedge: float = 0.0) -> Story:
    """Return weeks that are all alike: each day takes 1 % of the value, all of it IL."""
    return Story(
        alerts=(),
        scenes=tuple(
            scene(day, vix, hedge * (1 - 0.99**day), (1_000 * 0.99**day, 1_000 * (0.99**day - 1)))
            for day in range(7 * count + 1)
        ),
    )


def test_steps_are_cut_into_calendar_weeks() -> None:
    story = weeks(9)
    (*_, book) = courses(story)
    assert [len(week) for week in weekly(story, book.steps())] == [7] * 9


def test_weeks_that_are_alike_leave_the_cut_no_spread() -> None:
    found = outcome(ALL, weeks(9))
    assert found.cut == 0.0
    assert found.cut_interval == Interval(low=0.0, high=0.0)
    assert outcome(ALL, weeks(7)).cut_interval == "too few weeks for an interval (7; 8 are needed)"


def test_a_hedge_of_half_of_each_loss_offsets_half_in_every_draw() -> None:
    found = outcome(ALL, weeks(9, vix=31.0, hedge=500.0))
    assert found.storm is not None
    assert found.storm.share == pytest.approx(0.5)
    assert isinstance(found.storm_interval, Interval)
    assert found.storm_interval.low == pytest.approx(0.5)
    assert found.storm_interval.high == pytest.approx(0.5)


def test_calm_days_tell_what_it_costs_to_wait() -> None:
    found = outcome(ALL, weeks(9, hedge=-100.0))
    lost = 100 * (1 - 0.99**63) / 1_000
    assert found.calm_cost == (pytest.approx(lost * 365 / 63), "over 63 days")


def test_liquidity_that_was_added_leaves_drawdown_and_rate_unknown_and_the_loss_known() -> None:
    def held(one: Scene, liquidity: int) -> Scene:
        first, *others = one.holdings
        return replace(one, holdings=(replace(first, liquidity=liquidity), *others))

    grown = replace(STORY, scenes=tuple(held(one, 5 + n // 2) for n, one in enumerate(SCENES)))
    found = outcome("×/÷2", grown)
    assert not found.steady
    assert set(found.drawdown.values()) == {None}
    assert found.cut is None
    assert found.irr[False] == (None, "liquidity was added or taken")
    assert found.worst_il == pytest.approx(-300 / 800)
    assert found.whole == Offset(lost_usd=-40.0, hedge_usd=50.0)
    assert outcome("full", grown).drawdown[False, False] == pytest.approx(-0.3)
    assert not outcome(ALL, grown).steady
