"""Kleene's strong logic, and what a verdict tells besides the truth."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product

import pytest

from monitor.rules.expression import compile_rule
from monitor.rules.verdict import Surroundings, Term, Value
from monitor.signals.catalogue import BY_NAME, Kind, Scope, Signal

World = Callable[..., Surroundings]
FLAGS = {
    name: Signal(name=name, kind=Kind.BOOL, unit="", scope=Scope.MARKET, meaning="", source="")
    for name in ("p", "q")
}
AT = datetime(2026, 11, 20, 14, 16, tzinfo=UTC)
EARLIER = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
# Kleene 1952: false < unknown < true; and is the least, or the greatest, not turns round.
RANK = {False: 0, None: 1, True: 2}
TRUTHS = (False, None, True)


def least(*truths: bool | None) -> bool | None:
    return min(truths, key=lambda one: RANK[one])


def greatest(*truths: bool | None) -> bool | None:
    return max(truths, key=lambda one: RANK[one])


def turned(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


BY_ZERO = "vix / 0 divides by zero"
Meaning = Callable[[bool | None, bool | None], bool | None]


@pytest.mark.parametrize(("p", "q"), list(product(TRUTHS, repeat=2)))
@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        pytest.param("p && q", least, id="and"),
        pytest.param("p || q", greatest, id="or"),
        pytest.param("!(p && !q)", lambda p, q: greatest(turned(p), q), id="an implication"),
        pytest.param("p || q && !p", lambda p, q: greatest(p, least(q, turned(p))), id="and first"),
        pytest.param("(p || q) && !p", lambda p, q: least(greatest(p, q), turned(p)), id="grouped"),
        pytest.param("p == q", lambda p, q: None if None in {p, q} else p is q, id="the same"),
        pytest.param("has(p) && has(q)", lambda p, q: None not in {p, q}, id="has is known"),
        pytest.param(
            "has(p) && p || !has(p) && q", lambda p, q: q if p is None else p, id="a way out"
        ),
    ],
)
def test_logic_with_unknowns_is_kleenes(
    text: str, meaning: Meaning, p: bool | None, q: bool | None, world: World
) -> None:
    rule = compile_rule(text, FLAGS)
    seen = world({"p": p, "q": q})
    assert rule.judge(seen).truth is meaning(p, q)
    assert rule.truth(seen) is meaning(p, q)


@pytest.mark.parametrize(
    ("text", "truth", "error"),
    [
        pytest.param("vix / 0.0 > 1", None, "vix / 0.0 divides by zero", id="alone"),
        pytest.param("!(vix / 0 > 1)", None, BY_ZERO, id="a not keeps it"),
        pytest.param("vix / 0 > 1 && vix < 1", False, "", id="a false side absorbs it"),
        pytest.param("vix / 0 > 1 || vix > 1", True, "", id="a true side absorbs it"),
        pytest.param("vix < 1 && vix / 0 > 1", False, "", id="a false left side absorbs it"),
        pytest.param("vix / 0 > 1 && book.il < 0", None, BY_ZERO, id="no unknown hides it"),
        pytest.param("book.il < 0 || vix / 0 > 1 && vix < 1", None, "", id="absorbed, not blamed"),
        pytest.param("max(vix, vix / 0) > 1", None, BY_ZERO, id="max hands it on"),
        pytest.param("abs(-(vix / 0)) > 1", None, BY_ZERO, id="abs and minus hand it on"),
        pytest.param("1 - vix / 0 > 1", None, BY_ZERO, id="a sum hands it on"),
    ],
)
def test_dividing_by_zero_is_an_error_unless_it_does_not_matter(
    text: str, truth: bool | None, error: str, world: World
) -> None:
    verdict = compile_rule(text, BY_NAME).judge(world({"vix": 20.0}))
    assert (verdict.truth, verdict.error) == (truth, error)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(float("nan"), id="not a number"),
        pytest.param(float("inf"), id="infinite"),
        pytest.param(None, id="not had"),
        pytest.param("20", id="a text"),
        pytest.param(True, id="a truth"),
    ],
)
def test_a_number_that_is_none_is_unknown(value: object, world: World) -> None:
    seen = world({"vix": Value(value=value)})  # type: ignore[arg-type]
    for text in ("vix > 1", "!(vix > 1)", "vix == vix", "-vix < 1 && vix > 1"):
        assert compile_rule(text, BY_NAME).judge(seen).truth is None
        assert compile_rule(text, BY_NAME).truth(seen) is None


def test_arithmetic_that_leaves_the_finite_is_unknown(world: World) -> None:
    rule = compile_rule("vix * 1e308 * 10 - vix * 1e308 * 10 > 0", BY_NAME)
    verdict = rule.judge(world({"vix": 20.0}))
    assert (verdict.truth, verdict.error) == (None, "")


def test_whole_numbers_are_doubles(world: World) -> None:
    assert compile_rule("1 / 2 == 0.5 && vix == 20", BY_NAME).truth(world({"vix": 20})) is True


def test_the_trace_tells_every_comparison_also_where_the_answer_was_clear(world: World) -> None:
    rule = compile_rule(
        'vix > 20.0 || book.il < -0.03 && delta(vix, "1d") > 2.0 || !position.in_range', BY_NAME
    )
    seen = world(
        {
            "vix": Value(value=27.5, as_of=AT, source="cboe", age_s=900.0),
            "position.in_range": Value(value=True, source="block 7"),
        },
        {
            ("delta", "vix", "1d"): Value(
                value=6.25, as_of=AT, source="cboe", age_s=900.0, note="27.50 - 21.25"
            )
        },
    )
    verdict = rule.judge(seen)
    assert verdict.truth is True
    assert verdict.trace == (
        Term(
            text="vix > 20.0",
            truth=True,
            left=27.5,
            op=">",
            right=20.0,
            margin=7.5,
            unit="points",
            source="cboe",
            as_of=AT,
            age_s=900.0,
        ),
        Term(
            text="book.il < -0.03",
            truth=None,
            left=None,
            op="<",
            right=-0.03,
            margin=None,
            unit="fraction",
            note="book.il was never seen",
        ),
        Term(
            text='delta(vix, "1d") > 2.0',
            truth=True,
            left=6.25,
            op=">",
            right=2.0,
            margin=4.25,
            unit="points",
            source="cboe",
            as_of=AT,
            age_s=900.0,
            note="27.50 - 21.25",
        ),
        Term(
            text="position.in_range",
            truth=True,
            left=True,
            op="is",
            right=True,
            margin=None,
            source="block 7",
        ),
    )


@pytest.mark.parametrize(
    ("text", "margin"),
    [
        ("vix > 20", 7.5),
        ("vix >= 30", -2.5),
        ("vix < 30", 2.5),
        ("vix <= 20", -7.5),
        ("vix == 30", -2.5),
        ("vix != 30", 2.5),
        ("30 > vix", 2.5),
        ('layer.state == "on"', None),
    ],
)
def test_the_margin_is_how_far_a_comparison_is_on_its_true_side(
    text: str, margin: float | None, world: World
) -> None:
    (term,) = compile_rule(text, BY_NAME).judge(world({"vix": 27.5, "layer.state": "on"})).trace
    assert term.margin == margin


def test_a_term_over_several_signals_names_every_source_and_the_oldest_time(world: World) -> None:
    seen = world(
        {
            "vix": Value(value=27.5, as_of=EARLIER, source="cboe", age_s=900.0, note="late"),
            "dvol.eth": Value(value=71.0, as_of=AT, source="deribit", age_s=2.0),
        }
    )
    (term,) = compile_rule("dvol.eth  -  vix >\n 40", BY_NAME).judge(seen).trace
    assert (term.text, term.left, term.unit) == ("dvol.eth - vix > 40", 43.5, "points")
    assert (term.source, term.as_of, term.age_s, term.note) == (
        "deribit, cboe",
        EARLIER,
        900.0,
        "late",
    )


def test_a_term_that_divides_by_zero_says_so(world: World) -> None:
    (term,) = compile_rule("vix / (vix - 20) > 1", BY_NAME).judge(world({"vix": 20.0})).trace
    assert (term.truth, term.note) == (None, "vix / (vix - 20) divides by zero")


def test_the_text_of_a_term_keeps_its_parentheses(world: World) -> None:
    (term,) = compile_rule("((vix + 1) * 2 > 3)", BY_NAME).judge(world({"vix": 20.0})).trace
    assert term.text == "(vix + 1) * 2 > 3"


def test_has_is_in_the_trace_with_what_it_found(world: World) -> None:
    (term,) = compile_rule("has(vix)", BY_NAME).judge(world({"vix": 20.0})).trace
    assert (term.text, term.op, term.truth, term.left) == ("has(vix)", "has", True, 20.0)


def test_nested_comparisons_are_each_recorded_once(world: World) -> None:
    rule = compile_rule("((vix > 1) == (vix > 2)) == (vix > 3)", BY_NAME)
    texts = [term.text for term in rule.judge(world({"vix": 20.0})).trace]
    assert texts == [
        "vix > 1",
        "vix > 2",
        "(vix > 1) == (vix > 2)",
        "vix > 3",
        "((vix > 1) == (vix > 2)) == (vix > 3)",
    ]


class CountingWorld:
    """Knows everything, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def value(self, name: str) -> Value:
        self.asked.append(name)
        return Value(value=20.0)

    def window(self, function: str, name: str, argument: str | float) -> Value:
        self.asked.append(f"{function} {name} {argument}")
        return Value(value=20.0)


def test_the_quick_way_asks_for_no_more_than_it_takes() -> None:
    seen = CountingWorld()
    rule = compile_rule('vix > 30 && highest(vix, "5d") > 1', BY_NAME)
    assert rule.truth(seen) is False
    assert seen.asked == ["vix"]
    rule.judge(seen)
    assert seen.asked == ["vix", "vix", "highest vix 5d"]
