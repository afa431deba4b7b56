"""Cboe's delayed option chains, read an option at a time.

One such document has tens of megabytes. It is taken apart before it is parsed, for a
parser that works through all of it at once lets no other thread in.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.cboe import new_york_stamp
from monitor.feeds.foreign import number, parse_json, pick
from monitor.signals.signal import Plausible

SOURCE: Final = "cboe_options"
"""Whom messages of a chain name, of whichever underlying it is."""

_BEGIN: Final = re.compile(r'"options"\s*:\s*\[')
_ROW: Final = re.compile(r"[\s,]*(\{[^{}]*\})")
_END: Final = re.compile(r"\s*\]")
_OSI: Final = re.compile(r"([A-Z]{1,6})(\d{2})(\d{2})(\d{2})([CP])(\d{8})", re.ASCII)
_PRICE: Final = Plausible(above=-1e-9, up_to=1e6)
_VOL: Final = Plausible(above=-1e-9, up_to=1e3)
_ODD: Final = 0.03
"""The share of rows that may be beyond reading; where more are, all are in doubt."""
_COUNT: Final = Plausible(above=-1, up_to=1e9)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionQuote:
    """One option. bid, ask: index points, 0 where there is none. iv: annual fraction, as told.

    delta: as told, None where it is not.
    """

    root: str
    expiry: date
    call: bool
    strike: float
    bid: float
    ask: float
    iv: float
    open_interest: float
    delta: float | None = None

    @property
    def middle(self) -> float | None:
        """Return the price between bid and ask; None where one is missing or they cross."""
        return (self.bid + self.ask) / 2 if 0 < self.bid <= self.ask else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The options of one underlying. spot: its last price; as_of: when that was."""

    symbol: str
    spot: float
    as_of: datetime
    options: tuple[OptionQuote, ...]


def parse_chain(text: str) -> Chain:
    """Return a chain less the odd rows among many; raise Transient or Permanent.

    Not for the event loop: it takes a second.
    """
    begin = _BEGIN.search(text)
    if begin is None:
        pick(parse_json(text, SOURCE), "data", "options", source=SOURCE)
        raise Permanent(f"{SOURCE} sent no list of options: has its answer changed shape?")
    rows, at = _options(text, begin.end())
    end = _END.match(text, at)
    if end is None:
        raise Transient(f"{SOURCE} sent no whole JSON document: its options break off")
    if not rows:
        raise Transient(f"{SOURCE} sent a chain without an option")
    data = pick(
        parse_json(text[: begin.end()] + text[end.end() - 1 :], SOURCE), "data", source=SOURCE
    )
    spot = pick(data, "current_price", source=SOURCE)
    return Chain(
        symbol=str(pick(data, "symbol", source=SOURCE)),
        spot=number(spot, what="current_price", source=SOURCE, plausible=_PRICE),
        as_of=new_york_stamp(pick(data, "last_trade_time", source=SOURCE), source=SOURCE),
        options=tuple(rows),
    )


def _options(text: str, at: int) -> tuple[list[OptionQuote], int]:
    """Return the options from a place on, and where they end; raise as the first odd one does."""
    rows, odd, count = list[OptionQuote](), list[HedgewatchError](), 0
    while (row := _ROW.match(text, at)) is not None:
        count, at = count + 1, row.end()
        try:
            rows += _option(row[1])
        except HedgewatchError as error:
            odd.append(error)
    if len(odd) > _ODD * count:
        raise odd[0]
    return rows, at


def _option(text: str) -> Iterator[OptionQuote]:
    """Yield the option of a row, or nothing where its symbol is of another kind."""
    row = parse_json(text, SOURCE)
    symbol = pick(row, "option", source=SOURCE)
    parts = _OSI.fullmatch(symbol) if isinstance(symbol, str) else None
    if parts is None:
        return
    root, year, month, day, side, strike = parts.groups()
    values = {
        name: number(pick(row, name, source=SOURCE), what=name, source=SOURCE, plausible=plausible)
        for name, plausible in (
            ("bid", _PRICE),
            ("ask", _PRICE),
            ("iv", _VOL),
            ("open_interest", _COUNT),
        )
    }
    try:
        expiry = date(2000 + int(year), int(month), int(day))
    except ValueError:
        raise Transient(f"{SOURCE} sent an option that never expires: {symbol!r}") from None
    yield OptionQuote(
        root=root,
        expiry=expiry,
        call=side == "C",
        strike=int(strike) / 1000,
        delta=_delta(row),
        **values,
    )


def _delta(row: object) -> float | None:
    told = row.get("delta") if isinstance(row, dict) else None
    return float(told) if isinstance(told, int | float) else None
