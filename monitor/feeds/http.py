"""Politeness and suspicion towards other people's servers: one client for every feed.

HTTP 200 is not success: a maintenance page arrives with it too. So the content type
and the size are checked here, and the shape by each feed.
"""

import asyncio
import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, NamedTuple

import httpx

from monitor import __version__
from monitor.clock import Clock
from monitor.errors import HedgewatchError, Permanent, Transient

JSON: Final = ("application/json", "text/json")
CSV: Final = ("text/csv", "application/csv", "text/plain", "application/octet-stream")

_REMEMBERED: Final = 64
_TOO_LONG_TO_REMEMBER: Final = 1_000_000
_LONGEST_REST: Final = timedelta(minutes=15)
_LONGEST_ASKED: Final = timedelta(days=1)
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """How long to wait, how often to ask, how much to take.

    total_s bounds a whole request, a trickle included. interval_s: least time between
    two requests to one host; our own loopback is not paced. rest_s: the first pause
    after a refusal that names none; it doubles up to a quarter of an hour.
    """

    connect_s: float = 5.0
    read_s: float = 10.0
    total_s: float = 20.0
    interval_s: float = 1.0
    rest_s: float = 60.0
    max_bytes: int = 4_000_000


def open_client(settings: HttpSettings) -> httpx.AsyncClient:
    """Return the shared client; the caller closes it, with `async with`."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(settings.read_s, connect=settings.connect_s),
        headers={"User-Agent": f"hedgewatch/{__version__}"},
        follow_redirects=False,
    )


@dataclass(slots=True)
class Pacer:
    """Keeps requests to one host apart, and away from a host that asked for rest.

    Both follow the injected clock. A wait is never longer than the interval, so a
    clock set back cannot stall a feed.
    """

    clock: Clock
    settings: HttpSettings
    _gates: dict[str, asyncio.Lock] = field(default_factory=dict)
    _asked_at: dict[str, datetime] = field(default_factory=dict)
    _rest_until: dict[str, datetime] = field(default_factory=dict)
    _refusals: dict[str, int] = field(default_factory=dict)

    async def turn(self, host: str) -> None:
        """Return when `host` may be asked; raise Transient while it rests."""
        self._check_rest(host)
        if host in _LOOPBACK:
            return
        async with self._gates.setdefault(host, asyncio.Lock()):
            now = self.clock.now()
            interval = timedelta(seconds=self.settings.interval_s)
            wait = min(self._asked_at.get(host, now - interval) + interval - now, interval)
            if wait > timedelta(0):
                await self.clock.sleep(wait.total_seconds())
                self._check_rest(host)  # it may have refused whoever was before us
            self._asked_at[host] = self.clock.now()

    def _check_rest(self, host: str) -> None:
        until, now = self._rest_until.get(host), self.clock.now()
        if until is not None and now < until:
            at = f"{until:%H:%M:%S}" if until.date() == now.date() else f"{until:%d %b %H:%M:%S}"
            raise Transient(f"{host} is left alone until {at} UTC, as it refused us")

    def refused(self, host: str, asked: timedelta | None) -> timedelta:
        """Note a 403 or 429 and return how long the host rests."""
        times = self._refusals[host] = self._refusals.get(host, 0) + 1
        own = min(timedelta(seconds=self.settings.rest_s * 2 ** min(times - 1, 9)), _LONGEST_REST)
        rest = own if asked is None else asked
        self._rest_until[host] = self.clock.now() + rest
        return rest

    def accepted(self, host: str) -> None:
        """Note that the host serves us again."""
        self._refusals.pop(host, None)
        self._rest_until.pop(host, None)


class _Question(NamedTuple):
    method: str
    url: httpx.URL
    accepts: Sequence[str]
    body: object = None
    headers: Mapping[str, str] = MappingProxyType({})
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    text: str
    validators: Mapping[str, str]


class Web:
    """Fetches text over one shared client: paced, bounded, conditional where it can be."""

    def __init__(
        self, client: httpx.AsyncClient, clock: Clock, *, settings: HttpSettings | None = None
    ) -> None:
        self._client = client
        self._clock = clock
        self._settings = settings or HttpSettings()
        self._pacer = Pacer(clock, self._settings)
        self._pages: dict[str, _Page] = {}

    async def get(
        self,
        url: str,
        *,
        accepts: Sequence[str],
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        max_bytes: int | None = None,
    ) -> str:
        """Return the body; raise Transient or Permanent with one sentence naming the host.

        accepts: media types. A body may be empty, where nothing is an answer. An answer
        304 gives the text remembered from before, unless it was above a megabyte.
        headers: in place of the client's own. max_bytes: where more is expected.
        """
        target = httpx.URL(url, params=params) if params else httpx.URL(url)
        return await self._answer(
            _Question("GET", target, accepts, headers=headers, max_bytes=max_bytes)
        )

    async def post(self, url: str, body: object, *, accepts: Sequence[str]) -> str:
        """Return the answer to a JSON document, raising as `get` does; nothing is remembered."""
        return await self._answer(_Question("POST", httpx.URL(url), accepts, body=body))

    async def _answer(self, question: "_Question") -> str:
        target = question.url
        await self._pacer.turn(target.host)
        try:
            async with asyncio.timeout(self._settings.total_s):
                page = await self._fetch(question)
        except (httpx.TimeoutException, TimeoutError) as error:
            waited = f"{self._settings.total_s:g} s"
            raise Transient(f"{target.host} did not answer in full within {waited}") from error
        except httpx.DecodingError as error:
            raise Transient(f"{target.host} sent a body that cannot be unpacked") from error
        except httpx.TransportError as error:
            why = type(error).__name__
            raise Transient(f"{target.host} cannot be reached ({why})") from error
        self._pacer.accepted(target.host)
        return page.text

    async def _fetch(self, question: "_Question") -> _Page:
        url, accepts = question.url, question.accepts
        known = self._pages.get(str(url)) if question.method == "GET" else None
        validators = known.validators if known else {}
        headers = {"Accept": ", ".join(accepts), **question.headers, **validators}
        document = None if question.method == "GET" else question.body
        limit = question.max_bytes or self._settings.max_bytes
        async with self._client.stream(
            question.method, url, headers=headers, json=document
        ) as response:
            if response.status_code == HTTPStatus.NOT_MODIFIED and known is not None:
                return known
            if response.status_code != HTTPStatus.OK:
                raise self._refusal(url.host, response)
            text = await _body(url.host, response, limit)
            # An empty body has no type to speak of; whether it is an answer the feed knows.
            if text and not text.isspace():
                _check_type(url.host, response.headers.get("Content-Type", ""), accepts)
        page = _Page(text=text, validators=_validators(response.headers))
        if question.method == "GET":
            self._remember(str(url), page)
        return page

    def _refusal(self, host: str, response: httpx.Response) -> HedgewatchError:
        status = response.status_code
        if status in (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS):
            asked = _retry_after(response.headers.get("Retry-After", ""), self._clock.now())
            rest = self._pacer.refused(host, asked)
            reason = f"{host} refused us (HTTP {status}); next try in {rest.total_seconds():.0f} s"
            return Transient(reason, retry_after=rest)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            asked = _retry_after(response.headers.get("Retry-After", ""), self._clock.now())
            return Transient(f"{host} is in trouble (HTTP {status})", retry_after=asked)
        if response.is_redirect:
            return Permanent(f"{host} sends us elsewhere (HTTP {status}), which is not followed")
        if status == HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS:
            return Permanent(f"{host} does not serve the country it is asked from (HTTP {status})")
        return Permanent(f"{host} answered HTTP {status}")

    def _remember(self, url: str, page: _Page) -> None:
        self._pages.pop(url, None)
        if page.validators and len(page.text) <= _TOO_LONG_TO_REMEMBER:
            self._pages[url] = page
            if len(self._pages) > _REMEMBERED:
                del self._pages[next(iter(self._pages))]


async def _body(host: str, response: httpx.Response, limit: int) -> str:
    # Decoded as it comes: all at once, tens of megabytes would hold up the loop.
    decoder, parts, size = codecs.getincrementaldecoder("utf-8-sig")(), list[str](), 0
    try:
        async for chunk in response.aiter_bytes():
            size += len(chunk)
            if size > limit:
                raise Permanent(f"{host} sent more than {limit:,} bytes")
            parts.append(decoder.decode(chunk))
        parts.append(decoder.decode(b"", final=True))
    except UnicodeDecodeError as error:
        raise Transient(f"{host} sent a body that is not UTF-8 text") from error
    return "".join(parts)


def _validators(headers: httpx.Headers) -> Mapping[str, str]:
    pairs = (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))
    return {ask: headers[tell] for tell, ask in pairs if tell in headers}


def _check_type(host: str, given: str, accepts: Sequence[str]) -> None:
    media = given.partition(";")[0].strip().lower()
    if media not in accepts:
        what = "an HTML page" if media == "text/html" else f"{media or 'an unnamed type'}"
        raise Transient(f"{host} sent {what} with HTTP 200 instead of {accepts[0]}")


def _retry_after(text: str, now: datetime) -> timedelta | None:
    """Return the wait a header asks for, in seconds or as a date; None when it is neither.

    No more than a day: what a server asks for longer, it may ask for again.
    """
    try:
        if text.strip().isascii() and text.strip().isdigit():
            asked = timedelta(seconds=min(int(text), _LONGEST_ASKED // timedelta(seconds=1)))
        else:
            until = parsedate_to_datetime(text)
            asked = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        return None
    return min(max(asked, timedelta(0)), _LONGEST_ASKED)
