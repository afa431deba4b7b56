"""Cutting a rule's text into tokens."""

import math
import re
from enum import StrEnum
from typing import Final, NamedTuple

from monitor.rules.syntax import RuleError

MAX_CHARS: Final = 2_000
# Together with the nesting this bounds what any text can cost to read.
MAX_TOKENS: Final = 256

_TOKEN: Final = re.compile(
    r"""(?P<number>(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?(?![\w.]))
      | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
      | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<op>&&|\|\||[<>=!]=|[-+*/<>!(),])""",
    re.VERBOSE | re.ASCII,
)
_SPACE: Final = re.compile(r"[ \t\r\n]+")
_ESCAPES: Final = {"\\\\": "\\", '\\"': '"', "\\'": "'"}
_INSTEAD: Final = {
    "=": "use == to compare",
    "&": "use && for and",
    "|": "use || for or",
    "%": "percent is written as a fraction: 0.05 for 5 %",
    "?": "there is no choice operator; use && and ||",
    "[": "there are no lists",
    "{": "there are no maps",
    "^": "there are no powers; multiply",
    ".": "a name is written in one piece, such as position.il",
}


class Sort(StrEnum):
    """What a token is."""

    NUMBER = "number"
    NAME = "name"
    TEXT = "text"
    OP = "op"
    END = "end"


class Token(NamedTuple):
    """A token: its sort, its text (of a quoted one, what it says), its offsets."""

    sort: Sort
    text: str
    at: int
    end: int


_SORTS: Final = {sort.value: sort for sort in Sort}


def tokens(text: str) -> list[Token]:
    """Return the tokens, an END last; raises RuleError where none fits."""
    if len(text) > MAX_CHARS:
        raise RuleError(
            f"a rule has at most {MAX_CHARS:,} characters, this one has {len(text):,}",
            MAX_CHARS + 1,
        )
    found: list[Token] = []
    at, end = 0, len(text)
    while (at := _skip(text, at)) < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise _stray(text, at)
        if len(found) == MAX_TOKENS:
            raise RuleError(f"a rule has at most {MAX_TOKENS} words and signs; split it", at + 1)
        found.append(_token(match, at))
        at = match.end()
    found.append(Token(Sort.END, "", at, at))
    return found


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _token(match: re.Match[str], at: int) -> Token:
    sort, text = _SORTS[match.lastgroup or ""], match.group()
    if sort is Sort.NUMBER and not math.isfinite(float(text)):
        raise RuleError(f"{text[:40]} is too large for a number", at + 1)
    if sort is Sort.TEXT:
        text = text[1:-1]
        if "\\" in text:
            text = re.sub(r"\\.", lambda escape: _unescape(escape, at), text)
    return Token(sort, text, at, match.end())


def _unescape(escape: re.Match[str], at: int) -> str:
    try:
        return _ESCAPES[escape.group()]
    except KeyError:
        raise RuleError(
            f"a text knows the escapes \\\\, \\\" and \\', not {escape.group()}",
            at + escape.start() + 2,
        ) from None


def _stray(text: str, at: int) -> RuleError:
    sign = text[at]
    if sign in "\"'":
        return RuleError("this quote is never closed", at + 1)
    if sign.isdigit() or (sign == "." and text[at + 1 : at + 2].isdigit()):
        word = re.match(r"[\w.]{1,40}", text[at:])
        return RuleError(f"{word.group() if word else sign} is not a number", at + 1)
    hint = _INSTEAD.get(sign)
    return RuleError(f"{sign!r} means nothing here" + (f": {hint}" if hint else ""), at + 1)
