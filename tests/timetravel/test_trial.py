"""Tests of rule files find what is wrong, and say it."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from monitor.errors import ConfigError
from monitor.rules.loader import TEST_SUFFIX
from monitor.shipped import rules_dir
from monitor.timetravel.junit import junit
from monitor.timetravel.trial import find_trials, run_file, run_files

RULES = """\
schema = 1
[pack]
id = "mine"
title = "Mine"
evidence = "claim"
sources = []
[[rule]]
id = "high"
scope = "book"
action = "notify"
when = 'vix > 20.0'
for = "10m"
text = "VIX {vix:.1f}"
[[rule]]
id = "jump"
scope = "book"
action = "notify"
when = 'delta(vix, "10m") > 5.0'
keep_firing_for = "10m"
text = "up"
"""
LAYER = """\
[[layer]]
id = "M1"
title = "Calls"
scope = "book"
instrument = { kind = "vix.call", dte = 30, delta = 0.5 }
size = { policy = "fixed", contracts = 1 }
roll = { dte = 7 }
"""
FILL = '[[test.fill]]\nat = "{at}"\nlayer = "{layer}"\nlegs = ["vix.call 2026-06-17 18 +4 @2.15"]\n'
HEAD = 'schema = 1\n[[test]]\nname = "one"\nseries = { vix = "16x2 24x5 26 19x9" }\n'


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "mine.toml").write_text(RULES, encoding="utf-8")
    return tmp_path / "mine.test.toml"


def expect(at: str, firing: str, more: str = "") -> str:
    return f'[[test.expect]]\nat = "{at}"\nfiring = [{firing}]\n{more}\n'


@pytest.mark.parametrize(
    ("expected", "faults"),
    [
        pytest.param(
            expect("15m", '"jump"', 'pending = ["high"]') + expect("25m", '"jump", "high"'),
            [],
            id="what is right passes",
        ),
        pytest.param(
            expect("25m", '"high"'),
            ["at 25m: firing should be high, is high, jump"],
            id="a rule that should be silent and is not",
        ),
        pytest.param(
            expect("15m", '"high", "jump"'),
            ["at 15m: firing should be high, jump, is jump"],
            id="a rule that should fire and does not",
        ),
        pytest.param(
            expect("25m", '"high", "jump"', 'text = { high = "VIX 25.0" }'),
            ["at 25m: high should say 'VIX 25.0', said 'high · VIX 24.0'"],
            id="another text",
        ),
        pytest.param(expect("5m", "", 'silent = ["high"]'), [], id="silent, and known to be"),
        pytest.param(
            expect("15m", '"jump"', 'silent = ["high"]'),
            ["at 15m: high should be silent, is pending"],
            id="waiting is not silent",
        ),
        pytest.param(
            expect("0s", "", 'silent = ["high", "jump"]'),
            ["at 0s: jump should be silent, is unknown"],
            id="nor is not knowing",
        ),
        pytest.param(
            expect("25m", '"jump"', 'silent = ["high"]'),
            [
                "at 25m: firing should be jump, is high, jump",
                "at 25m: high should be silent, is firing",
            ],
            id="least of all firing",
        ),
        pytest.param(
            expect("0s", "", "unknown = []"),
            ["at 0s: unknown should be none, is jump"],
            id="a window that is not known yet",
        ),
    ],
)
def test_what_is_expected_is_held_to(expected: str, faults: list[str], written: Path) -> None:
    written.write_text(HEAD + expected, encoding="utf-8")
    (outcome,) = run_file(written).outcomes
    assert list(outcome.faults) == faults


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(HEAD, "there is no [[test.expect]]", id="nothing expected"),
        pytest.param("schema = 1\n", "there is no [[test]]", id="no test"),
        pytest.param(
            HEAD + expect("5m", '"hihg"'), "there is no rule hihg, did you mean high?", id="a slip"
        ),
        pytest.param(
            HEAD.replace("vix =", "vxi =") + expect("5m", ""),
            "there is no signal vxi, did you mean vix",
            id="no such signal",
        ),
        pytest.param(HEAD + expect("5m", "") + "extra = 1\n", "unknown key", id="an unknown key"),
        pytest.param(HEAD + "[[test.expect]]\nfiring = []\n", "at: must be given", id="no time"),
        pytest.param(
            HEAD + expect("25m", '"high"', 'silent = ["high"]'),
            "high cannot fire and be silent",
            id="both at once",
        ),
        pytest.param(
            HEAD + expect("5m", "", 'silent = ["hihg"]'), "no rule hihg", id="a silent slip"
        ),
        pytest.param("schema = 1\n[[test]\n", "test.toml:2:7: not TOML: ", id="no TOML"),
        pytest.param(
            f"x = {'[' * 100_000}{']' * 100_000}\n", "is nested too deeply", id="too deep"
        ),
        pytest.param(
            HEAD + expect("7m", ""),
            "at: 7m is no step of 5m: it would be judged at 5m",
            id="between two steps",
        ),
        pytest.param(
            HEAD + expect("5m", "") + FILL.format(at="0s", layer="M2"),
            "layer: there is no layer M2, did you mean M1?",
            id="a fill of another layer",
        ),
        pytest.param(
            HEAD + expect("5m", "") + FILL.format(at="10m", layer="M1"),
            "at: 10m lies after the last expectation, 5m: nothing would come of it",
            id="a fill too late",
        ),
        pytest.param(
            HEAD + expect("5m", "") + FILL.format(at="2m", layer="M1"),
            "at: 2m is no step of 5m: it would be taken at 5m",
            id="a fill between two steps",
        ),
    ],
)
def test_a_faulty_test_file_is_refused(text: str, reason: str, written: Path) -> None:
    written.with_name("mine.toml").write_text(RULES + LAYER, encoding="utf-8")
    written.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        run_file(written)
    assert reason in str(caught.value).replace("; did", ", did")


def test_a_rule_is_covered_when_it_fires_and_is_silent(written: Path) -> None:
    written.write_text(HEAD + expect("25m", '"high", "jump"'), encoding="utf-8")
    assert dict(run_file(written).uncovered) == {
        "high": "no test in which it is silent",
        "jump": "no test in which it is silent",
    }
    written.write_text(HEAD + expect("25m", '"high", "jump"') + expect("60m", ""), encoding="utf-8")
    assert not list(run_file(written).uncovered)


def test_a_rule_of_which_nothing_is_known_is_not_seen_to_be_silent(written: Path) -> None:
    told = HEAD.replace("vix =", "vvix =") + expect("5m", "")
    written.write_text(told + HEAD.partition("\n")[2] + expect("25m", '"high", "jump"'))
    assert set(dict(run_file(written).uncovered).values()) == {"no test in which it is silent"}


def test_a_rule_that_waits_is_not_seen_to_be_silent(written: Path) -> None:
    told = HEAD.replace("16x2 24x5 26 19x9", "24x9") + expect("0s", "") + expect("10m", '"high"')
    written.write_text(told)
    assert dict(run_file(written).uncovered)["high"] == "no test in which it is silent"


def test_a_test_file_that_is_no_text_is_told(written: Path) -> None:
    written.write_bytes(b"schema = 1 # \xff\n")
    with pytest.raises(ConfigError, match=r"mine\.test\.toml: is not UTF-8$"):
        run_file(written)
    written.unlink()
    written.mkdir()
    with pytest.raises(ConfigError, match=r"mine\.test\.toml: cannot be read: Is a directory$"):
        run_file(written)


def test_a_rule_file_without_tests_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(RULES, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"has no tests: no mine\.test\.toml"):
        find_trials([tmp_path / "mine.toml"])


def test_a_folder_without_tests_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(RULES, encoding="utf-8")
    with pytest.raises(ConfigError, match=f"{tmp_path}: holds no tests"):
        find_trials([tmp_path])


def test_the_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    paths = []
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(RULES, encoding="utf-8")
        paths.append(tmp_path / f"{name}.test.toml")
        paths[-1].write_text("schema = 1\n", encoding="utf-8")
    tested, faults = run_files(paths)
    assert (tested, [one.file for one in faults]) == ([], [str(path) for path in paths])


def test_build_servers_read_what_is_not_covered(written: Path) -> None:
    written.write_text(HEAD + expect("25m", '"high", "jump"'), encoding="utf-8")
    suite = ET.fromstring(junit([run_file(written)], coverage=True)).find("testsuite")
    assert suite is not None
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("3", "2")
    assert [one.attrib["name"] for one in suite.findall("testcase[failure]")] == [
        "coverage of high",
        "coverage of jump",
    ]


def test_build_servers_read_the_outcomes(written: Path) -> None:
    written.write_text(HEAD + expect("25m", '"high"'), encoding="utf-8")
    suite = ET.fromstring(junit([run_file(written)])).find("testsuite")
    assert suite is not None
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("1", "1")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.attrib["message"] == "at 25m: firing should be high, is high, jump"


SHIPPED = sorted(rules_dir().glob(f"*{TEST_SUFFIX}"))


def test_every_shipped_pack_has_its_tests() -> None:
    packs = {path.stem for path in rules_dir().glob("*.toml")} - {p.stem for p in SHIPPED}
    assert packs == {path.name.removesuffix(TEST_SUFFIX) for path in SHIPPED}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name.partition(".")[0])
def test_a_shipped_pack_passes_its_own_tests_and_every_rule_is_seen_both_ways(path: Path) -> None:
    tested = run_file(path)
    assert [one.faults for one in tested.outcomes if one.faults] == []
    assert list(tested.uncovered) == []


def test_the_verb_tells_what_fails_and_exits_by_it(written: Path) -> None:
    written.write_text(HEAD + expect("25m", '"high"'), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "rules", "test", str(written), "--coverage"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "FAIL  mine" in done.stdout
    assert "at 25m: firing should be high, is high, jump" in done.stdout
    assert "0 of 2 rules are seen to fire and to be silent" in done.stdout
