"""Lines that fit a terminal of 80 columns."""

import textwrap
from typing import Final

COLUMNS: Final = 80


def line(head: str, text: str) -> str:
    """Return a head and what follows it; too long a text goes on beneath its own beginning."""
    indent = " " * len(head)
    told = textwrap.fill(
        text, COLUMNS, initial_indent=head, subsequent_indent=indent, break_on_hyphens=False
    )
    return told or head.rstrip()


def cut(text: str, width: int) -> str:
    """Return a text of at most `width` characters; what is left out is told by `…`."""
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"
