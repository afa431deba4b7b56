from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from monitor.model.layer import Action
from monitor.rules.expression import compile_rule
from monitor.rules.lifecycle import Flag, Instance, Judged, Phase, Turn, advance
from monitor.rules.pack import OnNodata, Rule
from monitor.rules.template import compile_template
from monitor.rules.verdict import Verdict
from monitor.signals.catalogue import BY_NAME, Scope

START = datetime(2020, 3, 2, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def a_rule(**changes: object) -> Rule:
    made = Rule(
        id="test.rule",
        pack="test",
        action=Action.NOTIFY,
        scope=Scope.BOOK,
        layer=None,
        when=compile_rule("vix > 30.0", BY_NAME),
        clear=None,
        title=compile_template("title", BY_NAME),
        text=compile_template("text", BY_NAME),
    )
    return replace(made, **changes)


HYSTERESIS = compile_rule("vix < 20.0", BY_NAME)


def judged(minute: float, truth: bool | None, **more: object) -> Judged:
    error = str(more.pop("error", ""))
    clear = more.pop("clear", None)
    made = Judged(
        now=START + minute * MINUTE,
        when=Verdict(truth=truth, error=error),
        clear=None if clear is None else Verdict(truth=clear is True),
        max_gap=timedelta(minutes=5),
    )
    return replace(made, **more)


def turns(rule: Rule, *evaluations: Judged) -> list[tuple[float, str]]:
    """The turns of a run, each with the minute it came at."""
    instance, told = Instance(rule=rule.id, scope="book"), []
    for seen in evaluations:
        instance, news = advance(rule, instance, seen)
        minute = (seen.now - START) / MINUTE
        told += [(minute, one.turn.value) for one in news]
    return told


TABLE = [
    pytest.param(
        {},
        [(0, True), (1, False)],
        [(0, "firing"), (1, "resolved")],
        id="without for it fires at once and resolves at once",
    ),
    pytest.param(
        {"hold": 3 * MINUTE},
        [(0, True), (1, True), (2, True), (3, True)],
        [(3, "firing")],
        id="for is counted from the first true sample",
    ),
    pytest.param(
        {"hold": 3 * MINUTE},
        [(0, True), (1, True), (2, False), (3, True), (5, True)],
        [],
        id="one false sample starts for again",
    ),
    pytest.param(
        {"hold": 3 * MINUTE},
        [(0, True), (2, True), (3, None), (9, None), (10, True), (11, True)],
        [(11, "firing")],
        id="unknown samples freeze for: it goes on where it stood",
    ),
    pytest.param(
        {"hold": 3 * MINUTE},
        [(0, True), (2, None), (9, True), (10, True), (12, True)],
        [(12, "firing")],
        id="a silence longer than max_gap starts for again",
    ),
    pytest.param(
        {"hold": 3 * MINUTE},
        [(0, True), (2, True), (8, None), (9, True), (11, True), (12, True)],
        [(12, "firing")],
        id="also where what comes after it is unknown at first, as after a restart",
    ),
    pytest.param(
        {"hold": 3 * MINUTE},
        [(0, True), (6, True)],
        [],
        id="two true samples around a long silence are not a hold",
    ),
    pytest.param(
        {"keep_firing_for": 5 * MINUTE},
        [(0, True), (1, False), (4, False), (5, True), (6, False), (11, False)],
        [(0, "firing"), (11, "resolved")],
        id="keep_firing_for needs an unbroken quiet",
    ),
    pytest.param(
        {"cooldown": 10 * MINUTE},
        [(0, True), (1, False), (5, True), (11, True)],
        [(0, "firing"), (1, "resolved"), (11, "firing")],
        id="nothing fires while it cools down",
    ),
    pytest.param(
        {"repeat": 10 * MINUTE},
        [(0, True), (9, True), (10, True), (15, True), (20, True)],
        [(0, "firing"), (10, "repeat"), (20, "repeat")],
        id="repeat reminds while it fires",
    ),
    pytest.param(
        {"expires": 5 * MINUTE, "repeat": 10 * MINUTE},
        [(0, True), (5, True), (6, True), (10, True), (15, True)],
        [(0, "firing"), (5, "expired"), (10, "repeat"), (15, "expired")],
        id="an expired proposal is made again at repeat, and expires again",
    ),
    pytest.param(
        {},
        [(0, None), (1, True), (2, None), (3, True)],
        [(1, "firing")],
        id="an unknown input neither fires nor resolves",
    ),
    pytest.param(
        {"on_nodata": OnNodata.RESOLVE},
        [(0, True), (1, None)],
        [(0, "firing"), (1, "resolved")],
        id="on_nodata resolve ends it",
    ),
    pytest.param(
        {"on_nodata": OnNodata.ALERT},
        [(0, None), (1, None), (2, False), (3, None)],
        [(0, "nodata"), (2, "seen"), (3, "nodata")],
        id="on_nodata alert says so once an outage",
    ),
]


@pytest.mark.parametrize(("changes", "samples", "expected"), TABLE)
def test_turns(
    changes: dict[str, object],
    samples: list[tuple[float, bool | None]],
    expected: list[tuple[float, str]],
) -> None:
    evaluations = [judged(minute, truth) for minute, truth in samples]
    assert turns(a_rule(**changes), *evaluations) == expected


def test_clear_keeps_it_firing_in_the_band_between() -> None:
    rule = a_rule(clear=HYSTERESIS)
    told = turns(
        rule,
        judged(0, True),
        judged(1, False, clear=False),
        judged(2, None, clear=False),
        judged(3, False, clear=True),
    )
    assert told == [(0, "firing"), (3, "resolved")]


def test_an_unknown_input_flags_what_fires_and_a_known_one_unflags_it() -> None:
    rule, instance = a_rule(clear=HYSTERESIS), Instance(rule="test.rule", scope="book")
    instance, _ = advance(rule, instance, judged(0, True))
    instance, _ = advance(rule, instance, judged(1, None, clear=False))
    assert (instance.phase, instance.flag) == (Phase.FIRING, Flag.NODATA)
    instance, _ = advance(rule, instance, judged(2, False, clear=False))
    assert (instance.phase, instance.flag) == (Phase.FIRING, Flag.NONE)


def test_an_error_is_told_once_and_is_not_false() -> None:
    rule = a_rule()
    told = turns(
        rule, judged(0, True), judged(1, None, error="x / 0"), judged(2, None, error="x / 0")
    )
    assert told == [(0, "firing"), (1, "error")]


def test_what_a_person_did_ends_the_proposal_as_filled() -> None:
    told = turns(
        a_rule(), judged(0, True), judged(1, True, barred="the layer is on", done="ann@cli")
    )
    assert told == [(0, "firing"), (1, "filled")]


def test_an_inhibited_rule_waits_and_fires_when_the_other_is_done() -> None:
    told = turns(
        a_rule(),
        judged(0, True, inhibited="other"),
        judged(1, True, inhibited="other"),
        judged(2, True),
    )
    assert told == [(2, "firing")]


def test_no_reminder_says_unknown_of_what_was_only_not_heard_since_the_start() -> None:
    rule = a_rule(repeat=5 * MINUTE)
    start = judged(6, None, awaited="vix")
    assert turns(rule, judged(0, True), start, judged(7, False)) == [(0, "firing"), (7, "resolved")]
    assert turns(rule, judged(0, True), start, judged(7, True)) == [(0, "firing"), (7, "repeat")]
    assert turns(rule, judged(0, True), start, judged(11, None)) == [(0, "firing"), (11, "repeat")]


def test_an_ack_stops_the_reminders_but_not_the_end() -> None:
    rule, instance = a_rule(repeat=5 * MINUTE), Instance(rule="test.rule", scope="book")
    instance, _ = advance(rule, instance, judged(0, True))
    instance = replace(instance, acked_by="cli")
    instance, quiet = advance(rule, instance, judged(6, True))
    _, end = advance(rule, instance, judged(7, False))
    assert (quiet, [told.turn for told in end]) == ((), [Turn.RESOLVED])


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ("", "nobody acted in time"),
        ("ann@telegram", "acknowledged by ann@telegram, and no trade was told in time"),
    ],
)
def test_a_proposal_that_becomes_void_says_whether_anybody_answered(by: str, why: str) -> None:
    rule, instance = a_rule(expires=5 * MINUTE), Instance(rule="test.rule", scope="book")
    instance, _ = advance(rule, instance, judged(0, True))
    _, (void,) = advance(rule, replace(instance, acked_by=by), judged(5, True))
    assert (void.turn, void.reason) == (Turn.EXPIRED, why)


