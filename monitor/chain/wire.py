"""One URL over kept-alive connections: web3's provider, its failures as verdicts."""

import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import aiohttp
from eth_typing import URI
from pydantic_core import from_json, to_json
from web3 import AsyncHTTPProvider
from web3.types import RPCEndpoint

from monitor.chain.failures import EndpointRefused, NotReached, from_error, from_http, one_line
from monitor.chain.pacing import Allowance, Pace
from monitor.clock import stopwatch
from monitor.errors import HedgewatchError, Transient
from monitor.logs import HOST_KEY, Secret

Asked: TypeAlias = tuple[str, Sequence[object]]
"""A method and its parameters."""

_OK: Final = 200
_MOST_BODY: Final = 64 * 1024
_READ_AT_ONCE: Final = 1 << 20  # a batch's answer is about that large
_KEEPALIVE_S: Final = 120.0  # longer than a poll, so that a poll finds its connection open
_NEWS: Final = 0.2  # the weight of the last request in the smoothed latency
# At DEBUG these two write the URL, key and all.
_TALKATIVE: Final = ("web3.providers.AsyncHTTPProvider", "web3._utils.http_session_manager")


class _HttpRefusal(Exception):
    """An HTTP status other than 200, with what web3 would have thrown away."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(str(status))
        self.status, self.headers, self.body = status, headers, body


class Wire:
    """A URL that answers JSON-RPC, asked no faster than its pace.

    host: how people know it, like `eth.example.org/…`; the URL is never shown.
    requests_made: HTTP requests since the start, failed ones included. latency_s:
    smoothed seconds a request takes.
    """

    def __init__(
        self,
        url: Secret,
        *,
        timeout_s: float,
        pace: Pace | None = None,
        seconds: Callable[[], float] = stopwatch,
    ) -> None:
        self.host = shown_host(url.reveal())
        self.origin = url.origin
        self.requests_made = 0
        self.latency_s: float | None = None
        self._url = url
        self._timeout_s = timeout_s
        self._pace = pace or Pace(Allowance())
        self._seconds = seconds
        self._session: aiohttp.ClientSession | None = None
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._provider = AsyncHTTPProvider(
            URI(url.reveal()),
            request_kwargs={"timeout": timeout, "allow_redirects": False},
            exception_retry_configuration=None,
        )
        # The standard library's coding of a megabyte costs as much as sending it.
        self._provider.encode_rpc_dict = to_json  # type: ignore[assignment]

    async def close(self) -> None:
        """Close the connections; a later request opens another."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ask(self, method: str, params: Sequence[object]) -> Any:  # noqa: ANN401 - JSON is Any
        """Return the answer to one call, whatever JSON it is; raise Transient or Permanent."""
        body = self._provider.encode_rpc_request(RPCEndpoint(method), list(params))
        return await self._reply(method, body)

    async def ask_together(self, calls: Sequence[Asked]) -> Any:  # noqa: ANN401
        """Return the answers to several calls in one request, in their order if well formed.

        Raises KeyError or TypeError for answers that cannot be put in order.
        """
        batch = [(RPCEndpoint(method), list(params)) for method, params in calls]
        what = " and ".join(dict.fromkeys(method for method, _ in calls))
        told = await self._reply(what, self._provider.encode_batch_rpc_request(batch))
        return sorted(told, key=lambda one: one["id"]) if isinstance(told, list) else told

    async def _reply(self, method: str, body: bytes) -> Any:  # noqa: ANN401 - JSON is Any
        """Ask once; ask again where an idle connection turned out to be closed."""
        async with self._pace:
            try:
                return await self._attempt(method, body)
            except (aiohttp.ServerDisconnectedError, ConnectionResetError):
                pass
        async with self._pace:
            try:
                return await self._attempt(method, body)
            except (aiohttp.ServerDisconnectedError, ConnectionResetError):
                raise NotReached(f"{self.host} closed the connection without an answer") from None

    async def _attempt(self, method: str, body: bytes) -> Any:  # noqa: ANN401 - JSON is Any
        self.requests_made += 1
        began = self._seconds()
        # `from None` throughout: aiohttp's own errors hold the URL.
        try:
            answer = await self._sent(body)
        except _HttpRefusal as refusal:
            raise self._refused(method, refusal) from None
        except TimeoutError:
            raise NotReached(
                f"{self.host} did not answer {method} within {self._timeout_s:g} s"
            ) from None
        except (aiohttp.ServerDisconnectedError, ConnectionResetError):
            raise
        except aiohttp.ClientSSLError as error:
            raise NotReached(f"{self.host} failed the TLS handshake: {_name(error)}") from None
        except aiohttp.ClientConnectorError as error:
            raise NotReached(f"{self.host} cannot be reached: {_os_words(error)}") from None
        except (aiohttp.ClientError, OSError) as error:
            raise NotReached(f"{self.host} broke off its answer: {_name(error)}") from None
        except ValueError:
            raise Transient(
                f"{self.host} answered HTTP 200 with something else than JSON"
            ) from None
        took = self._seconds() - began
        before = took if self.latency_s is None else self.latency_s
        self.latency_s = before + _NEWS * (took - before)
        return answer

    def _refused(self, method: str, refusal: _HttpRefusal) -> HedgewatchError:
        """Return the verdict on a refusal: the JSON-RPC error in its body may tell more."""
        plain = from_http(self.host, refusal.status, refusal.headers, origin=self.origin)
        told: object = None
        with suppress(ValueError, AttributeError):
            told = from_json(refusal.body).get("error")
        if not isinstance(told, Mapping) or isinstance(plain, EndpointRefused):
            return plain
        if isinstance(plain, Transient) and plain.retry_after is not None:
            return plain
        return from_error(self.host, method, told, origin=self.origin)

    async def _sent(self, body: bytes) -> Any:  # noqa: ANN401 - JSON is Any
        """Send a request over our own session: web3's goes through a thread to find its own."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE_S),
                raise_for_status=_keep_refusal,
                read_bufsize=_READ_AT_ONCE,
            )
        kept = self._provider.get_request_kwargs()
        async with self._session.post(self._url.reveal(), data=body, **kept) as response:
            # Its texts are another at every block: remembered, they would only fill a cache.
            return from_json(await response.read(), cache_strings="keys")


def shown_host(url: str) -> str:
    """Return the host and port of a URL, with `/…` where more follows it.

    A host label long enough to be a key is hidden too.
    """
    parts = urlsplit(url)
    host = ".".join(HOST_KEY.sub("…", label) for label in (parts.hostname or "").split("."))
    port = f":{parts.port}" if parts.port else ""
    return f"{host}{port}{'/…' if parts.path.strip('/') or parts.query else ''}"


async def _keep_refusal(response: aiohttp.ClientResponse) -> None:
    if response.status != _OK:
        body = await response.content.read(_MOST_BODY)
        response.close()
        raise _HttpRefusal(response.status, response.headers.copy(), body)


def _name(error: Exception) -> str:
    return error.__class__.__name__


def _os_words(error: aiohttp.ClientConnectorError) -> str:
    """Return the system's own words: asyncio's name the call and the address instead."""
    cause = error.os_error
    if isinstance(cause, socket.gaierror) or not cause.errno:
        return one_line(cause.strerror or _name(cause))
    return os.strerror(cause.errno)
