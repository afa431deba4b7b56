"""Once a day, at an hour of one's own: it is alive, and this is how all of it is."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from monitor.alerts.alert import Alert, AlertState
from monitor.alerts.desk import decided
from monitor.alerts.wire import to_json
from monitor.app.brief import brief
from monitor.config.service import AliveSettings
from monitor.model.layer import Action
from monitor.pipeline import State
from monitor.rules.pack import Severity
from monitor.store.port import Store
from monitor.store.records import Change, Outgoing


def digest(settings: AliveSettings, state: State, at: datetime, *, more: str = "") -> Alert | None:
    """Return the day's digest, None before its hour.

    The day is in its key, so that the store takes it once, however often it is drawn up; a
    daemon that was down at the hour tells it when it is up again, on the same day.
    """
    here = at.astimezone(ZoneInfo(settings.zone))
    if here.time() < settings.hour:
        return None
    idem = f"{state.epoch}:alive:{here.date().isoformat()}"
    head, _, told = brief("/status", state, at).partition("\n")
    return Alert(
        id=sha256(idem.encode()).hexdigest()[:6].upper(),
        idem=idem,
        key="alive|book",
        rule="alive",
        pack="alive",
        scope="book",
        layer=None,
        layer_title="",
        action=Action.NOTIFY,
        state=AlertState.FIRING,
        severity=Severity.INFO,
        at=at,
        since=at,
        title="Alive",
        reason=head,  # what a console line tells of it
        text=f"{told}\n{more}" if more else told,
        route=settings.channels,
    )


@dataclass(slots=True)
class Alive:
    """Puts the digest into the outbox once a day.

    there: the channels this run has. more: one more line of it.
    """

    settings: AliveSettings
    store: Store
    there: Collection[str]
    more: Callable[[datetime], str] = lambda _at: ""
    _told: date | None = field(default=None, init=False)

    def look(self, state: State, at: datetime) -> None:
        """Tell it where its hour has come and this run has not told it today."""
        today = at.astimezone(ZoneInfo(self.settings.zone)).date()
        if self._told == today:
            return
        if (alert := digest(self.settings, state, at, more=self.more(at))) is not None:
            self.store.commit(Change(alerts=(self._outgoing(alert),)))
            self._told = today

    def _outgoing(self, alert: Alert) -> Outgoing:
        wanted = self.settings.channels or self.there
        why = "[alive] names it" if self.settings.channels else "[alive] names no channel, so all"
        to = {name: why for name in self.there if name in wanted}
        others = dict.fromkeys((n for n in self.there if n not in to), "left out by [alive]")
        return Outgoing(
            idem=alert.idem,
            key=alert.key,
            alert_id=alert.id,
            at=alert.at,
            payload=to_json(alert),
            channels=tuple(to),
            decisions=(*decided(alert, to, sent=True), *decided(alert, others, sent=False)),
        )
