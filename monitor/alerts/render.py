"""Alerts as people read them: in a chat, as plain text, on a console line."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from html import escape
from typing import Final, Protocol

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.figures import age, moment, span
from monitor.alerts.page import Page, fitted
from monitor.alerts.retraction import lines
from monitor.alerts.terms import say, say_tight
from monitor.alerts.ticket import ticket_lines
from monitor.model.layer import Action
from monitor.rules.lifecycle import NOT_CLEARED
from monitor.rules.pack import Severity

DELAYED: Final = timedelta(minutes=2)
"""A message delivered later than this after its moment says so."""
CONSOLE_WIDTH: Final = 80
_DOTS: Final = {Severity.INFO: "🔵", Severity.WARNING: "🟠", Severity.CRITICAL: "🔴"}
_STATE_DOTS: Final = {
    AlertState.RESOLVED: "🟢",
    AlertState.EXPIRED: "⚪",
    AlertState.NODATA: "⚪",
    AlertState.SEEN: "🟢",
    AlertState.FILLED: "🔵",
    AlertState.RETRACTED: "⚪",
}
_RETRACTED: Final = "block gone"
_CLOUDED: Final = {
    AlertState.NODATA: "NO DATA",
    AlertState.ERROR: "RULE FAILED",
    AlertState.SEEN: "SEES AGAIN",
}
_OPEN: Final = frozenset({AlertState.FIRING, AlertState.REPEAT})
_BLINDING: Final = frozenset({"system.poll_age_s", "system.feed_age_s"})


class Delivery(Protocol):
    """What rendering needs of a message on its way."""

    @property
    def alert(self) -> Alert: ...
    @property
    def repeat(self) -> bool: ...
    @property
    def now(self) -> datetime: ...


def telegram_html(message: Delivery, *, asks: bool = False) -> str:
    """Return the message in Telegram's HTML, escaped, at most 4096 UTF-16 units long.

    asks: whether its readers may ask; a proposal says how then.
    """
    return fitted(_page(message, asks=asks), _html)


def plain(message: Delivery, *, asks: bool = False) -> str:
    """Return the same message without markup, within the same length."""
    return fitted(_page(message, asks=asks), _text)


def console_line(alert: Alert, *, dated: bool = False) -> str:
    """Return one line; 80 columns where it can be: routes and comparisons give way first.

    dated: with the day before the time, for a story of many days.
    """
    clock = f"{alert.at:%Y-%m-%d %H:%M:%SZ}" if dated else f"{alert.at:%H:%M:%SZ}"
    name = (alert.layer or alert.rule) if alert.state is AlertState.FILLED else alert.rule
    what = f"{alert.state.value:<8} {name}"  # a longer word takes from the space behind the name
    start = f"{clock}  {what:<17} {_short(alert.scope):<6}"
    pieces = [_one_line(piece) for piece in _pieces(alert)]
    route = f" → {', '.join(alert.route)}" if alert.route else ""
    line = ""
    for kept in range(len(pieces), 0, -1):
        more = f" +{len(pieces) - kept}" if kept < len(pieces) else ""
        line = f"{'  '.join([start, *pieces[:kept]])}{more}  {alert.id}"
        if len(line) <= CONSOLE_WIDTH:
            return line + route if len(line + route) <= CONSOLE_WIDTH else line
    return line


def _pieces(alert: Alert) -> list[str]:
    """Return what a console line tells, the weightiest first."""
    match alert.state:
        case AlertState.FIRING | AlertState.REPEAT:
            told = [say_tight(term) for term in alert.trace]
        case AlertState.NODATA:
            told = [say_tight(term) for term in alert.trace if term.truth is None]
        case AlertState.SEEN if not alert.reason:
            told = [f"sees again after {_lasted(alert)}", *map(say_tight, alert.trace)]
        case AlertState.RESOLVED | AlertState.SEEN:
            told = [alert.reason or f"after {_lasted(alert)}"]
        case AlertState.RETRACTED:
            told = [_RETRACTED, *(say_tight(term) for term in alert.trace if not term.truth)]
        case AlertState.EXPIRED | AlertState.ERROR | AlertState.FILLED:
            told = []
    told = told or [alert.reason or alert.text or alert.title]
    # On the piece that never gives way.
    return [f"{told[0]} UNCONFIRMED", *told[1:]] if alert.unconfirmed else told


def _page(message: Delivery, *, asks: bool) -> Page:
    alert = message.alert
    void = alert.expires_at is not None and message.now >= alert.expires_at
    state = AlertState.EXPIRED if void and alert.state in _OPEN else alert.state
    return Page(
        dot=_STATE_DOTS.get(state, _DOTS[alert.severity]),
        head=_one_line(_head(alert, state)),
        id=alert.id,
        top=tuple(_top(alert, state)),
        trace=tuple(_trace(alert, state)),
        body=tuple(_body(alert, state)),
        ticket=tuple(_ticket(alert, state)),
        foot=tuple(_foot(message, state, asks=asks)),
    )


def _head(alert: Alert, state: AlertState) -> str:
    if state in _CLOUDED:
        return _clouded_head(alert, state)
    if alert.pack == "self":
        return _own_head(alert, state)
    what = _what(alert)
    asked = "" if alert.action is Action.NOTIFY else f"{alert.action.value.upper()} "
    match state:
        case AlertState.FIRING:
            return f"{asked}· {what}" if asked else what
        case AlertState.REPEAT:
            return f"STILL {asked}· {what}"
        case _:
            return f"{state.value.upper()} · {what}"


def _own_head(alert: Alert, state: AlertState) -> str:
    blind = bool(_BLINDING & alert.values.keys())
    what = _what(alert)
    match state:
        case AlertState.FIRING:
            return f"{'BLIND' if blind else 'TROUBLE'} · {what}"
        case AlertState.REPEAT:
            return f"STILL {'BLIND' if blind else 'TROUBLED'} · {what}"
        case AlertState.RESOLVED:
            word = "SEES AGAIN" if blind else "WELL AGAIN"
            return f"{word} · {what} after {_lasted(alert)}"
        case _:
            return f"{state.value.upper()} · {what}"


def _clouded_head(alert: Alert, state: AlertState) -> str:
    """Return the head of what says that a rule cannot be judged, or of what ends that."""
    if state is not AlertState.SEEN:
        return f"{_CLOUDED[state]} · {_what(alert)}"
    # With a reason there is nothing left to judge.
    word = "OVER" if alert.reason else _CLOUDED[state]
    return f"{word} · {_what(alert)} after {_lasted(alert)}"


def _what(alert: Alert) -> str:
    if alert.pack == "self":
        poll = "system.poll_age_s" in alert.values
        return alert.chain if poll and alert.chain else alert.title or alert.rule
    if alert.layer is None:
        return alert.title or alert.rule
    return f"{alert.layer} {alert.layer_title}".strip()


def _top(alert: Alert, state: AlertState) -> Iterator[str]:
    if alert.subject and not (alert.pack == "self" and state is AlertState.RESOLVED):
        yield _one_line(alert.subject)


def _trace(alert: Alert, state: AlertState) -> Iterator[str]:
    if state is AlertState.NODATA:
        yield from dict.fromkeys(_one_line(say(t)) for t in alert.trace if t.truth is None)
        return
    if state not in _OPEN | {AlertState.SEEN}:
        return
    aged: set[tuple[str, float | None]] = set()
    for term in alert.trace:
        stamp = (term.source, term.age_s)
        yield _one_line(say(term, aged=stamp not in aged, at=alert.at))
        aged.add(stamp)
    if alert.at > alert.since and alert.pack != "self" and state in _OPEN:
        begun = moment(alert.since, alert.at)
        if NOT_CLEARED in alert.reason:
            yield f"First true {_lasted(alert)} ago, at {begun}"
        else:
            yield f"So for {_lasted(alert)}, since {begun}"


def _body(alert: Alert, state: AlertState) -> Iterator[str]:
    if state is AlertState.EXPIRED:
        void = f" at {moment(alert.expires_at, alert.at)}" if alert.expires_at else ""
        asked = "" if alert.action is Action.NOTIFY else f"{alert.action.value} "
        yield f"The {asked}proposal became void{void}."
        yield "Do not trade on it."
    if state is AlertState.RESOLVED and alert.pack != "self":
        yield f"Over after {_lasted(alert)}."
    if state is AlertState.RETRACTED:
        yield from map(_one_line, lines(alert))
    elif alert.reason:
        yield _one_line(alert.reason)
    if state in _OPEN | {AlertState.FILLED} and alert.text not in {"", alert.title, alert.reason}:
        yield from (line.strip() for line in alert.text.splitlines() if line.strip())
    if alert.unconfirmed:
        yield _one_line(f"UNCONFIRMED: {alert.unconfirmed}")
    if alert.pack == "self" and state in _OPEN:
        yield from dict.fromkeys(_one_line(term.note) for term in alert.trace if term.note)


def _ticket(alert: Alert, state: AlertState) -> Iterator[str]:
    if alert.ticket is not None and state in _OPEN:
        yield from map(_one_line, ticket_lines(alert.ticket))
        if alert.expires_at is not None:
            yield f"void at {moment(alert.expires_at, alert.at)}"


def _foot(message: Delivery, state: AlertState, *, asks: bool) -> Iterator[str]:
    alert = message.alert
    if message.now - alert.at > DELAYED:
        late = age((message.now - alert.at).total_seconds())
        yield f"delayed {late}: so at {moment(alert.at, message.now)}"
    if message.repeat:
        yield "(may be a repeat)"
    if alert.action is not Action.NOTIFY and state in _OPEN:
        yield f"Not advice. /why {alert.id}" if asks else "Not advice."


def _lasted(alert: Alert) -> str:
    return span((alert.at - alert.since).total_seconds())


def _html(page: Page) -> str:
    head = f"{page.dot} <b>{_safe(page.head)}</b>   <code>{_safe(page.id)}</code>"
    return _joined(page, head, _safe)


def _text(page: Page) -> str:
    return _joined(page, f"{page.dot} {page.head}   {page.id}", str)


def _joined(page: Page, head: str, spell: Callable[[str], str]) -> str:
    first = "\n".join([head, *map(spell, page.top)])
    rest = ("\n".join(map(spell, lines)) for lines in page.paragraphs())
    return "\n\n".join([first, *rest])


def _safe(text: str) -> str:
    return escape(text, quote=False)


def _one_line(text: str) -> str:
    return " ".join(text.split("\n")).strip()


def _short(scope: str) -> str:
    """Return a scope in few columns: a position by its token id, a pool by its address's start."""
    *before, last = scope.split(":")
    if len(before) > 1:
        return f"#{last}"
    return f"{last[:6]}…" if last.startswith("0x") else scope
