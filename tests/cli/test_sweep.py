"""`hedgewatch sweep`: what it prints, what it writes, and what it says of what is amiss."""

import csv
import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from monitor.cli import main
from tests.timetravel.swept import RULES


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "swept.toml"
    path.write_text(RULES, encoding="utf-8")
    return path


def swept(rules: Path, *more: str) -> int:
    return main(["sweep", str(rules), "--events", "yen_2024", *more])


def test_it_prints_the_front_and_writes_every_point(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert swept(rules, "--grid", "calm=14,29,37", "--grid", "n=1,2", "--out", str(out)) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    # The VIX never closed below 14 in that story, nor between 29 and 37.
    assert "swept.toml: 6 points, 4 of them unlike the others, replayed" in printed
    assert "yen_2024 ×/÷1.5" in printed
    assert "model prices" in printed
    assert "no forecast" in printed
    told = json.loads((out / "sweep.json").read_text(encoding="utf-8"))
    assert [one["values"] for one in told[:2]] == [
        {"calm": "14", "n": "1"},
        {"calm": "14", "n": "2"},
    ]
    assert [one["adds"] for one in told] == [0, 0, 1, 1, 1, 1]
    assert [one["cost_usd"] for one in told[:2]] == [0.0, 0.0]
    assert told[3]["cost_usd"] == pytest.approx(2 * told[2]["cost_usd"])
    assert {one["prices"] for one in told} == {"model"}
    rows = list(csv.DictReader((out / "sweep.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["calm"] for row in rows] == ["14", "14", "29", "29", "37", "37"]
    assert (out / "pareto.png").read_bytes().startswith(b"\x89PNG")


def test_json_is_a_line_a_point(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert swept(rules, "--grid", "calm=14", "--grid", "n=1", "--json") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["range"] == "1.5"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        pytest.param(("--grid", "n=1"), "$calm has no values", id="a name without values"),
        pytest.param(
            ("--grid", "n=x", "--grid", "calm=14"),
            "swept.toml with n=x calm=14:16:40: not TOML",
            id="a value no file may have",
        ),
        pytest.param(("--jobs", "0"), "--jobs: must be 1 or more, was 0", id="no process"),
        pytest.param(("--events", "crash"), "'crash' is none of covid_2020", id="no such event"),
        pytest.param(("--ranges", "0.5"), "neither a number above 1", id="no range"),
    ],
)
def test_what_is_amiss_is_told_before_anything_is_replayed(
    rules: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], told: str
) -> None:
    assert swept(rules, *more) == 2
    assert told in capsys.readouterr().err


@pytest.mark.skipif(
    find_spec("distributed") is not None, reason="the extra hedgewatch[dask] is there"
)
def test_without_the_extra_dask_says_how_to_get_it(
    rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = ("--grid", "calm=14", "--grid", "n=1")
    assert swept(rules, *grid, "--dask", "tcp://127.0.0.1:9") == 1
    assert "pip install 'hedgewatch[dask]'" in capsys.readouterr().err
