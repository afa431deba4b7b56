"""When layers held what, and when rules spoke."""

from datetime import timedelta

from monitor.alerts.alert import AlertState
from monitor.hedge.layer import hear
from monitor.hedge.legs import parse_leg
from monitor.model.layer import Action, LayerState
from monitor.model.observation import Verb, Word
from monitor.timetravel.timeline import (
    MOST_ROWS,
    LayerTimeline,
    Spoke,
    Stretch,
    layer_stretches,
    rows_of,
    spoken,
)
from tests.timetravel.small import DAY, START, alert


def word(day: int, verb: Verb, *legs: str) -> Word:
    return Word(
        id=f"w{day}",
        verb=verb,
        observed_at=START + timedelta(days=day),
        by="model",
        layer="L1",
        fills=tuple(map(parse_leg, legs)),
    )


def test_a_roll_parts_what_a_layer_held() -> None:
    layer = LayerState(layer="L1", scope="book")
    bought = "vix.call 2020-04-15 20 +4 @1.50"
    roll = ("vix.call 2020-04-15 20 -4 @1", "vix.call 2020-06-17 22.5 +4 @2")
    for one in (word(0, Verb.FILL, bought), word(20, Verb.ROLL, *roll)):
        layer = hear(layer, one)
    stretches = layer_stretches({"L1|book": layer, "L2|book": LayerState(layer="L2", scope="book")})
    assert stretches == [
        Stretch(row="L1", begins=START, ends=START + 20 * DAY, told="4 × Apr 20"),
        Stretch(row="L1", begins=START + 20 * DAY, ends=None, told="4 × Jun 22.5"),
    ]
    assert LayerTimeline(stretches).rows == ["L1"]


def test_an_alert_stands_from_its_firing_to_its_end() -> None:
    told = (
        alert(Action.NOTIFY, AlertState.FIRING, START, position="1:0xAb:2"),
        alert(Action.NOTIFY, AlertState.REPEAT, START + DAY, position="1:0xAb:2"),
        alert(Action.NOTIFY, AlertState.RESOLVED, START + 2 * DAY, position="1:0xAb:2"),
        alert(Action.ADD, AlertState.FIRING, START + 3 * DAY),
    )
    first, second = spoken(told)
    assert (first.rule, first.token_id) == ("range.out", 2)
    assert (first.begins, first.ends) == (START, START + 2 * DAY)
    assert (second.rule, second.token_id, second.ends) == ("L1.add", None, None)


def test_of_many_rules_those_that_spoke_most_are_shown_after_the_proposals() -> None:
    def spoke(rule: str, action: Action) -> Spoke:
        return Spoke(rule=rule, action=action, token_id=None, begins=START, ends=None)

    notes = [spoke(f"n{n:02}", Action.NOTIFY) for n in range(MOST_ROWS + 5) for _ in range(n + 1)]
    rows = rows_of([*notes, spoke("z.add", Action.ADD)])
    assert len(rows) == MOST_ROWS
    assert rows[0] == "z.add"
    assert "n00" not in rows
    assert f"n{MOST_ROWS + 4}" in rows
