"""What answers a name of the market: a function each, and the words they have in common."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeAlias

from monitor.signals.facts import Facts

Found: TypeAlias = tuple[float | bool | str | None, str]
"""A value and how it came about; None, and why it is not known."""

OfMarket: TypeAlias = Callable[[Facts, datetime], Found]
"""What answers one name. Its inputs are known and fresh when it is asked."""

Along: TypeAlias = Callable[[Facts, datetime], Iterable[tuple[datetime, float]]]
"""What a name was at each instant of its bars until then, worked out once for them all."""
