"""Random expressions mean here what they mean in CEL, known and unknown."""

import cel
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.rules.expression import compile_rule
from monitor.rules.parser import parse
from monitor.rules.syntax import Binary, Call, Name, Number, Text, Tree, Truth, Unary, show
from monitor.rules.verdict import Scalar, Value
from monitor.signals.catalogue import Kind, Scope, Signal


def a_signal(name: str, kind: Kind = Kind.NUMBER) -> Signal:
    return Signal(name=name, kind=kind, unit="", scope=Scope.MARKET, meaning="", source="")


NUMBERS = ("x", "pool.y", "pool.z")
FLAGS = ("p", "pool.q")
WORDS = ("state",)
SIGNALS = {
    **{name: a_signal(name) for name in NUMBERS},
    **{name: a_signal(name, Kind.BOOL) for name in FLAGS},
    **{name: a_signal(name, Kind.TEXT) for name in WORDS},
}
# Quarters are exact in binary, so equality is met often and rounding never decides.
quarters = st.integers(-40, 40).map(lambda n: n / 4)
numbers = st.one_of(
    st.integers(0, 40).map(lambda n: Number(value=n / 4)),
    st.sampled_from(NUMBERS).map(lambda n: Name(name=n)),
)
texts = st.one_of(
    st.sampled_from(["on", "off", 'o"n', "o\\n"]).map(lambda t: Text(value=t)),
    st.sampled_from(WORDS).map(lambda n: Name(name=n)),
)
fields = st.sampled_from(["pool.y", "pool.z", "pool.q"]).map(lambda n: Name(name=n))
flags = st.one_of(
    fields.map(lambda one: Call(function="has", arguments=(one,))),
    st.booleans().map(lambda b: Truth(value=b)),
    st.sampled_from(FLAGS).map(lambda n: Name(name=n)),
)


def binary(ops: list[str], operands: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    return st.builds(
        lambda op, a, b: Binary(op=op, left=a, right=b), st.sampled_from(ops), operands, operands
    )


def more_numbers(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    return st.one_of(
        binary(["+", "-", "*", "/"], inner),
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


sums = st.recursive(numbers, more_numbers, max_leaves=6)
comparisons = st.one_of(
    binary(["<", "<=", ">", ">=", "==", "!="], sums), binary(["==", "!="], texts), flags
)
truths = st.recursive(comparisons, more_truths, max_leaves=8)
values = st.fixed_dictionaries(
    {
        **dict.fromkeys(NUMBERS, quarters),
        **dict.fromkeys(FLAGS, st.booleans()),
        **dict.fromkeys(WORDS, st.sampled_from(["on", "off", 'o"n'])),
    }
)


class KnownWorld:
    def __init__(self, values: dict[str, Scalar]) -> None:
        self._values = values

    def value(self, name: str) -> Value:
        return Value(value=self._values.get(name))

    def window(self, function: str, name: str, argument: str | float) -> Value:
        raise AssertionError(f"no window was written: {function} {name} {argument}")


def in_cel(text: str, values: dict[str, Scalar]) -> bool | None:
    """Judge by CEL; None where it raises, as it does for a name that is not there."""
    nested: dict[str, object] = {"pool": {}}
    for name, value in values.items():
        group, dot, field = name.partition(".")
        target = nested["pool"] if dot else nested
        assert isinstance(target, dict)
        target[field if dot else group] = value
    context = cel.Context(nested)
    for function in (abs, min, max):
        context.add_function(function.__name__, function)
    try:
        answer = cel.evaluate(text, context)
    except (TypeError, ValueError, RuntimeError, KeyError):
        return None
    assert isinstance(answer, bool)
    return answer


@settings(max_examples=600, deadline=None)
@given(truths, values, st.sets(st.sampled_from([*NUMBERS, *FLAGS, *WORDS]), max_size=3))
def test_a_rule_means_what_it_means_in_cel_with_missing_names_too(
    tree: Tree, values: dict[str, Scalar], missing: set[str]
) -> None:
    world = {name: value for name, value in values.items() if name not in missing}
    text = show(tree)
    rule = compile_rule(text, SIGNALS)
    verdict = rule.judge(KnownWorld(world))
    assert rule.truth(KnownWorld(world)) is verdict.truth
    # Where we say "divides by zero", CEL goes on with infinity.
    if not any("divides by zero" in term.note for term in verdict.trace):
        assert verdict.truth is in_cel(text, world)
        assert verdict.error == ""


@settings(max_examples=400, deadline=None)
@given(truths)
def test_what_is_shown_reads_back_as_the_same_tree(tree: Tree) -> None:
    assert parse(show(tree)) == tree
