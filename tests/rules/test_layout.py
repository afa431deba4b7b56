"""The one layout of rule files: what a file means and says in comments is what it was."""

import re
import tomllib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from monitor.rules.layout import laid_out
from monitor.rules.loader import load_packs, pack_files
from monitor.shipped import rules_dir

SHIPPED = sorted(rules_dir().glob("*.toml"))
# With no comment below the head: in another order of keys it would be another key's.
BARE = [path for path in SHIPPED if "# " not in path.read_text("utf-8").split("schema", 1)[-1]]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("a=1\n\n\n\nb  =  2", "a = 1\nb = 2\n", id="space around keys"),
        pytest.param("[ pack ]\nid='x'\n", '[pack]\nid = "x"\n', id="double quotes"),
        pytest.param("t = 'say \"so\"'\n", "t = 'say \"so\"'\n", id="single where double escape"),
        pytest.param('t = "a\\tb"\n', 't = "a\\tb"\n', id="escapes as they were"),
        pytest.param('when = "vix > 2"\n', "when = 'vix > 2'\n", id="conditions in single quotes"),
        pytest.param(
            "when = \"a == 'b'\"\n", "when = \"a == 'b'\"\n", id="but where they have some"
        ),
        pytest.param('"vix" = 1\n"a.b" = 2\n', 'vix = 1\n"a.b" = 2\n', id="keys need no quotes"),
        pytest.param("'a\"b' = 1\n", '"a\\"b" = 1\n', id="a key that needs escapes"),
        pytest.param("a . 'b' = 0.50 # c \n", "a.b = 0.50  # c\n", id="figures and comments stay"),
        pytest.param("x = {a=1,b = {}}\n", "x = { a = 1, b = {} }\n", id="a table in braces"),
        pytest.param("x = [1,2 , 3,\n]\n", "x = [1, 2, 3]\n", id="a list that fits"),
        pytest.param(
            "x = [ # all\n 1, # one\n # two\n 2 # too\n , 3\n # end\n]\n",
            "x = [\n  # all\n  1,  # one\n  # two\n  2,  # too\n  3,\n  # end\n]\n",
            id="a list with comments",
        ),
        pytest.param(
            f'x = ["{"a" * 50}", "{"b" * 50}"]',
            f'x = [\n  "{"a" * 50}",\n  "{"b" * 50}",\n]\n',
            id="a list longer than a line",
        ),
        pytest.param(
            '[[rule]]\ntext = """\n two\n  lines """\n',
            '[[rule]]\ntext = """\n two\n  lines """\n',
            id="a text of several lines",
        ),
        pytest.param(
            '[[rule]]\ntext="t"\n# why\nwhen="x"\nid="i"\n',
            '[[rule]]\nid = "i"\n# why\nwhen = \'x\'\ntext = "t"\n',
            id="keys in their order, comments with them",
        ),
        pytest.param(
            '[[rule]]\nwhen="x"\n# of the condition\n\ntext="t"\nid="i"\n',
            '[[rule]]\nid = "i"\nwhen = \'x\'\n# of the condition\n\ntext = "t"\n',
            id="and those below them, which are not of the next",
        ),
        pytest.param(
            '[[rule]]\nid="i"\nodd=1\naction="a"\n',
            '[[rule]]\nid = "i"\naction = "a"\nodd = 1\n',
            id="an unknown key goes last",
        ),
        pytest.param(
            "[[layer]]\n[[layer.rule]]\nid='a'\n[layer.rule.max_age]\nvix='5m'\n",
            '[[layer]]\n\n  [[layer.rule]]\n  id = "a"\n    [layer.rule.max_age]\n    vix = "5m"\n',
            id="tables within tables",
        ),
        pytest.param("a = 2020-02-21 21:15:00Z\n", "a = 2020-02-21 21:15:00Z\n", id="an instant"),
        pytest.param("# only\n\n\n# words", "# only\n\n# words\n", id="nothing but comments"),
        pytest.param("\n\n", "", id="nothing"),
    ],
)
def test_the_layout(before: str, after: str) -> None:
    assert laid_out(before) == after
    assert laid_out(after) == after


