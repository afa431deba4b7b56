"""A world of known and unknown values for expressions to be judged in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import pytest

from monitor.rules.verdict import Scalar, Surroundings, Value

Values: TypeAlias = Mapping[str, Scalar | Value | None]
Windows: TypeAlias = Mapping[tuple[str, str, str | float], Scalar | Value | None]


@dataclass(frozen=True)
class FakeWorld:
    """Gives what it was given; everything else is unknown."""

    values: Values = field(default_factory=dict)
    windows: Windows = field(default_factory=dict)

    def value(self, name: str) -> Value:
        return _wrapped(self.values.get(name), name)

    def window(self, function: str, name: str, argument: str | float) -> Value:
        return _wrapped(self.windows.get((function, name, argument)), function)


def _wrapped(given: Scalar | Value | None, name: str) -> Value:
    if isinstance(given, Value):
        return given
    return Value(value=given, note="" if given is not None else f"{name} was never seen")


@pytest.fixture(scope="session")
def world() -> Callable[..., Surroundings]:
    return FakeWorld
