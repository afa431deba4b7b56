"""What judging an expression gives, and what it asks of the world."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

Scalar: TypeAlias = float | bool | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A signal's value now. value: None when unknown, and then `note` says why.

    as_of: when it was true; source: who said so. age_s: in open market time.
    A window's note tells how it was made ("27.40 - 21.20 (19 Nov close)").
    """

    value: Scalar | None
    as_of: datetime | None = None
    source: str = ""
    note: str = ""
    age_s: float | None = None


class Surroundings(Protocol):
    """What an expression may ask while it is judged."""

    def value(self, name: str) -> Value:
        """Return the signal's value; unknown, never an exception, when it is not had."""
        ...

    def window(self, function: str, name: str, argument: str | float) -> Value:
        """Return avg, delta, highest or lowest over a span, or whether it crossed a level."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One comparison as it was judged. truth: None when unknown.

    text: as written. left, right: the numbers compared. margin: by how much it
    is on the firing side, negative when it is not; None for what has no order.
    """

    text: str
    truth: bool | None
    left: Scalar | None
    op: str
    right: Scalar | None
    margin: float | None
    unit: str = ""
    source: str = ""
    as_of: datetime | None = None
    age_s: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The truth of an expression, by Kleene's strong logic, and how it came about.

    truth: None when unknown. error: an evaluation fault such as x / 0, told in a
    sentence; the truth is then None. trace: every comparison, unknown ones too.
    """

    truth: bool | None
    trace: tuple[Term, ...] = ()
    error: str = ""
