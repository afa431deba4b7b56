"""Conditions in words."""

import pytest

from monitor.cli.explain_parts import exact
from monitor.rules.expression import compile_rule
from monitor.rules.words import in_words
from monitor.signals.catalogue import BY_NAME

CASES = {
    "vix > 20.0": "vix is above 20 points",
    "vix <= 20.5": "vix is at most 20.5 points",
    "0.917 <= vol.term": "0.917 is at most vol.term",
    "book.il < -0.03": "book.il is below −3 %",
    "position.out_of_range_s > 5400.0": "position.out_of_range_s is above 1 h 30 m",
    # Two units do not hold it: it stays what it is.
    "position.out_of_range_s > 90061.0": "position.out_of_range_s is above 90,061 s",
    "!position.in_range": "position.in_range is not so",
    "position.in_range": "position.in_range is so",
    'vol.regime != "flat"': "vol.regime is not flat",
    "has(vvix)": "vvix is known",
    # Days of a market are sessions, a week five of them; where nothing closes they are days.
    'delta(vix, "1d") > 2.0': "the change of vix in 1 session is above 2 points",
    'highest(vix, "2w") > 30.0': "the highest vix in 10 sessions is above 30 points",
    'avg(dvol.eth, "5d") > 60.0': "the mean of dvol.eth over 5 days is above 60 points",
    'lowest(vix, "90m") < 9.0': "the lowest vix in 90 minutes is below 9 points",
    "crossed_above(vix, 30.0)": "vix has just come above 30 points",
    "crossed_below(book.il, -0.05)": "book.il has just come below −5 %",
    # A term has the unit of the sum, a factor has none.
    "vix - 1.0 > vvix": "vix - 1 points is above vvix",
    "abs(book.il) > 2.0 * book.il": "abs(book.il) is above 2 * book.il",
    "vix > (vvix - vix9d) / 2.0": "vix is above (vvix - vix9d) / 2",
    "macro.cpi_hours < 24.0": "macro.cpi_hours is below 24 hours",
}
JOINED = "vix > 17.0 && (vvix < 25.0 || vix9d > 30.0 && !(vix3m > 9.0 || vix < 1.0))"


@pytest.mark.parametrize(("text", "words"), CASES.items())
def test_a_condition_in_words(text: str, words: str) -> None:
    assert list(in_words(compile_rule(text, BY_NAME).tree, exact)) == [words]


def test_what_is_joined_stands_beneath() -> None:
    assert list(in_words(compile_rule(JOINED, BY_NAME).tree, exact)) == [
        "all of these:",
        "  vix is above 17 points",
        "  any of these:",
        "    vvix is below 25 points",
        "    all of these:",
        "      vix9d is above 30 points",
        "      not this:",
        "        any of these:",
        "          vix3m is above 9 points",
        "          vix is below 1 points",
    ]
