"""Deribit's options on a coin, all in one answer, and the volatility they imply 30 days out.

Prices are in the coin, not in dollars; volatilities are in points, and those are Deribit's own
marks, not trades.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final

from monitor.clock import Clock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.deribit import BASE_URL, answered
from monitor.feeds.http import JSON, Web
from monitor.feeds.near import counted, within_days, within_reach
from monitor.feeds.provider import Provider
from monitor.feeds.several import Several, likeliest_to_pass
from monitor.feeds.smile import Quote, iv_in
from monitor.feeds.witness import Witness, heard
from monitor.model.layer import Contract
from monitor.model.quote import OptionQuote
from monitor.model.reading import Reading

_SOURCE: Final = "deribit_options"
_EXPIRY_HOUR: Final = 8
_NAME: Final = re.compile(
    r"(?P<coin>[A-Z]{2,6})-(?P<day>\d{1,2})(?P<month>[A-Z]{3})(?P<year>\d\d)"
    r"-(?P<strike>\d{1,9}(d\d{1,6})?)-(?P<right>[CP])",
    re.ASCII,
)
_MONTHS: Final = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"
_LETTERS: Final = 3
_NO_MARK: Final = 0.0
_MOST_IV: Final = 500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionSummary:
    """What Deribit says of one option. forward: of its expiry, in dollars. iv: points.

    mark, bid, ask: in coin, not in dollars; None where there is none. listed: whether the
    forward is a future's of the same expiry; else Deribit works it out, as `SYN.ETH-4MAR26`.
    """

    name: str
    expiry: datetime
    strike: float
    is_call: bool
    forward: float
    at: datetime
    iv: float | None = None
    mark: float | None = None
    bid: float | None = None
    ask: float | None = None
    listed: bool = False


@dataclass(slots=True, kw_only=True)
class DeribitOptions:
    """Gives the quotes of the options on a coin, their number, and `iv.eth30_cex` or its like."""

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    name: str = _SOURCE
    coin: str = "ETH"
    several: Several = field(init=False)
    _quoted: tuple[OptionQuote, ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        self.several = Several(self.name)

    async def read(self) -> tuple[Reading, ...]:
        """Return what can be told of the two; raise Transient or Permanent where nothing can."""
        text = await self.web.get(
            f"{self.base_url}/public/get_book_summary_by_currency",
            accepts=JSON,
            params={"currency": self.coin, "kind": "option"},
        )
        witness = heard(self.name, self.clock)
        # Off the loop, which some thousand rows would hold up for tens of milliseconds.
        readings, self._quoted = await asyncio.to_thread(self._told, text, witness)
        return readings

    def quotes(self) -> tuple[OptionQuote, ...]:
        """Return what the last answer quoted of contracts near enough to price by."""
        return self._quoted

    def _told(
        self, text: str, witness: Witness
    ) -> tuple[tuple[Reading, ...], tuple[OptionQuote, ...]]:
        options = parse_summaries(text, witness)
        quoted = within_reach(within_days(option_quotes(options, witness.source), witness))
        coin = self.coin.lower()
        month = f"iv.{coin}30_cex"
        parts: dict[str, Callable[[], Reading]] = {
            month: partial(month_out, month, _quotes(options), witness),
            f"quotes.{coin}": partial(counted, coin, quoted, witness),
        }
        return self.several.hear(parts), quoted


def month_out(signal: str, quotes: Iterable[Quote], witness: Witness) -> Reading:
    """Return the volatility 30 days out, as old as what it is made of; raise Transient if unknown.

    Nothing is guessed beyond the last expiry, nor before the first.
    """
    found = iv_in(quotes, witness.now)
    if found is None:
        raise Transient(
            f"{witness.source} has no two expiries around 30 days with strikes on both sides"
        )
    iv, at = found
    return witness.reading(signal, iv, at)


def parse_summaries(text: str, witness: Witness) -> tuple[OptionSummary, ...]:
    """Return the options in a book summary less the odd ones; raise when there are none."""
    rows = witness.rows(answered(text, witness), "result")
    if not rows:
        raise Transient(f"{witness.source} lists no options")
    found, odd = list[OptionSummary](), list[HedgewatchError]()
    for row in rows:
        try:
            found.append(_summary(row, witness))
        except HedgewatchError as error:
            odd.append(error)
    if not found:
        raise likeliest_to_pass(odd)
    return tuple(found)


def option_quotes(options: Iterable[OptionSummary], source: str) -> Iterator[OptionQuote]:
    """Yield each option's quote by its contract; prices stay in the coin."""
    for one in options:
        right = "call" if one.is_call else "put"
        yield OptionQuote(
            contract=Contract(
                kind=f"{one.name.partition('-')[0].lower()}.{right}",
                expiry=one.expiry.date(),
                strike=one.strike,
            ),
            source=source,
            as_of=one.at,
            bid=one.bid,
            ask=one.ask,
            mark=one.mark,
            forward=one.forward if one.forward > 0 else None,
            tradable_forward=one.listed,
        )


def _summary(row: object, witness: Witness) -> OptionSummary:
    name = str(witness.pick(row, "instrument_name"))
    found = _NAME.fullmatch(name)
    if found is None:
        raise Permanent(f"{witness.source} sent {name[:40]!r}, which is no option's name")
    return OptionSummary(
        name=name,
        expiry=_expiry(found, witness),
        strike=float(found["strike"].replace("d", ".")),
        is_call=found["right"] == "C",
        forward=witness.figure(witness.pick(row, "underlying_price"), "underlying_price"),
        at=witness.instant(witness.pick(row, "creation_timestamp"), "creation_timestamp"),
        iv=_positive(witness.pick(row, "mark_iv"), witness, "mark_iv"),
        mark=_positive(witness.pick(row, "mark_price"), witness, "mark_price"),
        bid=_positive(witness.pick(row, "bid_price"), witness, "bid_price"),
        ask=_positive(witness.pick(row, "ask_price"), witness, "ask_price"),
        listed=isinstance(row, Mapping) and name.startswith(f"{row.get('underlying_index')}-"),
    )


def _positive(value: object, witness: Witness, what: str) -> float | None:
    """Return a price or a volatility; None for null and for the 0 that stands for "none"."""
    if value is None:
        return None
    told = witness.figure(value, what)
    return told if told > _NO_MARK else None


def _expiry(found: re.Match[str], witness: Witness) -> datetime:
    month, rest = divmod(_MONTHS.find(found["month"]), _LETTERS)
    try:
        if rest == 0:
            year, day = 2000 + int(found["year"]), int(found["day"])
            return datetime(year, month + 1, day, _EXPIRY_HOUR, tzinfo=UTC)
    except ValueError:
        pass
    raise Transient(f"{witness.source} sent {found[0]!r}, which expires on no day")


def _quotes(options: Iterable[OptionSummary]) -> list[Quote]:
    """Return the quotes a volatility can be made of; a far wing's absurd mark is none."""
    return [
        Quote(
            expiry=option.expiry,
            strike=option.strike,
            forward=option.forward,
            iv=option.iv,
            at=option.at,
        )
        for option in options
        if option.iv is not None and option.iv <= _MOST_IV and option.forward > 0 < option.strike
    ]


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=300,
    build=lambda web, clock, own: DeribitOptions(
        web=web, clock=clock, base_url=own.base_url or BASE_URL
    ),
)