class Life(RuleBasedStateMachine):
    """Any sequence of truths, silences and bars keeps the life of an alert in order."""

    def __init__(self) -> None:
        super().__init__()
        self.rule = a_rule(
            hold=2 * MINUTE, cooldown=3 * MINUTE, repeat=7 * MINUTE, expires=4 * MINUTE
        )
        self.instance = Instance(rule="test.rule", scope="book")
        self.minute = 0.0
        self.open = False
        self.numbers: set[tuple[int, str, int | None]] = set()

    @rule(
        truth=st.sampled_from([True, False, None]),
        wait=st.sampled_from([0.5, 1, 2, 6]),
        barred=st.sampled_from(["", "", "", "the layer is on"]),
    )
    def evaluate(self, truth: bool | None, wait: float, barred: str) -> None:
        self.minute += wait
        self.instance, news = advance(
            self.rule, self.instance, judged(self.minute, truth, barred=barred)
        )
        for told in news:
            key = (self.instance.seq, told.turn.value, told.number)
            assert key not in self.numbers, "two turns would share an idempotency key"
            self.numbers.add(key)
            if told.turn is Turn.FIRING:
                assert not self.open
                self.open = True
            elif told.turn is Turn.RESOLVED:
                assert self.open
                self.open = False
            else:
                assert self.open

    @invariant()
    def the_phase_agrees_with_what_was_told(self) -> None:
        assert self.open == (self.instance.phase is Phase.FIRING)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
