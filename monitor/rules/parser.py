"""From tokens to a tree, by binding powers (Pratt)."""

from typing import Final

from monitor.rules.lexer import Sort, Token, tokens
from monitor.rules.syntax import (
    BINDING,
    COMPARE,
    Binary,
    Call,
    Name,
    Number,
    RuleError,
    Text,
    Tree,
    Truth,
    Unary,
)  # fmt: skip

MAX_NESTING: Final = 50

_WORDS: Final = {
    "and": "use &&",
    "or": "use ||",
    "not": "use !",
    "in": "there are no lists; compare with == and ||",
    "null": "ask has(name) whether a value is known",
    "None": "ask has(name) whether a value is known",
    "True": "write true",
    "False": "write false",
}


def parse(text: str) -> Tree:
    """Return the tree of an expression; raises RuleError with the column of the first fault."""
    reader = _Reader(tokens(text))
    if not text.strip():
        raise RuleError("an expression is missing", 1)
    tree = reader.expression(0)
    reader.finish()
    return tree


class _Reader:
    """Reads one list of tokens, once."""

    def __init__(self, found: list[Token]) -> None:
        self._found = found
        self._place = 0
        self._nesting = 0
        self._done = 0  # the offset just after the last token taken
        self.next = found[0]

    def _take(self) -> Token:
        token = self.next
        self._place += 1
        self._done = token.end
        self.next = self._found[self._place]
        return token

    def _took(self, op: str) -> bool:
        if self.next.sort is Sort.OP and self.next.text == op:
            self._take()
            return True
        return False

    def _binding(self) -> int:
        """Return how tightly the next token joins, 0 for what is no operator."""
        return BINDING.get(self.next.text, 0) if self.next.sort is Sort.OP else 0

    def unexpected(self, wanted: str) -> RuleError:
        token = self.next
        if token.sort is Sort.NAME and token.text in _WORDS:
            return RuleError(
                f"{token.text} is not part of the language: {_WORDS[token.text]}", token.at + 1
            )
        got = "the text ends" if token.sort is Sort.END else f"there is {token.text[:40]!r}"
        return RuleError(f"{wanted} is expected here, but {got}", token.at + 1)

    def finish(self) -> None:
        if self.next.sort is not Sort.END:
            raise self.unexpected("an operator or the end")

    def expression(self, least: int) -> Tree:
        at = self.next.at
        left = self._operand()
        while (binding := self._binding()) > least:
            sign = self._take()
            right = self.expression(binding)
            left = Binary(op=sign.text, left=left, right=right, at=at, end=self._done, sign=sign.at)
            if binding == COMPARE and self._binding() == COMPARE:
                raise RuleError("comparisons do not chain; join them with &&", self.next.at + 1)
        return left

    def _operand(self) -> Tree:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise RuleError(
                f"at most {MAX_NESTING} levels may nest; split the rule", self.next.at + 1
            )
        operand = self._nested()
        self._nesting -= 1
        return operand

    def _nested(self) -> Tree:
        token = self.next
        if token.sort is Sort.NAME and token.text not in _WORDS:
            return self._named(self._take())
        if token.sort is Sort.NUMBER:
            self._take()
            return Number(value=float(token.text), at=token.at, end=token.end)
        if token.sort is Sort.TEXT:
            self._take()
            return Text(value=token.text, at=token.at, end=token.end)
        for op in "-!":
            if self._took(op):
                operand = self._operand()
                return Unary(op=op, operand=operand, at=token.at, end=self._done)
        if self._took("("):
            inner = self.expression(0)
            if not self._took(")"):
                raise self.unexpected("a closing parenthesis")
            return inner
        raise self.unexpected("a value")

    def _named(self, token: Token) -> Tree:
        if token.text in {"true", "false"}:
            return Truth(value=token.text == "true", at=token.at, end=token.end)
        if not self._took("("):
            return Name(name=token.text, at=token.at, end=token.end)
        arguments: list[Tree] = []
        while not self._took(")"):
            if arguments and not self._took(","):
                raise self.unexpected("a comma or a closing parenthesis")
            arguments.append(self.expression(0))
        return Call(function=token.text, arguments=tuple(arguments), at=token.at, end=self._done)
