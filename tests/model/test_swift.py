"""Records made swiftly are the records that would have been made."""

import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from monitor.model.swift import swift


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    token0: float
    usd: float | None = None


def test_a_swift_record_is_the_record() -> None:
    made, plain = swift(Worth)(token0=1.5), Worth(token0=1.5)
    assert type(made) is Worth
    assert made == plain
    assert replace(made, usd=2.0) == Worth(token0=1.5, usd=2.0)
    assert pickle.loads(pickle.dumps(made)) == plain


def test_it_is_as_frozen_as_any() -> None:
    made = swift(Worth)(token0=1.5)
    with pytest.raises(FrozenInstanceError):
        made.token0 = 2.0  # type: ignore[misc]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    notes: list[str] = field(default_factory=list)


def test_a_default_that_is_made_anew_is_refused() -> None:
    with pytest.raises(TypeError, match="made anew each time"):
        swift(Noted)


def test_a_wrong_argument_is_refused() -> None:
    with pytest.raises(TypeError, match="price"):
        swift(Worth)(token0=1.0, price=2.0)  # type: ignore[call-arg]
