"""`hedgewatch rules explain`: a rule in words and numbers, and how it stands."""

from collections.abc import Callable, Iterator
from contextlib import chdir
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.calendars.hours import Hours
from monitor.cli.explain_parts import CALENDARS, NODATA
from monitor.cli.layer_words import FACTORS, FORMULAS
from monitor.hedge.sizing import ADJUSTMENTS, POLICIES, Size
from monitor.rules.loader import load_packs, pack_files
from monitor.rules.pack import OnNodata
from monitor.shipped import rules_dir

Run = Callable[..., Any]
MINUTE = timedelta(minutes=1)
PACK = """\
schema = 1

[pack]
id = "mine"
title = "Mine"
evidence = "measured"
contradicts = ["alvh"]

[defaults]
max_age = { vix = "10m" }

[[rule]]
id = "high"
scope = "book"
action = "notify"
when = 'vix > 20.0 && highest(vix, "5d") > 30.0'
for = "10m"
keep_firing_for = "1h"
on_nodata = "alert"
route = ["mqtt"]
text = "VIX {vix:.1f}"

[[layer]]
id = "M1"
title = "Strip"
scope = "position"
instrument = { kind = "eth.strip", dte = 30, least_dte = 6, strikes = 5 }
size = { policy = "il_share", share = 0.5, adjust = "both", max_capital_share = 0.1 }
roll = { dte = 5 }
monetise = [{ at = 3.0, sell = 0.5 }]

  [[layer.rule]]
  id = "M1.add"
  action = "add"
  when = 'vol.vrp_eth < 0.05'
  inhibited_by = ["high"]
"""


@pytest.fixture(autouse=True)
def _without_settings(tmp_path: Path) -> Iterator[None]:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with chdir(elsewhere):
        yield


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(PACK)
    return path


def parts(out: str) -> dict[str, str]:
    """Return the text of each part by its label, unwrapped."""
    found: dict[str, str] = {}
    label = ""
    for line in out.partition("\n\n")[0].splitlines()[1:]:
        label = line[:10].strip() or label
        found[label] = f"{found.get(label, '')} {line[10:].strip()}".strip()
    return found


def test_every_part_of_a_rule_is_told(pack: Path, run: Run) -> None:
    told = run("rules", "explain", "high", "--pack", pack)
    assert (told.status, told.err) == (0, "")
    assert told.out.splitlines()[0] == "high  notify over the book, warning"
    assert parts(told.out) == {
        "file": f"{pack}:12",
        "pack": "mine, not enabled: Mine; evidence: measured",
        "against": "alvh: enable one of them",
        "when": 'vix > 20.0 && highest(vix, "5d") > 30.0 all of these: vix is above 20 points'
        " the highest vix in 5 sessions is above 30 points",
        "clear": "as soon as `when` is false",
        # 5 sessions and every holiday that ever lay between: 5 · 1.5 + 8 days.
        "windows": 'highest(vix, "5d")  reaches back 5 sessions; 15 d 12 h of it are kept',
        "unknown": "alert: people are told that it cannot be judged, and when it can again",
        "for": "10 m true before it fires; a silence over 5 m starts anew",
        "keep": "1 h clear before it ends (keep_firing_for)",
        "repeat": "never: it is told once",
        "silences": "M1.add while it fires",
        "route": "mqtt",
        "says": "high · VIX {vix:.1f}",
    }
    (_, signal) = told.out.split("\n\n")
    lines = [" ".join(line.split()) for line in signal.splitlines()]
    assert lines[0] == "vix points, market"
    assert "source cboe, else yahoo (opt-in), else cboe_history, else fred" in lines
    assert "by itself after 35 m in which the VIX is published" in " ".join(lines)
    assert "too old after 10 m, by this rule" in " ".join(lines)
    assert lines[-1].startswith("calendar Cboe's hours of the VIX")


def test_a_layer_is_told_with_instrument_and_size_formula(pack: Path, run: Run) -> None:
    told = run("rules", "explain", "M1.add", "--pack", pack)
    found = parts(told.out)
    assert found["file"] == f"{pack}:32"
    assert found["silenced"] == "while high fires"
    assert found["layer"] == (
        "M1 Strip: ETH strip that pays the impermanent loss, about 30 days to expiry,"
        " at least 6, 5 strikes a side"
    )
    assert found["size"] == (
        "il_share: 50 % of the loss expected at ETH −30 %, BTC −30 %, VIX 45 / what one unit makes"
        " in it (model), a strip all of it; the VIX of the shock is at least 15 above the present"
        " one adjusted by wacc: × (1 − WACC / fee APR), from 0 to 1 adjusted by differential:"
        " × exp(−differential × years to expiry) 10 % of the covered value at risk at most"
        " refused where it would make more than is expected to be lost"
    )
    assert found["profit"] == "at 3 times what was paid sell 50 % of what is left"
    rests = [line for line in told.out.splitlines() if line.startswith("  rests on")]
    assert [line.split()[2] for line in rests] == ["dvol.eth:", "eth.price:"]


