"""The manager's events of some token ids, in as few requests as the node allows.

What moved liquidity bears the id as its first topic and what moved the NFT itself as its
third, so that a range costs two requests. A recipient is never asked for: where ether is
unwrapped, Collect names the manager itself.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from eth_utils.address import to_checksum_address

from monitor.chain.abi import contract
from monitor.chain.checkpoint import Hand
from monitor.chain.failures import NotReached, RangeTooWide, TooHeavy
from monitor.chain.heads import header, instant
from monitor.chain.log_range import LogRange
from monitor.chain.registry import Chain
from monitor.chain.rpc import Endpoint
from monitor.errors import Transient
from monitor.model.position import Flow, LiquidityEvent

_MANAGER: Final = "nonfungible_position_manager"
_FLOWS: Final = {
    "IncreaseLiquidity": Flow.INCREASE,
    "DecreaseLiquidity": Flow.DECREASE,
    "Collect": Flow.COLLECT,
}
_HANDS: Final = {"Transfer": ("from", "to"), "Approval": ("owner", "approved")}
_IDS_A_REQUEST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The ids of one manager, and the first and last block to read."""

    manager: str
    token_ids: tuple[int, ...]
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Events and hands by token id, in the chain's order, and the first block not looked at."""

    events: Mapping[int, tuple[LiquidityEvent, ...]]
    hands: Mapping[int, tuple[Hand, ...]]
    next_block: int


