import pytest

from monitor.rules.expression import RuleError
from monitor.rules.template import TEXT_NAMES, compile_template
from monitor.rules.verdict import Scalar
from monitor.signals.catalogue import BY_NAME

VALUES: dict[str, Scalar | None] = {
    "vix": 27.4,
    "book.il": -0.038,
    "ticket.legs": "4 x VIX 17 Mar 2027 29 call",
    "ticket.cost_usd": 1140.0,
    "position.in_range": False,
    "book.positions": 3,
    "layer.dte": None,
    "pool.price": float("nan"),
    "layer.state": "on",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "VIX {vix:.1f}, IL {book.il:.2%}: buy {ticket.legs} for {ticket.cost_usd:,.0f} USD",
            "VIX 27.4, IL −3.80 %: buy 4 x VIX 17 Mar 2027 29 call for 1,140 USD",
            id="the design's own text",
        ),
        pytest.param("no places", "no places", id="plain text"),
        pytest.param("", "", id="nothing"),
        pytest.param("{{vix}} }}{{", "{vix} }{", id="doubled braces"),
        pytest.param("{{{vix:.0f}}}", "{27}", id="a value in braces"),
        pytest.param("{vix} {book.positions}", "27.4 3", id="no format"),
        pytest.param("{vix:+.1f} {vix:8.2f}|{vix:.1e}", "+27.4    27.40|2.7e+01", id="formats"),
        pytest.param("{layer.dte:.0f} days", "unknown days", id="unknown"),
        pytest.param("{pool.price:,.2f}", "unknown", id="not a number is unknown"),
        pytest.param("in range: {position.in_range}", "in range: no", id="a truth"),
        pytest.param("{layer.state:>5}|{layer.state:.1}", "   on|o", id="a text"),
    ],
)
def test_a_template_renders(text: str, expected: str) -> None:
    assert compile_template(text, BY_NAME).render(VALUES.get) == expected


def test_a_rounded_away_minus_is_not_shown() -> None:
    text = compile_template("{book.il:.1%} {book.il:+.0f}", BY_NAME)
    assert text.render({"book.il": -0.0001}.get) == "0.0 % +0"


def test_a_template_knows_its_names() -> None:
    text = "{vix} {ticket.legs} {{book.il}} {vix:.1f}"
    assert compile_template(text, BY_NAME).names == {"vix", "ticket.legs"}


def test_names_for_texts_never_stand_for_a_signal() -> None:
    assert not TEXT_NAMES.keys() & BY_NAME.keys()


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("VIX {vxi}", 6, "there is no signal vxi; did you mean vix?"),
        ("{ticket.leg}", 2, "there is no signal ticket.leg; did you mean ticket.legs?"),
        ("{vix", 1, "this { has no partner; write {{ for a brace"),
        ("vix}", 4, "this } has no partner; write }} for a brace"),
        ("{}", 2, "a name is missing between the braces"),
        ("{:.1f}", 2, "a name is missing between the braces"),
        ("{0}", 2, "there is no signal 0"),
        ("{vix!r}", 2, "there is no signal vix!r; did you mean vix?"),
        ("{vix.__class__}", 2, "there is no signal vix.__class__"),
        ("{vix[0]}", 2, "there is no signal vix[0]; did you mean vix?"),
        ("{vix:{vix}}", 1, "this { has no partner; write {{ for a brace"),
        ("{vix:}", 6, "'' does not format a number; write .1f, +.2% or ,.0f"),
        ("{vix:d}", 6, "'d' does not format a number; write .1f, +.2% or ,.0f"),
        ("{vix:9999.1f}", 6, "'9999.1f' does not format a number; write .1f, +.2% or ,.0f"),
        ("{vix:.1%}", 6, "vix is in points, not a fraction: % would multiply it by 100"),
        (
            "{ticket.legs:.1f}",
            14,
            "'.1f' does not format a text such as ticket.legs; leave it out",
        ),
        ("{position.in_range:.1f}", 20, "position.in_range is yes or no and takes no format"),
        ("{vx.settle}", 2, "vx.settle is a family of values; a text cannot name it"),
        ("x" * 2_001, 2_001, "a text has at most 2,000 characters"),
    ],
)
def test_a_wrong_template_is_told_what_is_wrong_and_where(
    text: str, column: int, reason: str
) -> None:
    with pytest.raises(RuleError) as refused:
        compile_template(text, BY_NAME)
    assert (refused.value.column, refused.value.reason) == (column, reason)


def test_every_fault_of_a_text_is_told() -> None:
    with pytest.raises(RuleError) as refused:
        compile_template("{vxi} at {vix:zz} and {alsonope} {", BY_NAME)
    told = [refused.value, *refused.value.also]
    assert [one.column for one in told] == [2, 15, 24, 34]
    assert told[2].reason.startswith("there is no signal alsonope")


def test_a_name_closed_to_a_text_is_refused_with_the_reason() -> None:
    with pytest.raises(RuleError) as refused:
        compile_template("{ticket.legs}", BY_NAME, closed={"ticket.legs": "is for layers"})
    assert refused.value.reason == "ticket.legs is for layers"
