"""Rule files: the published form loads, and every slip is told with file, line and key."""

import tomllib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.model.layer import Action
from monitor.rules.lint import reachable, warnings
from monitor.rules.loader import MAX_BYTES, find_packs, load_packs
from monitor.rules.pack import Instrument, OnNodata, Severity, Size
from monitor.signals.catalogue import Scope

# The form as the design publishes it, to the letter.
PUBLISHED = """\
schema = 1
[pack]
id = "alvh"
title = "Layered VIX hedge, glossary reading"
evidence = "claim"                      # claim | published | measured
sources = ["https://example.org/where-it-is-published"]

[defaults]
severity = "warning"                    # info | warning | critical
repeat = "4h"
on_nodata = "keep"                      # keep | alert | resolve
route = ["telegram", "mqtt"]
max_age = { vix = "35m" }               # in session; the free feed lags 15 to 20 minutes

[[layer]]
id = "L2"
title = "VIX calls, 110 days"
scope = "book"                          # book | pool | position
instrument = { kind = "vix.call", dte = 110, delta = 0.50 }
size = { policy = "fee_budget", beta = 0.25 }

  [[layer.rule]]
  id = "L2.add"
  action = "add"                        # add | roll | remove | notify
  when = 'vix > 20.0 && delta(vix, "1d") > 2.0 && book.il < -0.03'
  clear = 'vix < 18.0'
  for = "10m"
  keep_firing_for = "30m"
  cooldown = "12h"
  expires = "2h"
  text = "VIX {vix:.1f}, IL {book.il:.2%}: buy {ticket.legs} for {ticket.cost_usd:,.0f} USD"

  [[layer.rule]]
  id = "L2.roll"
  action = "roll"
  when = 'layer.dte <= 21.0 || layer.extrinsic_left < 0.70'
  inhibited_by = ["L2.remove"]
"""
NOTICE = """
[[rule]]
id = "range.out"
scope = "position"
action = "notify"
when = 'position.out_of_range_s > 3600'
clear = 'position.in_range'
max_age = { position.out_of_range_s = "90s" }
title = "Out of range"
"""
WHOLE = PUBLISHED + NOTICE
NO_SPAN = 'is not a span: write a whole number and s, m, h, d or w, as in "30m"'


def written(folder: Path, text: str, name: str = "alvh") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(*paths: Path) -> Sequence[str]:
    with pytest.raises(ConfigError) as refused:
        load_packs(paths)
    return [str(fault).removeprefix(f"{paths[0]}") for fault in refused.value.faults]


def test_a_budget_that_names_no_share_of_the_fees_takes_the_declared_one(tmp_path: Path) -> None:
    text = PUBLISHED.replace(", beta = 0.25 }", " }")
    (pack,) = load_packs([written(tmp_path, text)])
    assert pack.layers[0].size == Size(policy="fee_budget")


def test_a_pack_may_contradict_one_that_lies_beside_it_or_is_shipped(tmp_path: Path) -> None:
    said = 'contradicts = ["mine", "vxth_hard"]\n[defaults]\n'
    path = written(tmp_path, PUBLISHED.replace("[defaults]\n", said))
    (told,) = faults_of(path)
    assert ": pack: contradicts: there is no pack mine" in told
    other = written(tmp_path, PUBLISHED.replace('"alvh"', '"mine"').replace("L2", "M2"), "mine")
    (pack,) = load_packs([path])
    assert pack.contradicts == ("mine", "vxth_hard")
    assert not [one for one in warnings([pack]) if "contradict" in one.reason]
    (warned,) = (w for w in warnings(load_packs([path, other])) if "contradict" in w.reason)
    assert warned.reason == "alvh and mine contradict each other: enable one"
    assert warned.file == str(path)


def test_the_published_form_loads_as_it_stands(tmp_path: Path) -> None:
    (pack,) = load_packs([written(tmp_path, PUBLISHED)])
    assert (pack.id, pack.title, pack.evidence) == (
        "alvh",
        "Layered VIX hedge, glossary reading",
        "claim",
    )
    assert pack.sources == ("https://example.org/where-it-is-published",)
    (layer,) = pack.layers
    assert (layer.id, layer.title, layer.scope) == ("L2", "VIX calls, 110 days", Scope.BOOK)
    assert layer.instrument == Instrument(kind="vix.call", dte=110, delta=0.5)
    assert layer.size == Size(policy="fee_budget", beta=0.25)
    add, roll = pack.rules
    assert (add.id, add.pack, add.action, add.scope, add.layer) == (
        "L2.add",
        "alvh",
        Action.ADD,
        Scope.BOOK,
        layer,
    )
    assert add.when.windows == {("delta", "vix", "1d")}
    assert add.clear is not None
    assert add.clear.text == "vix < 18.0"
    assert (add.severity, add.on_nodata) == (Severity.WARNING, OnNodata.KEEP)
    assert (add.hold, add.keep_firing_for) == (timedelta(minutes=10), timedelta(minutes=30))
    assert (add.cooldown, add.expires) == (timedelta(hours=12), timedelta(hours=2))
    assert (add.repeat, add.max_gap) == (timedelta(hours=4), None)
    assert add.max_age == {"vix": timedelta(minutes=35)}
    assert add.route == ("telegram", "mqtt")
    assert add.text.names == {"vix", "book.il", "ticket.legs", "ticket.cost_usd"}
    assert (roll.action, roll.inhibited_by, roll.clear) == (Action.ROLL, ("L2.remove",), None)
    assert (roll.max_age, roll.hold, roll.expires) == ({}, timedelta(0), None)


