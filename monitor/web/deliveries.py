"""What was told, and what has not arrived."""

from collections.abc import Iterator
from datetime import datetime

from monitor.alerts.alert import Alert
from monitor.alerts.figures import moment
from monitor.alerts.silence import Silence
from monitor.alerts.wire import from_json
from monitor.store.records import Event, Letter
from monitor.web.markup import Markup, Part, el, said
from monitor.web.seen import Seen
from monitor.web.standing import Stand
from monitor.web.words import ago, badge, lasting, note, section, until


def deliveries(seen: Seen) -> Markup:
    """Return the section."""
    told = [_event(seen, one) for one in reversed(seen.delivered.events)]
    return section(
        "outbox",
        "Alerts and outbox",
        el("ul", *_owed(seen), class_="owed"),
        el("ul", *(_dead(seen, one) for one in seen.delivered.dead), class_="dead"),
        *_silenced(seen),
        el("h3", "Newest alerts"),
        el("ul", *told, class_="events") if told else note("No alert yet."),
    )


def _owed(seen: Seen) -> Iterator[Markup]:
    owed = {one.channel: one for one in seen.delivered.backlog}
    for name in dict.fromkeys((*seen.ground.channels, *owed)):
        one = owed.get(name)
        if one is None:
            yield el("li", badge(Stand.QUIET, name), " nothing waits")
            continue
        since = _since(one.oldest, seen.now) if one.oldest else []
        stand = Stand.FIRING if one.dead else Stand.PENDING
        waits = f" {one.waiting:,} waiting, {one.dead:,} given up"
        yield el("li", badge(stand, name), waits, *since)


def _since(oldest: datetime, now: datetime) -> list[Part]:
    """Return how long the oldest waits; what quiet hours or a digest hold is due only then."""
    if oldest > now:
        return [f" · held until {moment(oldest, now)}"]
    return [" · oldest ", ago(oldest, now)]


def _dead(seen: Seen, one: Letter) -> Markup:
    when = [", given up ", ago(one.dead_at, seen.now)] if one.dead_at else []
    return el("li", f"{one.alert_id} to {one.channel}", *when, ": ", said(one.error))


def _silenced(seen: Seen) -> Iterator[Markup]:
    """Yield the silences, the first to end first; nothing where there are none."""
    shown = sorted(seen.silences, key=lambda one: one.until)
    if shown:
        yield el("h3", "Silences")
        yield el("ul", *(_silence(one, seen.now) for one in shown), class_="silences")


def _silence(one: Silence, now: datetime) -> Markup:
    by = f" by {one.by}" + (f": {one.reason}" if one.reason else "")
    return el(
        "li",
        el("code", one.id),
        f" {one.match.told()} ends ",
        lasting(until(one.until, now)),
        el("small", "silenced ", ago(one.since, now), said(by)),
    )


def _event(seen: Seen, event: Event) -> Markup:
    alert = _read(event)
    if alert is None:
        return el("li", ago(event.at, seen.now), " an event of another release")
    title = alert.title or alert.layer_title
    return el(
        "li",
        el("strong", alert.state.value),
        f" {alert.severity.value} · {alert.rule} ",
        el("code", alert.id),
        " ",
        ago(event.at, seen.now),
        el("small", said(" · ".join(part for part in (alert.subject, title) if part))),
        el("small", said(alert.text)) if alert.text else None,
        class_=f"event {alert.severity.value}",
        data_key=f"event:{event.id}",
    )


def _read(event: Event) -> Alert | None:
    """Return the alert an event tells of, None where another release wrote it."""
    try:
        return from_json(event.payload)
    except ValueError:
        return None