def test_comments_stay_with_what_they_touch() -> None:
    before = (
        "# of the file\n\nschema = 1\n[[rule]]\nid = 'a'\n# below the id\n\n\n# between\n\n"
        "# of the second\n[[rule]]\nid = 'b'\n\n# at the end\n"
    )
    assert laid_out(before) == (
        '# of the file\n\nschema = 1\n\n[[rule]]\nid = "a"\n# below the id\n\n# between\n\n'
        '# of the second\n[[rule]]\nid = "b"\n\n# at the end\n'
    )


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_what_ships_is_laid_out_so(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert laid_out(text) == text, "run `hedgewatch rules fmt`"


_KEY = re.compile(r" *[\w.\"-]+ = ")


def scruffy(text: str, random: Random) -> str:
    """Return a file in the layout as a careless hand would have written it, meaning the same."""
    tables: list[list[list[str]]] = [[]]
    for line in text.splitlines():
        opens = line.lstrip().startswith("[") or not line
        if opens:
            tables += [[[line]], []] if line else [[[line]]]
        elif _KEY.match(line) or line.startswith("#") or not tables[-1]:
            tables[-1].append([line])
        else:
            tables[-1][-1].append(line)
    for header, table in pairwise(tables):
        ordered = not (header and header[0][0].endswith("series]"))
        if ordered and all(_KEY.match(part[0]) for part in table):
            random.shuffle(table)
    return "\n".join(_careless(line, random) for table in tables for part in table for line in part)


def _careless(line: str, random: Random) -> str:
    pad, gap = " " * random.randrange(4), "\n" * random.randrange(3)
    if not line:
        return gap
    if line.lstrip().startswith("#"):
        return pad + line.lstrip()
    return pad + re.sub(r"^([\w.\"-]+) = ", rf"\1{pad}={pad}", line.strip()) + pad


@settings(max_examples=60, deadline=None)
@given(path=st.sampled_from(BARE), random=st.randoms(use_true_random=False))
def test_a_careless_hand_s_file_comes_back_to_the_layout(path: Path, random: Random) -> None:
    text = path.read_text(encoding="utf-8")
    careless = scruffy(text, random)
    assert tomllib.loads(careless) == tomllib.loads(text)
    assert laid_out(careless) == text


@settings(max_examples=60, deadline=None)
@given(path=st.sampled_from(pack_files(rules_dir())), random=st.randoms(use_true_random=False))
def test_a_pack_laid_out_is_the_same_pack(
    path: Path, random: Random, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("packs")
    careless = scruffy(path.read_text(encoding="utf-8"), random)
    packs = []
    for name, text in (("careless", careless), ("laid_out", laid_out(careless))):
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
        (pack,) = load_packs([folder / f"{name}.toml"])
        packs.append(replace(pack, file=""))
    assert packs[0] == packs[1]


# Any TOML, as far as a grammar of its own makes it: what it means is told by `tomllib`.
_SPACE = st.sampled_from(["", " ", "\t", "  "])
_COMMENT = st.sampled_from(["# one", "#two", '# "three" = [', "# é  "])
_BARE_KEYS = st.sampled_from(["id", "when", "text", "a-b", "1", "odd", "schema"])
_QUOTED_KEYS = st.sampled_from(['"x.y"', "'q\"'", '""', '"é"', '"\\u0041"'])
_KEYS = st.one_of(_BARE_KEYS, _QUOTED_KEYS)
_SCALARS = st.sampled_from(
    [
        *("1", "+1_000", "0x1F", "-0.50", "1e-3", "inf", "true", "2020-02-21T21:15:00Z"),
        *("2020-02-21 21:15:00.5+01:00", "2020-02-21", "21:15:00", '""', "''", '"a # b"'),
        *("'[x]'", '"it\'s \\"so\\""', '"\\t\\u00e9"', '"""two\n  "" lines\\\n  """'),
        *("'''a\n # b ''''", '"""q"""""', '"\\\\"', "'c\\d'", '"""\n"""'),
    ]
)


@st.composite
def _lists(draw: Any, inner: Any) -> str:
    rows = draw(st.lists(inner, max_size=3))
    parts = ["["]
    for row in rows:
        parts += [draw(_gaps()), row, draw(_gaps()), ","]
    if rows and draw(st.booleans()):
        parts.pop()
    return "".join([*parts, draw(_gaps()), "]"])


@st.composite
def _gaps(draw: Any) -> str:
    return draw(st.sampled_from(["", " ", "\n", " # in it\n", "\n  # own line\n\n# more\n"]))


@st.composite
def _braces(draw: Any, inner: Any) -> str:
    names = draw(st.lists(_KEYS, max_size=3, unique=True))
    pairs = (f"{name}{draw(_SPACE)}={draw(_SPACE)}{draw(inner)}" for name in names)
    return "{" + draw(_SPACE) + f"{draw(_SPACE)},{draw(_SPACE)}".join(pairs) + draw(_SPACE) + "}"


_VALUES = st.recursive(_SCALARS, lambda inner: _lists(inner) | _braces(inner), max_leaves=5)


@st.composite
def _files(draw: Any) -> str:
    lines = []
    headers = ["", "[pack]", "[[rule]]", "[[layer]]", "[[layer.rule]]", '[test."a.b"]']
    for header in draw(st.lists(st.sampled_from(headers), max_size=6)):
        lines += [draw(_SPACE) + header] if header else []
        for name in draw(st.lists(_KEYS, max_size=4, unique=True)):
            lines += draw(st.lists(st.one_of(_COMMENT, st.just("")), max_size=4))
            end = draw(st.one_of(st.just(""), _COMMENT.map(lambda one: f" {one}")))
            lines.append(f"{draw(_SPACE)}{name}{draw(_SPACE)}={draw(_SPACE)}{draw(_VALUES)}{end}")
        lines += draw(st.lists(st.one_of(_COMMENT, st.just("")), max_size=4))
    return "\n".join(lines)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=_files())
def test_any_file_means_the_same_keeps_its_comments_and_is_done_at_once(text: str) -> None:
    try:
        meant = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assume(False)
    told = laid_out(text)
    assert tomllib.loads(told) == meant
    assert laid_out(told) == told
    for comment in ("# one", "#two", '# "three" = [', "# in it", "# own line", "# more"):
        assert told.count(comment) == text.count(comment)
