"""Options on a coin on Derive, a decentralised exchange, and the volatility of 30 days they imply.

Volatilities come as fractions in text, under one-letter names: `i` is the mark's, `f` the
forward. Tickers are asked for an expiry at a time. An expiry may be listed and have no
tickers, so the next one out is tried too.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from monitor.clock import Clock
from monitor.errors import Permanent, Transient
from monitor.feeds.deribit_options import month_out
from monitor.feeds.http import JSON, Web
from monitor.feeds.near import within_days
from monitor.feeds.provider import Provider
from monitor.feeds.several import first_of
from monitor.feeds.smile import MONTH, Quote, at_the_forward
from monitor.feeds.witness import Witness, heard
from monitor.model.layer import Contract
from monitor.model.quote import OptionQuote
from monitor.model.reading import Reading

HOSTS: Final = ("https://api.derive.xyz/v3", "https://api.lyra.finance")
"""The present interface and the one before it, which answer alike."""

_SOURCE: Final = "derive"
_NAME: Final = re.compile(
    r"(?P<coin>[A-Z]{2,6})-(?P<day>\d{8})-(?P<strike>\d{1,9}(_\d{1,6})?)-[CP]", re.ASCII
)
_EXPIRY_HOUR: Final = 8
_PAGE: Final = 1_000
_PAGES: Final = 5
_TRIED: Final = 2
_LISTED_FOR: Final = timedelta(hours=6)
_MOST_IV: Final = 5.0
_POINTS: Final = 100


@dataclass(slots=True, kw_only=True)
class Derive:
    """Gives `iv.eth30_dex`, or of BTC `iv.btc30_dex`, and the quotes it is made of, in US dollars.

    The listed expiries are asked for a few times a day.
    """

    web: Web
    clock: Clock
    hosts: Sequence[str] = HOSTS
    name: str = _SOURCE
    coin: str = "ETH"
    _expiries: tuple[datetime, ...] = field(default=(), init=False)
    _listed_at: datetime = field(default=datetime.min.replace(tzinfo=UTC), init=False)
    _quoted: tuple[OptionQuote, ...] = field(default=(), init=False)
    _heard: list[OptionQuote] = field(default_factory=list, init=False)

    async def read(self) -> tuple[Reading, ...]:
        """Return one reading; raise Transient or Permanent."""
        readings = await first_of(self.hosts, self._read)
        self._quoted = tuple(self._heard)
        return readings

    def quotes(self) -> tuple[OptionQuote, ...]:
        """Return what the last answer quoted of the expiries around 30 days, US dollars."""
        return self._quoted

    async def _read(self, host: str) -> tuple[Reading, ...]:
        now = self.clock.now()
        self._heard.clear()
        if not timedelta(0) <= now - self._listed_at < _LISTED_FOR:
            self._expiries = await self._listed(host)
            self._listed_at = now
        near = [one for one in reversed(self._expiries) if now < one <= now + MONTH]
        far = [one for one in self._expiries if one > now + MONTH]
        quotes = [*await self._usable(host, near), *await self._usable(host, far)]
        if not quotes:
            raise Transient(f"{self.name} has no tickers around 30 days")
        signal = f"iv.{self.coin.lower()}30_dex"
        return (month_out(signal, quotes, heard(self.name, self.clock)),)

    async def _listed(self, host: str) -> tuple[datetime, ...]:
        found = set[datetime]()
        for page in range(1, _PAGES + 1):
            text = await self.web.post(
                f"{host}/public/get_all_instruments",
                {
                    "instrument_type": "option",
                    "currency": self.coin,
                    "expired": False,
                    "page": page,
                    "page_size": _PAGE,
                },
                accepts=JSON,
            )
            expiries, pages = parse_expiries(text, heard(self.name, self.clock))
            found |= set(expiries)
            if page >= pages:
                break
        return tuple(sorted(found))

    async def _usable(self, host: str, expiries: Sequence[datetime]) -> tuple[Quote, ...]:
        """Return the quotes of the first of some expiries that has a volatility at its forward."""
        for expiry in expiries[:_TRIED]:
            text = await self.web.post(
                f"{host}/public/get_tickers",
                {
                    "instrument_type": "option",
                    "currency": self.coin,
                    "expiry_date": f"{expiry:%Y%m%d}",
                },
                accepts=JSON,
            )
            witness = heard(self.name, self.clock)
            quotes = parse_tickers(text, witness)
            if quotes and at_the_forward(quotes) is not None:
                self._heard += parse_quotes(text, witness)
                return quotes
        return ()


def parse_expiries(text: str, witness: Witness) -> tuple[tuple[datetime, ...], int]:
    """Return the expiries on a page of instruments, and how many pages there are."""
    document = _answered(text, witness)
    rows = witness.rows(document, "result", "instruments")
    if not rows:
        raise Transient(f"{witness.source} lists no options")
    names = (str(witness.pick(row, "instrument_name")) for row in rows)
    pages = witness.pick(document, "result", "pagination", "num_pages")
    return tuple({_told(name, witness)[0] for name in names}), pages if isinstance(
        pages, int
    ) else 1


def parse_tickers(text: str, witness: Witness) -> tuple[Quote, ...]:
    """Return an expiry's quotes, volatility in points; those that state none are left out."""
    tickers = witness.members(_answered(text, witness), "result", "tickers")
    quotes = (_quote(name, ticker, witness) for name, ticker in tickers.items())
    return tuple(quote for quote in quotes if quote is not None)


