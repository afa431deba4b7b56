"""Where a replay's figures come from, in sentences."""

from datetime import date
from typing import Final

from monitor.timetravel.events import Window
from monitor.timetravel.fills import HALF_SPREAD
from monitor.timetravel.past_data import Library, shipped
from monitor.timetravel.settled import WORDS
from monitor.timetravel.tables import between

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


def sources_on_chain(chain: str, step: int) -> tuple[str, ...]:
    """Return a sentence on each source of a real position's past. step: blocks between reads."""
    every = "every block" if step == 1 else f"one block of {step}"
    return (
        f"Position, pool, fees not collected yet: read on {chain}, {every}.",
        "VIX: Cboe's daily closes, known 20 minutes later.",
        "Hedge: a model, Black-76 on VIX futures at VVIX's volatility; not traded prices.",
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
        "VIX: Cboe's daily closes, known 20 minutes later.",
        f"VIX futures: {_futures(window, had)}.",
        *_pulled(had),
        "Pool: a model along those closes, in Uniswap's own amounts.",
        f"Fees: a model, {fee_share:g} × the loss to rebalancing.",
        "Hedge: a model, Black-76 on those futures at VVIX's volatility; not traded prices.",
    )


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


def _futures(window: Window, had: Library) -> str:
    """Return of how many sessions which prices are had."""
    kinds: dict[date, str] = {one.session: one.kind for one in had.vx}
    told = [kinds.get(day) for day, _ in between(had.vix, window.first, window.last)]
    parts = (
        (told.count("settlement"), "Cboe settlements"),
        (told.count("snapshot"), "prices seen at 16:31 New York"),
        (told.count(None), "a stated model of how VIX comes back to its mean"),
    )
    known = [f"{name} on {count}" for count, name in parts if count]
    return f"{', '.join(known)} of {len(told)} sessions" if told else "none in this window"
