"""Who answers what is asked, said and pressed by Telegram."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from monitor.alerts.alert import Alert
from monitor.channels.spoken import Errand
from monitor.channels.telegram_writer import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a button is of. alert: as the event it stands under told of it; last: as the newest."""

    alert: Alert
    last: Alert


ToldOf: TypeAlias = Callable[[str, str], Told | None]
"""Returns what a button is of, by the alert's id and the event's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who answers.

    answer: the text for a question such as `/status`, and what followed it; runs on the
    loop, so it must be quick, but for `/whatif`, asked in a thread. obey: runs a word's
    errand. left: whether a word of this id was left before. told: what a button is of, by the
    alert's id and the event's name. chart: draws what is asked for; raises HedgewatchError in
    a sentence where it cannot.
    """

    answer: Callable[[str, str], str]
    obey: Errand
    left: Callable[[str], bool] = lambda _: False
    told: ToldOf = lambda _alert, _event: None
    chart: Callable[[str], Awaitable[Picture]] | None = None
