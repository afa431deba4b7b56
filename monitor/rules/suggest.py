"""What a wrong word was probably meant to be."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_LONGEST: Final = 60


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is near, or an empty text."""
    if len(word) > _LONGEST:
        return ""
    near = get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.6 if word[3:] else 0.5)
    return near[0] if near else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean X?`, or nothing when no known word is near."""
    near = nearest(word, known)
    return f"; did you mean {near}?" if near else ""


def not_known(word: str, known: Iterable[str]) -> str:
    """Return the sentence for a word that is none of a few."""
    words = list(known)
    hint = did_you_mean(word, words) or f"; it is {one_of(words)}"
    return f'"{word[:60]}" is not known here{hint}'


def one_of(known: Iterable[str]) -> str:
    """Return the known words as `a, b or c`."""
    *most, last = sorted(known)
    return f"{', '.join(most)} or {last}" if most else last
