"""Every way to write a rule wrongly is refused when it is read, by a sentence with its place."""

import pytest

from monitor.rules.expression import RuleError, compile_rule
from monitor.signals.catalogue import BY_NAME

HISTORIES = (
    "book.il, book.value_usd, breadth.ad_line, breadth.ad_slope20, breadth.mcclellan, "
    "breadth.proxy, btc.price, capm.beta_eth and more: `hedgewatch signals --catalogue` tells which"
)
ONE_PIECE = "a name is written in one piece, such as position.il"
SOME = (
    "beta, breakeven_lower, breakeven_upper, collected_token0, collected_token1, collected_usd,"
    " delta, delta_usd and 59 more: `hedgewatch signals` has them all"
)
BOOK = (
    "calm_share, delta_btc, delta_btc_share, delta_eth, delta_eth_share, delta_spx, "
    "delta_spx_share, fit_dvol and 19 more: `hedgewatch signals` has them all"
)
FUNCTIONS = "abs, avg, crossed_above, crossed_below, delta, has, highest, lowest, max, min"
LEVEL = "a signal and a level such as 30.0"
WRITTEN_OUT = "crossed_above must be a number written out, such as 30.0"
SYNTAX = [
    ("", 1, "an expression is missing"),
    ("   ", 1, "an expression is missing"),
    ("vix > ", 7, "a value is expected here, but the text ends"),
    ("vix > 20.0 &&", 14, "a value is expected here, but the text ends"),
    ("(vix > 20.0", 12, "a closing parenthesis is expected here, but the text ends"),
    ("vix > 20.0)", 11, "an operator or the end is expected here, but there is ')'"),
    ("vix > 20.0 vix", 12, "an operator or the end is expected here, but there is 'vix'"),
    ("max(vix 3) > 1", 9, "a comma or a closing parenthesis is expected here, but there is '3'"),
    ("vix = 20", 5, "'=' means nothing here: use == to compare"),
    ("vix > 20 & vix < 30", 10, "'&' means nothing here: use && for and"),
    ("vix > 20 | vix < 30", 10, "'|' means nothing here: use || for or"),
    ("vix > 30%", 9, "'%' means nothing here: percent is written as a fraction: 0.05 for 5 %"),
    ("vix > 20 ? 1 : 2", 10, "'?' means nothing here: there is no choice operator; use && and ||"),
    ("vix > 20 and vix < 30", 10, "and is not part of the language: use &&"),
    ("not vix > 20", 1, "not is not part of the language: use !"),
    ("vix in [1, 2]", 8, "'[' means nothing here: there are no lists"),
    ("vix == null", 8, "null is not part of the language: ask has(name) whether a value is known"),
    ("position.in_range == True", 22, "True is not part of the language: write true"),
    ("10 < vix < 20", 10, "comparisons do not chain; join them with &&"),
    ("vix > 0x10", 7, "0x10 is not a number"),
    ("vix > 10u", 7, "10u is not a number"),
    ("vix > 10.", 7, "10. is not a number"),
    ("vix > 1e999", 7, "1e999 is too large for a number"),
    ('layer.state == "on', 16, "this quote is never closed"),
    ('layer.state == "o\\n"', 18, "a text knows the escapes \\\\, \\\" and \\', not \\n"),
    ("vix > 2 ** 3", 10, "a value is expected here, but there is '*'"),
    ("vix >\x00 3", 6, "'\\x00' means nothing here"),
    ("vix . il > 3", 5, f"'.' means nothing here: {ONE_PIECE}"),
]
NAMES = [
    ("vxi > 20", 1, "there is no signal vxi; did you mean vix?"),
    ("VIX > 20", 1, "there is no signal VIX; did you mean vix?"),
    ("vix > 20 && book.li < -0.03", 13, "there is no signal book.li; did you mean book.il?"),
    (
        "book.liquidity > 1",
        1,
        f"there is no signal book.liquidity; book has {BOOK}",
    ),
    ("position.tvl > 1", 1, f"there is no signal position.tvl; position has {SOME}"),
    ("pool > 1", 1, "there is no signal pool"),
    ("vix.value > 1", 1, "there is no signal vix.value"),
    ("vx.settle > 20", 1, "vx.settle is a family of values; a rule cannot name it"),
    ('ave(vix, "1h") > 20', 1, "there is no function ave; did you mean avg?"),
    ("exec(vix) > 1", 1, f"there is no function exec; there are {FUNCTIONS}"),
    ("vix(3) > 1", 1, "vix is a signal, not a function"),
]
TYPES = [
    ("vix", 1, "a rule must say true or false, this says a number in points; compare it"),
    ("vix + 1.0", 1, "a rule must say true or false, this says a number in points; compare it"),
    ("3", 1, "a rule must say true or false, this says a number; compare it"),
    ("layer.state", 1, "a rule must say true or false, this says a text; compare it"),
    ("vix && true", 1, "&& joins what is true or false, this is a number"),
    ("vix > 20 || layer.dte", 13, "|| joins what is true or false, this is a number"),
    ("!vix", 2, "! needs what is true or false, this is a number"),
    ("-position.in_range", 2, "- needs a number, this is what is true or false"),
    ("vix + position.in_range > 1", 7, "+ takes a number, this is what is true or false"),
    ('vix > "20"', 5, "a number cannot be compared with a text"),
    ("position.in_range == 1", 19, "a bool cannot be compared with a number"),
    ("position.in_range < true", 19, "< needs numbers; a bool knows == and !="),
    ('layer.state >= "on"', 13, ">= needs numbers; a text knows == and !="),
    ('layer.state == "onn"', 16, 'it is never "onn"; did you mean on?'),
    (
        '"sold" != layer.state',
        1,
        'it is never "sold"; it is expired, off, on, proposed, remove_due or roll_due',
    ),
]
UNITS = [
    ("position.il < vix", 13, "fraction compared with points: the units differ"),
    ("position.il + vix > 1", 13, "fraction added to points: the units differ"),
    ("layer.dte - vix > 1", 11, "days less points: the units differ"),
    ("max(vix, layer.dte) > 1", 10, "points compared with days: the units differ"),
    ("vix * vix > 400", 5, "points times points has no unit a rule knows"),
    ("book.value_usd / vix > 1", 16, "usd divided by points has no unit a rule knows"),
    ("1 / vix > 0.05", 3, "a bare number divided by points has no unit a rule knows"),
    ("book.value_usd * book.il < vix", 26, "usd compared with points: the units differ"),
]
CALLS = [
    ("has(1) == true", 1, "has takes one signal or one window over a signal"),
    ("has(vix, vix)", 1, "has takes one signal or one window over a signal"),
    ("has(vxi)", 5, "there is no signal vxi; did you mean vix?"),
    ("abs(vix, 1) > 1", 1, "abs takes one number, not 2"),
    ("max(vix) > 1", 1, "max takes two numbers or more"),
    ("min() > 1", 1, "min takes two numbers or more"),
    ("abs(position.in_range) > 1", 5, "abs takes a number, this is what is true or false"),
    ("avg(vix) > 20", 1, 'avg takes a signal and a span such as "1h", not 1 arguments'),
    ('avg(vix + 1, "1h") > 20', 5, "the first argument of avg must be the name of a signal"),
    ("avg(vix, 60) > 20", 10, 'the second argument of avg must be a span in quotes, such as "1h"'),
    (
        'delta(vix, "1y") > 2',
        12,
        "'1y' is not a span: write a whole number and s, m, h, d or w, as in \"30m\"",
    ),
    ('delta(vix, "0d") > 2', 12, "delta over no time at all means nothing"),
    ('delta(vix, "99w") > 2', 12, "99w is too long: a window reaches back at most 53w"),
    ('delta(vxi, "1d") > 2', 7, "there is no signal vxi; did you mean vix?"),
    (
        'avg(layer.dte, "1h") > 2',
        5,
        f"no history is kept of layer.dte; avg works over {HISTORIES}",
    ),
    ("crossed_above(vix, vix)", 20, f"the second argument of {WRITTEN_OUT}"),
    ("crossed_above(vix)", 1, f"crossed_above takes {LEVEL}, not 1 arguments"),
    ("crossed_above(vix, 30.0) > 1", 26, "a bool cannot be compared with a number"),
]
NESTS = "at most 50 levels may nest; split the rule"
MANY = "a rule has at most 256 words and signs; split it"
ATTACKS = [
    pytest.param("pool.__class__.__init__.__globals__", "there is no signal pool.__", id="globals"),
    pytest.param("().__class__.__bases__ == 1", "'.' means nothing", id="bases of a tuple"),
    pytest.param("__import__('os').system('id')", "'.' means nothing", id="import and call"),
    pytest.param("__import__('os') == vix", "there is no function __import__", id="import"),
    pytest.param('"{0.__class__}".format(vix) == "x"', "'.' means nothing", id="format"),
    pytest.param("9**9**9 > vix", "a value is expected here", id="powers"),
    pytest.param("[1].map(x, [1].map(y, x)) == 1", "'[' means nothing", id="nested maps"),
    pytest.param('layer.state.matches("(a+)+$")', "there is no function", id="a pattern"),
    pytest.param("9*" * 300_000 + "9 > vix", "a rule has at most 2,000", id="600 kB"),
    pytest.param("vix>1||" * 285 + "vix", MANY, id="286 terms"),
    pytest.param("1+" * 900 + "1 < vix", MANY, id="a long sum"),
    pytest.param("(" * 60 + "vix" + ")" * 60 + " > 1", NESTS, id="60 parentheses"),
    pytest.param("-" * 60 + "vix > 1", NESTS, id="60 minuses"),
    pytest.param("!" * 60 + "position.in_range", NESTS, id="60 nots"),
    pytest.param("abs(" * 60 + "vix" + ")" * 60 + " > 1", NESTS, id="60 calls"),
]
FAULTS = SYNTAX + NAMES + TYPES + UNITS + CALLS


