"""What small stories say of the published claims: held, not held, or cannot be tested, and why."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from monitor.model.layer import Action
from monitor.timetravel.claims import Finding, Verdict, deepest_storm, findings
from monitor.timetravel.measures import Interval
from monitor.timetravel.outcome import Outcome, outcomes
from monitor.timetravel.report_words import hedge_word
from monitor.timetravel.scene import Offset, Scene, Story
from tests.timetravel.small import DAY, DAYS, SCENES, START, STORY, scene, told


def book(story: Story = STORY) -> Outcome:
    return outcomes(story, [(START, -150.0), (START + 3 * DAY, 250.0)], seed=1)[-1]


def found(
    story: Story = STORY,
    outcome: Outcome | None = None,
    *,
    layered: bool = True,
    blind: bool = False,
) -> Sequence[Finding]:
    return findings(story, outcome or book(story), layered=layered, blind=blind)


def test_a_loss_that_came_back_cannot_test_the_share_net() -> None:
    over, _, _ = found()
    # -240 and +310 over the two steps begun above 30.
    assert (over.measured, over.verdict) == ("loss +70, hedge +50 USD", Verdict.UNTESTED)
    assert over.why == "net of what came back, nothing was lost over the storms"


def test_into_the_storm_s_worst_moment_a_share_above_the_claim_holds() -> None:
    _, into, _ = found()
    assert into.verdict is Verdict.HELD
    assert into.measured == "62 %: loss −240, hedge +150 USD"  # from -120 and 50 to -360 and 200
    assert into.why.startswith("3 Mar to 4 Mar 2020: one storm, so no interval")


def test_below_the_claim_it_does_not_and_the_size_that_would_is_told() -> None:
    scenes = (*SCENES[:2], replace(SCENES[2], hedge_usd=98.0), SCENES[3])
    _, into, _ = found(replace(STORY, scenes=scenes))
    assert (into.verdict, into.measured) == (Verdict.NOT_HELD, "20 %: loss −240, hedge +48 USD")
    # 60 % is three times 20 %; 150 USD were paid.
    assert into.why.endswith("3.0 times the contracts would have made 60 %, for 450 USD of premium")


@pytest.mark.parametrize(
    ("hedge", "why"),
    [
        pytest.param(50.0, "no layer was on then", id="it made nothing"),
        pytest.param(2.0, "more of it would have lost more", id="it lost too"),
    ],
)
def test_no_size_makes_a_hedge_of_nothing_do(hedge: float, why: str) -> None:
    scenes = (*SCENES[:2], replace(SCENES[2], hedge_usd=hedge), SCENES[3])
    _, into, _ = found(replace(STORY, scenes=scenes))
    assert into.why.endswith(f"so no interval; {why}")


def test_the_storm_that_cost_most_is_the_one_measured() -> None:
    early = [scene(0, 31.0, 0.0, (990.0, -10.0)), scene(1, 20.0, 0.0, (995.0, -5.0))]
    late = [scene(2, 35.0, 0.0, (900.0, -100.0)), scene(3, 36.0, 0.0, (700.0, -300.0))]
    assert deepest_storm([*early, *late]) == tuple(late)


@pytest.mark.parametrize(
    ("interval", "verdict", "why"),
    [
        pytest.param(
            Interval(low=0.5, high=0.7),
            Verdict.UNTESTED,
            "90 % interval 50 % to 70 % holds 60 %: chance could have made it either",
            id="an interval on both sides of the claim tells nothing",
        ),
        pytest.param(
            Interval(low=0.6, high=0.8), Verdict.HELD, "90 % interval 60 % to 80 %", id="above it"
        ),
        pytest.param(
            Interval(low=0.1, high=0.59),
            Verdict.NOT_HELD,
            "90 % interval 10 % to 59 %",
            id="below it",
        ),
        pytest.param(
            "too few weeks for an interval (7; 8 are needed)",
            Verdict.HELD,
            "too few weeks for an interval (7; 8 are needed)",
            id="without one the figure alone",
        ),
    ],
)
def test_chance_has_a_say(interval: Interval | str, verdict: Verdict, why: str) -> None:
    storm = Offset(lost_usd=-500.0, hedge_usd=325.0)  # 65 %
    over, _, _ = found(outcome=replace(book(), storm=storm, storm_interval=interval))
    assert over.verdict is verdict
    assert over.why.startswith(f"{why}; 0.9 times the contracts")


def test_what_was_sold_first_was_on_though_nothing_was_paid() -> None:
    scenes = tuple(replace(one, paid_usd=0.0, returned_usd=900.0) for one in SCENES)
    _, into, _ = found(replace(STORY, scenes=scenes))
    assert into.verdict is Verdict.HELD
    assert hedge_word(told(replace(STORY, scenes=scenes))).startswith("paid 0 USD, returned 900")


def test_a_size_that_is_nearly_enough_is_not_called_1_0_times() -> None:
    storm = Offset(lost_usd=-500.0, hedge_usd=295.0)  # 59 %
    over, _, _ = found(outcome=replace(book(), storm=storm))
    assert "; 1.02 times the contracts would have made 60 %" in over.why


def test_a_loss_small_against_the_book_cannot_test_the_share() -> None:
    over, _, _ = found(outcome=replace(book(), storm=Offset(lost_usd=-30.0, hedge_usd=325.0)))
    assert over.verdict is Verdict.UNTESTED
    assert "but for −1.5 % of the book: a share of that says nothing" in over.why  # -30 of 2,000


def test_a_drawdown_cut_by_a_quarter_is_not_35_per_cent() -> None:
    _, _, drawn = found()
    assert drawn.measured == "−40.0 % became −30.0 %: 25 % less deep"
    assert drawn.verdict is Verdict.NOT_HELD
    assert "what it costs to wait cannot be told: only 1 days" in drawn.why


@pytest.mark.parametrize(
    ("cost", "verdict", "why"),
    [
        pytest.param((0.015, "over 90 days"), Verdict.HELD, "cost 1.5 % a year", id="for 1.5 %"),
        pytest.param((0.021, "over 90 days"), Verdict.NOT_HELD, "cost 2.1 %", id="for more"),
        pytest.param((-0.01, "over 90 days"), Verdict.HELD, "earned 1.0 %", id="it earned"),
        pytest.param((None, "no calm"), Verdict.UNTESTED, "no calm", id="for nobody knows what"),
    ],
)
def test_the_cut_must_come_at_its_price(
    cost: tuple[float | None, str], verdict: Verdict, why: str
) -> None:
    cheap = replace(book(), cut=0.4, cut_interval=Interval(low=0.36, high=0.5), calm_cost=cost)
    _, _, drawn = found(outcome=cheap)
    assert drawn.verdict is verdict
    assert why in drawn.why


def calm(told: Scene) -> Scene:
    return replace(told, vix=29.0)


def test_without_a_storm_the_share_cannot_be_tested() -> None:
    quiet = replace(STORY, scenes=tuple(map(calm, SCENES)))
    over, into, _ = found(quiet)
    assert {over.why, into.why} == {"VIX never stood above 30"}
    assert {over.verdict, into.verdict} == {Verdict.UNTESTED}


def test_an_unknown_vix_is_no_calm() -> None:
    blind = replace(STORY, scenes=(replace(SCENES[0], vix=None), *map(calm, SCENES[1:])))
    over, into, _ = found(blind)
    assert {over.measured, into.measured} == {"unknown"}
    assert "is unknown" in into.why


def idle(*, asked: bool) -> Story:
    scenes = [replace(one, hedge_usd=0.0, paid_usd=0.0) for one in SCENES]
    alerts = [one for one in STORY.alerts if asked or one.action is not Action.ADD]
    return Story(alerts=tuple(alerts), scenes=tuple(scenes))


def test_a_hedge_that_was_never_asked_for_held_nothing() -> None:
    _, into, drawn = found(idle(asked=False))
    assert (into.measured, into.verdict) == ("0 %: loss −240, hedge 0 USD", Verdict.NOT_HELD)
    assert drawn.verdict is Verdict.NOT_HELD
    assert into.why == "the rules never asked for a layer: there was nothing to offset with"


def test_where_the_rules_that_add_could_not_be_judged_nothing_is_tested() -> None:
    _, into, drawn = found(idle(asked=False), blind=True)
    assert (into.verdict, drawn.verdict) == (Verdict.UNTESTED, Verdict.UNTESTED)
    assert into.why == "rules that would have asked for a layer could not be judged"


def test_where_nobody_traded_or_there_is_no_layer_nothing_is_tested() -> None:
    for story, layered, why in (
        (idle(asked=True), True, "nobody traded what the rules asked for"),
        (idle(asked=False), False, "these packs have no hedge layer"),
    ):
        _, into, drawn = found(story, layered=layered)
        assert (into.verdict, into.why) == (Verdict.UNTESTED, why)
        assert (drawn.verdict, drawn.why) == (Verdict.UNTESTED, why)


def test_what_happened_last_is_no_step() -> None:
    # A VIX above 30 only at the end begins no step.
    ends = tuple(replace(one, vix=29.0) for one in SCENES[:3])
    over, _, _ = found(replace(STORY, scenes=(*ends, replace(SCENES[3], vix=31.0))))
    assert over.why == "VIX never stood above 30"
    assert DAYS[3][0] == 20.0
