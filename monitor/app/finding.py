"""One line of the doctor's."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Whether something is well, what it is about, and the words."""

    ok: bool
    subject: str
    text: str