def _quote(name: str, ticker: object, witness: Witness) -> Quote | None:
    expiry, strike = _told(name, witness)
    at = witness.instant(witness.pick(ticker, "t"), "t")
    if witness.pick(ticker, "option_pricing") is None:
        return None
    forward = witness.figure(witness.pick(ticker, "option_pricing", "f"), "the forward")
    iv = witness.figure(witness.pick(ticker, "option_pricing", "i"), "the volatility")
    if not (0 < iv <= _MOST_IV and forward > 0):
        return None
    return Quote(expiry=expiry, strike=strike, forward=forward, iv=iv * _POINTS, at=at)


def parse_quotes(text: str, witness: Witness) -> tuple[OptionQuote, ...]:
    """Return what an expiry's contracts are quoted at, US dollars a unit of the coin."""
    tickers = witness.members(_answered(text, witness), "result", "tickers")
    return within_days(_quoted(tickers, witness), witness)


def _quoted(tickers: Mapping[str, object], witness: Witness) -> Iterator[OptionQuote]:
    for name, ticker in tickers.items():
        expiry, strike = _told(name, witness)
        pricing = witness.pick(ticker, "option_pricing")
        right = "call" if name.endswith("C") else "put"
        coin = name.partition("-")[0].lower()
        yield OptionQuote(
            contract=Contract(kind=f"{coin}.{right}", expiry=expiry.date(), strike=strike),
            source=witness.source,
            as_of=witness.instant(witness.pick(ticker, "t"), "t"),
            bid=_price(ticker, "b", witness),
            ask=_price(ticker, "a", witness),
            mark=_price(ticker, "M", witness),
            forward=None if pricing is None else _price(pricing, "f", witness),
            discount=_price(pricing, "df", witness) or 1.0,
        )


def _price(row: object, key: str, witness: Witness) -> float | None:
    """Return a price; None where none is told, and for the 0 that stands for none."""
    told = row.get(key) if isinstance(row, Mapping) else None
    price = 0.0 if told is None else witness.figure(told, key)
    return price if price > 0 else None


def _answered(text: str, witness: Witness) -> object:
    """Return the document; raise Transient when it tells of an error, which comes with 200 too."""
    document = witness.document(text)
    error = document.get("error") if isinstance(document, dict) else None
    if error:
        raise Transient(f"{witness.source} answered with an error: {str(error)[:80]}")
    return document


def _told(name: str, witness: Witness) -> tuple[datetime, float]:
    """Return the expiry and the strike that a name tells."""
    found = _NAME.fullmatch(name)
    try:
        if found is not None and float(strike := found["strike"].replace("_", ".")) > 0:
            day = datetime.strptime(found["day"], "%Y%m%d").replace(tzinfo=UTC)
            return day.replace(hour=_EXPIRY_HOUR), float(strike)
    except ValueError:
        pass
    raise Permanent(f"{witness.source} sent {name[:40]!r}, which is no option's name")


PROVIDER = Provider(
    name=_SOURCE,
    poll_s=300,
    build=lambda web, clock, own: Derive(
        web=web, clock=clock, hosts=(own.base_url,) if own.base_url else HOSTS
    ),
)
