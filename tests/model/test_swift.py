"""Records made swiftly are the records that would have been made."""

import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from monitor.model.swift import altered, swift


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


def test_a_field_that_is_made_anew_has_to_be_given() -> None:
    assert swift(Noted)(notes=["a"]) == Noted(notes=["a"])
    with pytest.raises(TypeError, match="notes"):
        swift(Noted)()


def test_an_altered_record_is_as_if_replaced() -> None:
    old = Worth(token0=1.5, usd=3.0)
    made = altered(Worth)(old, usd=None)
    assert type(made) is Worth
    assert made == replace(old, usd=None)
    assert old == Worth(token0=1.5, usd=3.0)
    with pytest.raises(FrozenInstanceError):
        made.token0 = 2.0


def test_a_field_that_is_not_there_is_not_altered() -> None:
    with pytest.raises(TypeError, match="price"):
        altered(Worth)(Worth(token0=1.0), price=2.0)


def test_a_wrong_argument_is_refused() -> None:
    with pytest.raises(TypeError, match="price"):
        swift(Worth)(token0=1.0, price=2.0)  # type: ignore[call-arg]