@pytest.mark.parametrize(
    ("text", "column", "reason"), FAULTS, ids=[text or "nothing at all" for text, _, _ in FAULTS]
)
def test_a_wrong_rule_is_told_what_is_wrong_and_where(text: str, column: int, reason: str) -> None:
    with pytest.raises(RuleError) as refused:
        compile_rule(text, BY_NAME)
    assert (refused.value.column, refused.value.reason) == (column, reason)


@pytest.mark.parametrize(("text", "reason"), ATTACKS)
def test_an_attack_by_rule_text_is_refused(text: str, reason: str) -> None:
    with pytest.raises(RuleError) as refused:
        compile_rule(text, BY_NAME)
    assert refused.value.reason.startswith(reason)


SEVERAL = [
    (
        'vxi > 20 && book.li < -0.03 && delta(vix, "1y") > 2',
        [(1, "vxi"), (13, "book.li"), (43, "'1y' is not a span")],
    ),
    ("avg(vxi, 60) > 20 || has(pool.prce)", [(5, "vxi"), (10, "a span"), (26, "pool.prce")]),
    ('ave(vxi, "1h") > 20', [(1, "no function ave"), (5, "vxi")]),
    ("vxi > 1 || vxi > 2 && vxi < 3", [(1, "vxi")]),
    ("vix && layer.dte", [(1, "&& joins"), (8, "&& joins")]),
    ("vxi + layer.dte > vix", [(1, "vxi")]),
    ('vix > "20" || position.il < vix', [(5, "a text"), (27, "fraction compared with points")]),
    ("max(vxi, position.in_range) > 1", [(5, "vxi"), (10, "max takes a number")]),
]


