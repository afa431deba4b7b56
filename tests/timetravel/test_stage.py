"""Series as rule tests write them, in promtool's manner."""

from datetime import UTC, datetime, timedelta
from time import process_time

import pytest

from monitor.signals.catalogue import BY_NAME
from monitor.timetravel.stage import Mark, Stage, steps

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # a Monday, 10:00 New York
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param("vix", "16 17.5 -3", (16, 17.5, -3), id="a value a step"),
        pytest.param("vix", "16x3", (16, 16, 16, 16), id="a value and three times more"),
        pytest.param("vix", "16+1x3", (16, 17, 18, 19), id="a value that rises"),
        pytest.param("vix", "16-0.5x2", (16, 15.5, 15), id="a value that falls"),
        pytest.param("vix", "-4+2x2", (-4, -2, 0), id="from below nothing"),
        pytest.param("vix", "1 _ 2", (1, Mark.NOTHING, 2), id="nothing new once"),
        pytest.param("vix", "1 _x2", (1, Mark.NOTHING, Mark.NOTHING), id="nothing new twice"),
        pytest.param("vix", "1 stale", (1, Mark.STALE), id="unknown from there on"),
        # The examples of promtool's own page on unit tests of rules.
        pytest.param("vix", "-2+4x3", (-2, 2, 6, 10), id="promtool: rising from below nothing"),
        pytest.param("vix", "1-2x4", (1, -1, -3, -5, -7), id="promtool: falling below nothing"),
        pytest.param("vix", "1x4", (1, 1, 1, 1, 1), id="promtool: a+0xn in short"),
        pytest.param(
            "vix",
            "1 _x3 stale",
            (1, *[Mark.NOTHING] * 3, Mark.STALE),
            id="promtool: missing, stale",
        ),
        pytest.param("vix", "1e2-1e1x2", (100, 90, 80), id="powers of ten"),
        pytest.param("vix", "1e-2x1 1_000", (0.01, 0.01, 1000), id="a power below one"),
        pytest.param("vix", "+.5+.25x1", (0.5, 0.75), id="no nought before the point"),
        pytest.param("vol.regime", "flat steep", ("flat", "steep"), id="words"),
        pytest.param("vol.regime", "flatx2 steep", (*["flat"] * 3, "steep"), id="words again"),
        pytest.param("macro.fomc_window", "true false", (True, False), id="truths"),
        pytest.param(
            "macro.fomc_window", "truex1 _", (True, True, Mark.NOTHING), id="truths again"
        ),
    ],
)
def test_steps(name: str, text: str, expected: tuple[object, ...]) -> None:
    assert steps(text, BY_NAME[name]) == expected


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        pytest.param("vix", "16 high", "'high' is no step of a series of vix", id="no number"),
        pytest.param("vix", "nan", "'nan' is no step", id="not a number: that is _ or stale"),
        pytest.param("vix", "16+infx3", "'16.infx3' is no step", id="without end"),
        pytest.param("vix", "16+.x3", "'16..x3' is no step of a series of vix", id="a bare point"),
        pytest.param("vix", "16x", "'16x' is no step", id="how often is missing"),
        pytest.param("vol.regime", "bumpyx3", "is one of steep", id="no such word again"),
        pytest.param("vol.regime", "bumpy", "vol.regime is one of steep", id="no such word"),
        pytest.param("macro.fomc_window", "yes", "is true or false, was 'yes'", id="no truth"),
    ],
)
def test_what_is_no_step_is_refused(name: str, text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        steps(text, BY_NAME[name])


def stage(**series: str) -> Stage:
    told = {name: steps(text, BY_NAME[name]) for name, text in series.items()}
    return Stage(start=START, every=10 * MINUTE, series=told)


@pytest.mark.parametrize(
    ("text", "minutes", "value", "note"),
    [
        pytest.param("16 17", 0, 16, "", id="the first at the start"),
        pytest.param("16 17", 9, 16, "", id="until the next"),
        pytest.param("16 17", 10, 17, "", id="the next at its time"),
        pytest.param("16 17", 500, 17, "", id="the last goes on being told"),
        pytest.param("_ 17", 5, None, "has not been read yet", id="nothing yet"),
        pytest.param("16 _x9 17", 30, 16, "", id="nothing new within its limit of 35 minutes"),
        pytest.param("16 _x9 17", 40, None, "40 m old, limit 35 m", id="nothing new for longer"),
        pytest.param("16 stale", 10, None, "vix is stale", id="stale at once"),
        pytest.param("16 stale 18", 20, 18, "", id="and told anew"),
    ],
)
def test_what_is_known_at_a_time(text: str, minutes: int, value: float | None, note: str) -> None:
    told = stage(vix=text).value("vix", START + minutes * MINUTE)
    assert told is not None
    assert told.value == value
    assert note in told.note


def test_what_the_test_does_not_tell_is_unknown_but_for_the_road_s_own() -> None:
    told = stage(vix="16").value("vvix", START)
    assert told is not None
    assert (told.value, told.note) == (None, "vvix is not in this test")
    assert stage(vix="16").value("layer.state", START) is None


def test_windows_look_back_on_what_was_told() -> None:
    samples = stage(vix="16 _ 18 stale 20").samples("vix", START + 30 * MINUTE).samples
    assert [(one.at - START, one.value) for one in samples] == [
        (0 * MINUTE, 16),
        (20 * MINUTE, 18),
    ]


def test_a_step_of_a_long_series_costs_what_one_of_a_short_series_does() -> None:
    def cost_s(steps_told: int) -> float:
        told, now = stage(vix=f"16x{steps_told}"), START + steps_told * 10 * MINUTE
        costs = []
        for _ in range(20):
            began = process_time()
            told.value("vix", now)
            told.samples("vix", now)
            costs.append(process_time() - began)
        return min(costs)

    # Laid out anew at each step it was a hundred times as much.
    assert cost_s(50_000) < 20 * cost_s(500)
