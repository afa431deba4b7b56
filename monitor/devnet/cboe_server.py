"""A loopback server that answers as Cboe's delayed quotes do, well or badly, as told."""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from types import TracebackType
from typing import Final, Self
from zoneinfo import ZoneInfo

from aiohttp import web

NEW_YORK: Final = ZoneInfo("America/New_York")
QUOTE_PATH: Final = "/api/global/delayed_quotes/quotes/_VIX.json"
SNAPSHOT_PATH: Final = "/api/global/delayed_quotes/quotes/all_us_indices.json"
SETTLEMENT_PATH: Final = "/us/futures/market_statistics/settlement/csv"
_HEADER: Final = "product,symbol,expiration_date,price,duration_type"
_PAGE: Final = "<!DOCTYPE html><html><body>Just a moment...</body></html>"
_MONTHS: Final = "FGHJKMNQUVXZ"


class Failure(StrEnum):
    """Ways the real one has been seen to fail."""

    HTML = "an HTML page with HTTP 200"
    ERROR_500 = "HTTP 500"
    THROTTLED = "HTTP 429 with Retry-After"
    HANG = "no answer at all"
    EMPTY = "HTTP 200 with nothing in it"
    CLOSED = "the connection closed half-way"
    RENAMED_KEY = "JSON whose price goes by another name"
    NULL_PRICE = "JSON whose price is null"


class CboeServer:
    """Serves the VIX, alone and in a list, and settlement tables; tell it what to say, any time."""

    def __init__(self) -> None:
        self.url = ""
        self.asked = 0
        self._quote: tuple[float, datetime] | None = None
        self._settlements: dict[date, Mapping[date, float]] = {}
        self._failure: Failure | None = None
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        """Return what the quote's adapter takes as its base."""
        return self.url + QUOTE_PATH.removesuffix("/quotes/_VIX.json")

    @property
    def settlement_base_url(self) -> str:
        """Return what the settlement's adapter takes as its base."""
        return self.url + SETTLEMENT_PATH.removesuffix("/csv")

    @property
    def quote_url(self) -> str:
        return self.url + QUOTE_PATH

    @property
    def snapshot_url(self) -> str:
        return self.url + SNAPSHOT_PATH

    @property
    def settlement_url(self) -> str:
        return self.url + SETTLEMENT_PATH

    def set_quote(self, value: float, last_trade_time: datetime) -> None:
        """Set the VIX, index points, and when it was printed (aware)."""
        self._quote = (value, last_trade_time)

    def set_settlements(self, session: date, prices: Mapping[date, float]) -> None:
        """Set one session's settlements, index points by expiry; other days answer no rows."""
        self._settlements[session] = dict(prices)

    def fail(self, failure: Failure | None) -> None:
        """Answer every request in this way until told None."""
        self._failure = failure

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get(QUOTE_PATH, self._answer_quote)
        app.router.add_get(SNAPSHOT_PATH, self._answer_quote)
        app.router.add_get(SETTLEMENT_PATH, self._answer_settlements)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        assert self._runner is not None
        await self._runner.cleanup()

    async def _answer_quote(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        if (bad := await self._misbehave(request)) is not None:
            return bad
        if self._quote is None:
            return web.Response(status=404, text="Not Found")
        body = quote_body(*self._quote)
        data = body["data"]
        assert isinstance(data, dict)
        if self._failure is Failure.RENAMED_KEY:
            data["last"] = data.pop("current_price")
        if self._failure is Failure.NULL_PRICE:
            data["current_price"] = None
        if request.path == SNAPSHOT_PATH:
            body = {"timestamp": body["timestamp"], "data": [data]}
        return web.Response(text=json.dumps(body), content_type="application/json")

    async def _answer_settlements(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        if (bad := await self._misbehave(request)) is not None:
            return bad
        asked = request.query.get("dt")
        session = date.fromisoformat(asked) if asked else max(self._settlements, default=None)
        table = self._settlements.get(session, {}) if session else {}
        header = _HEADER
        if self._failure is Failure.RENAMED_KEY:
            header = header.replace("price", "settlement")
        rows = [
            header,
            *(_settlement_row(expiry, price) for expiry, price in sorted(table.items())),
        ]
        return web.Response(text="\n".join(rows) + "\n", content_type="text/csv")

    async def _misbehave(self, request: web.Request) -> web.StreamResponse | None:
        if self._failure is Failure.HANG:
            await self._closing.wait()
        if self._failure is Failure.CLOSED:
            return await _half_an_answer(request)
        return _SAID[self._failure]() if self._failure in _SAID else None


def quote_body(value: float, last_trade_time: datetime) -> dict[str, object]:
    """Return a delayed quote in Cboe's own shape; fields nobody reads are zero or null.

    `last_trade_time` goes out as New York's wall time without offset, and
    `timestamp` as UTC without one: the two traps of the real thing.
    """
    return {
        "timestamp": f"{last_trade_time.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        "symbol": "_VIX",
        "data": {
            "symbol": "^VIX",
            "security_type": "index",
            "exchange_id": 5,
            "current_price": value,
            "price_change": 0.0,
            "price_change_percent": 0.0,
            "bid": 0.0,
            "ask": 0.0,
            "bid_size": 0,
            "ask_size": 0,
            "open": value,
            "high": value,
            "low": value,
            "close": value,
            "prev_day_close": value,
            "volume": 0,
            "iv30": 0.0,
            "iv30_change": 0.0,
            "iv30_change_percent": 0.0,
            "seqno": 0,
            "last_trade_time": f"{last_trade_time.astimezone(NEW_YORK):%Y-%m-%dT%H:%M:%S}",
            "tick": "no_change",
        },
    }


def _settlement_row(expiry: date, price: float) -> str:
    symbol = f"VX/{_MONTHS[expiry.month - 1]}{expiry.year % 10}"
    return f"VX,{symbol},{expiry.isoformat()},{price:.4f},M"


async def _half_an_answer(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "1000"})
    answer.content_type = "application/json"
    await answer.prepare(request)
    await answer.write(b'{"timestamp": "2020-')
    if request.transport is not None:
        request.transport.abort()
    return answer


_SAID: Final[Mapping[Failure | None, Callable[[], web.Response]]] = {
    Failure.HTML: lambda: web.Response(text=_PAGE, content_type="text/html"),
    Failure.ERROR_500: lambda: web.Response(status=500, text="Internal Server Error"),
    Failure.THROTTLED: lambda: web.Response(status=429, headers={"Retry-After": "30"}),
    Failure.EMPTY: lambda: web.Response(text="", content_type="application/json"),
    Failure.HANG: lambda: web.Response(status=503),
}
