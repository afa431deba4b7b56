"""Messages longer than Telegram takes: whole comparisons go first, markup is never cut."""

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.alert import Alert
from monitor.alerts.page import LIMIT, Page, fitted
from monitor.alerts.render import plain, telegram_html
from monitor.channels.port import Message
from monitor.rules.verdict import Term
from tests.some_alert import a_notice

AT = datetime(2026, 11, 20, 14, 31, 7, tzinfo=UTC)
LONG = a_notice(
    AT,
    id="A17F12",
    title="title",
    text="",
    trace=tuple(
        Term(
            text=f"vix > {n}.0",
            truth=True,
            left=27.4,
            op=">",
            right=float(n),
            margin=1.0,
            unit="points",
        )
        for n in range(1000)
    ),
)


class Strict(HTMLParser):
    """Follows Telegram's rule: every tag is known, closed, and in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert tag in {"b", "code"}
        assert not attrs
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def units(text: str) -> int:
    return sum(2 if ord(one) > 0xFFFF else 1 for one in text)


def check(markup: str) -> None:
    reader = Strict()
    reader.feed(markup)
    reader.close()
    assert not reader.open
    assert units(markup) <= LIMIT


def message(alert: Alert) -> Message:
    return Message(alert=alert, tries=0, repeat=True, now=AT)


def test_comparisons_are_left_out_whole_and_counted() -> None:
    text = plain(message(LONG))
    lines = text.splitlines()
    kept = [line for line in lines if line.startswith("VIX 27.4 > ")]
    assert lines[2] == "VIX 27.4 > 0.0"
    assert f"{1000 - len(kept)} more comparisons left out" in lines
    assert lines[-1] == "(may be a repeat)"
    # The next one would not have fitted: 18 characters, a line break among them.
    assert LIMIT - 18 < units(text) <= LIMIT


def test_a_text_too_long_by_itself_is_shortened_before_it_is_escaped() -> None:
    check(telegram_html(message(replace(LONG, text="&" * 5000))))


def test_a_message_that_fits_is_left_alone() -> None:
    page = Page(dot="🔵", head="h", id="i", trace=("one", "two"))
    assert fitted(page, lambda one: "\n".join(one.trace), limit=7) == "one\ntwo"


words = st.text(max_size=3000)


@settings(max_examples=40)
@given(title=words, text=words, subject=words, reason=words)
def test_whatever_a_rule_says_the_markup_is_whole_and_short_enough(
    title: str, text: str, subject: str, reason: str
) -> None:
    alert = replace(LONG, title=title, text=text, subject=subject, reason=reason)
    check(telegram_html(message(alert)))
    assert units(plain(message(alert))) <= LIMIT


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(Page(dot="", head="h" * 20, id="i", body=("x" * 10,) * 900), id="many lines"),
        pytest.param(Page(dot="", head="h" * 9000, id="i"), id="a head alone"),
        pytest.param(Page(dot="", head="🟠" * 3000, id="i"), id="characters of two units"),
    ],
)
def test_shortening_always_ends(page: Page) -> None:
    text = fitted(page, lambda one: "\n".join((one.head, *one.body)))
    assert 0 < units(text) <= LIMIT
