"""The newest reading of each chain, put by who holds its lease and taken by who judges.

Texts are the caller's own. Ages are told by the database's clock, whoever asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monitor.model.observation import Block
from monitor.model.position import Position
from monitor.store.database import Database
from monitor.store.positions import KIND, positions_alone
from monitor.store.rows import restore
from monitor.store.shares import Share

# The lease is held to the statement's end, so that who takes it meanwhile comes after it.
_PUT: Final = (
    "INSERT INTO reading AS r (source, token, number, polled, answered, line, fault, more)"
    " SELECT ?1, l.token, ?2, clock_timestamp(),"
    " CASE WHEN ?3 = 1 THEN clock_timestamp() ELSE '-infinity' END, ?4, ?5, ?6"
    " FROM lease l WHERE l.name = ?7 AND l.token = ?8 FOR SHARE"
    " ON CONFLICT (source) DO UPDATE SET token = excluded.token,"
    " number = r.number + excluded.number, polled = excluded.polled,"
    " answered = greatest(r.answered, excluded.answered),"
    " line = CASE WHEN excluded.number = 0 THEN r.line ELSE excluded.line END,"
    " fault = excluded.fault, more = excluded.more"
)
_NEWEST: Final = (
    "SELECT r.source, r.number, extract(epoch FROM clock_timestamp() - r.polled)::float8,"
    " CASE WHEN isfinite(r.answered)"
    " THEN extract(epoch FROM clock_timestamp() - r.answered)::float8 ELSE 'Infinity' END,"
    " CASE WHEN r.number = k.number THEN '' ELSE r.line END, r.fault,"
    " CASE WHEN r.number = k.number AND r.fault = '' THEN '' ELSE r.more END"
    " FROM reading r JOIN unnest(?::text[], ?::bigint[]) AS k (source, number)"
    " ON k.source = r.source"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """What is known of one thing that is polled.

    number: another with every reading. polled_s, answered_s: seconds since it was last asked
    and since it last answered, be it that nothing is new; infinite for never. line: the reading;
    empty where its number was known already. fault: why the last poll failed, empty where it
    did not. more: whatever was put with it; empty where nothing is new.
    """

    number: int
    polled_s: float
    answered_s: float
    line: str
    fault: str
    more: str


class ReadingTable:
    """The newest reading of each thing polled; raises Transient where the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, share: Share, source: str, *, line: str = "", fault: str = "", more: str) -> bool:
        """Tell how a poll ended; return False where the chain is another's by now.

        line: what it read, empty where nothing was new. fault: why it failed; what was read
        before stays.
        """
        put = self._database.run(
            _PUT,
            *(source, int(bool(line)), int(not fault), line, fault, more),
            *(share.lease, share.token),
        )
        return put == 1

    def newest(self, known: Mapping[str, int]) -> dict[str, Newest]:
        """Return what was told last of each source; none of what nobody told of yet.

        known: the number known of each, -1 for none. All in one statement, for a database may be
        far.
        """
        rows = self._database.read(_NEWEST, list(known), list(known.values()))
        return {
            source: Newest(
                number=number,
                polled_s=polled_s,
                answered_s=answered_s,
                line=line,
                fault=fault,
                more=more,
            )
            for source, number, polled_s, answered_s, line, fault, more in rows
        }

    def judged(self, chain: str) -> tuple[Block, ...]:
        """Return the blocks of a chain that were judged last, the oldest first."""
        row = "chain", chain
        texts = self._database.read("SELECT json FROM state WHERE kind = ? AND key = ?", *row)
        known = restore({row: json for (json,) in texts}, ()).facts.chains.get(chain)  # noqa: B035 - one at most
        return tuple(one.block for one in known.recent) if known else ()

    def staked(self, chain_id: int) -> tuple[Position, ...]:
        """Return the positions of a chain that were staked when they were judged last."""
        rows = self._database.read(
            "SELECT json FROM state WHERE kind = ? AND key LIKE ?"
            """ AND json LIKE '%"staked_in":"0x%'""",
            *(KIND, f"{chain_id}:%"),
        )
        return positions_alone(json for (json,) in rows)
