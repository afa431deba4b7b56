"""The VIX family and the S&P 500 from Cboe's free delayed quotes: no key, 15 to 20 minutes late.

Cboe's site terms allow personal, non-commercial viewing; poll gently. The age of a
value is that of its `last_trade_time`, so a file that is served but frozen shows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from monitor.clock import Clock
from monitor.errors import Permanent, Transient
from monitor.feeds.foreign import LEAD, parse_json, pick
from monitor.feeds.http import JSON, Web
from monitor.feeds.new_york import NEW_YORK
from monitor.feeds.provider import Provider
from monitor.feeds.stated import stated
from monitor.feeds.witness import Witness
from monitor.model.reading import Reading

BASE_URL: Final = "https://cdn.cboe.com/api/global/delayed_quotes"
_SOURCE: Final = "cboe"
_INDICES: Final[Mapping[str, str]] = {
    "VIX": "vix",
    "VIX9D": "vix9d",
    "VIX3M": "vix3m",
    "VIX6M": "vix6m",
    "VVIX": "vvix",
    "SKEW": "skew",
    "SPX": "spx.price",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CboeQuotes:
    """Gives the VIX family, SKEW and the S&P 500 as last traded in the delayed quotes.

    One question for all. Where its answer has no VIX, the VIX is asked for by itself.
    """

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    name: str = _SOURCE

    async def read(self) -> tuple[Reading, ...]:
        """Return a reading an index that makes sense; raise Transient or Permanent for none."""
        found: tuple[Reading, ...] = ()
        try:
            found = await self._snapshot()
        except Transient as error:
            if error.retry_after is not None:  # the host asked for rest
                raise
        except Permanent:
            pass  # the single quote has another shape, and may still have it
        if any(reading.name == "vix" for reading in found):
            return found
        try:
            return (await self._vix(), *found)
        except (Transient, Permanent):
            if found:
                return found
            raise

    async def _snapshot(self) -> tuple[Reading, ...]:
        text = await self.web.get(f"{self.base_url}/quotes/all_us_indices.json", accepts=JSON)
        return parse_snapshot(text, now=self.clock.now(), lead=self.clock.lead)

    async def _vix(self) -> Reading:
        text = await self.web.get(f"{self.base_url}/quotes/_VIX.json", accepts=JSON)
        return parse_quote(text, now=self.clock.now(), lead=self.clock.lead)


def parse_snapshot(text: str, *, now: datetime, lead: timedelta = LEAD) -> tuple[Reading, ...]:
    """Return the indices we know in a document of all; raise Transient or Permanent.

    lead: how far after `now` a stamp may lie. An index whose row makes no sense is left
    out, and so unknown.
    """
    document = parse_json(text, _SOURCE)
    rows = document if isinstance(document, list) else pick(document, "data", source=_SOURCE)
    if not isinstance(rows, list):
        raise Permanent(f"{_SOURCE} sent no list of indices: has its answer changed shape?")
    witness = Witness(source=_SOURCE, now=now, lead=lead)
    return tuple(_indices(rows, witness))


def parse_quote(text: str, *, now: datetime, lead: timedelta = LEAD) -> Reading:
    """Return the VIX in a delayed-quote document; raise Transient or Permanent.

    lead: how far after `now` a stamp may lie.
    """
    data = pick(parse_json(text, _SOURCE), "data", source=_SOURCE)
    symbol = pick(data, "symbol", source=_SOURCE)
    if symbol not in ("^VIX", "_VIX", "VIX"):
        raise Permanent(f"{_SOURCE} was asked for the VIX and sent {str(symbol)[:20]!r}")
    return _quoted("vix", data, Witness(source=_SOURCE, now=now, lead=lead))


def _indices(rows: list[object], witness: Witness) -> Iterator[Reading]:
    for row in rows:
        symbol = row.get("symbol") if isinstance(row, Mapping) else None
        name = _INDICES.get(symbol.lstrip("^_")) if isinstance(symbol, str) else None
        if name is None:
            continue
        try:
            yield _quoted(name, row, witness)
        except (Transient, Permanent):
            continue


def _quoted(name: str, data: object, witness: Witness) -> Reading:
    price = pick(data, "current_price", source=_SOURCE)
    as_of = new_york_stamp(pick(data, "last_trade_time", source=_SOURCE), source=_SOURCE)
    return stated(witness, name, price, at=as_of, what="current_price")


def new_york_stamp(value: object, *, source: str) -> datetime:
    """Return a `last_trade_time` in UTC; it is New York time and does not say so."""
    try:
        stamp = datetime.fromisoformat(value) if isinstance(value, str) else None
        stamp = stamp and (stamp if stamp.tzinfo else stamp.replace(tzinfo=NEW_YORK)).astimezone(
            UTC
        )
    except (ValueError, OverflowError):
        stamp = None
    if stamp is None:
        raise Transient(f"{source} sent {str(value)[:40]!r} as last_trade_time, which is no time")
    return stamp


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=60,
    build=lambda web, clock, own: CboeQuotes(
        web=web, clock=clock, base_url=own.base_url or BASE_URL
    ),
)
