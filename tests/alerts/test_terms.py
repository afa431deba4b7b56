"""Comparisons in words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.alerts.terms import say, say_tight
from monitor.rules.verdict import Term


def term(text: str, op: str, left: Any, right: Any, unit: str = "", **more: Any) -> Term:
    fields = {"truth": True, "margin": None} | more
    return Term(text=text, op=op, left=left, right=right, unit=unit, **fields)


@pytest.mark.parametrize(
    ("one", "said", "tight"),
    [
        pytest.param(
            term("vix > 20.0", ">", 27.4, 20.0, "points"),
            "VIX 27.4 > 20.0",
            "VIX 27.4>20.0 ✓",
            id="a level",
        ),
        pytest.param(
            term("vix < 18.0", "<", 27.4, 18.0, "points", truth=False),
            "VIX 27.4 < 18.0",
            "VIX 27.4<18.0 ✗",
            id="one that does not hold",
        ),
        pytest.param(
            term('delta(vix,"1d") > 2.0', ">", 6.2, 2.0, "points"),
            "VIX +6.2 in a day > 2.0",
            "ΔVIX 6.2>2.0 ✓",
            id="a change",
        ),
        pytest.param(
            term('delta(book.il, "5d") < -0.01', "<", -0.012, -0.01, "fraction"),
            "Book IL −1.2 pp in 5 d < −1.0 pp",
            "ΔIL −1.2pp<−1.0pp ✓",
            id="a change of a fraction is in percentage points",
        ),
        pytest.param(
            term('vix > avg(vix, "5d")', ">", 27.4, 21.0, "points"),
            "VIX 27.4 > 21.0 (VIX mean of 5 d)",
            "VIX 27.4>21.0 ✓",
            id="against a window",
        ),
        pytest.param(
            term("layer.dte <= 21.0", "<=", 20.0, 21.0, "days"),
            "To expiry 20 d ≤ 21 d",
            "dte 20d≤21d ✓",
            id="days",
        ),
        pytest.param(
            term("position.in_range", "is", False, True, "", truth=False),
            "In range: no",
            "In range no ✗",
            id="a yes or no",
        ),
        pytest.param(
            term("crossed_above(vix, 30)", "is", True, True),
            "VIX crossed above 30: yes",
            "crossed_above VIX yes ✓",
            id="a crossing",
        ),
        pytest.param(
            term('layer.state == "on"', "==", "on", "on", "state"),
            "Layer on = on",
            "Layer on=on ✓",
            id="a state",
        ),
        pytest.param(
            term("abs(position.il) * 2 > 0.1", ">", 0.12, 0.1),
            "abs(position.il) * 2 0.12 > 0.1",
            "abs(position.il) * 2 0.12>0.1 ✓",
            id="arithmetic stays as its author wrote it",
        ),
    ],
)
def test_a_comparison_in_words(one: Term, said: str, tight: str) -> None:
    assert say(one) == said
    assert say_tight(one) == tight


def test_an_age_is_told_where_there_is_one() -> None:
    old = term("vix > 20.0", ">", 27.4, 20.0, "points", age_s=907.0)
    assert say(old) == "VIX 27.4 > 20.0  (15 m old)"
    assert say(old, aged=False) == "VIX 27.4 > 20.0"


def test_an_age_across_a_closed_market_is_told_whole() -> None:
    friday = datetime(2020, 2, 14, 21, 15, tzinfo=UTC)
    one = Term(
        text="vix > 13.0", truth=True, left=13.68, op=">", right=13.0, margin=0.68,
        unit="points", source="cboe", as_of=friday, age_s=0.0,
    )  # fmt: skip
    assert say(one, at=friday + timedelta(hours=3)) == "VIX 13.68 > 13.0  (3 h old, market closed)"
    assert say(one, at=friday) == "VIX 13.68 > 13.0  (0 s old)"