@pytest.mark.parametrize(("text", "faults"), SEVERAL, ids=[text for text, _ in SEVERAL])
def test_all_faults_of_one_expression_are_told_at_once(
    text: str, faults: list[tuple[int, str]]
) -> None:
    with pytest.raises(RuleError) as refused:
        compile_rule(text, BY_NAME)
    told = [refused.value, *refused.value.also]
    assert [fault.column for fault in told] == [column for column, _ in faults]
    assert all(part in fault.reason for fault, (_, part) in zip(told, faults, strict=True)), told


def test_of_very_many_faults_the_first_five_are_told() -> None:
    with pytest.raises(RuleError) as refused:
        compile_rule(" || ".join(f"vix{at}x > 1" for at in range(40)), BY_NAME)
    assert [refused.value.column, *(one.column for one in refused.value.also)] == [
        1, 14, 27, 40, 53,
    ]  # fmt: skip


def test_a_name_closed_to_a_rule_is_refused_with_the_reason() -> None:
    with pytest.raises(RuleError) as refused:
        compile_rule(
            "vix > 1 && position.il < 0", BY_NAME, closed={"position.il": "is not for you"}
        )
    assert (refused.value.column, refused.value.reason) == (12, "position.il is not for you")


@pytest.mark.parametrize(
    "text",
    [
        "vix > 20",
        "vix > .5 && vix < 1e2",
        "book.value_usd * 0.05 < 1000",
        "position.value_usd * position.il < -500.0 && position.fees_usd > 0",
        "position.fees_usd / position.value_usd > 0.01",
        "position.fees_usd / 0.1 > position.value_usd",
        "book.value_usd / book.positions > 1000",
        'delta(vix, "1d") / vix > 0.2',
        "(vix - 20) * 2 > dvol.eth",
        "max(vix, dvol.eth, 20) > 30",
        "abs(position.il) > 0.05",
        "layer.state == 'on' || 'off' == layer.state",
        "(vix > 20) == position.in_range",
        '!has(delta(vix, "2w")) || has(vix)',
        "crossed_below(position.il, -0.05)",
        "true || vix > 1",
    ],
)
def test_a_rule_with_fitting_units_is_accepted(text: str) -> None:
    assert compile_rule(text, BY_NAME).text == text


def test_the_limits_themselves_are_allowed() -> None:
    compile_rule("(" * 49 + "vix" + ")" * 49 + " > 1", BY_NAME)
    compile_rule("vix > 1 || " * 63 + "vix > 1", BY_NAME)
    compile_rule("vix > 1".ljust(2_000), BY_NAME)


def test_an_expression_knows_its_names_and_windows() -> None:
    text = 'delta(vix, "1d") > 2 && crossed_below(position.il, -0.05) && !has(layer.dte)'
    found = compile_rule(text, BY_NAME)
    assert found.names == {"vix", "position.il", "layer.dte"}
    assert found.windows == {("delta", "vix", "1d"), ("crossed_below", "position.il", -0.05)}
