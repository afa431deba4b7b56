"""JSON-RPC to the devnet's own node, over one kept-alive connection."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import aiohttp

from monitor.errors import Permanent, Transient

_TIMEOUT_S: Final = 60.0
Request = tuple[str, Sequence[Any]]


class Rpc:
    """Speaks to one node. Use as an async context manager; belongs to one event loop."""

    def __init__(self, url: str, *, timeout_s: float = _TIMEOUT_S) -> None:
        self.url = url
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._session is not None
        await self._session.close()

    async def call(self, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON is Any
        """Return one result; raise Permanent with the node's words, or Transient without node."""
        reply = await self._post(_envelope(0, method, params))
        return _result(reply, method)

    async def batch(self, requests: Sequence[Request]) -> list[Any]:
        """Return the results in the order asked; the node may work on them in any order."""
        if not requests:
            return []
        replies = await self._post([_envelope(i, *request) for i, request in enumerate(requests)])
        if not isinstance(replies, list):
            raise Permanent(f"{self.url}: a batch was answered with {replies!r:.200}")
        ordered = sorted(replies, key=lambda reply: int(reply["id"]))
        return [
            _result(reply, request[0]) for reply, request in zip(ordered, requests, strict=True)
        ]

    async def _post(self, body: object) -> Any:  # noqa: ANN401 - JSON is Any
        if self._session is None:
            raise Permanent(f"{self.url}: the connection is used outside its `async with`")
        try:
            async with self._session.post(self.url, json=body) as answer:
                return await answer.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            port = urlsplit(self.url).port
            reason = f"the local chain on port {port} stopped answering: {self._why(error)}"
            raise Transient(reason, ambiguous=True) from error

    def _why(self, error: Exception) -> str:
        match error:
            case TimeoutError():
                return f"nothing came within {self._timeout.total:g} s"
            case aiohttp.ClientConnectorError():
                return "nothing listens there any more"
            case aiohttp.ClientConnectionError():
                return "it closed the connection"
            case aiohttp.ClientPayloadError():
                return "its answer broke off"
            case _:
                return "what came is not JSON"


def _envelope(number: int, method: str, params: Sequence[object]) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}


def _result(reply: Any, method: str) -> Any:  # noqa: ANN401 - JSON is Any
    if not isinstance(reply, dict) or ("result" not in reply and "error" not in reply):
        raise Permanent(f"{method}: not an answer: {reply!r:.200}")
    if "error" in reply:
        raise Permanent(f"{method}: {reply['error'].get('message', reply['error'])}")
    return reply["result"]
