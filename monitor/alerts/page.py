"""A message as paragraphs of whole lines, and how it is made to fit."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Final

LIMIT: Final = 4096
"""Telegram's longest message, in UTF-16 code units."""
_SHORTEST: Final = 24
_BETWEEN: Final = "\n\n· · ·\n\n"
_GIVING_WAY: Final = (("head", "top", "trace", "body"), ("ticket",), ("foot",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One message. head: what happened to what; id: what people call it.

    trace: one line a comparison, the first to go when there is no room.
    """

    dot: str
    head: str
    id: str
    top: tuple[str, ...] = ()
    trace: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    ticket: tuple[str, ...] = ()
    foot: tuple[str, ...] = ()

    def paragraphs(self) -> Iterator[tuple[str, ...]]:
        """Yield what stands below the head, without empty paragraphs."""
        yield from (lines for lines in (self.trace + self.body, self.ticket, self.foot) if lines)


def fitted(page: Page, spell: Callable[[Page], str], limit: int = LIMIT) -> str:
    """Return the page spelled in at most `limit` UTF-16 units.

    Whole comparisons are left out from the end and counted; only when none is
    left are the longest lines shortened, before they are spelled, never after.
    """
    if _units(spell(page)) <= limit:
        return spell(page)
    count = len(page.trace)

    def fits(dropped: int) -> bool:
        return _units(spell(_without(page, dropped))) <= limit

    fewest = bisect_left(range(1, count + 1), x=True, key=fits) + 1
    if fewest <= count:
        return spell(_without(page, fewest))
    short = _without(page, count) if count else page
    while _units(spell(short)) > limit:
        short = _shortened(short)
    return spell(short)


def digest(spelled: Sequence[str]) -> str:
    """Return several spelled pages as one message, in their order."""
    return _BETWEEN.join(spelled)


def fitting(spelled: Sequence[str], limit: int = LIMIT) -> int:
    """Return how many pages, from the first on, one message holds; the first always."""
    lengths = accumulate(_units(one) + _units(_BETWEEN) for one in spelled)
    return max(sum(length - _units(_BETWEEN) <= limit for length in lengths), 1)


def cut(text: str, limit: int = LIMIT) -> str:
    """Return a text without its end where it is longer than so many UTF-16 units."""
    if _units(text) <= limit:
        return text
    return f"{text.encode('utf-16-le')[: 2 * (limit - 1)].decode('utf-16-le', 'ignore')}…"


def _without(page: Page, dropped: int) -> Page:
    said = f"{dropped} more comparisons left out"
    return replace(page, trace=(*page.trace[: len(page.trace) - dropped], said))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _shortened(page: Page) -> Page:
    """Return the page with its longest line halved, or else its fullest part a line shorter.

    What is only talk gives way first: the ticket stays whole as long as it can.
    """
    for names in _GIVING_WAY:
        parts = {name: _lines(page, name) for name in names}
        name = max(parts, key=lambda part: max(map(len, parts[part]), default=0))
        longest = max(parts[name], key=len, default="")
        if len(longest) > _SHORTEST:
            half = f"{longest[: len(longest) // 2].rstrip()} …"
            lines = tuple(half if one is longest else one for one in parts[name])
            return _with(page, name, lines)
        fullest = max(parts, key=lambda part: len(parts[part]) if part != "head" else 0)
        if fullest != "head" and parts[fullest]:
            return _with(page, fullest, parts[fullest][:-1])
    return page


def _lines(page: Page, name: str) -> tuple[str, ...]:
    lines: tuple[str, ...] = (page.head,) if name == "head" else getattr(page, name)
    return lines


def _with(page: Page, name: str, lines: tuple[str, ...]) -> Page:
    changed: dict[str, Any] = {name: lines[0] if name == "head" else lines}
    return replace(page, **changed)
