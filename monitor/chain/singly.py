"""Reads at one block call by call, where there is no Multicall3 to carry them together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from eth_abi.abi import encode

from monitor.chain.failures import Reverted, TooHeavy
from monitor.chain.rpc import Endpoint
from monitor.chain.words import Answer, Call
from monitor.errors import HedgewatchError, Transient

if TYPE_CHECKING:
    from monitor.chain.wire import Asked

CALLS_A_REQUEST: Final = 100
_ERROR: Final = bytes.fromhex("08c379a0")  # Error(string)


@dataclass(slots=True, kw_only=True)
class Manner:
    """How one endpoint wants to be asked, as learned; changes while it is asked.

    singly: without Multicall3. most: calls it takes in one request then. heavy: calls
    that burn whatever gas they are given, and with it the batch they are in.
    """

    singly: bool = False
    most: int = CALLS_A_REQUEST
    heavy: set[Call] = field(default_factory=set)


async def ask_singly(
    endpoint: Endpoint, calls: Sequence[Call], *, block: int, witness: str, manner: Manner
) -> list[Answer]:
    """Return one answer a call, in order, by plain JSON-RPC batches; raise Transient or Permanent.

    witness: whom one would ask for the block's time; the block's header is asked instead.
    """
    asked: list[Asked] = [
        ("eth_getBlockByNumber", (hex(block), False))
        if target == witness
        else ("eth_call", ({"to": target, "data": "0x" + data.hex()}, hex(block)))
        for target, data in calls
    ]
    told: list[Any] = []
    while len(told) < len(asked):
        try:
            told += await endpoint.call_each(asked[len(told) : len(told) + manner.most])
        except TooHeavy:
            if manner.most == 1:
                raise
            manner.most = max(manner.most // 2, 1)
    return [_answer(endpoint, one) for one in told]


def _answer(endpoint: Endpoint, told: Any) -> Answer:  # noqa: ANN401 - JSON is Any
    if isinstance(told, Reverted):
        return Answer(False, _ERROR + encode(["string"], [told.reason]) if told.reason else b"")
    if isinstance(told, TooHeavy):
        return Answer(False, b"")
    if isinstance(told, HedgewatchError):
        raise told
    try:
        if isinstance(told, dict):
            return Answer(True, int(told["timestamp"], 16).to_bytes(32))
        data = bytes.fromhex(told.removeprefix("0x"))
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        raise Transient(f"{endpoint.host} answered a call with no hexadecimal text") from None
    return Answer(bool(data), data)