def test_every_policy_adjustment_and_calendar_has_its_words() -> None:
    assert set(CALENDARS) == set(Hours)
    assert set(NODATA) == set(OnNodata)
    assert set(FORMULAS) == set(POLICIES)
    assert set(FACTORS) == {name for names in ADJUSTMENTS.values() for name in names}
    size = Size(policy="premium", share=0.0025, half_above=30.0)
    assert FORMULAS["premium"](size) == (
        "0.25 % of the covered value / premium of one unit; half while the VIX future of 30 days"
        " is above 30"
    )


def test_a_rule_said_in_short_is_found_at_its_key(pack: Path, run: Run) -> None:
    for rule, line, key in (("M1.roll", 29, "roll"), ("M1.monetise", 30, "monetise")):
        told = run("rules", "explain", rule, "--pack", pack)
        assert parts(told.out)["file"] == f"{pack}:{line}; `{key}` stands for it"


def test_the_rule_built_in_for_a_layer_of_a_position_is_told_as_such(pack: Path, run: Run) -> None:
    told = run("rules", "explain", "M1.orphaned", "--pack", pack)
    assert told.out.splitlines()[0] == "M1.orphaned  remove over each position, critical"
    assert parts(told.out)["file"] == f"built in, for a layer in {pack}"


def test_an_id_that_is_no_rule_s_is_told_the_nearest(pack: Path, run: Run) -> None:
    told = run("rules", "explain", "M1.ad", "--pack", pack)
    assert (told.status, told.err) == (2, "RULE: there is no rule M1.ad; did you mean M1.add?\n")
    told = run("rules", "explain", "zzzzz", "--pack", pack)
    assert told.err.endswith("no rule zzzzz; there are M1.add, M1.roll, M1.monetise, high\n")
    told = run("rules", "explain", "alvh.hodl")
    assert told.err == "RULE: there is no rule alvh.hodl; did you mean alvh.hold?\n"


def test_capitals_are_no_other_letters(pack: Path, run: Run) -> None:
    told = run("rules", "explain", "m1.ADD", "--pack", pack)
    assert (told.status, told.err) == (2, "RULE: there is no rule m1.ADD; did you mean M1.add?\n")
    told = run("rules", "explain", "l1.ADD")
    assert told.err == "RULE: there is no rule l1.ADD; did you mean L1.add?\n"


def test_a_pack_beside_the_enabled_ones_is_found(run: Run) -> None:
    told = run("rules", "explain", "vxth.half")
    assert parts(told.out)["pack"].startswith("vxth_hard, not enabled: ")


def test_an_id_that_two_packs_have_asks_which(home: Any, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "alvh.toml").write_text("schema = 2")
    for name in ("one", "two"):
        (rules / f"{name}.toml").write_text(PACK.replace('"mine"', f'"{name}"'))
    home.extra = f'folder = "{rules}"'
    (told,) = home.told("rules", "explain", "high", status=2)
    assert told == (
        "RULE: high is in several packs, choose one by --pack:"
        f" {rules / 'one.toml'}, {rules / 'two.toml'}"
    )
    # What is enabled is faulty: that is told where the rule is nowhere else.
    told = "\n".join(home.told("rules", "explain", "hihg", status=2))
    assert f"{rules / 'alvh.toml'}:1: schema: 2 must be between 1 and 1" in told


def test_what_each_comparison_is_now(home: Any, hand: Any) -> None:
    home.take(hand.snapshot(home.at - 3 * MINUTE, hand.position()))
    home.take(hand.vix(13.68, home.at - 20 * MINUTE, home.at - 2 * MINUTE))
    lines = home.told("rules", "explain", "L2.add")
    assert max(map(len, lines)) <= 80
    now = " ".join(" ".join(lines[lines.index("vix" + " " * 63 + "points, market") :]).split())
    assert "now book: firing since 2020-02-14 22:28Z; when is true vix < 15.0 13.68 below" in now
    assert "now book: clear is false vix > 17.0 13.68 below by 3.32" in now
    lines = home.told("rules", "explain", "L2.remove")
    assert "book: silent, L2 is off: there is nothing to remove; when is false" in "".join(lines)
    lines = home.told("rules", "explain", "term.inverted")
    assert [one for one in lines if one.startswith("now ")] == [
        "now       book: not in force; when is unknown",
        "now       book: clear is unknown",
    ]


def test_before_a_daemon_ran_there_is_no_now(home: Any) -> None:
    lines = home.told("rules", "explain", "L2.add")
    assert "nothing is saved yet" in " ".join(lines)
    assert max(len(line) for line in lines if "/" not in line) <= 80


@pytest.mark.parametrize("path", pack_files(rules_dir()), ids=lambda path: path.stem)
def test_every_shipped_rule_is_explained_in_eighty_columns(path: Path, run: Run) -> None:
    text = path.read_text(encoding="utf-8").splitlines()
    for rule in load_packs([path])[0].rules:
        told = run("rules", "explain", rule.id, "--pack", path)
        assert told.status == 0
        file, *rest = told.out.splitlines()[1:]
        assert all(len(line) <= 80 for line in rest)
        number = int(file.split(";")[0].rpartition(":")[2])
        key = file.partition("`")[2].partition("`")[0]
        assert text[number - 1].strip().startswith(f"{key} = " if key else "[[")
        if not key:
            assert any(f'id = "{rule.id}"' in line for line in text[number : number + 3])
