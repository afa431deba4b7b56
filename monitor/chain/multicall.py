"""Many reads at one block in as few requests as the node bears."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.chain.failures import TooHeavy
from monitor.chain.rpc import Endpoint
from monitor.chain.words import Answer, Call, encode_aggregate3, split_aggregate3
from monitor.errors import Transient

# About 6 million gas; nodes stop a call at 50 million, the stingy ones at 10.
CALLS_A_REQUEST = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Calls encoded once, to be asked again at every block. parts: (calls, calldata)."""

    parts: tuple[tuple[tuple[Call, ...], str], ...]


def prepare(calls: Sequence[Call]) -> Batch:
    """Encode `calls` into as many requests as they need."""
    slices = (
        tuple(calls[start : start + CALLS_A_REQUEST])
        for start in range(0, len(calls), CALLS_A_REQUEST)
    )
    return Batch(parts=tuple((part, _calldata(part)) for part in slices))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """One endpoint at one block: every read of a snapshot goes through the same."""

    endpoint: Endpoint
    multicall: str
    block: int

    async def ask(self, batch: Batch) -> list[Answer]:
        """Return one answer a call, in order; raise Transient or Permanent."""
        answers: list[Answer] = []
        for calls, calldata in batch.parts:
            answers.extend(await self._part(calls, calldata))
        return answers

    async def ask_once(self, calls: Sequence[Call]) -> list[Answer]:
        """Return one answer a call for calls that will not be repeated."""
        return await self.ask(prepare(calls)) if calls else []

    async def _part(self, calls: tuple[Call, ...], calldata: str) -> list[Answer]:
        try:
            raw = await self.endpoint.eth_call(self.multicall, calldata, self.block)
        except TooHeavy:
            if len(calls) == 1:
                return [Answer(False, b"")]
            half = len(calls) // 2
            first, second = calls[:half], calls[half:]
            answers = await self._part(first, _calldata(first))
            return answers + await self._part(second, _calldata(second))
        try:
            return split_aggregate3(raw, len(calls))
        except ValueError as error:
            raise Transient(f"{self.endpoint.host} answered nonsense: {error}") from None


def _calldata(calls: Sequence[Call]) -> str:
    return "0x" + encode_aggregate3(calls).hex()
