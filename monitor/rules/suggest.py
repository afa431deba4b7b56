"""What a wrong word was probably meant to be."""

from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

_LONGEST: Final = 60


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is nearest, whatever its capitals; empty when none is near.

    Two words are as near as `difflib` has it, which is slow: it is asked about those first
    that share the most letters, and of no more than could still be nearer.
    """
    if len(word) > _LONGEST:
        return ""
    wanted, best, found = word.lower(), 0.6 if word[3:] else 0.5, ""
    letters, matcher = _letters(wanted), SequenceMatcher(b=wanted)
    shared = (
        (2 * len(letters & _letters(one.lower())) / (len(wanted) + len(one) or 1), one)
        for one in known
    )
    for most, one in sorted((one for one in shared if one[0] >= best), reverse=True):
        if most < best:
            break
        matcher.set_seq1(one.lower())
        ratio = matcher.ratio()
        best, found = max((best, found), (ratio, one))
    return found


@lru_cache(maxsize=2_048)
def _letters(word: str) -> frozenset[tuple[str, int]]:
    """Return the letters, each with how many went before: what two share is an intersection."""
    return frozenset(
        (letter, nth) for letter, count in Counter(word).items() for nth in range(count)
    )


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
