"""The packs that ship: they load, say nothing doubtful, and no slip in them goes unseen."""

import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.rules.lint import reachable, warnings
from monitor.rules.loader import find_packs, load_packs
from monitor.rules.rule_form import ROUTES
from monitor.shipped import rules_dir

SHIPPED = sorted(
    path.stem for path in rules_dir().glob("*.toml") if not path.name.endswith(".test.toml")
)
VXTH = ("vxth_hard", "vxth_hysteresis", "vxth_ramp")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")
BY_THE_VIX = ("alvh", "alvh_442", "promoter", "steward")
"""Packs that buy below 15, or not below 25: Cboe's gate does otherwise."""
LISTED = [
    "alvh",
    "alvh_442",
    "alvh_third_layer",
    "big_top",
    "carry",
    "crypto_dvol",
    "delta_band",
    "il_strip",
    "ladder_50d_30_60_90",
    "lp_lvr_vs_fees",
    "lp_range",
    "macro_window",
    "parity",
    "promoter",
    "self",
    "steward",
    "term_structure",
    "value",
    "vx_basis",
    "vxth_hard",
    "vxth_hysteresis",
    "vxth_ramp",
]
ENABLE_ONE = " contradict each other: enable one"
EXPRESSION = re.compile(
    r"""^\s*(?:when|clear)\s*=\s*(?P<quote>'''|\"""|['"])(?P<body>.*)(?P=quote)"""
)
WORD = re.compile(r'"[^"]*"|[A-Za-z_][\w.]*')
PLACE = re.compile(r"\{(?P<name>[A-Za-z_][\w.]*)")
KEY = re.compile(r"^\s*(?P<key>[A-Za-z_]+)\s*=")
INLINE_KEY = re.compile(r"[{,]\s*(?P<key>[A-Za-z_][\w.]*)\s*=")
HEADER = re.compile(r"^\s*\[\[?(?P<key>[a-z.]+)\]\]?")
INHIBITED = re.compile(r'^\s*inhibited_by\s*=.*?"(?P<id>[^"]+)"')
CONTRADICTED = re.compile(r'^\s*contradicts\s*=.*?"(?P<id>[^"]+)"')


def names_in(line: str) -> Iterator[tuple[int, int]]:
    """Yield where the names, functions, keys and table names of a line stand."""
    if line.lstrip().startswith("#"):
        return
    if found := EXPRESSION.match(line):
        for word in WORD.finditer(found["body"]):
            if not word[0].startswith('"') and word[0] not in {"true", "false"}:
                yield found.start("body") + word.start(), found.start("body") + word.end()
    if re.match(r"\s*(title|text)\s*=", line):
        yield from (place.span("name") for place in PLACE.finditer(line))
    else:
        yield from (key.span("key") for key in INLINE_KEY.finditer(line.partition("#")[0]))
    for pattern, group in ((KEY, "key"), (HEADER, "key"), (INHIBITED, "id"), (CONTRADICTED, "id")):
        if found := pattern.match(line):
            yield found.span(group)


def slips(text: str) -> Iterator[tuple[str, str]]:
    """Yield every text in which one letter of one name is lost, or is another, and its line.

    A name met before is slipped in one place only, so that every occurrence is
    tried and every letter of every name.
    """
    lines, seen = text.splitlines(), set()
    for number, line in enumerate(lines):
        for start, end in names_in(line):
            name = line[start:end]
            places = range(start, end) if name not in seen else [start + number % (end - start)]
            seen.add(name)
            for at in places:
                for letter in ("", "z" if line[at] == "q" else "q"):
                    wrong = line[:at] + letter + line[at + 1 :]
                    yield "\n".join([*lines[:number], wrong, *lines[number + 1 :]]), wrong


def test_the_packs_that_are_on_by_default_are_there() -> None:
    assert {"alvh", "crypto_dvol", "lp_range", "self"} <= set(SHIPPED)


def test_the_shipped_packs_load_together_and_nothing_in_them_is_doubtful() -> None:
    packs = load_packs(find_packs(rules_dir(), SHIPPED))
    assert [pack.id for pack in packs] == SHIPPED
    assert [fault for fault in warnings(packs) if "contradict each other" not in fault.reason] == []
    assert reachable(packs, ["console"]) == []
    assert all(rule.text.text for pack in packs for rule in pack.rules)


