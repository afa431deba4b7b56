"""From tokens to a tree, by binding powers (Pratt)."""

from typing import Final

from monitor.model.swift import swift
from monitor.rules.lexer import Sort, Token, tokens
from monitor.rules.syntax import (
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

_binary: Final = swift(Binary)
_name: Final = swift(Name)
_number: Final = swift(Number)

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
        while (sign := self.next).binding > least:
            self._take()
            right = self.expression(sign.binding)
            left = _binary(
                op=sign.text, left=left, right=right, at=at, end=self._done, sign=sign.at
            )
            if sign.binding == COMPARE == self.next.binding:
                raise RuleError("comparisons do not chain; join them with &&", self.next.at + 1)
        return left

    def _operand(self) -> Tree:
        token = self.next
        if self._nesting == MAX_NESTING:
            raise RuleError(f"at most {MAX_NESTING} levels may nest; split the rule", token.at + 1)
        if token.sort is Sort.NUMBER:
            self._take()
            return _number(value=float(token.text), at=token.at, end=token.end)
        self._nesting += 1
        named = token.sort is Sort.NAME and token.text not in _WORDS
        operand = self._named(self._take()) if named else self._nested(token)
        self._nesting -= 1
        return operand

    def _nested(self, token: Token) -> Tree:
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
            return _name(name=token.text, at=token.at, end=token.end)
        arguments: list[Tree] = []
        while not self._took(")"):
            if arguments and not self._took(","):
                raise self.unexpected("a comma or a closing parenthesis")
            arguments.append(self.expression(0))
        return Call(function=token.text, arguments=tuple(arguments), at=token.at, end=self._done)
