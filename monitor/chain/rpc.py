"""One JSON-RPC endpoint: calls, their results, and what was learned of the node behind."""

from binascii import unhexlify
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from monitor.chain.failures import (
    EmptyAnswer,
    NoBlock,
    NotReached,
    NotThere,
    TooHeavy,
    from_error,
)
from monitor.chain.pacing import Pace
from monitor.clock import stopwatch
from monitor.errors import HedgewatchError, Transient
from monitor.logs import Secret
from monitor.model.observation import Block

if TYPE_CHECKING:
    from monitor.chain.wire import Asked


class _NoBatch(Exception):
    """Several calls in one request came to something else than as many answers."""


class Endpoint:
    """A node behind one URL.

    host: how people know it, like `eth.example.org/…`; the URL is never shown. head:
    the newest block it told. log_width: most blocks of logs it is known to give at
    once. None is not known yet.
    """

    def __init__(
        self,
        url: Secret,
        *,
        timeout_s: float,
        pace: Pace | None = None,
        seconds: Callable[[], float] = stopwatch,
    ) -> None:
        # web3 and aiohttp take more than a second, and many verbs ask no chain.
        from monitor.chain.wire import Wire  # noqa: PLC0415

        self._wire = Wire(url, timeout_s=timeout_s, pace=pace, seconds=seconds)
        self._seconds = seconds
        self._takes_batches = True
        self._head_since: float | None = None
        self.host = self._wire.host
        self.head: Block | None = None
        self.log_width: int | None = None

    def __repr__(self) -> str:
        return f"Endpoint({self.host})"

    async def close(self) -> None:
        """Close the connections; a later call opens another."""
        await self._wire.close()

    @property
    def requests_made(self) -> int:
        """Return HTTP requests since the start, failed ones included."""
        return self._wire.requests_made

    @property
    def latency_s(self) -> float | None:
        """Return the smoothed seconds a request takes; None before the first answer."""
        return self._wire.latency_s

    def note_head(self, block: Block) -> None:
        """Note the newest block the node told."""
        if self.head is None or self.head.hash != block.hash:
            self._head_since = self._seconds()
        self.head = block

    @property
    def head_age_s(self) -> float | None:
        """Return seconds since the node first told the head it tells; None before any."""
        return None if self._head_since is None else self._seconds() - self._head_since

    async def call(self, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON is Any
        """Return a method's result, never null; raise Transient or Permanent."""
        return self._result(method, await self._wire.ask(method, params))

    async def call_together(self, calls: "Sequence[Asked]") -> list[Any]:
        """Return each call's result, all in one HTTP request where the node takes that.

        One that does not is asked call by call, from then on at once. Raises Transient
        or Permanent.
        """
        if self._takes_batches:
            try:
                return await self._batch(calls)
            except _NoBatch:
                pass
        results = [await self.call(method, *params) for method, params in calls]
        self._takes_batches = False
        return results

    async def call_each(self, calls: "Sequence[Asked]") -> list[Any]:
        """Return each call's result, or the HedgewatchError it alone failed with, in one request.

        Raises TooHeavy where the node takes no request of so many calls.
        """
        if len(calls) == 1:
            return [await self._caught(*calls[0])]
        try:
            responses = await self._wire.ask_together(calls)
        except (KeyError, TypeError, AttributeError):  # web3 sorts whatever it was sent
            responses = None
        except Transient as failure:
            if failure.retry_after is not None or isinstance(failure, NotReached):
                raise
            responses = None
        if not isinstance(responses, list) or len(responses) != len(calls):
            raise TooHeavy(f"{self.host} takes no request of {len(calls)} calls")
        return [
            self._caught_result(method, response)
            for (method, _), response in zip(calls, responses, strict=True)
        ]

    async def _caught(self, method: str, params: Sequence[object]) -> Any:  # noqa: ANN401
        return self._caught_result(method, await self._wire.ask(method, params))

    def _caught_result(self, method: str, response: Any) -> Any:  # noqa: ANN401
        try:
            return self._result(method, response)
        except HedgewatchError as failure:
            return failure

    async def _batch(self, calls: "Sequence[Asked]") -> list[Any]:
        try:
            responses = await self._wire.ask_together(calls)
            if not isinstance(responses, list) or len(responses) != len(calls):
                raise _NoBatch
            return [
                self._result(method, response)
                for (method, _), response in zip(calls, responses, strict=True)
            ]
        except (KeyError, TypeError, AttributeError):  # web3 sorts whatever it was sent
            raise _NoBatch from None
        except HedgewatchError as failure:
            asked = isinstance(failure, Transient) and failure.retry_after is not None
            if asked or isinstance(failure, NotReached):
                raise
            raise _NoBatch from None

    def _result(self, method: str, response: Any) -> Any:  # noqa: ANN401 - JSON is Any
        if not isinstance(response, Mapping):
            raise Transient(f"{self.host} answered {method} with no JSON-RPC object")
        if response.get("error") is not None:
            raise from_error(self.host, method, response["error"], origin=self._wire.origin)
        if "result" not in response:
            raise Transient(f"{self.host} answered {method} without a result")
        if response["result"] is None:
            raise NotThere(f"{self.host} answered null to {method}")
        return response["result"]

    async def block(self, tag: str) -> Any:  # noqa: ANN401 - JSON is Any
        """Return a block's header by `latest` or hex number; raise NoBlock for no such number."""
        response = await self._wire.ask("eth_getBlockByNumber", (tag, False))
        try:
            return self._result("eth_getBlockByNumber", response)
        except NotThere:
            if not tag.startswith("0x"):
                raise
            raise NoBlock(f"{self.host} has no block {int(tag, 16)}") from None

    async def eth_call(self, target: str, data: str, block: int) -> bytes:
        """Return what a contract answers at a block; raise EmptyAnswer for nothing at all."""
        result = await self.call("eth_call", {"to": target, "data": data}, hex(block))
        try:
            raw = unhexlify(result.removeprefix("0x"))  # of a megabyte faster than fromhex
        except (AttributeError, ValueError):
            raise Transient(f"{self.host} answered eth_call with no hexadecimal text") from None
        if not raw:
            raise EmptyAnswer(
                f"{self.host} answered an empty 0x for {target}: it lacks block {block}, "
                f"or nothing is deployed there"
            )
        return raw
