"""`hedgewatch rules diff`: what other rules would have told of a past storm."""

import json
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
# VIX closed at 17.08 on 21 February 2020, a Friday, at 25.03 on the 24th, 27.85 on the 25th,
# and at 40.11 on the 28th: Cboe's own history. Its free quote is had twenty minutes late.
CRASH = ("--from", "2020-02-20", "--to", "2020-02-29")
PACK = """\
schema = 1
[pack]
id = "{name}"
title = "Mine"
evidence = "claim"
[[rule]]
id = "{name}.high"
scope = "book"
action = "notify"
when = 'vix > {level}'
text = "VIX {{vix:.1f}}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def pack(path: Path, level: float, name: str = "mine", more: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PACK.format(name=name, level=level) + more)
    return path


def test_no_difference_is_no_fault(folder: Path, run: Run) -> None:
    old = pack(folder / "old" / "mine.toml", 25.0)
    new = pack(folder / "new" / "mine.toml", 24.0)  # no close lay between
    told = run("rules", "diff", old, new, *CRASH, "--fills", "none")
    assert (told.status, told.err) == (0, "")
    assert " ".join(told.out.split()) == (
        "mine, 2020-02-20 to 2020-02-29, nobody trades: no difference: 1 alert is the same"
    )


def test_where_a_rule_knew_nothing_no_difference_is_no_comfort(folder: Path, run: Run) -> None:
    old, new = pack(folder / "old" / "mine.toml", 25.0), pack(folder / "new" / "mine.toml", 90.0)
    for path in (old, new):
        path.write_text(path.read_text().replace("'vix >", "'dvol.eth >"))  # from March 2021 on
    told = run("rules", "diff", old, new, *CRASH)
    assert told.status == 0
    assert "not judged: mine.high" in told.out
    found = json.loads(run("rules", "diff", old, new, *CRASH, "--json").out)
    assert found["not_judged"] == [["mine.high"], ["mine.high"]]


def test_an_alert_that_moves_is_told_with_how_much(folder: Path, run: Run) -> None:
    old = pack(folder / "old" / "mine.toml", 20.0)
    new = pack(folder / "new" / "mine.toml", 26.0)
    told = run("rules", "diff", old, new, *CRASH)
    assert told.status == 1
    assert told.out.splitlines()[:2] == [
        "moves     2020-02-24 21:35Z  mine.high",
        "          1 d later: 2020-02-24 21:35Z → 2020-02-25 21:35Z",
    ]
    assert told.out.splitlines()[2:] == [
        "mine, 2020-02-20 to 2020-02-29, the model takes every proposal: 0 alerts are the",
        "same, 1 moves",
    ]


def test_another_text_is_told_beside_the_one_it_was(folder: Path, run: Run) -> None:
    old = pack(folder / "old" / "mine.toml", 20.0)
    new = pack(folder / "new" / "mine.toml", 20.0)
    new.write_text(new.read_text().replace('"VIX {vix:.1f}"', '"It is {vix:.2f}"'))
    told = run("rules", "diff", old, new, *CRASH)
    assert told.out.splitlines()[:4] == [
        "changes   2020-02-24 21:35Z  mine.high",
        "          text",
        "          was  mine.high · VIX 25.0",
        "          is   mine.high · It is 25.03",
    ]


def test_what_else_changes_of_an_alert_that_moves_is_told_too(folder: Path, run: Run) -> None:
    old = pack(folder / "old" / "mine.toml", 20.0)
    new = pack(folder / "new" / "mine.toml", 26.0)
    new.write_text(new.read_text().replace("scope =", 'severity = "critical"\nscope ='))
    told = run("rules", "diff", old, new, *CRASH)
    assert told.out.splitlines()[:3] == [
        "moves     2020-02-24 21:35Z  mine.high",
        "          1 d later: 2020-02-24 21:35Z → 2020-02-25 21:35Z",
        "          severity warning → critical",
    ]


def test_folders_are_held_against_each_other_pack_by_pack(folder: Path, run: Run) -> None:
    for name, level in (("mine", 20.0), ("yours", 30.0)):
        pack(folder / "old" / f"{name}.toml", level, name)
        pack(folder / "new" / "rules" / f"{name}.toml", level, name)  # a copy of the whole
    (folder / "old" / "yours.toml").unlink()
    (folder / "old" / "self.toml").write_text("schema = 2")
    # Nothing that the config enables is in them: so all are meant.
    told = run("rules", "diff", folder / "old", folder / "new", *CRASH, "--fills", "none")
    assert told.status == 1
    assert told.out.splitlines()[:2] == [
        "appears   2020-02-27 21:35Z  yours.high",  # 39.16
        "          yours.high",
    ]
    both = ("rules", "diff", folder / "old", folder / "new", *CRASH, "--rules")
    assert run(*both, "mine").status == 0
    told = run(*both, "minne")
    assert (told.status, told.out) == (2, "")
    assert told.err.startswith(f'{folder / "old"}: rules.enabled: there is no pack "minne"; did')


def test_of_a_folder_those_are_replayed_that_the_config_enables(folder: Path, run: Run) -> None:
    for name in ("alvh", "mine"):
        pack(folder / "old" / f"{name}.toml", 20.0, name)
        pack(folder / "new" / f"{name}.toml", 20.0 if name == "alvh" else 30.0, name)
    both = ("rules", "diff", folder / "old", folder / "new", *CRASH, "--fills", "none", "--json")
    with chdir(folder):  # without settings: by itself it enables alvh, and others
        told = run(*both)
        assert (told.status, json.loads(told.out)["packs"]) == (0, [["alvh"], ["alvh"]])
        told = run(*both, "--rules", "alvh", "mine")
        assert (told.status, json.loads(told.out)["packs"]) == (1, [["alvh", "mine"]] * 2)


def test_as_json_every_figure_is_told(folder: Path, run: Run) -> None:
    old = pack(folder / "old" / "mine.toml", 20.0)
    new = pack(folder / "new" / "mine.toml", 20.0, more='severity = "critical"\n')
    told = run("rules", "diff", old, new, *CRASH, "--fills", "none", "--json")
    assert told.status == 1
    found = json.loads(told.out)
    assert (found["old"], found["new"], found["fills"]) == (str(old), str(new), "none")
    assert (found["first"], found["last"], found["same"]) == ("2020-02-20", "2020-02-29", 0)
    (one,) = found["differences"]
    assert (one["kind"], one["rule"], one["scope"]) == ("changes", "mine.high", "book")
    assert (one["moved_s"], one["what"]) == (0.0, ["severity warning → critical"])
    assert one["old"] | {"severity": "critical"} == one["new"]
    assert one["old"]["at"] == "2020-02-24T21:35:00+00:00"


def test_what_appears_over_and_over_is_told_in_a_line(folder: Path, run: Run) -> None:
    old = pack(folder / "old" / "mine.toml", 90.0)
    # It ends as soon as it begins, and begins again at the next block.
    new = pack(folder / "new" / "mine.toml", 20.0, more="clear = 'vix < 90.0'\n")
    told = run("rules", "diff", old, new, *CRASH)
    first, _, *summary = told.out.splitlines()
    assert first.startswith("appears   2020-02-24 21:35Z  mine.high, ")
    assert "times until 2020-0" in " ".join(told.out.split())
    assert max(map(len, told.out.splitlines())) <= 80
    assert len(summary) <= 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        pytest.param((), "timetravel: EVENT: name one of covid_2020, ", id="no event"),
        pytest.param(
            ("--event", "luna_2022", "--to", "2022-06-01"),
            "luna_2022 has days of its own: leave --from and --to out",
            id="days beside an event",
        ),
        pytest.param(
            (*CRASH, "--rules", "alvh"),
            "rules diff: --rules: picks packs of a folder, and both of these are files",
            id="packs beside files",
        ),
        pytest.param(("--event", "covid"), "'covid' is none of covid_2020, ", id="no such event"),
        pytest.param(
            ("--from", "2009-01-01", "--to", "2009-01-02"), "no price of ETH is had", id="no past"
        ),
    ],
)
def test_a_past_that_is_not_there_is_told(
    words: tuple[str, ...], sentence: str, folder: Path, run: Run
) -> None:
    rules = pack(folder / "mine.toml", 20.0)
    told = run("rules", "diff", rules, rules, *words)
    assert told.status == 2
    assert sentence in told.err


def test_a_folder_without_rules_and_a_faulty_file_are_told(folder: Path, run: Run) -> None:
    rules = pack(folder / "mine.toml", 20.0)
    (folder / "none").mkdir()
    told = run("rules", "diff", rules, folder / "none", *CRASH)
    assert (told.status, told.err) == (2, f"{folder / 'none'}: holds no rule files\n")
    faulty = pack(folder / "faulty.toml", 20.0, more="odd = 1\n")
    told = run("rules", "diff", rules, faulty, *CRASH)
    assert told.status == 2
    assert told.err.startswith(f"{faulty}:12: rule mine.high: odd: unknown key")


def test_the_help_tells_the_exit_codes(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("rules", "diff", "--help")
    told = " ".join(capsys.readouterr().out.split())
    assert "exit 0 with no difference, 1 with some" in told
