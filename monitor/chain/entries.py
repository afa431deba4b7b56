"""Bases that a person stated in config, where the node cannot tell."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Context
from typing import Final

from monitor.amm.ledger import basis_from_entry
from monitor.chain.settings import EntrySettings
from monitor.model.pool import Pool
from monitor.model.position import Position

_RAW: Final = Context(prec=120, rounding=ROUND_HALF_EVEN)


class Entries:
    """The `[[entry]]` tables by position."""

    def __init__(self, entries: Sequence[EntrySettings]) -> None:
        self._entries = {entry.position: entry for entry in entries}

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def attach(self, position: Position, pool: Pool) -> Position:
        """Return the position with its stated basis, or a note where the liquidity is another.

        An entry is for one liquidity, and must say which: nothing else would tell, after
        a restart, that something was added or taken since.
        """
        entry = self._entries[position.key]
        if entry.liquidity is None:
            note = (
                f"its [[entry]] needs liquidity = {position.liquidity}, if that is what it is for"
            )
            return replace(position, basis_note=note)
        if entry.liquidity != position.liquidity:
            return replace(
                position,
                basis_note=f"its [[entry]] is for liquidity {entry.liquidity}, "
                f"the position has {position.liquidity}: state the entry anew",
            )
        amount0, amount1 = (
            int(_RAW.to_integral_value(_RAW.scaleb(amount, token.decimals)))
            for amount, token in ((entry.amount0, pool.token0), (entry.amount1, pool.token1))
        )
        basis = basis_from_entry(amount0, amount1, position.liquidity, entry.at)
        return replace(position, basis=basis)
