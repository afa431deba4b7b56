"""Who put liquidity into a position: its owner's side, or a stranger.

Anyone may add to anyone's position. A deposit is the owner's if the transaction minted
the position, or withdrew from it or collected, which strangers cannot; else if among
those who sent the transaction, were called by it, or paid tokens into the pool, is
the owner of then or of now, or one whom an owner let act. All others are gifts.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from eth_utils.address import to_checksum_address

from monitor.chain.abi import contract, encode_call
from monitor.chain.checkpoint import Hand, Place
from monitor.chain.registry import Nft
from monitor.chain.rpc import Endpoint
from monitor.chain.words import uint
from monitor.errors import HedgewatchError, Transient
from monitor.model.position import Flow, LiquidityEvent

_MANAGER: Final = "nonfungible_position_manager"
_POOL: Final = "uniswap_v3_pool"
_NOBODY: Final = "0x" + "00" * 20
_TRANSFER_TOPICS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Who has a say over one NFT. owners: who has it now, staked or not."""

    manager: str
    owners: frozenset[str]
    hands: tuple[Hand, ...]

    def minted_in(self) -> str:
        """Return the transaction of the mint, empty where it was not seen."""
        return next((hand.transaction for hand in self.hands if hand.giver == _NOBODY), "")

    def movers(self, event: LiquidityEvent) -> frozenset[str]:
        """Return who had it, or was let to act for it, up to an event; and who has it now."""
        at = event.block_number, event.log_index
        takers = {one.taker for one in self.hands if (one.block_number, one.log_index) < at}
        return (self.owners | takers) - {_NOBODY}


async def receipt(endpoint: Endpoint, transaction: str) -> Mapping[str, Any]:
    """Return a transaction's receipt; raise Transient where it is not one."""
    told = await endpoint.call("eth_getTransactionReceipt", transaction)
    if not isinstance(told, Mapping) or not isinstance(told.get("logs"), list):
        raise Transient(f"{endpoint.host} answered a receipt without logs")
    return told


async def judged(
    endpoint: Endpoint, events: Sequence[LiquidityEvent], whose: Ownership, pool: str, block: int
) -> tuple[LiquidityEvent, ...]:
    """Return the events with the sender of each doubtful deposit, and whether it was a gift.

    One request a doubtful deposit that was not judged before, and one for each who paid
    it and may be an operator, as of `block`. Without the receipt it counts as the owner's.
    """
    theirs = {one.transaction for one in events if one.flow is not Flow.INCREASE}
    certain = theirs | {whose.minted_in()}
    told: list[LiquidityEvent] = []
    for event in events:
        doubtful = event.flow is Flow.INCREASE and event.transaction not in certain
        if not doubtful or event.sender:
            told.append(event)
            continue
        try:
            proof = await receipt(endpoint, event.transaction)
            sender, parties = _parties(proof, pool)
            given = not (
                parties & whose.movers(event) or await _operator(endpoint, whose, parties, block)
            )
        except (HedgewatchError, KeyError, TypeError, ValueError):
            told.append(event)
        else:
            told.append(replace(event, sender=sender, given=given))
    return tuple(told)


def place_of(proof: Mapping[str, Any], nft: Nft) -> Place | None:
    """Return where a deposit's receipt says that an NFT's liquidity went, None if it does not.

    The manager tells of a deposit right after the pool did. Raises ValueError for a
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


def _parties(proof: Mapping[str, Any], pool: str) -> tuple[str, frozenset[str]]:
    """Return the sender, and with it all whose doing the deposit may be."""
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
    return sender, frozenset({sender, *called, *payers})


async def _operator(
    endpoint: Endpoint, whose: Ownership, parties: Collection[str], block: int
) -> bool:
    """Return whether an owner lets any of these act for all positions."""
    for owner in sorted(whose.owners):
        for party in sorted(set(parties) - {whose.manager}):
            data = encode_call(_MANAGER, "isApprovedForAll", owner, party)
            answer = await endpoint.eth_call(whose.manager, "0x" + data.hex(), block)
            if uint(answer, 0):
                return True
    return False
