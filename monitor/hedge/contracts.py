"""What listed contracts are: what they are written on, how much one is, and until when it trades.

`vix.*`, `spx.*` and `spxw.*` are Cboe's, settled in US dollars; `eth.*` and `btc.*` options
are Deribit's, priced and settled in the coin. SPX settles on the opening of its day, once a
month; SPXW on the close of its own, any session.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from monitor.calendars.deribit import deribit_expiry
from monitor.calendars.hours import Hours
from monitor.calendars.sessions import is_session, session_close, sessions_back
from monitor.model.layer import PERPETUAL, Contract, Quantity

NEW_YORK: Final = ZoneInfo("America/New_York")
_OPTIONS_CLOSE: Final = time(16, 15)
_FUTURES_END: Final = time(9, 0)
_OPENING: Final = time(9, 30)
_CLOSE: Final = time(16, 0)
_DAY: Final = timedelta(days=1)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Right(StrEnum):
    """What a contract gives its buyer."""

    CALL = "call"
    PUT = "put"
    FUTURE = "future"
    PERP = "perp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of contract. root: what it is written on: `vix`, `spx`, `eth` or `btc`.

    multiplier: how much of its own price one contract is: US dollars an index point, or coins.
    in_coin: priced and settled in the coin. ticker: how exchanges begin its name. lot: the
    least that trades, contracts.
    """

    root: str
    right: Right
    multiplier: int
    ticker: str
    in_coin: bool = False
    lot: str = "1"

    @property
    def option(self) -> bool:
        """Return whether it has a strike."""
        return self.right in {Right.CALL, Right.PUT}


def _options(root: str, multiplier: int, ticker: str, *, name: str = "") -> dict[str, Kind]:
    coin = root in {"eth", "btc"}
    lot = "0.1" if root == "btc" else "1"
    return {
        f"{name or root}.{right}": Kind(
            root=root, right=right, multiplier=multiplier, ticker=ticker, in_coin=coin, lot=lot
        )
        for right in (Right.CALL, Right.PUT)
    }


KINDS: Final = {
    **_options("vix", 100, "VIX"),
    "vix.future": Kind(root="vix", right=Right.FUTURE, multiplier=1000, ticker="VX"),
    **_options("spx", 100, "SPX"),
    **_options("spx", 100, "SPXW", name="spxw"),
    **_options("eth", 1, "ETH"),
    **_options("btc", 1, "BTC"),
    "eth.perp": Kind(root="eth", right=Right.PERP, multiplier=1, ticker="ETH", lot="0.01"),
    "btc.perp": Kind(root="btc", right=Right.PERP, multiplier=1, ticker="BTC", lot="0.0001"),
}
"""Every kind there is, by the name it has in rule files and legs."""

COINS: Final = ("eth", "btc")


def kind_of(contract: Contract) -> Kind:
    """Return what a contract is of."""
    return KINDS[contract.kind]


def multiplier(contract: Contract) -> int:
    """Return how much of its own price one contract is: USD an index point, or coins."""
    return KINDS[contract.kind].multiplier


def units(quantity: Quantity, contract: Contract) -> float:
    """Return what a signed number of contracts is of the contract's own price."""
    return float(quantity) * KINDS[contract.kind].multiplier


@lru_cache(maxsize=4096)
def last_trading(contract: Contract) -> datetime:
    """Return the instant after which a contract trades no more, aware.

    VIX options: 16:15 New York on the session before settlement, sooner on half days;
    VX futures: 09:00 on the day itself; SPX: the close of the session before; SPXW: the
    close of its own; Deribit: 08:00 UTC. A perpetual future never ends.
    """
    if contract.expiry == PERPETUAL:
        return _NEVER
    kind, day = KINDS[contract.kind], contract.expiry
    if kind.root in COINS:
        return deribit_expiry(day).last_trading
    if kind.right is Right.FUTURE:
        return datetime.combine(day, _FUTURES_END, NEW_YORK)
    if kind.ticker == "SPXW":
        return settlement(contract)
    return session_close(Hours.CBOE_VIX, sessions_back(day - _DAY, 0))


@lru_cache(maxsize=4096)
def settlement(contract: Contract) -> datetime:
    """Return when what a contract settles at is fixed, aware.

    VIX and SPX: the opening, 09:30 New York; SPXW: the close of its day, 16:00, sooner on
    half days; Deribit: 08:00 UTC.
    """
    kind, day = KINDS[contract.kind], contract.expiry
    if day == PERPETUAL:
        return _NEVER
    if kind.root in COINS:
        return deribit_expiry(day).settlement
    if kind.ticker == "SPXW":
        if is_session(day):
            return session_close(Hours.XNYS_CLOSE, day)
        return datetime.combine(day, _CLOSE, NEW_YORK)
    return datetime.combine(day, _OPENING, NEW_YORK)


def expired(contract: Contract, at: datetime) -> bool:
    """Return whether a contract trades no more and awaits its settlement."""
    return at >= last_trading(contract)


def days_left(expiry: date, at: datetime) -> int:
    """Return calendar days to settlement, counted in New York as people count them."""
    return (expiry - at.astimezone(NEW_YORK).date()).days


def years_left(contract: Contract, at: datetime) -> float:
    """Return years of 365 days to a contract's settlement; never negative."""
    return max((settlement(contract) - at) / timedelta(days=365), 0.0)
