"""`hedgewatch rules test` and `rules check` over folders: what is wanting, and how they end."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
RULES = """\
schema = 1
[pack]
id = "{name}"
title = "Mine"
evidence = "claim"
[[rule]]
id = "{name}.high"
scope = "book"
action = "notify"
when = 'vix > 20.0'
clear = 'vix < 18.0'
"""
TESTS = """\
schema = 1
[[test]]
name = "it rises"
series = {{ vix = "16 21" }}
[[test.expect]]
at = "0s"
firing = []
silent = ["{name}.high"]
[[test.expect]]
at = "5m"
firing = ["{name}.high"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two packs, of which one has tests."""
    for name in ("mine", "bare"):
        (tmp_path / f"{name}.toml").write_text(RULES.format(name=name))
    (tmp_path / "mine.test.toml").write_text(TESTS.format(name="mine"))
    return tmp_path


def test_coverage_wants_tests_beside_every_pack_of_a_folder(folder: Path, run: Run) -> None:
    told = run("rules", "test", folder)
    assert (told.status, told.out) == (0, "ok    mine               1 passed\n")
    told = run("rules", "test", "--coverage", folder)
    assert told.status == 3
    assert told.out.splitlines()[1:] == [
        "cover bare: has no tests: no bare.test.toml",
        "1 of 1 rules are seen to fire and to be silent",
    ]
    (folder / "bare.toml").unlink()
    assert run("rules", "test", "--coverage", folder).status == 0


def test_an_outcome_file_that_cannot_be_written_is_told(folder: Path, run: Run) -> None:
    path = folder / "none" / "outcomes.xml"
    told = run("rules", "test", folder, "--junit", path)
    assert told.status == 1
    assert told.err == f"hedgewatch: {path} cannot be written: No such file or directory\n"


def test_a_folder_of_rules_is_checked_whole(folder: Path, run: Run) -> None:
    told = run("rules", "check", folder)
    assert (told.status, told.err) == (0, "")
    assert [line.split()[:2] for line in told.out.splitlines()] == [["ok", "bare"], ["ok", "mine"]]
    (folder / "inner").mkdir()
    told = run("rules", "check", folder / "inner")
    assert (told.status, told.err) == (2, f"{folder / 'inner'}: holds no rule files\n")
