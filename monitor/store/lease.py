"""Who of several daemons leads: a lease on the database's clock, and a token that fences.

One daemon at a time feeds the road. Its lease ends unless it is renewed; who takes it next
gets a higher token, and a commit under a lower one is refused within its own transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor.errors import Transient
from monitor.store.claims import Member
from monitor.store.database import Database

ROAD: Final = "road"
_BEGINNING: Final = 2
"""Times its length that a lease just taken lasts: until all is read anew, nothing renews it.

Else who begins slowly is overtaken by who begins as slowly, in turn and for ever.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One living daemon. since: when it led first, or when it began to stand by."""

    name: str
    leads: bool
    since: datetime


class Lease:
    """This daemon's word that it lives, and its right to lead. lasts_s: without a renewal.

    check: raises where this daemon may not lead, whoever does, as on tables of a newer release;
    asked before it takes the lead, and in every commit.
    """

    def __init__(
        self,
        database: Database,
        member: Member,
        *,
        lasts_s: float,
        check: Callable[[], object] = lambda: None,
    ) -> None:
        self.lasts_s = lasts_s
        self.member = member
        self._database = database
        self._check = check
        self._token: int | None = None

    def live(self) -> None:
        """Say that this daemon lives, which is what its claims hold by."""
        self._database.run(
            "INSERT INTO member (holder, name, since, until)"
            " VALUES (?, ?, clock_timestamp(), clock_timestamp() + make_interval(secs => ?))"
            " ON CONFLICT (holder) DO UPDATE SET until = excluded.until",
            *(self.member.holder, self.member.name, self.lasts_s),
        )

    def take(self) -> bool:
        """Return whether this daemon leads from now on: nobody else does, or not any more."""
        self._check()
        rows = self._database.read(
            "INSERT INTO lease (name, holder, token, since, until)"
            " VALUES (?, ?, 1, clock_timestamp(), clock_timestamp() + make_interval(secs => ?))"
            " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = lease.token + 1,"
            " since = excluded.since, until = excluded.until"
            " WHERE lease.until < clock_timestamp() OR lease.holder = excluded.holder"
            " RETURNING token",
            *(ROAD, self.member.holder, _BEGINNING * self.lasts_s),
        )
        if rows:
            self._token = rows[0][0]
            self._database.run("DELETE FROM member WHERE until < now() - interval '1 day'")
        return bool(rows)

    def renew(self) -> bool:
        """Return whether this daemon leads on: no other has taken the lead."""
        self.live()
        renewed = self._database.run(
            "UPDATE lease SET until = greatest(until, clock_timestamp() + make_interval(secs => ?))"
            " WHERE name = ? AND token = ?",
            *(self.lasts_s, ROAD, self._token),
        )
        return renewed == 1

    def fence(self) -> None:
        """Hold the lease for the rest of a transaction; raise Transient where it is another's."""
        rows = self._database.read("SELECT token FROM lease WHERE name = ? FOR SHARE", ROAD)
        if self._token is None or rows != [(self._token,)]:
            raise self.lost()
        self._check()

    def release(self) -> None:
        """Lead no longer, so that another may at once."""
        self._database.run(
            "UPDATE lease SET until = clock_timestamp() WHERE name = ? AND token = ?",
            *(ROAD, self._token),
        )
        self._token = None

    def leave(self) -> None:
        """Live no longer: what this daemon had claimed is anybody's."""
        self._database.run("DELETE FROM member WHERE holder = ?", self.member.holder)

    def lost(self) -> Transient:
        """Return what is told where this daemon would act and does not lead."""
        leads = next((one.name for one in crew(self._database) if one.leads), None)
        return Transient(f"{leads} leads now" if leads else "its lease ran out")


def crew(database: Database) -> tuple[Seen, ...]:
    """Return the daemons that live, who leads first."""
    rows = database.read(
        "SELECT m.name, l.holder IS NOT NULL, coalesce(l.since, m.since) FROM member m"
        " LEFT JOIN lease l ON l.holder = m.holder AND l.name = ? AND l.until > clock_timestamp()"
        " WHERE m.until > clock_timestamp() ORDER BY l.holder IS NULL, m.name, m.holder",
        ROAD,
    )
    return tuple(Seen(name=name, leads=leads, since=since) for name, leads, since in rows)
