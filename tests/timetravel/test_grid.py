"""A grid's names stand in a rule file; what is amiss is told in one sentence."""

import pytest

from monitor.errors import ConfigError
from monitor.timetravel.grid import Sweep, check, parse_grid
from monitor.timetravel.pool import Held

HELD = {"1.5": Held(width=1.5, value_usd=1.0), "full": Held(width=None, value_usd=1.0)}


def sweep(text: str, *grid: str) -> Sweep:
    return Sweep(
        name="mine.toml", text=text, grid=parse_grid(grid), events=("covid_2020",), held=HELD
    )


def test_every_reading_is_replayed_over_every_place() -> None:
    swept = sweep("vix < $calm, $n", "calm=13,15.5", "n=2,4")
    points = list(swept.points())
    assert len(swept) == len(points) == 8
    assert [swept.filled(one.values) for one in points[:4]] == [
        "vix < 13, 2",
        "vix < 13, 4",
        "vix < 15.5, 2",
        "vix < 15.5, 4",
    ]
    assert [one.range for one in points] == ["1.5"] * 4 + ["full"] * 4
    assert [one.number for one in points] == list(range(8))


def test_a_file_without_names_is_one_point_a_place() -> None:
    assert len(list(sweep("vix < 15").points())) == 2


@pytest.mark.parametrize(
    ("text", "grid", "told"),
    [
        pytest.param("$calm", (), "$calm has no values: give --grid calm=a,b,c", id="no values"),
        pytest.param("vix", ("calm=1",), "calm stands nowhere in mine.toml", id="no name"),
        pytest.param("$calm", ("calm",), "'calm' is not NAME=a,b,c", id="no equals"),
        pytest.param("$calm", ("calm=1,,2",), "is not NAME=a,b,c", id="an empty value"),
        pytest.param("$calm", ("calm=1,1",), "calm has a value twice", id="a value twice"),
        pytest.param("$calm", ("calm=1", "calm=2"), "calm is given twice", id="a name twice"),
        pytest.param("$ 5", (), "followed by no name", id="a bare sign"),
        pytest.param(
            "$a $b",
            ("a=" + ",".join(map(str, range(300))), "b=" + ",".join(map(str, range(300)))),
            "180,000 points are more than 100,000",
            id="too many",
        ),
    ],
)
def test_what_is_amiss_is_told(text: str, grid: tuple[str, ...], told: str) -> None:
    with pytest.raises(ConfigError, match=r".") as caught:
        check(sweep(text, *grid))
    assert told in str(caught.value)