class LogScan:
    """Reads ranges of logs, remembering how wide each endpoint allows them."""

    def __init__(self, chain: Chain) -> None:
        self._most = chain.log_range
        self._ranges: dict[Endpoint, LogRange] = {}
        self._times: dict[str, datetime] = {}

    def width(self, endpoint: Endpoint) -> int | None:
        """Return the widest range this endpoint is known to allow, None if unlimited so far."""
        return self._range(endpoint).width

    def forget(self, endpoint: Endpoint) -> None:
        """Forget how narrow an endpoint's refusals were, but for what it said itself."""
        self._range(endpoint).forget()
        endpoint.log_width = self.width(endpoint)

    async def read(self, endpoint: Endpoint, span: Span, *, most: int) -> Found:
        """Return what happened in a span, or as far as `most` ranges reach.

        The span must end at a block this endpoint has shown that it has: past their head
        nodes answer that nothing happened. The first refusal of an unlimited range ends it:
        the caller may know a better block to begin at. Raises RangeTooWide where the node
        refuses even fifty blocks, and fewer where it says itself how many it gives.
        """
        events: dict[int, list[LiquidityEvent]] = {one: [] for one in span.token_ids}
        hands: dict[int, list[Hand]] = {one: [] for one in span.token_ids}
        first = span.first
        for _ in range(most):
            if first > span.last:
                break
            width = self.width(endpoint)
            end = span.last if width is None else min(span.last, first + width - 1)
            try:
                logs = await self._range_of_logs(endpoint, span, first, end)
            except NotReached:
                self._range(endpoint).unanswered(end - first + 1)
                raise
            except (RangeTooWide, TooHeavy) as refusal:
                stated = refusal.most if isinstance(refusal, RangeTooWide) else None
                if not self._range(endpoint).refused(end - first + 1, stated):
                    endpoint.log_width = self.width(endpoint)
                    raise
                endpoint.log_width = self.width(endpoint)
                if width is None:
                    break
                continue
            self._range(endpoint).granted(end - first + 1)
            endpoint.log_width = self.width(endpoint)
            for log in logs:
                await self._sort(endpoint, log, events, hands)
            first = end + 1
        return Found(
            events={one: tuple(_in_order(told)) for one, told in events.items()},
            hands={one: tuple(_in_order(told)) for one, told in hands.items()},
            next_block=first,
        )

    def _range(self, endpoint: Endpoint) -> LogRange:
        return self._ranges.setdefault(endpoint, LogRange(self._most))

    async def _range_of_logs(
        self, endpoint: Endpoint, span: Span, first: int, last: int
    ) -> list[Mapping[str, Any]]:
        """Return every log of the span's ids in these blocks, each once."""
        flows, hands = _topics(_FLOWS), _topics(_HANDS)
        logs: dict[tuple[str, ...], Mapping[str, Any]] = {}
        for start in range(0, len(span.token_ids), _IDS_A_REQUEST):
            part = span.token_ids[start : start + _IDS_A_REQUEST]
            wanted = [f"0x{token_id:064x}" for token_id in part]
            for topics in ([flows, wanted], [hands, None, None, wanted]):
                criteria = {
                    "fromBlock": hex(first),
                    "toBlock": hex(last),
                    "address": span.manager,
                    "topics": topics,
                }
                told = await endpoint.call("eth_getLogs", criteria)
                if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
                    raise Transient(f"{endpoint.host} answered eth_getLogs with no list of logs")
                if not all(_asked_for(log, span.manager, first, last) for log in told):
                    raise Transient(
                        f"{endpoint.host} answered eth_getLogs with logs that it was not asked for"
                    )
                logs.update({_name(log): log for log in told if not log.get("removed")})
        return list(logs.values())

    async def _sort(
        self,
        endpoint: Endpoint,
        log: Mapping[str, Any],
        events: Mapping[int, list[LiquidityEvent]],
        hands: Mapping[int, list[Hand]],
    ) -> None:
        """Put a log where it belongs; raise Transient for one that cannot be read."""
        try:
            name, told = _decoded(log)
            number, index = int(log["blockNumber"], 16), int(log["logIndex"], 16)
            where = str(log["blockHash"]), str(log["transactionHash"])
        except (LookupError, TypeError, ValueError):
            raise Transient(f"{endpoint.host} answered eth_getLogs with a malformed log") from None
        if name in _HANDS:
            giver, taker = _HANDS[name]
            hand = Hand(
                block_number=number,
                log_index=index,
                block_hash=where[0],
                transaction=where[1],
                giver=to_checksum_address(told[giver]),
                taker=to_checksum_address(told[taker]),
                approval=name == "Approval",
            )
            hands.get(told["tokenId"], []).append(hand)
        else:
            event = LiquidityEvent(
                flow=_FLOWS[name],
                block_number=number,
                log_index=index,
                at=await self._time(endpoint, log, number),
                liquidity=told.get("liquidity", 0),
                amount0=told["amount0"],
                amount1=told["amount1"],
                block_hash=where[0],
                transaction=where[1],
            )
            events.get(told["tokenId"], []).append(event)

    async def _time(self, endpoint: Endpoint, log: Mapping[str, Any], number: int) -> datetime:
        """Return a log's block time: newer nodes put it in the log, others are asked once."""
        with suppress(KeyError, TypeError, ValueError, OverflowError):
            return instant(int(log["blockTimestamp"], 16))
        name = str(log.get("blockHash"))
        if name not in self._times:
            self._times[name] = (await header(endpoint, hex(number))).block.timestamp
        return self._times[name]


def _topics(names: Mapping[str, object]) -> list[str]:
    return ["0x" + contract(_MANAGER).events[name].topic.hex() for name in names]


def _name(log: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(log.get(key)) for key in ("blockHash", "transactionHash", "logIndex"))


def _asked_for(log: Mapping[str, Any], manager: str, first: int, last: int) -> bool:
    """Return whether a log is the manager's and of these blocks: else it might count twice.

    One that does not say is for whoever reads it.
    """
    with suppress(LookupError, TypeError, ValueError):
        number = int(log["blockNumber"], 16)
        return first <= number <= last and str(log["address"]).lower() == manager.lower()
    return True


def _decoded(log: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return a log's event name and arguments; raise ValueError or alike for any other."""
    topics = [bytes.fromhex(one[2:]) for one in log["topics"]]
    for name in (*_FLOWS, *_HANDS):
        if contract(_MANAGER).events[name].topic == topics[0]:
            data = bytes.fromhex(log["data"][2:])
            return name, contract(_MANAGER).decode_log(name, topics, data)
    raise ValueError("not one of the events asked for")


def _in_order(told: Sequence[Any]) -> list[Any]:
    return sorted(told, key=lambda one: (one.block_number, one.log_index))
