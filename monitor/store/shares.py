"""Which of several daemons reads which chain: a lease a chain, dealt evenly among them.

Instants are the database's own. A lease ends unless it is renewed; who takes it next has a
higher number, and what is put under a lower one is refused.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.store.claims import Member
from monitor.store.database import Database

_OF_CHAIN: Final = "chain:"
_LONG: Final = 10
"""A chain that so many deals found free is taken by anybody."""

# In one statement, for a database may be far.
_RENEW: Final = (
    "WITH attends AS (INSERT INTO reader (holder, name, until)"
    " VALUES (?, ?, clock_timestamp() + make_interval(secs => ?))"
    " ON CONFLICT (holder) DO UPDATE SET until = excluded.until)"
    " UPDATE lease SET until = clock_timestamp() + make_interval(secs => ?)"
    " FROM unnest(?::text[], ?::bigint[]) AS held (name, token)"
    " WHERE lease.name = held.name AND lease.token = held.token RETURNING lease.name"
)
_CREW: Final = (
    "SELECT holder, NULL FROM reader WHERE until > clock_timestamp() UNION ALL"
    " SELECT holder, name FROM lease WHERE name LIKE 'chain:%' AND until > clock_timestamp()"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A chain that this daemon reads. token: higher with every daemon that takes it."""

    chain: str
    token: int

    @property
    def lease(self) -> str:
        return f"{_OF_CHAIN}{self.chain}"


class Shares:
    """The chains that this daemon holds. lasts_s: how long without a renewal.

    Every call raises Transient where the database is away, and what is held is then still held:
    whether another has taken it is told by the next call that is answered.
    """

    def __init__(self, database: Database, member: Member, *, lasts_s: float) -> None:
        self.lasts_s = lasts_s
        self.member = member
        self._database = database
        self._held: dict[str, Share] = {}
        self._free = Counter[str]()

    @property
    def held(self) -> frozenset[Share]:
        """Return what this daemon reads, as far as it knows."""
        return frozenset(self._held.values())

    def deal(self, chains: Sequence[str], *, able: bool = True) -> frozenset[Share]:
        """Renew what is held, give one up or take what is free; return what is held then.

        One is given up where another daemon holds two fewer, and a free one is taken by who
        holds fewest: so the counts differ by one at most, and all are held while anybody lives.
        One that stays free, perhaps since not all daemons know of it yet, is taken by anybody.
        able: who is not leaves all of them to others, where there are any.
        """
        others, leased = self._crew()
        if others and not able:
            self.leave()
            return self.held
        self._renew()
        for share in self.held:
            if share.chain not in chains:
                self.give_up(share)
        fewest = min(others, default=len(chains))
        if len(self._held) >= fewest + 2:
            self.give_up(next(iter(self._held.values())))
            return self.held
        free = [chain for chain in chains if chain not in leased and chain not in self._held]
        self._free = Counter({chain: self._free[chain] + 1 for chain in free})
        for chain in free:
            if len(self._held) <= fewest or self._free[chain] > _LONG:
                self._take(chain)
        return self.held

    def give_up(self, share: Share) -> None:
        """Read a chain no longer, so that another may at once."""
        if self._held.get(share.chain) == share:
            del self._held[share.chain]
        self._database.run(
            "UPDATE lease SET until = clock_timestamp()"
            " WHERE name = ? AND token = ? AND until > clock_timestamp()",
            *(share.lease, share.token),
        )

    def leave(self) -> None:
        """Read nothing any more, and be counted no more."""
        for share in list(self._held.values()):
            self.give_up(share)
        self._database.run("DELETE FROM reader WHERE holder = ?", self.member.holder)

    def _crew(self) -> tuple[list[int], frozenset[str]]:
        """Return how many chains each other daemon that reads holds, and all that are held."""
        rows = self._database.read(_CREW)
        leased = [(holder, name) for holder, name in rows if name is not None]
        counts = Counter(holder for holder, _ in leased)
        others = {holder for holder, name in rows if name is None} - {self.member.holder}
        chains = frozenset(name.removeprefix(_OF_CHAIN) for _, name in leased)
        return [counts[holder] for holder in others], chains

    def _renew(self) -> None:
        """Say that this daemon reads, and forget what is another's by now."""
        shares = list(self._held.values())
        renewed = self._database.read(
            _RENEW,
            *(self.member.holder, self.member.name, self.lasts_s, self.lasts_s),
            [share.lease for share in shares],
            [share.token for share in shares],
        )
        names = {name for (name,) in renewed}
        self._held = {share.chain: share for share in shares if share.lease in names}

    def _take(self, chain: str) -> None:
        rows = self._database.read(
            "INSERT INTO lease (name, holder, token, since, until)"
            " VALUES (?, ?, 1, clock_timestamp(), clock_timestamp() + make_interval(secs => ?))"
            " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = lease.token + 1,"
            " since = excluded.since, until = excluded.until"
            " WHERE lease.until <= clock_timestamp() RETURNING token",
            *(f"{_OF_CHAIN}{chain}", self.member.holder, self.lasts_s),
        )
        if rows:
            self._held[chain] = Share(chain=chain, token=rows[0][0])
            self._database.run("DELETE FROM reader WHERE until < now() - interval '1 day'")


def dealt(database: Database) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the name of each daemon that reads, and its chains, both in order."""
    rows = database.read(
        "SELECT r.name, r.holder, l.name FROM reader r LEFT JOIN lease l ON l.holder = r.holder"
        " AND l.name LIKE 'chain:%' AND l.until > clock_timestamp()"
        " WHERE r.until > clock_timestamp() ORDER BY r.name, r.holder, l.name"
    )
    chains = dict[tuple[str, str], list[str]]()
    for name, holder, lease in rows:
        found = chains.setdefault((name, holder), [])
        if lease is not None:
            found.append(lease.removeprefix(_OF_CHAIN))
    for (name, _), held in chains.items():
        yield name, tuple(held)