def test_what_a_rule_says_goes_over_the_defaults(tmp_path: Path) -> None:
    own = (
        NOTICE + 'severity = "critical"\non_nodata = "alert"\nroute = ["console"]\nrepeat = "1h"\n'
    )
    (pack,) = load_packs([written(tmp_path, PUBLISHED + own)])
    rule = pack.rules[-1]
    assert (rule.severity, rule.on_nodata, rule.route) == (
        Severity.CRITICAL,
        OnNodata.ALERT,
        ("console",),
    )
    assert (rule.repeat, rule.scope, rule.layer) == (timedelta(hours=1), Scope.POSITION, None)
    assert rule.max_age == {"position.out_of_range_s": timedelta(seconds=90)}
    assert rule.title.text == "Out of range"


def test_a_title_not_given_is_the_layers_or_the_rules_id(tmp_path: Path) -> None:
    text = WHOLE.replace('title = "Out of range"\n', "").replace("110 days", "{110} days")
    (pack,) = load_packs([written(tmp_path, text)])
    shown = [rule.title.render({}.get) for rule in pack.rules]
    assert shown == ["L2 VIX calls, {110} days", "L2 VIX calls, {110} days", "range.out"]


CASES = tomllib.loads(Path(__file__).with_name("slips.toml").read_text(encoding="utf-8"))
SLIPS = [
    pytest.param(one["old"], one["new"], one["told"], id=one["new"] or f"no {one['old']}")
    for one in CASES["slip"]
]
DOUBTS = [
    pytest.param(one["old"], one["new"], one["told"], id=one["new"]) for one in CASES["doubt"]
]


@pytest.mark.parametrize(("old", "new", "told"), SLIPS)
def test_a_slip_is_told_with_its_line_and_key(
    old: str, new: str, told: str, tmp_path: Path
) -> None:
    assert old in WHOLE
    found = faults_of(written(tmp_path, WHOLE.replace(old, new)))
    assert any(fault.startswith(told) for fault in found), found


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    first = (
        WHOLE.replace("vix > 20.0", "vxi > 20.0")
        .replace('"4h"', '"4x"')
        .replace("dte = 110", "dte = 0")
    )
    second = NOTICE.replace("range.out", "L2.add")
    found = faults_of(
        written(tmp_path, first), written(tmp_path, second, "other"), tmp_path / "none.toml"
    )
    assert [fault.replace(str(tmp_path), "") for fault in found] == [
        f":10: defaults: repeat: '4x' {NO_SPAN}",
        ":19: layer L2: instrument: dte: 0 must be between 1 and 1,000",
        ":25:11: rule L2.add: when: there is no signal vxi; did you mean vix?",
        "/other.toml: schema: must be given: schema = 1",
        "/other.toml: pack: must be given: [pack] with id, title and evidence",
        "/other.toml:3: rule L2.add: id: there is a rule L2.add already, in /alvh.toml",
        "/none.toml: there is no such file",
    ]


def test_a_fault_over_several_lines_is_told_with_its_place_in_the_text(tmp_path: Path) -> None:
    text = WHOLE.replace("'vix < 18.0'", "'''vix < 18.0 ||\nvxi < 3'''")
    assert faults_of(written(tmp_path, text)) == [
        ":26: rule L2.add: clear: there is no signal vxi; did you mean vix? (character 15)"
    ]


def test_rules_that_inhibit_each_other_are_refused(tmp_path: Path) -> None:
    text = WHOLE.replace('["L2.remove"]', '["L2.add"]').replace(
        'for = "10m"', 'for = "10m"\ninhibited_by = ["L2.roll"]'
    )
    assert faults_of(written(tmp_path, text)) == [
        ":28: rule L2.add: inhibited_by: L2.add and L2.roll inhibit each other",
        ":38: rule L2.roll: inhibited_by: L2.roll and L2.add inhibit each other",
    ]


def test_a_rule_may_be_inhibited_by_one_of_another_pack(tmp_path: Path) -> None:
    text = PUBLISHED.replace('["L2.remove"]', '["range.out"]')
    other = 'schema = 1\n[pack]\nid = "other"\ntitle = "t"\nevidence = "claim"\n' + NOTICE
    packs = load_packs([written(tmp_path, text), written(tmp_path, other, "other")])
    assert [pack.id for pack in packs] == ["alvh", "other"]


