"""Who put liquidity into a position: its owner's side, or a stranger.

Anyone may add to anyone's position, and mint one for anyone. A deposit is the owner's if
the transaction withdrew from the position or collected, which strangers cannot; else if
among those who sent the transaction, were called by it, told of something in it, or paid
tokens into the pool, is the owner of then or of now, or one whom an owner let act. All
others are gifts.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from eth_utils.address import to_checksum_address

from monitor.chain.abi import contract, encode_call
from monitor.chain.checkpoint import Hand, Place
from monitor.chain.failures import NoHistory, NotOffered, NotThere, TooHeavy
from monitor.chain.registry import Nft
from monitor.chain.rpc import Endpoint
from monitor.chain.words import uint
from monitor.errors import HedgewatchError, Permanent, Transient
from monitor.model.position import Flow, LiquidityEvent

_MANAGER: Final = "nonfungible_position_manager"
_POOL: Final = "uniswap_v3_pool"
_NOBODY: Final = "0x" + "00" * 20
_TRANSFER_TOPICS: Final = 3
_RECEIPT: Final = "eth_getTransactionReceipt"
_REQUESTS: Final = 64
_NEVER: Final = (NotOffered, NoHistory, NotThere, Permanent)
"""What a node fails with that has no receipt to give, now or later."""

TOGETHER: Final = 100
"""Receipts asked for in one request, of a node not known to take fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Who has a say over one NFT. owners: who has it now, staked or not."""

    manager: str
    owners: frozenset[str]
    hands: tuple[Hand, ...]

    @property
    def holders(self) -> frozenset[str]:
        """Return who has it; of one that is gone, who had it."""
        had = {one.taker for one in self.hands if not one.approval} - {_NOBODY}
        return self.owners or frozenset(had)

    def movers(self, event: LiquidityEvent) -> frozenset[str]:
        """Return who had it, or was let to act for it, up to an event; and who has it now."""
        at = event.block_number, event.log_index
        takers = {one.taker for one in self.hands if (one.block_number, one.log_index) < at}
        return (self.owners | takers) - {_NOBODY}


async def receipt(endpoint: Endpoint, transaction: str) -> Mapping[str, Any]:
    """Return a transaction's receipt; raise Transient where it is not one."""
    told = await endpoint.call(_RECEIPT, transaction)
    if not isinstance(told, Mapping) or not isinstance(told.get("logs"), list):
        raise Transient(f"{endpoint.host} answered a receipt without logs")
    return told


def doubtful(events: Sequence[LiquidityEvent]) -> tuple[LiquidityEvent, ...]:
    """Return the deposits of which it is to be found out who made them."""
    theirs = {one.transaction for one in events if one.flow is not Flow.INCREASE}
    return tuple(
        one
        for one in events
        if one.flow is Flow.INCREASE and not one.sender and one.transaction not in theirs
    )


