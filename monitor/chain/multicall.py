"""Many reads at one block in as few requests as the node bears."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monitor.chain.failures import Reverted, TooHeavy
from monitor.chain.rpc import Endpoint
from monitor.chain.words import Answer, Call, encode_aggregate3, split_aggregate3
from monitor.errors import Permanent, Transient

# About 6 million gas; nodes stop a call at 50 million, the stingy ones at 10.
CALLS_A_REQUEST: Final = 600
_MOST_SPLITS: Final = 32


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

    async def ask(self, batch: Batch, before: Sequence[Answer] = ()) -> list[Answer]:
        """Return one answer a call, in order; raise Transient or Permanent.

        before: what the same batch gave last time; what did not change is the same object.
        """
        answers: list[Answer] = []
        todo, splits = list(reversed(batch.parts)), _MOST_SPLITS
        while todo:
            calls, calldata = todo.pop()
            try:
                old = before[len(answers) : len(answers) + len(calls)]
                answers.extend(await self._part(calls, calldata, old))
            except (TooHeavy, Reverted) as error:
                # One call that burns all the gas fells its whole batch: single it out.
                if len(calls) == 1:
                    answers.append(self._alone(error))
                    continue
                if not splits:
                    raise
                splits -= 1
                half = len(calls) // 2
                todo += [(part, _calldata(part)) for part in (calls[half:], calls[:half])]
        return answers

    async def ask_once(self, calls: Sequence[Call]) -> list[Answer]:
        """Return one answer a call for calls that will not be repeated."""
        return await self.ask(prepare(calls)) if calls else []

    async def _part(
        self, calls: tuple[Call, ...], calldata: str, before: Sequence[Answer]
    ) -> list[Answer]:
        raw = await self.endpoint.eth_call(self.multicall, calldata, self.block)
        try:
            return split_aggregate3(raw, len(calls), before)
        except ValueError as error:
            raise Transient(f"{self.endpoint.host} answered nonsense: {error}") from None

    def _alone(self, error: TooHeavy | Reverted) -> Answer:
        """Return the failure of a call asked alone; Multicall3 itself never reverts then."""
        if isinstance(error, Reverted):
            raise Permanent(f"{self.multicall} is not Multicall3: {error}") from error
        return Answer(False, b"")


def _calldata(calls: Sequence[Call]) -> str:
    return "0x" + encode_aggregate3(calls).hex()
