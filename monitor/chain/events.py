"""The manager's events of some token ids, in as few requests as the node allows."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from monitor.chain.abi import contract
from monitor.chain.failures import RangeTooWide
from monitor.chain.heads import header, instant
from monitor.chain.registry import Chain
from monitor.chain.rpc import Endpoint
from monitor.errors import Transient
from monitor.model.position import Flow, LiquidityEvent

_MANAGER: Final = "nonfungible_position_manager"
_FLOWS: Final = (
    (Flow.INCREASE, "IncreaseLiquidity"),
    (Flow.DECREASE, "DecreaseLiquidity"),
    (Flow.COLLECT, "Collect"),
)
_STEPS: Final = (10_000, 1_000)
_FLOOR: Final = 50
_IDS_A_REQUEST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Events by token id, and the first block not looked at."""

    events: Mapping[int, tuple[LiquidityEvent, ...]]
    next_block: int


class LogScan:
    """Reads ranges of logs, remembering how wide each endpoint allows them.

    width: blocks a request at one endpoint; None while nothing has been refused.
    """

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._width: dict[Endpoint, int] = {}
        self._times: dict[str, datetime] = {}

    def width(self, endpoint: Endpoint) -> int | None:
        """Return the widest range this endpoint is known to allow, None if unlimited so far."""
        return self._width.get(endpoint, self._chain.log_range)

    async def read(
        self, endpoint: Endpoint, token_ids: Sequence[int], first: int, last: int, *, most: int
    ) -> Found:
        """Return events in blocks first to last, or as far as `most` requests reach.

        The first refusal of an unlimited range ends it: the caller may know a
        better block to begin at. Raises RangeTooWide where the node refuses even fifty blocks.
        """
        found: dict[int, list[LiquidityEvent]] = {token_id: [] for token_id in token_ids}
        for _ in range(most):
            if first > last:
                break
            width = self.width(endpoint)
            end = last if width is None else min(last, first + width - 1)
            try:
                logs = await self._logs(endpoint, token_ids, first, end)
            except RangeTooWide as error:
                self._narrow(endpoint, end - first + 1, error)
                if width is None:
                    break
                continue
            for log in logs:
                token_id, event = await self._event(endpoint, log)
                if token_id in found:
                    found[token_id].append(event)
            first = end + 1
        return Found(
            events={token_id: tuple(events) for token_id, events in found.items()},
            next_block=first,
        )

    async def _logs(
        self, endpoint: Endpoint, token_ids: Sequence[int], first: int, last: int
    ) -> list[Mapping[str, Any]]:
        logs: list[Mapping[str, Any]] = []
        topics = ["0x" + contract(_MANAGER).events[name].topic.hex() for _, name in _FLOWS]
        for start in range(0, len(token_ids), _IDS_A_REQUEST):
            wanted = token_ids[start : start + _IDS_A_REQUEST]
            criteria = {
                "fromBlock": hex(first),
                "toBlock": hex(last),
                "address": self._chain.manager,
                "topics": [topics, [f"0x{token_id:064x}" for token_id in wanted]],
            }
            part = await endpoint.call("eth_getLogs", criteria)
            if not isinstance(part, list) or not all(isinstance(one, dict) for one in part):
                raise Transient(f"{endpoint.host} answered eth_getLogs with no list of logs")
            logs.extend(part)
        return [log for log in logs if not log.get("removed")]

    async def _event(
        self, endpoint: Endpoint, log: Mapping[str, Any]
    ) -> tuple[int, LiquidityEvent]:
        try:
            topics = [bytes.fromhex(one[2:]) for one in log["topics"]]
            data = bytes.fromhex(log["data"][2:])
            flow, name = next(
                (flow, name)
                for flow, name in _FLOWS
                if contract(_MANAGER).events[name].topic == topics[0]
            )
            told = contract(_MANAGER).decode_log(name, topics, data)
            number, position = int(log["blockNumber"], 16), int(log["logIndex"], 16)
        except (KeyError, TypeError, ValueError, StopIteration):
            raise Transient(f"{endpoint.host} answered eth_getLogs with a malformed log") from None
        event = LiquidityEvent(
            flow=flow,
            block_number=number,
            log_index=position,
            at=await self._time(endpoint, log, number),
            liquidity=told.get("liquidity", 0),
            amount0=told["amount0"],
            amount1=told["amount1"],
        )
        return told["tokenId"], event

    async def _time(self, endpoint: Endpoint, log: Mapping[str, Any], number: int) -> datetime:
        """Return a log's block time: newer nodes put it in the log, others are asked once."""
        with suppress(KeyError, TypeError, ValueError, OverflowError):
            return instant(int(log["blockTimestamp"], 16))
        name = str(log.get("blockHash"))
        if name not in self._times:
            self._times[name] = (await header(endpoint, hex(number))).block.timestamp
        return self._times[name]

    def _narrow(self, endpoint: Endpoint, refused: int, error: RangeTooWide) -> None:
        if refused <= _FLOOR:
            raise error
        narrower: Iterable[int] = (step for step in _STEPS if step < refused)
        self._width[endpoint] = next(iter(narrower), max(refused // 2, _FLOOR))
