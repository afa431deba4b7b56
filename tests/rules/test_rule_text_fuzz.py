"""Whatever text comes, there is a rule or a RuleError, soon."""

import gc
import time
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.rules.expression import RuleError, compile_rule
from monitor.rules.template import compile_template
from monitor.rules.verdict import Value
from monitor.signals.catalogue import BY_NAME, Signal

# Process time, so that a busy machine does not fail us; the best of three, so
# that a collection of garbage does not either. A neighbour on the same core slows
# process time too, for a while: what is too slow once is tried again, ROUNDS times.
LIMIT_S = 0.005
# What we know to cost most leaves room, so that a slower machine keeps the limit, too.
COSTLIEST_S = 0.8 * LIMIT_S
ROUNDS = 5
PIECES = [
    "vix", "vxi", "book.il", "position.in_range", "layer.state", "pool.", ".il", "true", "null",
    "has", "max", "avg", "crossed_above", "1", "30.0", ".5", "1e9", "1e999", "0x1", '"1h"', '"',
    "'", "&&", "||", "!", "<", "<=", "==", "!=", "=", "+", "-", "*", "/", "%",
    "(", ")", ",", " ", "\n",
    "\\", "\x00", "é", "{", "[", "__class__", "²",
]  # fmt: skip
GOOD = [
    'vix > 20.0 && delta(vix, "1d") > 2.0 && book.il < -0.03',
    "!position.in_range || min(position.distance_lower, position.distance_upper) > 0.03",
    'layer.state == "on" && (layer.dte <= 21.0 || layer.extrinsic_left < 0.70)',
]
soups = st.lists(st.sampled_from(PIECES), max_size=600).map("".join)
repeats = st.builds(
    lambda piece, other, count: (piece + other) * count,
    st.sampled_from(PIECES),
    st.sampled_from(PIECES),
    st.integers(1, 1_500),
)
spliced = st.builds(
    lambda text, at, piece: text[: at % len(text)] + piece + text[at % len(text) :],
    st.sampled_from(GOOD),
    st.integers(0, 200),
    st.one_of(st.sampled_from(PIECES), st.text(max_size=3)),
)
any_text = st.one_of(st.text(max_size=2_100), soups, repeats, spliced)


def seconds_for(compiler: Callable[..., object], text: str) -> float:
    fault: RuleError | None = None
    gc.disable()  # else the heap of a thousand other tests is swept on this text's account
    started = time.process_time()
    try:
        compiler(text, BY_NAME)
    except RuleError as error:
        fault = error
    took = time.process_time() - started
    gc.enable()
    assert fault is None or (fault.reason and 1 <= fault.column <= len(text) + 1)
    return took


def in_time(compiler: Callable[..., object], text: str, limit_s: float = LIMIT_S) -> bool:
    return any(min(seconds_for(compiler, text) for _ in range(3)) < limit_s for _ in range(ROUNDS))


class Nothing:
    """A world in which nothing is known."""

    def value(self, name: str) -> Value:
        return Value(value=None, note=f"{name} has not been read")

    def window(self, function: str, name: str, argument: str | float) -> Value:
        return Value(value=None, note=f"{function} of {name} over {argument} has not been read")


def compiled_and_judged(text: str, names: Mapping[str, Signal]) -> None:
    rule = compile_rule(text, names)
    assert rule.judge(Nothing()).truth is rule.truth(Nothing())


@settings(max_examples=1_500, deadline=None)
@given(any_text)
def test_any_text_gives_a_rule_or_a_rule_error_in_time(text: str) -> None:
    assert in_time(compile_rule, text)


@settings(max_examples=500, deadline=None)
@given(st.one_of(any_text, soups.map(lambda soup: "{" + soup + "}")))
def test_any_text_gives_a_template_or_a_rule_error_in_time(text: str) -> None:
    assert in_time(compile_template, text)


COSTLIEST = [
    pytest.param("vix>1||" * 63 + "vix>1", id="as many comparisons as fit"),
    pytest.param("1<vix+" + "(1*1)+" * 42 + "1", id="as much arithmetic as fits"),
    pytest.param("has(vix)||" * 50 + "has(vix)", id="as many calls as fit"),
    pytest.param("max(" + 'delta(vix,"1d"),' * 35 + "1)>1", id="as many windows as fit"),
    pytest.param("(" * 49 + "vix" + "+1)" * 49 + ">1", id="as deep as it goes"),
    pytest.param("v" * 2_000 + ">1", id="one long name"),
    pytest.param("vix." * 499 + "vix", id="one long path"),
    pytest.param('"' * 1_999, id="quotes"),
    pytest.param("-" * 2_000, id="minuses"),
    pytest.param(" " * 2_000, id="nothing but space"),
    pytest.param("x" * 1_000_000, id="a megabyte"),
    pytest.param("||".join(["!(vix>1)"] * 36), id="as many nots as fit"),
]


@pytest.mark.parametrize("text", COSTLIEST)
def test_the_costliest_texts_are_read_with_room_to_spare(text: str) -> None:
    assert in_time(compile_rule, text, COSTLIEST_S)


@settings(max_examples=300, deadline=None)
@given(any_text)
def test_what_is_put_off_until_a_rule_is_judged_is_soon_done_too(text: str) -> None:
    assert in_time(compiled_and_judged, text)


def test_a_text_of_nothing_but_wrong_names_is_refused_in_time() -> None:
    text = "||".join(f"position.distance_lowre{at}>1" for at in range(60))
    assert in_time(compile_rule, text)


@pytest.mark.parametrize("text", COSTLIEST)
def test_the_costliest_texts_are_read_and_first_judged_in_time(text: str) -> None:
    assert in_time(compiled_and_judged, text)
