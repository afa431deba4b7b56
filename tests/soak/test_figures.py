"""What a soak run leaves behind: each figure with its limit, and no failure unseen."""

import json
import subprocess
import sys
from pathlib import Path

from tests.soak.figures import gathered

TESTS = """\
import pytest

def test_quick(figure):
    figure("gap", 14.0, "ms", most=100, measured="a loop")

def test_misses(figure):
    figure("lost", 3, "alerts", most=0, measured="a count")

def test_without_a_figure():
    pass

@pytest.mark.soak
def test_long():
    pass

@pytest.mark.soak
def test_breaks(figure):
    figure("slope", 0.5, "MB/h", most=1, measured="a line")
    raise RuntimeError
"""


def test_the_file_holds_each_figure_with_its_limit_and_how_it_was_measured(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text("from tests.conftest import figure\n")
    options = ["-p", "no:cacheprovider", "-c", str(root / "pyproject.toml"), "--rootdir", tmp_path]
    run = subprocess.run(
        [sys.executable, "-m", "tests.soak", *options, tmp_path],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
    )
    told = json.loads((tmp_path / "out" / "soak.json").read_text())
    gap = {"value": 14.0, "unit": "ms", "limit": "at most 100", "ok": True, "measured": "a loop"}
    assert run.returncode == 1
    assert told["gap"] == gap
    assert (told["lost"]["ok"], told["lost"]["value"]) == (False, 3)
    assert told["test_some.py::test_long"]["ok"]
    assert told["test_some.py::test_breaks"]["ok"] is False
    assert told["slope"]["value"] == 0.5
    assert not any("without" in name for name in told)
    assert "gap: 14 ms (at most 100)" in run.stdout
    assert "missed: lost" in run.stdout


def test_a_skipped_test_is_no_figure_that_holds() -> None:
    (figure,) = gathered("tests/x.py::y", "skipped", 0.1, []).values()
    assert (figure["ok"], figure["measured"]) == (False, "pytest tests/x.py::y: skipped")
