"""What was before the story, left in the daemon's inbox as `history pull` leaves it."""

from collections.abc import Iterable
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
from monitor.timetravel.tables import between, eth_days, vix_closes, vx_before

_PAST: Final = TypeAdapter(Past)
_FIRST: Final = date(2019, 2, 6)
_DAY: Final = timedelta(days=1)
_ETH: Final = "eth.price"
_VIX: Final = "vix"
_VX: Final = "vx.settle"
_SOURCES: Final = {_ETH: "binance", _VIX: "cboe_history", _VX: "snapshot"}


def leave_past(inbox: Inbox, now: datetime) -> tuple[str, ...]:
    """Leave a year of ETH, the VIX and its futures, day by day; return the names they lie under."""
    eth = tuple(bar for bar in _eth_bars() if bar.at <= now)
    vix = _bars(between(vix_closes(), _FIRST, DEMO_FIRST - _DAY), Hours.CBOE_VIX)
    futures = (
        _leave(inbox, now, _VX, _bars(told, Hours.XNYS_CLOSE), key=expiry.isoformat())
        for expiry, told in vx_before().items()
    )
    return _leave(inbox, now, _ETH, eth), _leave(inbox, now, _VIX, vix), *futures


def leave_day(inbox: Inbox, now: datetime) -> str:
    """Leave ETH's close of the day that ends at `now`; return its name, empty at other hours."""
    bars = tuple(bar for bar in _eth_bars() if bar.at == now)
    return _leave(inbox, now, _ETH, bars) if bars else ""


def _eth_bars() -> tuple[Bar, ...]:
    return _bars(between(eth_days(), _FIRST, DEMO_LAST - _DAY), Hours.ALWAYS)


def _bars(told: Iterable[tuple[date, float]], hours: Hours) -> tuple[Bar, ...]:
    return tuple(point(day, value, session_close(hours, day)) for day, value in told)


def _leave(inbox: Inbox, now: datetime, name: str, told: tuple[Bar, ...], *, key: str = "") -> str:
    source = _SOURCES[name]
    stretch = f"past:{name}:{source}:{told[0].day}:{told[-1].day}"
    word = f"{stretch}:{key}" if key else stretch
    past = Past(id=word, source=source, observed_at=now, name=name, bars=told, key=key)
    inbox.say(word, _PAST.dump_json(past).decode(), now)
    return word
