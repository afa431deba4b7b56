"""The statements of a TOML file as they stand: headers, keys, values, and every comment.

`tomllib` gives what a file means and forgets how it is laid out; this keeps the layout's parts.
It is asked only of what `tomllib` has read, so it need not find faults.
"""

import re
import tomllib
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

_TOKEN: Final = re.compile(
    r"""[ \t]*(?:
        (?P<newline>\n)
      | (?P<comment>\#[^\n]*)
      | (?P<long>\"{3}(?:\\[\s\S]|[^\\])*?\"{3,5}|'{3}[\s\S]*?'{3,5})
      | (?P<text>"(?:\\.|[^"\\\n])*"|'[^'\n]*')
      | (?P<mark>[\[\]{},=])
      | (?P<bare>\d{4}-\d\d-\d\d[ ]\d\d:[\d:.]+(?:Z|z|[-+]\d\d:\d\d)?|[^\s\[\]{},=\#"']+)
    )""",
    re.VERBOSE,
)
_PART: Final = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'|[^.\s]+")


class Token(NamedTuple):
    """A token: what it is, its text, the 1-based line it begins on."""

    sort: str
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A value of one token. quoted: a text on one line, which may be quoted otherwise."""

    text: str
    quoted: bool


@dataclass(slots=True, kw_only=True)
class Row:
    """A value of an array. above: comments on lines of their own; comment: on its line."""

    value: "Value"
    above: list[str] = field(default_factory=list)
    comment: str = ""


@dataclass(slots=True, kw_only=True)
class Array:
    """A list. below: comments after its last value."""

    rows: list[Row] = field(default_factory=list)
    below: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """A table in braces: its keys by their parts, each with its value."""

    pairs: "tuple[tuple[tuple[str, ...], Value], ...]"


Value: TypeAlias = Plain | Array | Inline


@dataclass(slots=True, kw_only=True)
class Statement:
    """A header, or a key with its value. parts: of its name, unquoted; many: `[[…]]`.

    before: the comments on the lines before it, an empty text for a blank line. comment: on
    its own line, at its end.
    """

    line: int
    parts: tuple[str, ...]
    value: Value | None = None
    many: bool = False
    before: list[str]
    comment: str = ""


def scan(text: str) -> tuple[list[Statement], list[str]]:
    """Return the statements of a sound file, and the comments after the last."""
    return _Reader(text).whole()


def said(quoted: str) -> str:
    """Return what a text in quotes says, its escapes undone."""
    told: str = tomllib.loads(f"v = {quoted}")["v"]
    return told


class _Reader:
    """Reads tokens in order."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_cut(text))
        self._place = 0

    def whole(self) -> tuple[list[Statement], list[str]]:
        """Return every statement, and the comments and blank lines that are left."""
        statements, before, fresh = list[Statement](), list[str](), True
        while (token := self._peek()).sort != "end":
            if token.sort == "newline":
                self._next()
                if fresh:
                    before.append("")
                fresh = True
            elif token.sort == "comment":
                before.append(self._next().text.rstrip())
                fresh = False
            else:
                statements.append(self._statement(before))
                before, fresh = [], False
        return statements, before

    def _statement(self, before: list[str]) -> Statement:
        line = self._peek().line
        header = self._peek().text == "["
        many = header and self._tokens[self._place + 1].text == "["
        if header:
            self._place += 1 + many
        parts = self._key("]" if header else "=")
        self._place += many
        value = None if header else self._value()
        comment = self._next().text.rstrip() if self._peek().sort == "comment" else ""
        return Statement(
            line=line, parts=parts, value=value, many=many, before=before, comment=comment
        )

    def _key(self, until: str) -> tuple[str, ...]:
        """Return the parts of a key, and pass what ends it."""
        text = ""
        while (token := self._next()).text != until or token.sort != "mark":
            text += token.text
        return tuple(said(one) if one[0] in "\"'" else one for one in _PART.findall(text))

    def _value(self) -> Value:
        token = self._next()
        if token.text == "[" and token.sort == "mark":
            return self._array()
        if token.text == "{" and token.sort == "mark":
            return self._inline()
        return Plain(text=token.text, quoted=token.sort == "text")

    def _array(self) -> Array:
        found, above, beside = Array(), list[str](), False
        while (token := self._peek()).text != "]" or token.sort != "mark":
            if token.sort == "newline":
                beside = False
            elif token.sort == "comment":
                if beside:
                    found.rows[-1].comment = token.text.rstrip()
                else:
                    above.append(token.text.rstrip())
            elif token.text != "," or token.sort != "mark":
                found.rows.append(Row(value=self._value(), above=above))
                above, beside = [], True
                continue
            self._next()
        self._next()
        found.below = above
        return found

    def _inline(self) -> Inline:
        pairs = list[tuple[tuple[str, ...], Value]]()
        while (token := self._peek()).text != "}" or token.sort != "mark":
            if token.text == "," and token.sort == "mark":
                self._next()
            else:
                pairs.append((self._key("="), self._value()))
        self._next()
        return Inline(pairs=tuple(pairs))

    def _peek(self) -> Token:
        return self._tokens[self._place]

    def _next(self) -> Token:
        self._place += 1
        return self._tokens[self._place - 1]


def _cut(text: str) -> list[Token]:
    tokens, line = list[Token](), 1
    for match in _TOKEN.finditer(text):
        sort = match.lastgroup or ""
        tokens.append(Token(sort, match[sort], line))
        line += match[sort].count("\n")
    tokens.append(Token("end", "", line))
    return tokens
