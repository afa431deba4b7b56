"""Many reads at one block in as few requests as the node bears."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, TypeAlias

from monitor.chain.ahead import Ahead
from monitor.chain.failures import EmptyAnswer, Reverted, TooHeavy
from monitor.chain.rpc import Endpoint
from monitor.chain.singly import Manner, ask_singly
from monitor.chain.words import Answer, Call, encode_aggregate3, split_aggregate3
from monitor.errors import Permanent, Transient

# About 6 million gas; nodes stop a call at 50 million, the stingy ones at 10.
CALLS_A_REQUEST: Final = 600
_MOST_SPLITS: Final = 32
_log: Final = logging.getLogger(__name__)
_Part: TypeAlias = tuple[tuple[Call, ...], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Calls encoded once, to be asked again at every block. parts: (calls, calldata)."""

    parts: tuple[_Part, ...]


def prepare(calls: Sequence[Call]) -> Batch:
    """Encode `calls` into as many requests as they need."""
    slices = (
        tuple(calls[start : start + CALLS_A_REQUEST])
        for start in range(0, len(calls), CALLS_A_REQUEST)
    )
    return Batch(parts=tuple(_part_of(part) for part in slices))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """One endpoint at one block: every read of a snapshot goes through the same."""

    endpoint: Endpoint
    multicall: str
    block: int
    manner: Manner = field(default_factory=Manner)

    async def ask(self, batch: Batch, before: Sequence[Answer] = ()) -> list[Answer]:
        """Return one answer a call, in order; raise Transient or Permanent.

        before: what the same batch gave last time; what did not change is the same object.
        """
        parts = self._apart(batch)
        wanted = () if self.manner.singly else (calldata for _, calldata in parts)
        async with Ahead(self._raw, wanted) as ahead:
            return await self._ask(parts, before, ahead)

    async def _ask(
        self, parts: Sequence[_Part], before: Sequence[Answer], ahead: Ahead
    ) -> list[Answer]:
        answers: list[Answer] = []
        todo, splits = list(reversed(parts)), _MOST_SPLITS
        while todo:
            calls, calldata = todo.pop()
            if self.manner.singly:
                answers += await self._singly(calls)
                continue
            try:
                raw = await ahead.get(calldata)
                old = before[len(answers) : len(answers) + len(calls)]
                answers += self._weighed(calls, self._cut(calls, raw, old), splits)
            except EmptyAnswer:
                if not await self._lacks_multicall(calls):
                    raise
                todo.append((calls, calldata))
            except (TooHeavy, Reverted) as error:
                # One call that burns all the gas fells its whole batch: single it out.
                if len(calls) == 1:
                    answers.append(self._alone(calls[0], error))
                    continue
                if not splits:
                    raise
                splits -= 1
                half = len(calls) // 2
                todo += [_part_of(calls[half:]), _part_of(calls[:half])]
        return answers

    async def ask_once(self, calls: Sequence[Call]) -> list[Answer]:
        """Return one answer a call for calls that will not be repeated."""
        return await self.ask(prepare(calls)) if calls else []

    async def _raw(self, calldata: str) -> bytes:
        return await self.endpoint.eth_call(self.multicall, calldata, self.block)

    def _cut(self, calls: Sequence[Call], raw: bytes, before: Sequence[Answer]) -> list[Answer]:
        try:
            return split_aggregate3(raw, len(calls), before)
        except ValueError as error:
            raise Transient(f"{self.endpoint.host} answered nonsense: {error}") from None

    async def has_code(self, contract: str) -> bool:
        """Return whether a contract stands at an address."""
        code = await self.endpoint.call("eth_getCode", contract, hex(self.block))
        return code not in ("0x", "")

    async def _singly(self, calls: Sequence[Call]) -> list[Answer]:
        return await ask_singly(
            self.endpoint, calls, block=self.block, witness=self.multicall, manner=self.manner
        )

    async def _lacks_multicall(self, calls: Sequence[Call]) -> bool:
        """Find out why Multicall3 answered nothing; from then on call singly where it is absent.

        A node that lacks the block says of everything that it has no code.
        """
        others = (call.target for call in calls if call.target != self.multicall)
        known = next(others, None)
        if known is None or await self.has_code(self.multicall) or not await self.has_code(known):
            return False
        self.manner.singly = True
        _log.warning(
            "%s has no Multicall3 at %s: every call goes by itself, up to %d in one request",
            self.endpoint.host,
            self.multicall,
            self.manner.most,
        )
        return True

    def _apart(self, batch: Batch) -> Sequence[_Part]:
        """Return the batch's parts with the calls known to burn all gas asked alone."""
        heavy = self.manner.heavy
        if not heavy:
            return batch.parts
        parts: list[_Part] = []
        for calls, calldata in batch.parts:
            if heavy.isdisjoint(calls):
                parts.append((calls, calldata))
                continue
            runs = groupby(calls, key=heavy.__contains__)
            for alone, run in runs:
                parts += [_part_of((one,)) for one in run] if alone else [_part_of(tuple(run))]
        return parts

    def _weighed(self, calls: Sequence[Call], answers: list[Answer], splits: int) -> list[Answer]:
        """Return the answers; note which calls seem to have burned all the gas there was."""
        heavy = self.manner.heavy
        if splits < _MOST_SPLITS:
            heavy.update(call for call, one in zip(calls, answers, strict=True) if not any(one))
        elif len(calls) == 1 and answers[0].ok:
            heavy.discard(calls[0])
        return answers

    def _alone(self, call: Call, error: TooHeavy | Reverted) -> Answer:
        """Return the failure of a call asked alone; Multicall3 itself never reverts then."""
        if isinstance(error, Reverted):
            raise Permanent(f"{self.multicall} is not Multicall3: {error}") from error
        self.manner.heavy.add(call)
        return Answer(False, b"")


def _part_of(calls: tuple[Call, ...]) -> _Part:
    return calls, _calldata(calls)


def _calldata(calls: Sequence[Call]) -> str:
    return "0x" + encode_aggregate3(calls).hex()
