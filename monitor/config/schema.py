"""Where in the file a value of the wrong form stands, and one sentence on what is wrong."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields, is_dataclass
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from monitor.config.former import former
from monitor.config.settings import Settings
from monitor.logs import REFERENCE_FORMS
from monitor.rules.suggest import nearest

Place = tuple[str | int, ...]
"""The keys, and the numbers in arrays, that lead to a value as the file has it."""

_PRIVATE: Final = frozenset({"rpc", "token", "chat", "password", "base_url", "key", "url"})
"""Keys whose values are never quoted in a message: a secret may have been put there."""
_UNKNOWN: Final = frozenset({"unexpected_keyword_argument", "extra_forbidden"})
_MISSING: Final = frozenset({"missing", "missing_argument"})
_PLAIN: Final = {
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be a text in quotes",
    "string_too_short": "must not be empty",
    "too_short": "must name one at least",
    "too_long": "names too many",
}
# A text where a table belongs is not quoted either: it may be the table's one secret.
_NO_TABLE: Final = frozenset(
    {"dataclass_type", "dataclass_exact_type", "mapping_type", "dict_type"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """One value that does not fit.

    gone: what has to be left out for the rest to be read. matters: whether what was
    meant may be a key that is known; then `meant` is its place.
    """

    where: str
    reason: str
    gone: Place
    meant: Place | None


def sound(node: Any, gone: AbstractSet[Place], at: Place = ()) -> Any:  # noqa: ANN401 - TOML is Any
    """Return what is left of a file without the places that are gone."""
    if isinstance(node, dict):
        there = ((key, (*at, key)) for key in node)
        return {key: sound(node[key], gone, place) for key, place in there if place not in gone}
    if isinstance(node, list):
        numbered = ((one, (*at, number)) for number, one in enumerate(node))
        return [sound(one, gone, place) for one, place in numbered if place not in gone]
    return node


def misfits(
    error: ValidationError, raw: Mapping[str, Any], gone: AbstractSet[Place]
) -> Iterator[Misfit]:
    """Yield every misfit found in `raw` without what is `gone` already."""
    for one in error.errors(include_url=False):
        place = _place(raw, one["loc"], gone)
        value = _at(raw, place)
        if one["type"] == "bool_type" and isinstance(value, dict):
            continue  # of `true or a table`, it is the table; its own misfits are told
        table = place if one["type"] in _MISSING else place[:-1]
        key = str(one["loc"][-1])
        near = ""
        if one["type"] in _UNKNOWN:
            near = nearest(key, set(_keys(table)) - set(_at(raw, table)))
        where = (*place, key) if one["type"] in _MISSING else place
        matters = one["type"] not in _UNKNOWN
        yield Misfit(
            where=".".join(map(str, where)),
            reason=_reason(one, place, near),
            gone=_whole(raw, place),
            meant=_whole(raw, place) if matters else (*table, near) if near else None,
        )


def _reason(one: ErrorDetails, place: Place, near: str) -> str:
    if one["type"] in _UNKNOWN:
        if told := former(place):
            return told
        return f"unknown key; did you mean {near}?" if near else "unknown key"
    if one["type"] in _MISSING:
        return "must be given"
    if one["type"] in _NO_TABLE:
        return f"must be a table: [{'.'.join(map(str, place))}]"
    if one["type"] == "tuple_type":
        return _no_list(place, one["input"])
    return _of_value(one, place)


def _of_value(one: ErrorDetails, place: Place) -> str:
    """Return what is wrong with a single value, and what it was unless that may be a secret."""
    if place[0] == "feed" and place[-1] == "key":
        return f"must be {REFERENCE_FORMS}"
    reason = _PLAIN.get(one["type"]) or _ours(one["msg"])
    given = one["input"]
    if isinstance(given, dict | list) or _PRIVATE & set(place):
        return reason
    # Reasons of our own quote a text themselves where that helps.
    quoted = isinstance(given, str) and repr(given) in reason
    return reason if quoted else f"{reason}, was {given!r}"


def _ours(told: str) -> str:
    """Return what pydantic says, in the words of our own reasons."""
    told = told.removeprefix("Value error, ")
    for theirs, ours in (("Input should be ", "must be "), ("a valid ", "a "), ("should", "must")):
        told = told.replace(theirs, ours)
    return told


def _no_list(place: Place, given: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """Return what is wrong with what stands where a list, or several tables, belong."""
    name = ".".join(map(str, place))
    if place[0] == "feeds":
        return _no_order(str(place[-1]), given)
    if is_dataclass(_inner(_type_of(place), 0)):
        return f"must be a table in double brackets, one for each: [[{name}]]"
    if isinstance(given, str) and not _PRIVATE & set(place):
        return f'must be a list, also where it is one: ["{given}"]'
    return "must be a list, in [ ]"


def _no_order(name: str, given: object) -> str:
    """Return what is wrong with what stands in `[feeds]` where a list belongs."""
    if not isinstance(given, dict):
        shown = f'"{given}"' if isinstance(given, str) else "…"
        return f"must be a list of feeds, also where it is one: [{shown}]"
    while isinstance(given, dict) and len(given) == 1:
        ((key, given),) = given.items()
        name += f".{key}"
    return f'a name with a dot in it is written in quotes: "{name}" = […]'


def _place(raw: Any, loc: Place, gone: AbstractSet[Place]) -> Place:  # noqa: ANN401 - TOML is Any
    """Return a location as the file has it: rows that are gone counted, no kinds, no gaps."""
    node, place = raw, Place()
    for part in loc:
        step = part
        if isinstance(node, list) and isinstance(part, int):
            step = [n for n in range(len(node)) if (*place, n) not in gone][part]
        elif not isinstance(node, dict) or part not in node or (*place, part) in gone:
            continue
        node, place = node[step], (*place, step)
    return place


def _at(raw: Any, place: Place) -> Any:  # noqa: ANN401 - TOML is Any
    for part in place:
        raw = raw[part]
    return raw


def _whole(raw: Mapping[str, Any], place: Place) -> Place:
    """Return the place of the value that stands or falls with this one: a list of plain ones."""
    while place and isinstance(place[-1], int) and not isinstance(_at(raw, place), dict):
        place = place[:-1]
    return place


def _keys(table: Place) -> tuple[str, ...]:
    """Return the keys a table may have."""
    kind = _type_of(table)
    return tuple(one.name for one in fields(kind)) if is_dataclass(kind) else ()


def _type_of(place: Place) -> Any:  # noqa: ANN401 - a type may be anything
    kind: Any = Settings
    for part in place:
        kind = _inner(kind, part)
    return kind


def _inner(kind: Any, part: str | int) -> Any:  # noqa: ANN401 - a type may be anything
    """Return the type of what stands under one key, or one number, of a type."""
    if is_dataclass(kind):
        kind = get_type_hints(kind).get(str(part))
    elif get_args(kind):
        kind = get_args(kind)[0 if isinstance(part, int) else -1]
    if get_origin(kind) in (Union, UnionType):
        return next((one for one in get_args(kind) if is_dataclass(one)), None)
    return kind
