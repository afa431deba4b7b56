"""What was before the story, left in the daemon's inbox as `history pull` leaves it."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from pydantic import TypeAdapter

from monitor.calendars.hours import Hours
from monitor.calendars.sessions import session_close
from monitor.model.observation import Past
from monitor.model.reading import Bar
from monitor.signals.bars import point
from monitor.store.port import Inbox
from monitor.timetravel.story import DEMO_FIRST, DEMO_LAST
from monitor.timetravel.tables import between, eth_days, vix_closes

_PAST: Final = TypeAdapter(Past)
_FIRST: Final = date(2019, 2, 6)
_ETH: Final = "eth.price"
_VIX: Final = "vix"
_SOURCES: Final = {_ETH: "binance", _VIX: "cboe_history"}


def leave_past(inbox: Inbox, now: datetime) -> tuple[str, ...]:
    """Leave a year of daily closes of ETH and the VIX; return the names they lie under."""
    eth = tuple(bar for bar in _eth_bars() if bar.at <= now)
    vix = tuple(
        point(day, close, session_close(Hours.CBOE_VIX, day))
        for day, close in between(vix_closes(), _FIRST, DEMO_FIRST - timedelta(days=1))
    )
    return _leave(inbox, now, _ETH, eth), _leave(inbox, now, _VIX, vix)


def leave_day(inbox: Inbox, now: datetime) -> str:
    """Leave ETH's close of the day that ends at `now`; return its name, empty at other hours."""
    bars = tuple(bar for bar in _eth_bars() if bar.at == now)
    return _leave(inbox, now, _ETH, bars) if bars else ""


def _eth_bars() -> Iterator[Bar]:
    for day, close in between(eth_days(), _FIRST, DEMO_LAST - timedelta(days=1)):
        yield point(day, close, session_close(Hours.ALWAYS, day))


def _leave(inbox: Inbox, now: datetime, name: str, told: tuple[Bar, ...]) -> str:
    source = _SOURCES[name]
    word = f"past:{name}:{source}:{told[0].day}:{told[-1].day}"
    past = Past(id=word, source=source, observed_at=now, name=name, bars=told)
    inbox.say(word, _PAST.dump_json(past).decode(), now)
    return word
