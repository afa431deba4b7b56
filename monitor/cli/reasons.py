"""Why an alert was, or was not, told on each channel, in lines."""

from collections.abc import Iterator
from typing import Final

from monitor.alerts.desk import Choice
from monitor.alerts.sitting import CONSOLE
from monitor.cli.lines import line
from monitor.store.records import Event
from monitor.store.sqlite import SqliteStore

_INDENT: Final = "  "


def reasons(store: SqliteStore, event: Event, *, told: bool) -> Iterator[str]:
    """Yield a line a channel; told: also of those it was sent to. The console tells every event."""
    for one in store.history.decided(event.alert_id):
        if one.idem != event.idem or one.channel == CONSOLE:
            continue
        if told or one.choice is not Choice.SENT:
            yield line(f"{_INDENT}{one.channel:<9} {one.choice.value:<7}", one.reason)
