"""What a rule file says, as frozen records; the expressions are already compiled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from monitor.hedge.instruments import Instrument
from monitor.hedge.ladder import Rung
from monitor.hedge.sizing import Size
from monitor.model.layer import Action
from monitor.rules.expression import Expression
from monitor.rules.template import Template
from monitor.signals.catalogue import Scope


class Severity(StrEnum):
    """How loud an alert is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class OnNodata(StrEnum):
    """What an alert does when an input of its rule grows old.

    KEEP holds the state, flagged; ALERT tells people; RESOLVE ends the alert.
    """

    KEEP = "keep"
    ALERT = "alert"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A `[[layer]]` table. scope: book, pool or position. ladder: where profit is taken."""

    id: str
    title: str
    scope: Scope
    instrument: Instrument
    size: Size
    ladder: tuple[Rung, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A `[[layer.rule]]` or `[[rule]]` table with the pack's defaults folded in.

    when, clear: boolean expressions; clear None means `!when`.
    hold: the file's `for`. max_gap: a silence longer than this restarts `for`.
    max_age: per signal name, tighter than the catalogue's own.
    route: channel names; empty means every configured channel.
    """

    id: str
    pack: str
    action: Action
    scope: Scope
    layer: Layer | None
    when: Expression
    clear: Expression | None
    title: Template
    text: Template
    severity: Severity = Severity.WARNING
    hold: timedelta = timedelta(0)
    keep_firing_for: timedelta = timedelta(0)
    cooldown: timedelta = timedelta(0)
    repeat: timedelta | None = None
    expires: timedelta | None = None
    max_gap: timedelta | None = None
    on_nodata: OnNodata = OnNodata.KEEP
    max_age: Mapping[str, timedelta] = field(default_factory=dict)
    route: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    top_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One rule file. evidence: claim, published or measured. file: as given, for messages.

    contradicts: ids of packs that answer the same question otherwise.
    """

    id: str
    title: str
    evidence: str
    sources: tuple[str, ...]
    rules: tuple[Rule, ...]
    layers: tuple[Layer, ...]
    file: str
    contradicts: tuple[str, ...] = ()
