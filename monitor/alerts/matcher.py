"""Which alerts something is about: a few labels, and what each may be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Annotated, Any, ClassVar, Final, TypeAlias

from pydantic import BeforeValidator, ConfigDict

from monitor.alerts.alert import Alert, AlertState
from monitor.model.layer import Action
from monitor.rules.pack import Severity
from monitor.rules.suggest import nearest

LABELS: Final = ("pack", "rule", "layer", "scope", "chain", "severity", "action", "state")
"""What an alert can be told by. A label that an alert lacks is an empty text."""

Labels: TypeAlias = Mapping[str, str]

_KNOWN: Final = {
    "severity": tuple(one.value for one in Severity),
    "action": tuple(one.value for one in Action),
    "state": tuple(one.value for one in AlertState),
}
_FORM: Final = "pack=lp_range or severity=info,warning"


def labels_of(alert: Alert) -> Labels:
    """Return the labels of an alert."""
    return {
        "pack": alert.pack,
        "rule": alert.rule,
        "layer": alert.layer or "",
        "scope": alert.scope,
        "chain": alert.chain or "",
        "severity": alert.severity.value,
        "action": alert.action.value,
        "state": alert.state.value,
    }


def _several(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    return given if isinstance(given, list | tuple) else (given,)


Patterns: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_several)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """Alternatives a label, each of which `*` stands for any text in; a label left out is free.

    Raises ValueError for a severity, action or state that no alert has.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    pack: Patterns = ()
    rule: Patterns = ()
    layer: Patterns = ()
    scope: Patterns = ()
    chain: Patterns = ()
    severity: Patterns = ()
    action: Patterns = ()
    state: Patterns = ()

    def __post_init__(self) -> None:
        for name, known in _KNOWN.items():
            for pattern in self._asked(name):
                if not any(fnmatchcase(one, pattern) for one in known):
                    raise ValueError(f"no {name} {pattern!r}: {' '.join(known)}")

    def matches(self, labels: Labels) -> bool:
        """Return whether an alert with these labels is meant."""
        for name in LABELS:
            if patterns := self._asked(name):
                value = labels.get(name, "")
                if not any(_fits(one, value) for one in patterns):
                    return False
        return True

    def told(self) -> str:
        """Return it as a person writes it: `pack=lp_range severity=info,warning`."""
        asked = ((name, self._asked(name)) for name in LABELS)
        return " ".join(f"{name}={','.join(p)}" for name, p in asked if p) or "everything"

    def _asked(self, name: str) -> tuple[str, ...]:
        patterns: tuple[str, ...] = getattr(self, name)
        return patterns


ANY: Final = Matcher()
"""Every alert."""


def read_matcher(texts: Iterable[str]) -> Matcher:
    """Return what `pack=lp_range severity=info,warning` says; raise ValueError in a sentence."""
    asked = dict[str, tuple[str, ...]]()
    known = tuple(one.name for one in fields(Matcher))
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or value.split() != [value]:
            raise ValueError(f"{text[:40]!r} is no label and its value: {_FORM}")
        if name not in known:
            near = nearest(name, set(known))
            hint = f"did you mean {near}?" if near else f"there are {' '.join(known)}"
            raise ValueError(f"no label {name[:20]!r}; {hint}")
        if name in asked:
            raise ValueError(f"{name} is given twice; alternatives are parted by a comma")
        asked[name] = tuple(value.split(","))
    if not asked:
        raise ValueError(f"say which alerts: {_FORM}; scope=* is all of them")
    return Matcher(**asked)


def _fits(pattern: str, value: str) -> bool:
    # What is absent is not any text.
    return fnmatchcase(value, pattern) if value else not pattern
