"""Over many rows at once a rule says of each row what it says of that row alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.rules.columns import KNOWN, UNKNOWN, Column
from monitor.rules.expression import GLANCES, compile_rule
from monitor.rules.functions import Input
from monitor.rules.syntax import Binary, Call, Name, Number, Text, Tree, Truth, Unary, show
from monitor.rules.verdict import Scalar, Surroundings
from monitor.signals.catalogue import Kind, Scope, Signal

World = Callable[..., Surroundings]


def a_signal(name: str, kind: Kind, scope: Scope) -> Signal:
    return Signal(name=name, kind=kind, unit="", scope=scope, meaning="", source="", windows=True)


EVEN = {
    "x": a_signal("x", Kind.NUMBER, Scope.MARKET),
    "p": a_signal("p", Kind.BOOL, Scope.BOOK),
    "word": a_signal("word", Kind.TEXT, Scope.SYSTEM),
}
OWN = {
    "own.y": a_signal("own.y", Kind.NUMBER, Scope.POSITION),
    "own.z": a_signal("own.z", Kind.NUMBER, Scope.POOL),
    "own.q": a_signal("own.q", Kind.BOOL, Scope.POSITION),
    "own.word": a_signal("own.word", Kind.TEXT, Scope.LAYER),
}
SIGNALS = EVEN | OWN
DELTA = Call(function="delta", arguments=(Name(name="own.y"), Text(value="1h")))
CROSSED = Call(function="crossed_above", arguments=(Name(name="own.z"), Number(value=1.0)))
HAD: tuple[Tree, ...] = (Name(name="own.y"), Name(name="x"), DELTA)
ASKED = {
    **{Input(name): one.kind for name, one in SIGNALS.items()},
    Input("own.y", "delta", "1h"): Kind.NUMBER,
    Input("own.z", "crossed_above", 1.0): Kind.BOOL,
}
PER_ROW = [asked for asked in ASKED if asked.name in OWN]
KINDS: dict[Kind, st.SearchStrategy[Scalar]] = {
    # Small, so that equality and division by zero are met; huge, so that infinity is.
    Kind.NUMBER: st.sampled_from([0.0, -0.0, 0.1, 0.2, 0.3, 1.0, -1.0, 2.5, 1e-300, 1e308, -1e308]),
    Kind.BOOL: st.booleans(),
    Kind.TEXT: st.sampled_from(["on", "off"]),
}
Row = dict[Input, Scalar | None]


@dataclass
class Rows:
    """A table of rows made up; an even input is the first row's for all."""

    rows: Sequence[Row]

    def column(self, asked: Input) -> Column:
        values = [row[asked] for row in self.rows]
        blank = {Kind.NUMBER: np.nan, Kind.BOOL: False, Kind.TEXT: ""}[ASKED[asked]]
        if asked.name in EVEN:
            one = values[0]
            return Column(blank, UNKNOWN) if one is None else Column(one)
        cloud = np.array([UNKNOWN if one is None else KNOWN for one in values], np.int8)
        kind = object if ASKED[asked] is Kind.TEXT else None
        array = np.array([blank if one is None else one for one in values], kind)
        return Column(array, cloud if cloud.any() else KNOWN)


def binary(ops: list[str], operands: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    return st.builds(
        lambda op, a, b: Binary(op=op, left=a, right=b), st.sampled_from(ops), operands, operands
    )


def more_numbers(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    return st.one_of(
        binary(["+", "-", "*", "/", "/"], inner),
        inner.map(lambda one: Unary(op="-", operand=one)),
        inner.map(lambda one: Call(function="abs", arguments=(one,))),
        st.builds(
            lambda function, some: Call(function=function, arguments=tuple(some)),
            st.sampled_from(["min", "max"]),
            st.lists(inner, min_size=2, max_size=3),
        ),
    )


def more_truths(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    return st.one_of(
        binary(["&&", "||", "&&", "||", "==", "!="], inner),
        inner.map(lambda one: Unary(op="!", operand=one)),
    )


numbers: st.SearchStrategy[Tree] = st.one_of(
    st.sampled_from([0.0, 0.1, 1.0, 1e308]).map(lambda n: Number(value=n)),
    st.sampled_from(["x", "own.y", "own.z"]).map(lambda n: Name(name=n)),
    st.just(DELTA),
)
texts: st.SearchStrategy[Tree] = st.one_of(
    st.just(Text(value="on")), st.sampled_from(["word", "own.word"]).map(lambda n: Name(name=n))
)
flags: st.SearchStrategy[Tree] = st.one_of(
    st.sampled_from(["p", "own.q"]).map(lambda n: Name(name=n)),
    st.sampled_from(HAD).map(lambda one: Call(function="has", arguments=(one,))),
    st.booleans().map(lambda b: Truth(value=b)),
    st.just(CROSSED),
)
sums = st.recursive(numbers, more_numbers, max_leaves=6)
comparisons = st.one_of(
    binary(["<", "<=", ">", ">=", "==", "!="], sums), binary(["==", "!="], texts), flags
)
truths = st.recursive(comparisons, more_truths, max_leaves=8)
tables = st.lists(
    st.fixed_dictionaries({asked: st.none() | KINDS[kind] for asked, kind in ASKED.items()}),
    min_size=1,
    max_size=6,
)


@settings(max_examples=600, deadline=None)
@given(tree=truths, rows=tables)
def test_every_row_is_judged_as_it_would_be_alone(
    tree: Tree, rows: list[Row], world: World
) -> None:
    rule = compile_rule(show(tree), SIGNALS)
    codes = rule.glances(Rows(rows), len(rows))
    assert codes.shape == (len(rows),)
    for row, code in zip(rows, codes, strict=True):
        seen = {asked: row[asked] if asked.name in OWN else rows[0][asked] for asked in ASKED}
        alone = world(
            {asked.name: value for asked, value in seen.items() if not asked.function},
            {
                (asked.function, asked.name, asked.argument): value
                for asked, value in seen.items()
                if asked.function
            },
        )
        traced, glanced = rule.judge(alone), rule.glance(alone)
        assert GLANCES[code].truth is traced.truth is glanced.truth
        assert bool(GLANCES[code].error) is bool(traced.error) is bool(glanced.error)


@pytest.mark.parametrize(
    ("text", "rows", "codes"),
    [
        pytest.param("own.y > 1", [2.0, 1.0, None], [1, 0, 2], id="a comparison"),
        pytest.param("1 / own.y > 1", [0.5, 0.0, -0.0, None], [1, 3, 3, 2], id="a division by 0"),
        pytest.param("own.y * 10 > 1", [1e308, 1.0], [2, 1], id="an overflow is not known"),
        pytest.param("has(own.y)", [1.0, None], [1, 0], id="has is always known"),
        pytest.param("x > 1 && own.y > 1", [2.0, 0.0, None], [2, 0, 2], id="an even unknown"),
    ],
)
def test_what_a_column_says(text: str, rows: list[float | None], codes: list[int]) -> None:
    blank: Row = dict.fromkeys(ASKED)
    table = Rows([{**blank, Input("own.y"): value} for value in rows])
    assert list(compile_rule(text, SIGNALS).glances(table, len(rows))) == codes


def test_what_one_side_settles_for_all_rows_asks_nothing_of_the_other() -> None:
    class Asked(Rows):
        def column(self, asked: Input) -> Column:
            assert asked == Input("x"), "asked of every row in vain"
            return Column(1.0)

    for text in ('delta(own.y, "1h") < 0 && x > 2', "x > 0 || own.y > 1"):
        assert len(set(compile_rule(text, SIGNALS).glances(Asked([]), 3))) == 1
