"""`hedgewatch rules test` and `rules check` over folders: what is wanting, and how they end."""

from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

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


def test_the_folder_one_stands_in_is_tested(folder: Path, run: Run) -> None:
    with chdir(folder):
        told = run("rules", "test", ".")
    assert (told.status, told.out, told.err) == (0, "ok    mine 1 passed\n", "")


def test_coverage_wants_tests_beside_every_pack_of_a_folder(folder: Path, run: Run) -> None:
    told = run("rules", "test", folder)
    assert (told.status, told.out) == (0, "ok    mine 1 passed\n")
    told = run("rules", "test", "--coverage", folder)
    assert told.status == 3
    assert told.out.splitlines()[1:] == [
        "cover bare: has no tests: no bare.test.toml",
        "1 of 1 rules are seen to fire and to be silent",
    ]
    (folder / "bare.toml").unlink()
    assert run("rules", "test", "--coverage", folder).status == 0


def test_build_servers_are_told_of_a_pack_without_tests_too(folder: Path, run: Run) -> None:
    path = folder / "outcomes.xml"
    assert run("rules", "test", "--coverage", folder, "--junit", path).status == 3
    suites = ET.parse(path).getroot().findall("testsuite")
    told = {one.attrib["name"]: (one.attrib["tests"], one.attrib["failures"]) for one in suites}
    assert told == {"mine": ("1", "0"), "bare": ("1", "1")}
    (case,) = suites[1].findall("testcase")
    assert case.attrib["name"] == "coverage of bare"
    assert case.find("failure[@message='has no tests: no bare.test.toml']") is not None


def test_build_servers_are_told_of_a_file_that_cannot_be_read(folder: Path, run: Run) -> None:
    path = folder / "outcomes.xml"
    (folder / "bare.test.toml").write_text("schema = 2\n")
    told = run("rules", "test", folder, "--junit", path)
    assert told.status == 2
    assert f"{folder / 'bare.test.toml'}:1: schema: 2 must be between 1 and 1" in told.err
    assert "ok    mine" in told.out
    suites = {one.attrib["name"]: one for one in ET.parse(path).getroot().findall("testsuite")}
    assert suites["mine"].attrib["errors"] == "0"
    assert suites["bare.test.toml"].attrib["errors"] == "1"
    (error,) = suites["bare.test.toml"].findall("testcase/error")
    assert error.attrib["message"] in told.err


def test_what_xml_cannot_say_is_left_out(folder: Path, run: Run) -> None:
    path, tests = folder / "outcomes.xml", folder / "mine.test.toml"
    tests.write_text(tests.read_text().replace('"it rises"', r'"it \u0001 rises \u2717"'))
    assert run("rules", "test", folder, "--junit", path).status == 0
    (case,) = ET.parse(path).getroot().findall("testsuite/testcase")
    assert case.attrib["name"] == "it \N{REPLACEMENT CHARACTER} rises ✗"


def test_long_names_stand_in_the_column_of_the_others(folder: Path, run: Run) -> None:
    for suffix in (".toml", ".test.toml"):
        text = (folder / f"mine{suffix}").read_text()
        (folder / f"a_name_of_some_length{suffix}").write_text(
            text.replace("mine", "a_name_of_some_length")
        )
    (folder / "mine.toml").write_text(
        (folder / "mine.toml").read_text().replace("[[rule]]", 'contradicts = ["bare"]\n[[rule]]')
    )
    told = run("rules", "test", folder).out.splitlines()
    assert {one.index("1 passed") for one in told} == {told[0].index("1 passed")}
    told = run("rules", "check", folder).out.splitlines()
    assert {one.index("1 rule ") for one in told[:3]} == {told[0].index("1 rule ")}
    assert " ".join(told[3:]).replace("      ", "") == (
        f"warn  {folder / 'mine.toml'}: pack: contradicts: mine and bare contradict each other:"
        " enable one"
    )
    assert max(map(len, told)) <= max(80, len(f"warn  {folder / 'mine.toml'}:"))


def test_an_outcome_file_that_cannot_be_written_is_told(folder: Path, run: Run) -> None:
    path = folder / "mine.toml" / "outcomes.xml"
    told = run("rules", "test", folder, "--junit", path)
    assert told.status == 1
    assert told.err == f"hedgewatch: {path} cannot be written: File exists\n"


def test_the_folder_of_an_outcome_file_is_made(folder: Path, run: Run) -> None:
    path = folder / "out" / "of" / "outcomes.xml"
    assert run("rules", "test", folder, "--junit", path).status == 0
    assert ET.parse(path).getroot().tag == "testsuites"


def test_a_folder_of_rules_is_checked_whole(folder: Path, run: Run) -> None:
    told = run("rules", "check", folder)
    assert (told.status, told.err) == (0, "")
    assert [line.split()[:2] for line in told.out.splitlines()] == [["ok", "bare"], ["ok", "mine"]]
    (folder / "inner").mkdir()
    told = run("rules", "check", folder / "inner")
    assert (told.status, told.err) == (2, f"{folder / 'inner'}: holds no rule files\n")
