"""What one wallet holds of one manager's positions, and how the chain is asked for it."""

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from monitor.chain.abi import decode_result, encode_call
from monitor.chain.forms import Custody
from monitor.chain.registry import Dex, Nft
from monitor.chain.words import WORD, Answer, Call, address, uint

_MANAGER: Final = "nonfungible_position_manager"
_GAUGE: Final = "slipstream_gauge"
_POSITION_WORDS: Final = 12


class Purse(NamedTuple):
    """What one wallet holds of one manager's positions, or has staked in `staker`."""

    dex: Dex
    wallet: str
    staker: str = ""

    @property
    def lists(self) -> bool:
        """Return whether one call tells all of it, as a gauge's does."""
        return bool(self.staker) and self.dex.form.custody is Custody.GAUGE

    @property
    def keeper(self) -> str:
        """Return who owns the NFTs."""
        return self.staker or self.wallet

    def asked(self) -> Call:
        """Return the call that tells how many there are, or which."""
        if self.lists:
            return Call(self.staker, encode_call(_GAUGE, "stakedValues", self.wallet))
        return Call(self._list, encode_call(_MANAGER, "balanceOf", self.wallet))

    def named(self, index: int) -> Call:
        """Return the call for the one at `index`, where they are told one by one."""
        data = encode_call(_MANAGER, "tokenOfOwnerByIndex", self.wallet, index)
        return Call(self._list, data)

    @property
    def _list(self) -> str:
        return self.staker or self.dex.manager


class Sighting(NamedTuple):
    """Who keeps an NFT now, and for whom; None where the chain names nobody."""

    keeper: str | None
    user: str | None


Sighted: TypeAlias = Callable[[Nft], Sighting | None]
"""Tells who keeps an NFT by what a batch answered, None where it did not ask."""


def glance(nft: Nft) -> tuple[Call, Call]:
    """Return the calls for what an NFT holds and who owns it."""
    manager, token_id = nft
    return (
        Call(manager, encode_call(_MANAGER, "positions", token_id)),
        Call(manager, encode_call(_MANAGER, "ownerOf", token_id)),
    )


def closed(data: bytes) -> bool:
    """Return whether `positions()` shows no liquidity and nothing owed."""
    return len(data) >= _POSITION_WORDS * WORD and not (
        uint(data, 7) or uint(data, 10) or uint(data, 11)
    )


def keeper_of(owner: Answer) -> str | None:
    """Return who owns an NFT by its `ownerOf`; None for nobody."""
    return address(owner.data, 0) if owner.ok and len(owner.data) >= WORD else None


def whole_of(purse: Purse, told: Answer) -> tuple[Nft, ...] | None:
    """Return everything a gauge lists for a purse; None where it does not answer so."""
    try:
        (ids,) = decode_result(_GAUGE, "stakedValues", told.data) if told.ok else (None,)
    except ValueError:
        return None
    return None if ids is None else tuple(sorted(Nft(purse.dex.manager, one) for one in ids))
