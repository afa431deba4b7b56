"""What literal thresholds alone decide, against trying every value in turn."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.rules.expression import compile_rule
from monitor.rules.parser import parse
from monitor.rules.satisfy import always, both, never
from monitor.rules.verdict import Scalar, Value
from monitor.signals.catalogue import Kind, Scope, Signal

NAMES = {
    name: Signal(name=name, kind=kind, unit="", scope=Scope.MARKET, meaning="", source="")
    for name, kind in (("x", Kind.NUMBER), ("y", Kind.NUMBER), ("p", Kind.BOOL))
}
# Thresholds are 0, 1 and 2: these values meet every case there is between them.
TRIED = (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)


class World:
    def __init__(self, x: float, y: float, *, p: bool) -> None:
        self._values: dict[str, Scalar] = {"x": x, "y": y, "p": p}

    def value(self, name: str) -> Value:
        return Value(value=self._values[name])

    def window(self, function: str, name: str, argument: str | float) -> Value:
        raise AssertionError(f"no window was written: {function} {name} {argument}")


EVERYWHERE = [World(x, y, p=p) for x, y, p in product(TRIED, TRIED, (True, False))]
comparisons = st.builds(
    lambda left, op, right, turned: f"{right} {op} {left}" if turned else f"{left} {op} {right}",
    st.sampled_from(["x", "y"]),
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    st.sampled_from(["0.0", "1.0", "2.0", "(1 + 1)", "-(-1)"]),
    st.booleans(),
)
leaves = st.one_of(comparisons, st.sampled_from(["p", "p == true", "p != true", "true", "false"]))
rules = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) && ({two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) || ({two[1]})"),
        inner.map(lambda one: f"!({one})"),
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(rules)
def test_never_and_always_are_what_trying_every_value_shows(text: str) -> None:
    rule = compile_rule(text, NAMES)
    truths = {rule.truth(world) for world in EVERYWHERE}
    assert never(parse(text)) == (truths == {False})
    assert always(parse(text)) == (truths == {True})


@settings(max_examples=200, deadline=None)
@given(rules, rules)
def test_both_are_true_somewhere_only_if_trying_every_value_finds_it(
    first: str, second: str
) -> None:
    one, other = compile_rule(first, NAMES), compile_rule(second, NAMES)
    found = any(one.truth(world) and other.truth(world) for world in EVERYWHERE)
    where = both(parse(first), parse(second))
    if always(parse(f"({first}) && ({second})")):
        assert found
    else:
        assert bool(where) == found


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param("x > 20", "x < 18", "", id="a gap between"),
        pytest.param("x > 20", "x < 25", "x > 20 and x < 25", id="an overlap"),
        pytest.param("x > 20 && y < 1", "y >= 1 || x < 3", "", id="each side apart"),
        pytest.param("x > y", "!(x > y)", "", id="two signals, and not"),
        pytest.param("x > y", "p", "x > y and p", id="nothing in common"),
    ],
)
def test_where_both_hold_is_told(first: str, second: str, expected: str) -> None:
    assert both(parse(first), parse(second)) == expected


def test_too_many_alternatives_claim_nothing() -> None:
    text = " && ".join(f"(x > {n} || y > {n})" for n in range(15))
    assert not never(parse(text))
    assert not always(parse(text))
    assert both(parse(text), parse("x < 0 && y < 0")) == ""
