"""Keys that earlier releases took: what to write instead, so that an upgrade says what to mend."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """until: the last release that took the key. instead: what to do now, as an order."""

    until: str
    instead: str


FORMER: Final[Mapping[str, Former]] = {}
"""By the key's place; `*` stands for a name of the owner's or the number of an entry.

Empty as long as no release has dropped a key: whoever drops or renames one adds it here.
"""


def former(place: tuple[str | int, ...], known: Mapping[str, Former] = FORMER) -> str:
    """Return what to say of a key that is not known now; empty where it never was.

    known: by place, as FORMER has it.
    """
    for pattern, one in known.items():
        parts = pattern.split(".")
        if len(parts) == len(place) and all(
            part in ("*", str(step)) for part, step in zip(parts, place, strict=True)
        ):
            return f"a key of release {one.until} and before: {one.instead}"
    return ""
