"""HTML that cannot be broken out of."""

import html.parser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.logs import Secret
from monitor.web.markup import el, joined, said


class Reader(html.parser.HTMLParser):
    """Reads as a browser does: the elements, the attributes, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.text += " " * (tag in {"p", "li", "small", "h2", "h3", "details"})
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60)


@given(TEXTS, TEXTS)
def test_whatever_is_put_in_comes_out_as_text_and_as_nothing_else(inside: str, value: str) -> None:
    reader = Reader()
    reader.feed(el("p", inside, [inside], title=value))
    reader.close()
    assert reader.elements == ["p"]
    assert reader.attributes == [("title", value)]
    assert reader.text == f" {inside * 2}"


def test_what_is_markup_already_is_not_escaped_again() -> None:
    assert joined(el("b", "<"), None, "&") == "<b>&lt;</b>&amp;"


@pytest.mark.parametrize(("value", "told"), [(True, " open"), (False, ""), (None, "")])
def test_an_attribute_may_stand_alone_or_not_at_all(value: bool | None, told: str) -> None:
    assert el("details", open=value) == f"<details{told}></details>"


def test_others_words_lose_their_secrets() -> None:
    Secret("canary-4471-canary", "test")
    assert said("asked https://a.b/?q=canary-4471-canary") == "asked https://a.b/?q=***"
