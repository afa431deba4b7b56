"""The one layout of a rule file: what it means and every comment stay, only the look is ours.

Tables keep their order, and one blank line stands before each header; keys of a table stand in
one order, each with the comments above it; nested tables are indented; a list that is longer
than a line has a line a value. Texts are in double quotes, conditions in single ones.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from monitor.rules.toml_scan import Array, Inline, Plain, Row, Statement, Value, said, scan

WIDTH: Final = 100
_INDENT: Final = "  "
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_CONDITIONS: Final = frozenset({"when", "clear"})
_SPANS: Final = ("for", "keep_firing_for", "cooldown", "repeat", "expires", "max_gap")
_RULE: Final = (
    *("id", "scope", "action", "severity", "when", "clear", *_SPANS, "on_nodata", "max_age"),
    *("top_up", "inhibited_by", "route", "title", "text"),
)
_ORDERS: Final[Mapping[tuple[str, ...], tuple[str, ...]]] = {
    (): ("schema",),
    ("pack",): ("id", "title", "evidence", "sources", "contradicts"),
    ("defaults",): ("severity", *_SPANS, "on_nodata", "max_age", "route"),
    ("rule",): _RULE,
    ("layer",): ("id", "title", "scope", "instrument", "size", "roll", "monetise"),
    ("layer", "rule"): _RULE,
    ("test",): ("name", "start", "every", "series"),
    ("test", "fill"): ("at", "layer", "legs"),
    ("test", "expect"): ("at", "firing", "silent", "pending", "unknown", "text"),
}
"""The keys of each table in their order; a key that is not here follows them, as it stood."""


@dataclass(slots=True, kw_only=True)
class _Placed:
    """A statement with the comments that are its own, by paragraph.

    lead: above it; apart: a blank line parts the last of them from it. tail: right below it.
    """

    statement: Statement
    lead: list[list[str]] = field(default_factory=list)
    apart: bool = False
    tail: list[str] = field(default_factory=list)


def laid_out(text: str) -> str:
    """Return the text of a rule file, or of its tests, in the one layout. text: sound TOML."""
    statements, after = scan(text)
    placed, rest = _placed(statements, after)
    lines, before = list[str](), None
    for one, indent in (pair for table in _tables(placed) for pair in _in_order(table)):
        lines += _spoken(one, indent, blank=_parted(one, before))
        before = one
    for paragraph in rest:
        lines += ["", *paragraph]
    return "\n".join(lines).strip("\n") + "\n" if lines else ""


def _placed(
    statements: Sequence[Statement], after: list[str]
) -> tuple[list[_Placed], list[list[str]]]:
    """Return each statement with its comments, and the paragraphs that stand at the end alone."""
    placed = list[_Placed]()
    for one in statements:
        lead = _paragraphs(one.before)
        apart = bool(lead) and not one.before[-1]
        if placed and lead and one.before[0] and (apart or len(lead) > 1):
            placed[-1].tail = lead.pop(0)
        placed.append(_Placed(statement=one, lead=lead, apart=apart and bool(lead)))
    rest = _paragraphs(after)
    if placed and rest and after[0]:
        placed[-1].tail = rest.pop(0)
    return placed, rest


def _paragraphs(lines: Iterable[str]) -> list[list[str]]:
    return [list(some) for told, some in groupby(lines, key=bool) if told]


def _tables(placed: Iterable[_Placed]) -> Iterator[list[_Placed]]:
    """Yield the statements table by table, a header first; the keys before any header alone."""
    table = list[_Placed]()
    for one in placed:
        if one.statement.value is None and table:
            yield table
            table = []
        table.append(one)
    if table:
        yield table


def _in_order(table: list[_Placed]) -> list[tuple[_Placed, str]]:
    """Return the statements of one table, its keys in their order, each with its indent."""
    header = table[0].statement if table[0].statement.value is None else None
    path = header.parts if header else ()
    order, start = _ORDERS.get(path, ()), 1 if header else 0
    keys = sorted(table[start:], key=lambda one: _rank(one.statement.parts[0], order))
    indent = _INDENT * max(len(path) - 1, 0)
    return [(one, indent) for one in (*table[:start], *keys)]


def _parted(one: _Placed, before: _Placed | None) -> bool:
    """Return whether a blank line goes before a statement and the comments above it.

    A table within another, such as `[test.series]`, follows that one's keys at once.
    """
    own, lead = one.statement, len(one.lead)
    if lead > 1 or one.apart or (before is not None and before.tail):
        return True
    return own.value is None and (own.many or len(own.parts) == 1 or lead > 0)


def _rank(key: str, order: Sequence[str]) -> int:
    return order.index(key) if key in order else len(order)


def _spoken(one: _Placed, indent: str, *, blank: bool) -> Iterator[str]:
    if blank:
        yield ""
    for number, paragraph in enumerate(one.lead):
        if number:
            yield ""
        yield from (indent + line for line in paragraph)
    if one.apart:
        yield ""
    comment = f"  {one.statement.comment}" if one.statement.comment else ""
    yield indent + _statement(one.statement, len(indent)) + comment
    yield from (indent + line for line in one.tail)


def _statement(one: Statement, indent: int) -> str:
    name = _name(one.parts)
    if one.value is None:
        return f"[[{name}]]" if one.many else f"[{name}]"
    head = f"{name} = "
    literal = one.parts[-1] in _CONDITIONS
    return head + _spread(one.value, indent, room=WIDTH - indent - len(head), literal=literal)


def _name(parts: Iterable[str]) -> str:
    return ".".join(one if _BARE.fullmatch(one) else _quoted_key(one) for one in parts)


def _quoted_key(part: str) -> str:
    escaped = part.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def _spread(value: Value, indent: int, *, room: int, literal: bool = False) -> str:
    """Return a value, a list over several lines where it has comments or is longer than `room`."""
    match value:
        case Plain():
            return _quoted(value.text, literal=literal) if value.quoted else value.text
        case Inline():
            inner = (
                f"{_name(key)} = {_spread(one, indent, room=room)}" for key, one in value.pairs
            )
            told = ", ".join(inner)
            return f"{{ {told} }}" if told else "{}"
        case Array():
            return _array(value, indent, room)


def _array(value: Array, indent: int, room: int) -> str:
    if not value.below and not any(row.above or row.comment for row in value.rows):
        told = ", ".join(_spread(row.value, indent, room=room) for row in value.rows)
        if len(told) + len("[]") <= room:
            return f"[{told}]"
    inner = indent + len(_INDENT)
    lines = [line for row in value.rows for line in _row(row, inner)]
    lines += [" " * inner + one for one in value.below]
    return "\n".join(["[", *lines, " " * indent + "]"])


def _row(row: Row, indent: int) -> Iterator[str]:
    pad = " " * indent
    yield from (pad + one for one in row.above)
    told = _spread(row.value, indent, room=WIDTH - indent - len(","))
    yield f"{pad}{told}," + (f"  {row.comment}" if row.comment else "")


def _quoted(text: str, *, literal: bool) -> str:
    """Return a text in the quotes it should have; as written where those would need escapes."""
    told = said(text)
    plain = told.isprintable()
    double = plain and '"' not in told and "\\" not in told
    single = plain and "'" not in told
    if single and (literal or not double):
        return f"'{told}'"
    return f'"{told}"' if double else text
