"""Who answers what is asked, said and pressed by Telegram."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from monitor.alerts.alert import Alert
from monitor.channels.spoken import Errand
from monitor.channels.telegram_writer import Picture

ToldOf: TypeAlias = Callable[[str, str], Alert | None]
"""Returns an alert as an event told of it, by its id and the event's name in a button."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who answers.

    answer: the text for a question such as `/status`, and what followed it; runs on the
    loop, so it must be quick. obey: runs a word's errand. told: an alert as an event told of
    it, by its id and the event's name in a button. chart: draws what is asked for; raises
    HedgewatchError in a sentence where it cannot.
    """

    answer: Callable[[str, str], str]
    obey: Errand
    told: ToldOf = lambda _alert, _event: None
    chart: Callable[[str], Awaitable[Picture]] | None = None
