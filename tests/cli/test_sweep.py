"""`hedgewatch sweep`: what it prints, what it writes, and what it says of what is amiss."""

import csv
import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from monitor.app.sweep import Outcome
from monitor.cli import main, sweep_walked
from monitor.cli.sweep import _summary
from monitor.timetravel.grid import Point, Sweep
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


def test_what_is_chosen_on_one_storm_is_judged_on_the_next(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    grid = ("--grid", "calm=14,29", "--grid", "n=1,2", "--out", str(out))
    assert main(["sweep", str(rules), "--events", "tariff_2025", "yen_2024", *grid]) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    assert "tariff_2025 ×/÷1.5, chosen on yen_2024" in printed
    assert "yen_2024 ×/÷1.5, chosen on" not in printed  # nothing had ended before it
    points = json.loads((out / "sweep.json").read_text(encoding="utf-8"))

    def harm(one: dict[str, float]) -> float:
        return one["cost_usd"] + one["fall_usd"]

    best = min((one for one in points if one["event"] == "yen_2024"), key=harm)
    (came,) = [
        one for one in points if one["event"] == "tariff_2025" and one["values"] == best["values"]
    ]
    (judged,) = json.loads((out / "walk_forward.json").read_text(encoding="utf-8"))
    assert judged["chosen"] == {name: came[name] for name in ("values", "cost_usd", "fall_usd")}
    assert (judged["chosen_on"], judged["judged_on"]) == (["yen_2024"], "tariff_2025")
    assert harm(judged["hindsight"]) == min(
        harm(one) for one in points if one["event"] == "tariff_2025"
    )


def test_where_nothing_had_ended_before_nothing_is_walked_forward(
    rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert swept(rules, "--grid", "calm=14", "--grid", "n=1,2") == 0
    assert "No walk-forward: none of these events had ended" in capsys.readouterr().out
    assert swept(rules, "--grid", "calm=14", "--grid", "n=1") == 0
    assert "alk-forward" not in capsys.readouterr().out  # nothing was chosen


def test_where_nothing_can_be_written_it_is_said_before_anything_is_replayed(
    rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = ("--grid", "calm=14", "--grid", "n=1")
    assert swept(rules, *grid, "--out", str(rules / "under a file")) == 1
    told = capsys.readouterr()
    assert "nothing can be written to" in told.err
    assert "points" not in told.err + told.out


def test_points_that_are_unknown_are_counted_beside_the_front() -> None:
    place = {"values": {"n": "1"}, "event": "yen_2024", "range": "1.5"}
    told = Outcome(cost_usd=0.0, fall_usd=9.0, bare_fall_usd=9.0, worst_il=-0.1, adds=0, alerts=0)
    rows = [
        (Point(number=0, **place), told),
        (Point(number=1, **place), replace(told, fall_usd=None)),
    ]
    swept = Sweep(name="one.toml", text="", grid={}, events=("yen_2024",), held={})
    assert "  1 of 2 unknown: the hedge could not be priced throughout" in list(
        _summary(swept, rows, 2)
    )


def test_a_sweep_over_days_its_rules_know_nothing_of_says_so(
    rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = rules.read_text(encoding="utf-8")
    assert "vix < $calm" in text
    rules.write_text(text.replace("vix < $calm", "dvol.eth < $calm"), encoding="utf-8")
    assert swept(rules, "--grid", "calm=40", "--grid", "n=1") == 0
    assert "not be judged here" not in capsys.readouterr().out
    assert swept(rules, "--grid", "calm=40", "--grid", "n=1", "--events", "covid_2020") == 0
    assert "  1 of 1 have rules that could not be judged here" in capsys.readouterr().out


def test_nothing_is_chosen_on_a_storm_whose_rules_could_not_be_judged() -> None:
    told = Outcome(cost_usd=0.0, fall_usd=9.0, bare_fall_usd=9.0, worst_il=-0.1, adds=0, alerts=0)
    dark, judged = replace(told, dark=1), replace(told, adds=1)
    places = [(event, n) for event in ("covid_2020", "yen_2024") for n in "12"]
    rows = [
        (
            Point(number=number, values={"n": n}, event=event, range="1.5"),
            dark if event == "covid_2020" else judged,
        )
        for number, (event, n) in enumerate(places)
    ]
    walked = " ".join(" ".join(sweep_walked.lines(rows)).split())
    assert "unknown: on what was past the hedge could not be" in walked
    assert "chosen: n=" not in walked
    spoke = [(point, replace(one, adds=1)) for point, one in rows]  # another of its rules did ask
    assert "chosen: n=" in " ".join(sweep_walked.lines(spoke))


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
        pytest.param(("--ranges", "0.5"), "sweep: --range: '0.5' is neither", id="no range"),
        pytest.param(("--value", "0"), "sweep: --value: must be 0.01 to", id="no value"),
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
    assert "`pipx inject hedgewatch distributed`" in capsys.readouterr().err
