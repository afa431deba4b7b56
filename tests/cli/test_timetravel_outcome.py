"""`hedgewatch timetravel`, as a terminal shows it."""

from pathlib import Path

import pytest

from monitor.cli import main

CONFIG = Path(__file__).parents[2] / "config.toml"
CRASH = ("--from", "2020-02-14", "--to", "2020-03-20", "--range", "1.5", "full")


def told(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    assert main(["timetravel", *words, "--config", str(CONFIG)]) == status
    captured = capsys.readouterr()
    return captured.err if status else captured.out


def test_what_was_asked_for_is_told_and_the_rest_is_counted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = told(capsys, *CRASH, "--out", str(tmp_path / "out"))
    lines = out.splitlines()
    shown = [line for line in lines if str(tmp_path) not in line]
    assert max(map(len, shown)) <= 80
    assert len(shown) < 60
    assert "2020-02-14 00:00Z  add     L1 L2 L3             VIX 14.15<15.0 ✓" in lines
    assert "range.out" not in out
    assert "other events: --alerts" in out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("alerts.jsonl", "report.html", "price.png", "layers.png"),
        *("il.png", "drawdown.png", "cost.png"),
    }
    log = (tmp_path / "out" / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    every = told(capsys, *CRASH, "--alerts")
    assert "range.out" in every
    assert len(every.splitlines()) == len(shown) + len(log) + 1
    assert "Seed 1." in out


def test_a_rule_that_saw_nothing_is_not_told_as_one_that_was_quiet(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    short = ("--from", "2020-02-14", "--to", "2020-02-28", "--range", "full")
    out = told(capsys, *short, "--out", str(tmp_path))  # DVOL begins in March 2021
    assert "not judged    dvol.high, dvol.extreme, dvol.jump, dvol.low: what they ask" in out
    assert "dvol.high" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "not judged" not in told(capsys, *short, "--rules", "alvh", "lp_range")
    blind = told(capsys, *short, "--rules", "il_strip")  # it waits for DVOL to buy its strip
    assert "not held" not in blind
    assert "rules that would have asked for a layer could not be judged" in " ".join(blind.split())


def test_a_seed_below_nought_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--seed: must be 0 or more, was -1" in told(capsys, *CRASH, "--seed", "-1", status=2)


def test_the_figures_hang_on_no_chance_but_the_seed(capsys: pytest.CaptureFixture[str]) -> None:
    short = ("--from", "2020-02-14", "--to", "2020-03-05", "--range", "full")
    assert told(capsys, *short) == told(capsys, *short)
