"""The S&P 500's option chain from Cboe's delayed quotes, and what it implies 30 days out.

Off unless `[feeds]` names it: a question takes tens of megabytes. Only the contracts
settled in the afternoon (SPXW) count for that, whose expiries are dense enough for 30 days.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Final

from monitor.clock import Clock
from monitor.errors import HedgewatchError, Transient
from monitor.feeds.cboe_chain import SOURCE, Chain, OptionQuote, parse_chain
from monitor.feeds.cboe_quotes import quoted
from monitor.feeds.http import JSON, Web
from monitor.feeds.near import counted
from monitor.feeds.new_york import NEW_YORK
from monitor.feeds.provider import Provider
from monitor.feeds.several import Several
from monitor.feeds.stated import stated
from monitor.feeds.witness import Witness, heard
from monitor.hedge.implied import Pair, Smile, between, smile_of
from monitor.model.quote import OptionQuote as Quoted
from monitor.model.reading import Reading

BASE_URL: Final = "https://cdn.cboe.com/api/global/delayed_quotes"
_MAX_BYTES: Final = 60_000_000
_ROOT: Final = "SPXW"
_YEAR_S: Final = 365 * 86_400.0
_TARGET: Final = 30 / 365
_EXPIRES_AT: Final = time(16, 0)
_PUT, _CALL = 0.75, 0.25  # the call's delta at the put's -0.25, and at the call's own

_Measure = Callable[[Smile], float | None]


@dataclass(slots=True, kw_only=True)
class CboeOptions:
    """Gives `spx.iv30`, `spx.skew25` and quotes, stamped with the index's last trade."""

    web: Web
    clock: Clock
    base_url: str = BASE_URL
    name: str = SOURCE
    several: Several = field(default_factory=partial(Several, SOURCE), init=False)
    _quoted: tuple[Quoted, ...] = field(default=(), init=False)

    async def read(self) -> tuple[Reading, ...]:
        """Return what can be told of them; raise Transient or Permanent where nothing can."""
        text = await self.web.get(
            f"{self.base_url}/options/_SPX.json", accepts=JSON, max_bytes=_MAX_BYTES
        )
        witness = heard(SOURCE, self.clock)
        # Off the loop, which a document of this size would hold up for seconds.
        readings, self._quoted = await asyncio.to_thread(self._told, text, witness)
        return readings

    def quotes(self) -> tuple[Quoted, ...]:
        """Return what the last answer quoted of contracts near enough to price by."""
        return self._quoted

    def _told(self, text: str, witness: Witness) -> tuple[tuple[Reading, ...], tuple[Quoted, ...]]:
        chain = parse_chain(text)
        quotes = quoted(chain, witness)
        implied, failure = _part(lambda: tuple(_implied(chain, witness)))
        number, silence = _part(lambda: (counted("spx", quotes, witness),))
        if failure is not None and silence is not None:
            raise failure
        self.several.note("spx.iv30 spx.skew25", failure)
        self.several.note("quotes.spx", silence)
        return (*implied, *number), quotes


def _part(
    ask: Callable[[], tuple[Reading, ...]],
) -> tuple[tuple[Reading, ...], HedgewatchError | None]:
    try:
        return ask(), None
    except HedgewatchError as error:
        return (), error


def _implied(chain: Chain, witness: Witness) -> Iterator[Reading]:
    near, far = around_thirty_days(smiles(chain.options, chain.as_of))
    at_forward = _at_thirty_days(near, far, Smile.at_forward)
    if at_forward is not None:
        yield stated(witness, "spx.iv30", 100 * at_forward, at=chain.as_of)
    put = _at_thirty_days(near, far, lambda one: one.at_call_delta(_PUT))
    call = _at_thirty_days(near, far, lambda one: one.at_call_delta(_CALL))
    if put is not None and call is not None:
        yield stated(witness, "spx.skew25", 100 * (put - call), at=chain.as_of)


def smiles(options: Iterable[OptionQuote], at: datetime) -> Iterator[Smile]:
    """Yield the smile of each expiry of the afternoon contracts that has one, nearest first."""
    for expiry, quotes in sorted(_by_expiry(options).items()):
        ends = datetime.combine(expiry, _EXPIRES_AT, NEW_YORK).astimezone(UTC)
        years = (ends - at).total_seconds() / _YEAR_S
        if 0 < years < 4 * _TARGET and (found := smile_of(list(_pairs(quotes)), years)):
            yield found


def around_thirty_days(found: Iterable[Smile]) -> tuple[Smile, Smile]:
    """Return the last expiry up to 30 days and the first from 30 days on, perhaps the same.

    Raises Transient when there is none on a side.
    """
    every = list(found)
    near = [one for one in every if one.years <= _TARGET]
    far = [one for one in every if one.years >= _TARGET]
    if not near or not far:
        side = "up to" if not near else "from"
        raise Transient(f"{SOURCE} has too few quotes of expiries {side} 30 days")
    return near[-1], far[0]


def _at_thirty_days(near: Smile, far: Smile, measure: _Measure) -> float | None:
    low, high = measure(near), measure(far)
    if low is None or high is None:
        return None
    return between((near.years, low), (far.years, high), _TARGET)


def _by_expiry(options: Iterable[OptionQuote]) -> Mapping[date, list[OptionQuote]]:
    found: dict[date, list[OptionQuote]] = defaultdict(list)
    for quote in options:
        if quote.root == _ROOT:
            found[quote.expiry].append(quote)
    return found


def _pairs(quotes: Iterable[OptionQuote]) -> Iterator[Pair]:
    middles: dict[float, dict[bool, float | None]] = defaultdict(dict)
    for quote in quotes:
        middles[quote.strike][quote.call] = quote.middle
    for strike, sides in middles.items():
        yield Pair(strike=strike, call=sides.get(True), put=sides.get(False))


PROVIDER = Provider(
    name=SOURCE,
    poll_s=600,
    build=lambda web, clock, own: CboeOptions(
        web=web, clock=clock, base_url=own.base_url or BASE_URL
    ),
    opt_in=True,
)