def test_packs_that_contradict_each_other_are_warned_of_once_where_both_are_on() -> None:
    # Who buys below 15 and who holds nothing there, who hedges below 25 and who above, three
    # gates of one index, one hedge in two readings, one loss hedged twice.
    expected = {
        *((one, other) for one in (*VXTH, "ladder_50d_30_60_90") for other in BY_THE_VIX),
        *combinations(VXTH, 2),
        ("alvh", "alvh_442"),
        ("alvh", "promoter"),
        ("alvh_442", "promoter"),
        ("alvh", "steward"),
        ("promoter", "steward"),
        ("crypto_layers", "il_strip"),
    }
    packs = load_packs(find_packs(rules_dir(), SHIPPED))
    told = [fault.reason for fault in warnings(packs)]
    pairs = [frozenset(one.removesuffix(ENABLE_ONE).split(" and ")) for one in told]
    assert len(pairs) == len(expected)
    assert set(pairs) == {frozenset(pair) for pair in expected}
    said = {(pack.id, other) for pack in packs for other in pack.contradicts}
    assert said == {*expected, *((other, one) for one, other in expected)}  # by both of them
    for pack in packs:
        assert warnings([pack]) == ()


def test_what_is_on_by_default_does_not_contradict_itself() -> None:
    packs = load_packs(find_packs(rules_dir(), Settings().rules.enabled))
    assert {pack.id for pack in packs} == {"alvh", "crypto_dvol", "lp_range", "self"}
    assert warnings(packs) == ()


@pytest.mark.parametrize("name", LISTED)
def test_a_pack_names_its_evidence_and_where_it_is_published(name: str) -> None:
    (pack,) = load_packs(find_packs(rules_dir(), [name]))
    assert pack.evidence in {"claim", "published", "measured"}
    assert (rules_dir() / f"{name}.test.toml").is_file()
    # What is wholly our own has nothing to name.
    assert all(one.startswith("http") for one in pack.sources)
    assert pack.sources or name == "self"
    # Whose word is what: "(second source)" in its head is one that is there.
    head = (rules_dir() / f"{name}.toml").read_text(encoding="utf-8").partition("schema =")[0]
    told = re.findall(rf"({'|'.join(ORDINALS)})[^)]{{0,20}}source", head.replace("\n# ", " "))
    assert all(ORDINALS.index(one) < len(pack.sources) for one in told)


def test_no_title_of_a_pack_layer_or_rule_bears_another_s_mark() -> None:
    said = [
        title
        for pack in load_packs(find_packs(rules_dir(), SHIPPED))
        for title in (
            pack.title,
            *(layer.title for layer in pack.layers),
            *(rule.title.text for rule in pack.rules),
        )
    ]
    assert not [one for one in said if re.search("vixshield|spx mastery", one, re.IGNORECASE)]


def test_blindness_is_told_on_every_channel_after_five_minutes() -> None:
    (pack,) = load_packs(find_packs(rules_dir(), ["self"]))
    (blind,) = (rule for rule in pack.rules if rule.id == "self.blind")
    assert blind.when.text == "system.poll_age_s > 300"
    assert (blind.severity, blind.route) == ("critical", ())
    assert all(set(rule.route) <= set(ROUTES) for rule in pack.rules)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_slip_in_any_name_of_a_shipped_pack_is_refused(name: str, tmp_path: Path) -> None:
    text = (rules_dir() / f"{name}.toml").read_text(encoding="utf-8")
    path, tried, accepted = tmp_path / f"{name}.toml", 0, []
    for wrong, line in slips(text):
        path.write_text(wrong, encoding="utf-8")
        tried += 1
        try:
            load_packs([path])
        except ConfigError:
            continue
        accepted.append(line)
    assert tried > 100
    assert accepted == []


@pytest.mark.parametrize("name", SHIPPED)
def test_the_text_of_a_shipped_pack_is_calm(name: str) -> None:
    text = (rules_dir() / f"{name}.toml").read_text(encoding="utf-8")
    said = re.findall(r'^\s*(?:title|text)\s*=\s*"(.*)"$', text, re.MULTILINE)
    assert said
    assert not [one for one in said if "!" in one]
