"""Transactions in bulk: explicit nonces and gas, one block, every receipt checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from monitor.devnet.rpc import Request, Rpc
from monitor.errors import Permanent

_GAS: Final = hex(30_000_000)
_CHUNK: Final = 250  # transactions a request: beyond it nothing gets faster


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One transaction to be.

    to: None creates a contract. what: said when it fails. value: wei sent along.
    """

    sender: str
    to: str | None
    data: bytes
    what: str
    value: int = 0

    def as_json(self, nonce: int | None = None) -> dict[str, str]:
        """Return the JSON-RPC form; gas costs nothing on the devnet."""
        body = {"from": self.sender, "data": "0x" + self.data.hex(), "gas": _GAS}
        if self.to is not None:
            body["to"] = self.to
        if self.value:
            body["value"] = hex(self.value)
        if nonce is not None:
            body |= {"nonce": hex(nonce), "gasPrice": "0x0"}
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One event as the node tells it."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A transaction that succeeded."""

    block_number: int
    contract: str | None
    logs: tuple[Log, ...]


class Sender:
    """Sends calls and mines them. The only one to send on its chain: it counts nonces itself."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._nonces: dict[str, int] = {}

    def forget(self) -> None:
        """Ask the node for nonces again, after its state was put back."""
        self._nonces.clear()

    async def send(self, calls: Sequence[Call], *, at: datetime | None = None) -> list[Receipt]:
        """Put all calls into one block and return their receipts in order.

        at: the block's timestamp, later than its parent's; None adds a second.
        Raises Permanent with the revert reason of the first call that failed.
        """
        bodies = [call.as_json(await self._next_nonce(call.sender)) for call in calls]
        hashes: list[str] = []
        for start in range(0, len(bodies), _CHUNK):
            chunk = bodies[start : start + _CHUNK]
            hashes += await self._rpc.batch([("eth_sendTransaction", [body]) for body in chunk])
        await self.mine(at=at)
        raw = await self._receipts(hashes)
        for call, receipt in zip(calls, raw, strict=True):
            if int(receipt["status"], 16) != 1:
                raise Permanent(f"{call.what}: {await self._reason(call, receipt)}")
        return [_receipt(item) for item in raw]

    async def mine(self, *, at: datetime | None = None) -> int:
        """Mine one block and return its number; `at` as in `send`."""
        parent = int((await self.head())["timestamp"], 16)
        stamp = parent + 1 if at is None else int(at.timestamp())
        await self._rpc.call("evm_setNextBlockTimestamp", hex(stamp))
        await self._rpc.call("evm_mine")
        return int(await self._rpc.call("eth_blockNumber"), 16)

    async def head(self) -> dict[str, Any]:
        """Return the newest block's header as the node tells it."""
        header: dict[str, Any] = await self._rpc.call("eth_getBlockByNumber", "latest", False)
        return header

    async def _next_nonce(self, sender: str) -> int:
        if sender not in self._nonces:
            count = await self._rpc.call("eth_getTransactionCount", sender, "latest")
            self._nonces[sender] = int(count, 16)
        nonce = self._nonces[sender]
        self._nonces[sender] += 1
        return nonce

    async def _receipts(self, hashes: Sequence[str]) -> list[dict[str, Any]]:
        asked: list[Request] = [("eth_getTransactionReceipt", [item]) for item in hashes]
        receipts = await self._rpc.batch(asked)
        if None in receipts:
            raise Permanent(f"{receipts.count(None)} of {len(receipts)} transactions stayed out")
        return receipts

    async def _reason(self, call: Call, receipt: dict[str, Any]) -> str:
        before = hex(int(receipt["blockNumber"], 16) - 1)
        try:
            await self._rpc.call("eth_call", call.as_json(), before)
        except Permanent as error:
            return str(error).removeprefix("eth_call: ")
        return "reverted, and not when tried alone on the block before"


def _receipt(raw: dict[str, Any]) -> Receipt:
    return Receipt(
        block_number=int(raw["blockNumber"], 16),
        contract=raw.get("contractAddress"),
        logs=tuple(
            Log(
                address=log["address"],
                topics=tuple(bytes.fromhex(topic[2:]) for topic in log["topics"]),
                data=bytes.fromhex(log["data"][2:]),
            )
            for log in raw["logs"]
        ),
    )