class Payers:
    """Judges deposits by what an endpoint tells as of a block; nothing is asked twice.

    most: receipts that it takes in one request, as was learned before.
    """

    def __init__(self, endpoint: Endpoint, block: int, most: int = TOGETHER) -> None:
        self._endpoint = endpoint
        self._block = block
        self._proofs: dict[str, Any] = {}
        self._unsure: set[str] = set()
        self._let_act: dict[tuple[str, str, str], bool] = {}
        self._most = most

    async def look_up(self, transactions: Iterable[str]) -> None:
        """Read these receipts, as many in one request as the node allows.

        Of a node that takes few at a time only so many, and the rest another time; so with what
        fails just now.
        """
        left = [one for one in dict.fromkeys(transactions) if one not in self._proofs]
        for _ in range(_REQUESTS):
            part = left[: self._most]
            if not part:
                return
            try:
                told = await self._endpoint.call_each([(_RECEIPT, (one,)) for one in part])
            except TooHeavy:
                self._most = max(len(part) // 2, 1)
                continue
            except HedgewatchError as error:
                if not isinstance(error, _NEVER):
                    return
                told = [error] * len(part)
            for one, proof in zip(part, told, strict=True):
                if not isinstance(proof, HedgewatchError):
                    self._proofs[one] = proof
                elif isinstance(proof, _NEVER):
                    self._proofs[one] = None
            left = left[len(part) :]

    @property
    def most(self) -> int:
        """Return how many receipts the endpoint takes in one request, as learned by now."""
        return self._most

    def to_look_up(self, event: LiquidityEvent) -> bool:
        """Return whether who made a deposit is still to be asked for."""
        return event.transaction not in self._proofs or event.transaction in self._unsure

    async def judged(
        self, events: Sequence[LiquidityEvent], whose: Ownership, pool: str
    ) -> tuple[LiquidityEvent, ...]:
        """Return the events with the sender of each doubtful deposit, and whether it was a gift.

        One whose receipt is nowhere to be had counts as the owner's; so, until it is asked
        again, does one whose receipt cannot be read or whose asking failed. A request for
        each who paid and may be an operator.
        """
        asked = {
            id(one) for one in doubtful(events) if self._proofs.get(one.transaction) is not None
        }
        told: list[LiquidityEvent] = []
        for event in events:
            if id(event) not in asked:
                told.append(event)
                continue
            movers = whose.movers(event)
            try:
                sender, parties, speakers = _parties(self._proofs[event.transaction], pool)
                given = not ((parties | speakers) & movers or await self._operator(whose, parties))
            except Permanent:
                told.append(event)
            except (Transient, KeyError, TypeError, ValueError):
                self._unsure.add(event.transaction)
                told.append(event)
            else:
                told.append(replace(event, sender=sender, given=given))
        return tuple(told)

    async def _operator(self, whose: Ownership, parties: Collection[str]) -> bool:
        """Return whether an owner lets any of these act for all positions."""
        for owner in sorted(whose.holders):
            for party in sorted(set(parties) - {whose.manager}):
                asked = whose.manager, owner, party
                if asked not in self._let_act:
                    data = "0x" + encode_call(_MANAGER, "isApprovedForAll", owner, party).hex()
                    answer = await self._endpoint.eth_call(whose.manager, data, self._block)
                    self._let_act[asked] = bool(uint(answer, 0))
                if self._let_act[asked]:
                    return True
        return False


def place_of(proof: Mapping[str, Any], nft: Nft) -> Place | None:
    """Return where a deposit's receipt says that an NFT's liquidity went, None if it does not.

    The manager tells of a deposit right after the pool did. Raises KeyError or alike for a
    receipt that cannot be read.
    """
    mint = contract(_POOL).events["Mint"].topic
    deposit = contract(_MANAGER).events["IncreaseLiquidity"].topic
    place: Place | None = None
    for log in proof["logs"]:
        topics = [bytes.fromhex(one[2:]) for one in log["topics"]]
        if topics[:1] == [mint]:
            told = contract(_POOL).decode_log("Mint", topics, bytes.fromhex(log["data"][2:]))
            pool = to_checksum_address(log["address"])
            place = Place(pool, told["tickLower"], told["tickUpper"])
        elif topics[:1] == [deposit] and int.from_bytes(topics[1], "big") == nft.token_id:
            return place if to_checksum_address(log["address"]) == nft.manager else None
    return None


def _parties(
    proof: Any,  # noqa: ANN401 - JSON is Any
    pool: str,
) -> tuple[str, frozenset[str], frozenset[str]]:
    """Return the sender, with it all whose doing the deposit may be, and who spoke of it.

    A wallet that is a contract tells of what it was let do, whoever sent the transaction.
    Raises KeyError or alike for what is no receipt.
    """
    if not isinstance(proof, Mapping):
        raise TypeError("this is no receipt")
    sender = to_checksum_address(proof["from"])
    called = {to_checksum_address(proof["to"])} if proof.get("to") else set()
    transfer = contract(_MANAGER).events["Transfer"].topic  # an ERC-20's hashes alike
    payers = {
        to_checksum_address("0x" + log["topics"][1][-40:])
        for log in proof["logs"]
        if len(log["topics"]) == _TRANSFER_TOPICS
        and bytes.fromhex(log["topics"][0][2:]) == transfer
        and to_checksum_address("0x" + log["topics"][2][-40:]) == pool
    }
    speakers = frozenset(to_checksum_address(log["address"]) for log in proof["logs"])
    return sender, frozenset({sender, *called, *payers}), speakers
