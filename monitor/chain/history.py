"""What was put into each position: its events, read once and then only when it changes.

Between two snapshots that show the same liquidity, owed tokens and fee marks
nothing was deposited, withdrawn or collected, so an unchanged position costs no
request. A changed one costs one, over the few blocks since, with an overlap that
lets a reorganised chain correct what was read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from monitor.amm.ledger import fold
from monitor.chain.archive import minted_at, with_prices
from monitor.chain.entries import Entries
from monitor.chain.events import LogScan
from monitor.chain.registry import Chain
from monitor.chain.rpc import Endpoint
from monitor.chain.settings import EntrySettings
from monitor.errors import HedgewatchError, Permanent
from monitor.model.pool import Pool
from monitor.model.position import Basis, LiquidityEvent, Position

OVERLAP: Final = 64
REQUESTS_A_POLL: Final = 8
REQUESTS_IN_ALL: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """One position's events so far. whole: all blocks up to next_block were read.

    gave_up: no more requests are made for it; `note` says why.
    """

    mark: tuple[int, ...]
    events: tuple[LiquidityEvent, ...] = ()
    next_block: int
    whole: bool = False
    gave_up: bool = False
    basis: Basis | None = None
    note: str = ""


class Histories:
    """Gives positions their basis, from their events or from an entry in config."""

    def __init__(self, chain: Chain, entries: Sequence[EntrySettings]) -> None:
        self._chain = chain
        self._entries = Entries(entries)
        self._scan = LogScan(chain)
        self._known: dict[int, _History] = {}
        self._waiting: dict[int, str] = {}

    async def attach(
        self,
        endpoint: Endpoint,
        positions: Sequence[Position],
        *,
        pools: Mapping[str, Pool],
        block: int,
    ) -> list[Position]:
        """Return the positions with their basis as of `block`, or a note where it is unknown.

        Never raises for what a node cannot tell: that is a note too. pools: by key.
        """
        asked = [one for one in positions if one.key not in self._entries]
        for first, group in self._due(asked, block).items():
            try:
                await self._read(endpoint, group, first, pools=pools, block=block)
            except HedgewatchError as error:
                self._note(group, block, error)
        return [self._with_basis(one, pools) for one in positions]

    def _due(self, positions: Sequence[Position], block: int) -> dict[int | None, list[Position]]:
        """Return positions whose events must be read, by first block; None if not yet known."""
        due: dict[int | None, list[Position]] = {}
        for position in positions:
            known = self._known.get(position.token_id)
            if known is None:
                due.setdefault(None, []).append(position)
            elif known.gave_up:
                continue
            elif not known.whole:
                due.setdefault(known.next_block, []).append(position)
            elif known.mark == _mark(position):
                self._known[position.token_id] = replace(known, next_block=block + 1)
            else:
                first = max(min(known.next_block, block + 1) - OVERLAP, 0)
                due.setdefault(first, []).append(position)
        return due

    async def _read(
        self,
        endpoint: Endpoint,
        group: Sequence[Position],
        first: int | None,
        *,
        pools: Mapping[str, Pool],
        block: int,
    ) -> None:
        token_ids = [one.token_id for one in group]
        begun = first if first is not None else await self._start(endpoint, token_ids, block)
        found = await self._scan.read(endpoint, token_ids, begun, block, most=REQUESTS_A_POLL)
        if first is None and found.next_block == begun:
            # The node has just refused the whole range: begin where it pays.
            begun = await self._start(endpoint, token_ids, block)
            found = await self._scan.read(endpoint, token_ids, begun, block, most=REQUESTS_A_POLL)
        for position in group:
            new = found.events[position.token_id]
            priced = await with_prices(endpoint, new, pools[position.pool].address)
            self._add(position, priced, first=begun, next_block=found.next_block, block=block)

    async def _start(self, endpoint: Endpoint, token_ids: Sequence[int], block: int) -> int:
        """Return the block from which to read positions never seen before."""
        width = self._scan.width(endpoint)
        first = self._chain.start_block
        if first is None:
            if width is None or width > block:
                return 0
            # Ids are given out in order, so the smallest was minted first.
            first = await minted_at(endpoint, self._chain.manager, min(token_ids), block)
        needed = 1 if width is None else (block - first) // width + 1
        if needed > REQUESTS_IN_ALL:
            raise Permanent(
                f"{endpoint.host} gives logs of {width} blocks at once: reading back to block "
                f"{first} would take {needed} requests; state an [[entry]] or start_block"
            )
        return first

    def _add(
        self,
        position: Position,
        new: Sequence[LiquidityEvent],
        *,
        first: int,
        next_block: int,
        block: int,
    ) -> None:
        """Fold new events into a position's history; an overlap replaces what it covers."""
        known = self._known.get(position.token_id)
        kept = [one for one in known.events if one.block_number < first] if known else []
        events = (*kept, *new)
        if next_block <= block:
            note = f"its deposits are still being read: block {next_block} of {block}"
            self._known[position.token_id] = _History(
                mark=_mark(position), events=events, next_block=next_block, note=note
            )
            return
        basis = fold(events, position.tick_lower, position.tick_upper)
        if basis is not None and basis.liquidity == position.liquidity:
            # A change no event explains: the logs lag the state, so look again next time.
            lagging = known is not None and known.whole and known.events == events
            mark = known.mark if known is not None and lagging else _mark(position)
            self._known[position.token_id] = _History(
                mark=mark, events=events, next_block=block + 1, whole=True, basis=basis
            )
        elif known is not None and known.whole:
            del self._known[position.token_id]  # from the start again, next time
        else:
            found = basis.liquidity if basis is not None else 0
            self._known[position.token_id] = _History(
                mark=_mark(position),
                events=events,
                next_block=block + 1,
                whole=True,
                note=f"the deposits found make liquidity {found}, the position has "
                f"{position.liquidity}: state an [[entry]], or an earlier start_block",
            )

    def _note(self, group: Sequence[Position], block: int, error: HedgewatchError) -> None:
        """Keep why a group's events could not be read; a Permanent reason ends the asking."""
        gave_up = type(error) is Permanent  # not a refusal another endpoint would not share
        for position in group:
            known = self._known.get(position.token_id)
            if known is not None:
                self._known[position.token_id] = replace(
                    known, basis=None, note=str(error), gave_up=gave_up
                )
            elif gave_up:
                self._known[position.token_id] = _History(
                    mark=_mark(position), next_block=block, note=str(error), gave_up=True
                )
            else:
                self._waiting[position.token_id] = str(error)

    def _with_basis(self, position: Position, pools: Mapping[str, Pool]) -> Position:
        if position.key in self._entries:
            return self._entries.attach(position, pools[position.pool])
        known = self._known.get(position.token_id)
        if known is None:
            why = self._waiting.get(position.token_id, "they are read again at the next block")
            return replace(position, basis_note=f"its deposits are not known yet: {why}")
        return replace(position, basis=known.basis, basis_note=known.note)


def _mark(position: Position) -> tuple[int, ...]:
    """Return what every deposit, withdrawal and collect of anything leaves changed."""
    return (
        position.liquidity,
        position.fee_growth_inside0_last_x128,
        position.fee_growth_inside1_last_x128,
        position.tokens_owed0,
        position.tokens_owed1,
    )
