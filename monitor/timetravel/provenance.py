"""Where a replay's figures come from, in sentences."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from monitor.calendars.sessions import is_session
from monitor.timetravel.events import Window
from monitor.timetravel.fills import HALF_SPREAD
from monitor.timetravel.past_data import Library, shipped
from monitor.timetravel.settled import WORDS
from monitor.timetravel.tables import between
from monitor.timetravel.tape import EVE

_DAY: Final = timedelta(days=1)
_HEDGE: Final = "Hedge: a model, Black-76 on those futures at VVIX's volatility; not traded prices."
MODEL: Final = "model"
TRADED: Final = {
    MODEL: (
        "a model trades every proposal when it is made, at the ticket's prices and"
        f" {HALF_SPREAD * 100:g} % against it; {WORDS}"
    ),
    "none": "nobody trades, so that no layer is ever on",
}
"""Who traded, by `--fills`, in words."""


def traded_by(who: str) -> str:
    """Return who traded, in words; who: as `--fills` has it."""
    return TRADED.get(who, f"the trades of {who}, and no others")


def sources_on_chain(
    window: Window, *, chain: str, step: int, library: Library | None = None
) -> tuple[str, ...]:
    """Return a sentence on each source of a real position's past.

    window: the days read. step: blocks between reads. library: None for what ships.
    """
    had = library or shipped()
    every = "every block" if step == 1 else f"one block of {step}"
    return (
        f"Position, pool, fees not collected yet: read on {chain}, {every}.",
        *_volatility(window, had),
        _HEDGE,
    )


def sources_of(
    window: Window, *, fee_share: float, library: Library | None = None
) -> tuple[str, ...]:
    """Return a sentence on each source of a window's figures.

    fee_share: as the pool has it. library: None for what ships.
    """
    had = library or shipped()
    return (
        f"ETH: Binance closes, {_fineness(window, had)}.",
        *_volatility(window, had),
        "Pool: a model along those closes, in Uniswap's own amounts.",
        f"Fees: a model, {fee_share:g} × the loss to rebalancing.",
        _HEDGE,
    )


def _volatility(window: Window, had: Library) -> tuple[str, ...]:
    """Return what is had of VIX and its futures, from the session before the first day on."""
    days = [day for day, _ in between(had.vix, window.first - EVE, window.last)]
    told = [
        *[day for day in days if day < window.first][-1:],
        *(day for day in days if day >= window.first),
    ]
    return (
        f"VIX: {_closes(window, days)}.",
        f"VIX futures: {_futures(told, had)}.",
        *_pulled(had),
    )


def _closes(window: Window, days: Sequence[date]) -> str:
    span = (window.first + n * _DAY for n in range((window.last - window.first).days + 1))
    sessions = [day for day in span if is_session(day)]
    lacking = len(set(sessions) - set(days))
    if sessions and lacking == len(sessions):
        return "no close of these days is had"
    known = "Cboe's daily closes, known 20 minutes later"
    return f"{known}; none is had of {lacking} of {len(sessions)} sessions" if lacking else known


def _pulled(had: Library) -> tuple[str, ...]:
    if had is shipped():
        return ()
    return (
        "Days the shipped tables lack: files of `history pull --parquet`, each with its source.",
    )


def _fineness(window: Window, had: Library) -> str:
    fine = {at.date() for at, _ in had.eth_hours if window.begins <= at <= window.ends}
    days = (window.last - window.first).days + 1
    if len(fine) >= days:
        return "six-hourly"
    return f"six-hourly on {len(fine)} of {days} days, else daily" if fine else "daily"


def _futures(days: Sequence[date], had: Library) -> str:
    """Return of how many sessions which prices are had."""
    kinds: dict[date, str] = {one.session: one.kind for one in had.vx}
    told = [kinds.get(day) for day in days]
    parts = (
        (told.count("settlement"), "Cboe settlements"),
        (told.count("snapshot"), "prices seen at 16:31 New York"),
        (told.count(None), "a stated model of how VIX comes back to its mean"),
    )
    known = [f"{name} on {count}" for count, name in parts if count]
    of = f"of {len(told)} sessions, that before the first day among them"
    return f"{', '.join(known)} {of}" if told else "none in this window"
