"""Deribit's options on ETH, all in one answer, and the volatility they imply 30 days out.

Prices are in ETH, not in dollars; volatilities are in points, and those are Deribit's own
marks, not trades.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from monitor.clock import Clock
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.feeds.deribit import BASE_URL, answered
from monitor.feeds.http import JSON, Web
from monitor.feeds.provider import Provider
from monitor.feeds.several import likeliest_to_pass
from monitor.feeds.smile import Quote, iv_in
from monitor.feeds.witness import Witness, heard
from monitor.model.reading import Reading

_SOURCE: Final = "deribit_options"
_COIN: Final = "ETH"
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

    mark, bid, ask: in coin, not in dollars; None where there is none.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class DeribitOptions:
    """Gives `iv.eth30_cex`."""

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    name: str = _SOURCE

    async def read(self) -> tuple[Reading, ...]:
        """Return one reading; raise Transient or Permanent."""
        text = await self.web.get(
            f"{self.base_url}/public/get_book_summary_by_currency",
            accepts=JSON,
            params={"currency": _COIN, "kind": "option"},
        )
        witness = heard(_SOURCE, self.clock)
        quotes = _quotes(parse_summaries(text, witness))
        return (month_out("iv.eth30_cex", quotes, witness),)


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
