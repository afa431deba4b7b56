"""Which adds were false alarms, by the definition the report states."""

from datetime import timedelta

import pytest

from monitor.alerts.alert import AlertState
from monitor.hedge.layer import hear
from monitor.hedge.legs import parse_leg
from monitor.model.layer import Action, LayerState
from monitor.model.observation import Verb, Word
from monitor.timetravel.false_alarms import Alarms, Episode, Judged, alarms, episodes, judged
from monitor.timetravel.scene import Scene, Story
from tests.timetravel.small import DAY, START, alert, scene

LATE = 70
FIRING = AlertState.FIRING


def days(*vix: float, il: float = 0.0) -> list[Scene]:
    """Return a scene a day with these VIX, the last one long after; il: of the last but one."""
    told = [scene(n, value, 0.0, (1_000.0, 0.0)) for n, value in enumerate(vix)]
    told[-1] = scene(len(vix) - 1, vix[-1], 0.0, (1_000.0 * (1 + il), 1_000.0 * il))
    return [*told, scene(LATE, 15.0, 0.0, (1_000.0, 0.0))]


def lived(ended: int | None, cash: float | None) -> list[Episode]:
    at = None if ended is None else START + ended * DAY
    return [Episode(began=START, ended=at, cash_usd=cash)]


@pytest.mark.parametrize(
    ("scenes", "episodes_", "expected"),
    [
        pytest.param(days(14, 20), lived(20, -100.0), Judged.FALSE, id="calm, and lost"),
        pytest.param(days(14, 20), [], Judged.FALSE, id="calm, and never bought"),
        pytest.param(days(14, 20), lived(20, 5.0), Judged.SOUND, id="calm, but it paid"),
        pytest.param(days(14, 31), lived(20, -100.0), Judged.SOUND, id="the VIX came above 30"),
        pytest.param(days(14, 30), lived(20, -100.0), Judged.FALSE, id="at 30 it is not above"),
        pytest.param(
            days(14, 20, il=-0.05), lived(20, -100.0), Judged.SOUND, id="five points of IL"
        ),
        pytest.param(days(14, 20, il=-0.04), lived(20, -100.0), Judged.FALSE, id="four points"),
        pytest.param(days(14, 20), lived(None, -100.0), Judged.OPEN, id="it is on still"),
        pytest.param(days(14, 20), lived(20, None), Judged.OPEN, id="its cash is unknown"),
        pytest.param(days(14, 20)[:-1], lived(1, -9.0), Judged.OPEN, id="the story ends too soon"),
    ],
)
def test_an_add_is(scenes: list[Scene], episodes_: list[Episode], expected: Judged) -> None:
    assert judged(START, scenes, episodes_) is expected


def traded(*trades: tuple[int, Verb, str]) -> LayerState:
    layer = LayerState(layer="L1", scope="book")
    for day, verb, legs in trades:
        word = Word(
            id=f"w{day}",
            verb=verb,
            observed_at=START + timedelta(days=day),
            by="model",
            layer="L1",
            fills=tuple(parse_leg(leg) for leg in legs.split(";")),
        )
        layer = hear(layer, word)
    return layer


ROLLED = traded(
    (0, Verb.FILL, "vix.call 2020-04-15 20 +4 @1.50"),
    (20, Verb.ROLL, "vix.call 2020-04-15 20 -4 @1.00;vix.call 2020-06-17 22 +4 @2.00"),
    (40, Verb.CLOSE, "vix.call 2020-06-17 22 -4 @0.50"),
    (50, Verb.FILL, "vix.call 2020-08-19 20 +4 @1.00"),
)


def test_a_roll_does_not_end_a_layer_s_life() -> None:
    first, second = episodes(ROLLED)
    # 4 contracts of 100: -600 +400 -800 +200.
    assert first == Episode(began=START, ended=START + 40 * DAY, cash_usd=-800.0)
    assert second == Episode(began=START + 50 * DAY, ended=None, cash_usd=-400.0)


def test_adds_are_counted_by_what_became_of_them() -> None:
    asked = (
        alert(Action.ADD, state, START + day * DAY)
        for day, state in ((0, FIRING), (1, AlertState.FILLED), (50, FIRING))
    )
    story = Story(alerts=tuple(asked), scenes=tuple(days(14, 20)))
    found = alarms(story, {"L1|book": ROLLED})
    assert found == Alarms(false=1, sound=0, open=1)
    assert found.adds == 2
