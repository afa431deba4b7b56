"""One JSON-RPC endpoint: web3's provider as transport, its failures as verdicts."""

import logging
import os
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from eth_typing import URI
from pydantic_core import from_json
from web3 import AsyncHTTPProvider
from web3.types import RPCEndpoint

from monitor.chain.failures import EmptyAnswer, EndpointRefused, from_error, from_http, one_line
from monitor.errors import HedgewatchError, Transient
from monitor.logs import Secret

_OK: Final = 200
_MOST_BODY: Final = 64 * 1024
_KEEPALIVE_S: Final = 120.0  # longer than a poll, so that a poll finds its connection open
_LONG_LABEL: Final = re.compile(r"[0-9A-Za-z]{24,}")
# At DEBUG these two write the URL, key and all.
_TALKATIVE: Final = ("web3.providers.AsyncHTTPProvider", "web3._utils.http_session_manager")


class _HttpRefusal(Exception):
    """An HTTP status other than 200, with what web3 would have thrown away."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(str(status))
        self.status, self.headers, self.body = status, headers, body


class Endpoint:
    """A node behind one URL, on one kept-alive connection.

    host: how people know it, like `eth.example.org/…`; the URL is never shown.
    requests_made: HTTP requests since the start, failed ones included.
    """

    def __init__(self, url: Secret, *, timeout_s: float) -> None:
        self.host = shown_host(url.reveal())
        self.requests_made = 0
        self._origin = url.origin
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._provider = AsyncHTTPProvider(
            URI(url.reveal()),
            request_kwargs={"timeout": timeout, "allow_redirects": False},
            exception_retry_configuration=None,
        )
        # A contract that reverts must not make us fetch URLs of its choosing.
        self._provider.global_ccip_read_enabled = False

    def __repr__(self) -> str:
        return f"Endpoint({self.host})"

    async def close(self) -> None:
        """Close the connection; a later call opens another."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(self, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON is Any
        """Return a method's result, never null; raise Transient or Permanent."""
        response = await self._reply(method, params)
        if not isinstance(response, Mapping):
            raise Transient(f"{self.host} answered {method} with no JSON-RPC object")
        if response.get("error") is not None:
            raise from_error(self.host, method, response["error"], origin=self._origin)
        if response.get("result") is None:
            raise Transient(f"{self.host} answered null to {method}")
        return response["result"]

    async def eth_call(self, target: str, data: str, block: int) -> bytes:
        """Return what a contract answers at a block; raise EmptyAnswer for nothing at all."""
        result = await self.call("eth_call", {"to": target, "data": data}, hex(block))
        try:
            raw = bytes.fromhex(result.removeprefix("0x"))
        except (AttributeError, ValueError):
            raise Transient(f"{self.host} answered eth_call with no hexadecimal text") from None
        if not raw:
            raise EmptyAnswer(
                f"{self.host} answered an empty 0x for {target}: it lacks block {block}, "
                f"or nothing is deployed there"
            )
        return raw

    async def _reply(self, method: str, params: tuple[object, ...]) -> Any:  # noqa: ANN401
        """Ask once; ask again where an idle connection turned out to be closed."""
        await self._open()
        try:
            return await self._attempt(method, params)
        except (aiohttp.ServerDisconnectedError, ConnectionResetError):
            pass
        try:
            return await self._attempt(method, params)
        except (aiohttp.ServerDisconnectedError, ConnectionResetError):
            raise Transient(f"{self.host} closed the connection without an answer") from None

    async def _attempt(self, method: str, params: tuple[object, ...]) -> Any:  # noqa: ANN401
        self.requests_made += 1
        # `from None` throughout: aiohttp's own errors hold the URL.
        try:
            return await self._provider.make_request(RPCEndpoint(method), list(params))
        except _HttpRefusal as refusal:
            raise self._refused(method, refusal) from None
        except TimeoutError:
            raise Transient(
                f"{self.host} did not answer {method} within {self._timeout_s:g} s"
            ) from None
        except (aiohttp.ServerDisconnectedError, ConnectionResetError):
            raise
        except aiohttp.ClientSSLError as error:
            raise Transient(f"{self.host} failed the TLS handshake: {_name(error)}") from None
        except aiohttp.ClientConnectorError as error:
            raise Transient(f"{self.host} cannot be reached: {_os_words(error)}") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Transient(f"{self.host} broke off its answer: {_name(error)}") from None
        except ValueError:
            raise Transient(
                f"{self.host} answered HTTP 200 with something else than JSON"
            ) from None

    def _refused(self, method: str, refusal: _HttpRefusal) -> HedgewatchError:
        """Return the verdict on a refusal: the JSON-RPC error in its body may tell more."""
        plain = from_http(self.host, refusal.status, refusal.headers, origin=self._origin)
        told: object = None
        with suppress(ValueError, AttributeError):
            told = from_json(refusal.body).get("error")
        if not isinstance(told, Mapping) or isinstance(plain, EndpointRefused):
            return plain
        if isinstance(plain, Transient) and plain.retry_after is not None:
            return plain
        return from_error(self.host, method, told, origin=self._origin)

    async def _open(self) -> None:
        if self._session is not None:
            return
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=4, keepalive_timeout=_KEEPALIVE_S),
            raise_for_status=_keep_refusal,
        )
        await self._provider.cache_async_session(self._session)


def shown_host(url: str) -> str:
    """Return the host and port of a URL, with `/…` where more follows it.

    A host label long enough to be a key is hidden too.
    """
    parts = urlsplit(url)
    host = ".".join(_LONG_LABEL.sub("…", label) for label in (parts.hostname or "").split("."))
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
