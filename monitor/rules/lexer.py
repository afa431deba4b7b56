"""Cutting a rule's text into tokens."""

import math
import re
from enum import StrEnum
from typing import Final, NamedTuple

from monitor.rules.syntax import BINDING, RuleError

MAX_CHARS: Final = 2_000
# Together with the nesting this bounds what any text can cost to read.
MAX_TOKENS: Final = 256

_TOKEN: Final = re.compile(
    r"""[ \t\r\n]*+(?:
        ((?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?(?![\w.]))
      | ([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
      | ("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (&&|\|\||[<>=!]=|[-+*/<>!(),])
      | (\Z)
      | ([\s\S]))""",
    re.VERBOSE | re.ASCII,
)
_SHORTEST_ENDLESS: Final = len("1e309")
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
    """A token: its sort, its text (of a quoted one, what it says), its offsets.

    binding: how tightly an operator joins, 0 for what is none.
    """

    sort: Sort
    text: str
    at: int
    end: int
    binding: int = 0


_NUMBER, _NAME, _TEXT, _OP, _END, _STRAY = range(1, 7)  # by the groups of _TOKEN
_SORTS: Final = (Sort.END, Sort.NUMBER, Sort.NAME, Sort.TEXT, Sort.OP, Sort.END)


def tokens(text: str) -> list[Token]:
    """Return the tokens, an END last; raises RuleError where none fits."""
    if len(text) > MAX_CHARS:
        raise RuleError(
            f"a rule has at most {MAX_CHARS:,} characters, this one has {len(text):,}",
            MAX_CHARS + 1,
        )
    found: list[Token] = []
    for match in _TOKEN.finditer(text):  # something matches everywhere
        group = match.lastindex or 0
        (at, end), word, binding = match.span(group), match[group], 0
        if group == _STRAY:
            raise _stray(text, at)
        if len(found) == MAX_TOKENS and group != _END:
            raise RuleError(f"a rule has at most {MAX_TOKENS} words and signs; split it", at + 1)
        if group == _OP:
            binding = BINDING.get(word, 0)
        elif group == _TEXT:
            word = _said(word, at)
        elif group == _NUMBER and len(word) >= _SHORTEST_ENDLESS:
            _check_finite(word, at)
        found.append(Token(_SORTS[group], word, at, end, binding))
        if group == _END:
            break
    return found


def _check_finite(word: str, at: int) -> None:
    if not math.isfinite(float(word)):
        raise RuleError(f"{word[:40]} is too large for a number", at + 1)


def _said(word: str, at: int) -> str:
    """Return what a quoted text says."""
    if "\\" not in word:
        return word[1:-1]
    return re.sub(r"\\.", lambda escape: _unescape(escape, at), word[1:-1])


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