def test_a_layer_told_twice_is_refused(tmp_path: Path) -> None:
    other = (
        PUBLISHED.replace('"alvh"', '"other"').replace('"L2.a', '"M2.a').replace('"L2.ro', '"M2.ro')
    )
    found = faults_of(written(tmp_path, PUBLISHED), written(tmp_path, other, "other"))
    assert f"layer L2: id: there is a layer L2 already, in {tmp_path / 'alvh.toml'}" in found[0]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="an empty file"),
        pytest.param("x = " + "[" * 50_000, id="brackets without end"),
        pytest.param("a." * 2_000 + "b = 1", id="a very long key"),
        pytest.param(
            "layer = 3\nrule = [1]\npack = []\ndefaults = 'x'", id="everything of a wrong type"
        ),
        pytest.param(
            "[[layer]]\nrule = [[]]\ninstrument = 3\nsize = []", id="a layer of wrong types"
        ),
        pytest.param("\n".join(f"k{n} = 1" for n in range(20_000)), id="20,000 unknown keys"),
        pytest.param(
            "[[rule]]\nwhen = {}\nid = 3\nroute = [1]\nmax_age = 3", id="a rule of wrong types"
        ),
    ],
)
def test_a_strange_file_gives_faults_and_nothing_else(text: str, tmp_path: Path) -> None:
    assert faults_of(written(tmp_path, text))


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE + "#" * MAX_BYTES)
    assert faults_of(path) == [": is larger than 256 kB"]


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes("title = 'é'".encode("latin-1"))
    assert faults_of(path) == [": is not UTF-8"]


def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    outside = written(tmp_path, PUBLISHED, "outside")
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "alvh.toml").symlink_to(outside)
    assert faults_of(folder / "alvh.toml") == [": is a link that leaves its folder"]


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    written(tmp_path, PUBLISHED, "outside")
    (tmp_path / "alvh.toml").symlink_to("outside.toml")
    assert load_packs([tmp_path / "alvh.toml"])[0].id == "alvh"


def test_tests_of_rules_are_never_loaded_as_rules(tmp_path: Path) -> None:
    written(tmp_path, PUBLISHED)
    path = written(tmp_path, PUBLISHED, "alvh.test")
    assert faults_of(path) == [": holds tests of rules, not rules"]
    assert find_packs(tmp_path, ["alvh"]) == [tmp_path / "alvh.toml"]
    with pytest.raises(ConfigError):
        find_packs(tmp_path, ["alvh.test"])


def test_an_unknown_pack_is_refused_with_those_there_are(tmp_path: Path) -> None:
    written(tmp_path, PUBLISHED)
    written(tmp_path, PUBLISHED, "self")
    with pytest.raises(ConfigError) as refused:
        find_packs(tmp_path, ["alvhh", "self", "nothing"])
    assert [fault.reason for fault in refused.value.faults] == [
        'there is no pack "alvhh"; did you mean alvh?',
        'there is no pack "nothing"; there are alvh, self',
    ]


def test_packs_come_in_the_order_asked_for_and_once(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        written(tmp_path, "", name)
    assert [path.stem for path in find_packs(tmp_path, ["c", "a", "c"])] == ["c", "a"]


def test_a_rule_that_reaches_nobody_is_told(tmp_path: Path) -> None:
    text = WHOLE + 'route = ["console"]\n'
    packs = load_packs([written(tmp_path, text)])
    assert [fault.where for fault in reachable(packs, ["console"])] == [
        "rule L2.add: route",
        "rule L2.roll: route",
    ]
    assert reachable(packs, ["console", "mqtt"]) == []
    everywhere = load_packs([written(tmp_path, text.replace('route = ["telegram", "mqtt"]', ""))])
    assert reachable(everywhere, ["console"]) == []
    assert len(reachable(everywhere, [])) == 3


@pytest.mark.parametrize(("old", "new", "told"), DOUBTS)
def test_what_is_probably_not_meant_is_a_warning(
    old: str, new: str, told: str, tmp_path: Path
) -> None:
    packs = load_packs([written(tmp_path, PUBLISHED.replace(old, new))])
    found = [f"{fault.where}: {fault.reason}" for fault in warnings(packs)]
    assert any(one.startswith(told) for one in found), found


def test_an_inhibitor_its_layer_does_not_have_yet_is_the_published_forms_one_warning(
    tmp_path: Path,
) -> None:
    (fault,) = warnings(load_packs([written(tmp_path, PUBLISHED)]))
    assert (fault.where, fault.reason) == (
        "rule L2.roll: inhibited_by",
        "there is no rule L2.remove yet",
    )


def test_the_table_of_slips_is_about_valid_toml() -> None:
    assert tomllib.loads(WHOLE)
