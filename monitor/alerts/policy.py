"""Who is told of which alert, how loud and how late: what `[alerts]` says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, TypeAlias

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.matcher import ANY, LABELS, Labels, Matcher
from monitor.alerts.windows import Window
from monitor.rules.durations import parse_duration
from monitor.rules.pack import Severity

_STRICT: Final = ConfigDict(extra="forbid")
_LONGEST: Final = timedelta(days=1)
LOUDNESS: Final = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)


def _span(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    if isinstance(given, timedelta):
        return given
    if not isinstance(given, str):
        told = 'must be a span in quotes, such as "30s" or "4h"'
        raise ValueError(told)  # noqa: TRY004 - a fault of the file
    return parse_duration(given)


def _several(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    several = given if isinstance(given, list | tuple) else (given,)
    if not all(isinstance(one, dict | Window) for one in several):
        told = 'must be { hours = "22:00-07:00" }, perhaps with days and a zone, or a list of such'
        raise ValueError(told)
    return several


def _of_a_day(given: timedelta) -> timedelta:
    if given > _LONGEST:
        raise ValueError("must be a day at most")
    return given


def _some(given: timedelta) -> timedelta:
    if not given:
        raise ValueError("must be above 0")
    return given


def _of_labels(given: tuple[str, ...]) -> tuple[str, ...]:
    for name in given:
        if name not in LABELS:
            raise ValueError(f"no label {name!r}: {' '.join(LABELS)}")
    return given


Span: TypeAlias = Annotated[timedelta, BeforeValidator(_span), Field(strict=True)]
Wait: TypeAlias = Annotated[Span, AfterValidator(_of_a_day)]
Stretch: TypeAlias = Annotated[Span, AfterValidator(_some)]
Names: TypeAlias = Annotated[tuple[str, ...], AfterValidator(_of_labels)]
Windows: TypeAlias = Annotated[tuple[Window, ...], BeforeValidator(_several)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One `[[alerts.route]]`: the channels of what it matches, in its rule's own route's place.

    during: when it speaks; while it does not, the next route is asked. go_on: whether later
    routes are asked besides. group_wait: instead of the whole policy's. No channels: the log only.
    """

    __pydantic_config__: ClassVar = _STRICT

    channels: tuple[str, ...]
    match: Matcher = ANY
    during: Windows = ()
    go_on: Annotated[bool, Field(strict=True)] = False
    group_wait: Wait | None = None

    def speaks(self, now: datetime) -> bool:
        """Return whether this is a time it speaks at."""
        return not self.during or any(window.holds(now) for window in self.during)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibition:
    """One `[[alerts.inhibit]]`: while a source fires, people are not told of its targets.

    equal: labels that both must have alike. What is a source itself is no target.
    """

    __pydantic_config__: ClassVar = _STRICT

    source: Matcher
    target: Matcher
    equal: Names = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """One `[[alerts.escalate]]`: where to tell of what nobody has acknowledged for so long."""

    __pydantic_config__: ClassVar = _STRICT

    after: Stretch
    channels: Annotated[tuple[str, ...], Field(min_length=1)]
    match: Matcher = ANY

    @property
    def name(self) -> str:
        """Return what it is known by from one run to the next."""
        seconds = int(self.after.total_seconds())
        return f"{seconds}s {','.join(self.channels)} {self.match.told()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole of `[alerts]`; without any of it, each alert goes where its rule says, at once.

    group_wait: how long channels to people wait for more of a group; never with what is critical.
    group_by: the labels a group has in common. severity: the least a channel is told of.
    quiet: when channels to people make no sound below critical. max_flaps: how often within
    flap_window an alert may fire before it is held to one digest a window; 0 for any number.
    """

    __pydantic_config__: ClassVar = _STRICT

    route: tuple[Route, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    quiet: Windows = ()
    group_wait: Wait = timedelta(0)
    group_by: Names = ("pack",)
    max_flaps: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 0
    flap_window: Stretch = timedelta(hours=1)
    inhibit: tuple[Inhibition, ...] = ()
    escalate: tuple[Escalation, ...] = ()

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield every channel named, with the key that names it."""
        for number, route in enumerate(self.route):
            yield from ((f"route.{number}.channels", name) for name in route.channels)
        yield from ((f"severity.{name}", name) for name in self.severity)
        for number, step in enumerate(self.escalate):
            yield from ((f"escalate.{number}.channels", name) for name in step.channels)

    def least(self, channel: str) -> Severity:
        """Return the least severity a channel is told of."""
        return self.severity.get(channel, Severity.INFO)

    def hushed(self, severity: Severity, now: datetime) -> Window | None:
        """Return the quiet hours in which an alert of this severity makes no sound now."""
        if severity is Severity.CRITICAL:
            return None
        return next((window for window in self.quiet if window.holds(now)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """Where an alert goes. why: by channel. shut: by channel, why it is not told there now.

    wait: how long people may be kept waiting for more of its group.
    """

    why: Mapping[str, str]
    shut: Mapping[str, str]
    wait: timedelta


def vital(pack: str, severity: str) -> bool:
    """Return whether an alert tells of blindness, which no hour of the day may keep quiet."""
    return pack == "self" and severity == Severity.CRITICAL.value


def routed(policy: Policy, labels: Labels, own: Mapping[str, str], now: datetime | None) -> Routed:
    """Return which channels an alert goes to, by the first route that matches and speaks.

    own: the channels of its rule and why, for what no route matches. now: None where a time to
    speak does not count.
    """
    if now is not None and vital(labels["pack"], labels["severity"]):
        now = None
    why, shut, wait, matched = dict[str, str](), dict[str, str](), list[timedelta](), False
    for number, route in enumerate(policy.route, 1):
        if not route.match.matches(labels):
            continue
        matched = True
        if now is not None and not route.speaks(now):
            hours = " or ".join(window.told() for window in route.during)
            shut.update(dict.fromkeys(route.channels, f"route {number} speaks {hours} only"))
            continue
        why = dict.fromkeys(route.channels, f"route {number}") | why
        wait.append(policy.group_wait if route.group_wait is None else route.group_wait)
        if not route.go_on:
            break
    late = {name: reason for name, reason in shut.items() if name not in why}
    chosen = why if matched else own
    return Routed(why=chosen, shut=late, wait=min(wait, default=policy.group_wait))


def ever(policy: Policy, labels: Labels, own: Iterable[str]) -> frozenset[str]:
    """Return the channels an alert may go to, at whatever hour. own: those of its rule."""
    found, matched = set[str](), False
    for route in policy.route:
        if route.match.matches(labels):
            found, matched = found | {*route.channels}, True
            if not (route.go_on or route.during):
                break
    return frozenset(found if matched else own)


def for_the_log(alert: Alert) -> bool:
    """Return whether an alert tells of a deed that nobody had asked for: no route sends it on."""
    return alert.state is AlertState.FILLED and alert.route == ("console",)


PLAIN: Final = Policy()
"""Each alert at once to every channel of its rule."""
