"""Which database a store's URL means, and opening it."""

import re
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from monitor.errors import ConfigError, Fault
from monitor.logs import read_secret, refers
from monitor.shipped import beside
from monitor.store.connection import database_path
from monitor.store.sqlite import SqliteStore, open_sqlite

if TYPE_CHECKING:
    from monitor.store.lease import Seen
    from monitor.store.postgres import Divided, Shared

_SHARED: Final = ("postgresql://", "postgres://")
_NO_ENCODING: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ENCODED: Final = "a user's or password's / @ : % ? # are written as %2F %40 %3A %25 %3F %23"
FORM: Final = 'write "sqlite:///var/hedgewatch.db", or "env:NAME" with a postgresql:// URL in it'


def is_shared(url: str) -> bool:
    """Tell whether several daemons may share the store: whether it is a PostgreSQL.

    A reference always means one; so it can be told without the secret.
    """
    return url.startswith(_SHARED) or refers(url)


def fault_of(url: str) -> str:
    """Return what is wrong with a URL as it stands in the file, without quoting it; or nothing."""
    if not is_shared(url):
        try:
            database_path(url)
        except ConfigError:
            return f"is no store: {FORM}"
        return ""
    if refers(url):
        return ""
    try:
        parts = urlsplit(url)
        told = parts.password is not None or "password=" in parts.query
    except ValueError:
        return f"is no store: {FORM}"
    return 'holds a password: put the URL into the environment and write "env:NAME"' if told else ""


def shown(url: str) -> str:
    """Return what of a store's URL people may see: of a server its host and the database."""
    if not is_shared(url):
        return str(database_path(url).absolute())
    parts = urlsplit(_revealed(url))
    port = f":{parts.port}" if parts.port else ""
    return f"postgresql://{parts.hostname or 'localhost'}{port}{parts.path}"


def open_store(url: str, *, now: datetime | None) -> SqliteStore:
    """Open the store at `url` for a command: one that is older is never migrated.

    The daemon of an older release that fills it would not start on it any more.
    now: what a new one is named by, None where none may be made. Raises ConfigError, in one
    sentence, where a person must mend something, and Transient where a server is away.
    """
    if not is_shared(url):
        return open_sqlite(url, now=now, check=False, forward=False)
    _need_psycopg()
    from monitor.store.postgres import open_postgres  # noqa: PLC0415 - an extra

    return open_postgres(_revealed(url), shown(url), now=now).store


def open_shared(url: str, *, now: datetime, name: str, lasts_s: float) -> "Shared":
    """Open a store for one of the daemons that share it; raise as `open_store` does."""
    _need_psycopg()
    from monitor.store.claims import Member  # noqa: PLC0415 - an extra
    from monitor.store.postgres import open_postgres  # noqa: PLC0415

    member = Member(name=name)
    return open_postgres(_revealed(url), shown(url), now=now, member=member, lasts_s=lasts_s)


def open_divided(url: str, *, now: datetime, name: str, lasts_s: float) -> "Divided":
    """Open what the daemons that share a store divide its chains by; raise as `open_store`."""
    _need_psycopg()
    from monitor.store import postgres  # noqa: PLC0415 - an extra
    from monitor.store.claims import Member  # noqa: PLC0415

    member = Member(name=name)
    return postgres.open_divided(
        _revealed(url), shown(url), now=now, member=member, lasts_s=lasts_s
    )


def living(url: str) -> "tuple[Seen, ...]":
    """Return the daemons that live on a shared store, who leads first; raise as `open_store`."""
    _need_psycopg()
    from monitor.store.postgres import crew_of  # noqa: PLC0415 - an extra

    return crew_of(_revealed(url), shown(url))


def reading(url: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the daemons that read chains of a shared store, by name; raise as `open_store`."""
    _need_psycopg()
    from monitor.store.postgres import dealt_of  # noqa: PLC0415 - an extra

    return dealt_of(_revealed(url), shown(url))


def _need_psycopg() -> None:
    if find_spec("psycopg") is None:
        reason = f"PostgreSQL needs psycopg: {beside('psycopg[binary]')}"
        raise ConfigError([Fault(file="config", where="store.url", reason=reason)])


def _revealed(url: str) -> str:
    """Return the URL itself; raise ConfigError where it is referred to and cannot be had."""
    if not refers(url):
        return url
    try:
        revealed = read_secret(url).reveal()
        if not revealed.startswith(_SHARED):
            raise ValueError(f"{url} holds no postgresql:// URL")  # noqa: TRY301 - told as the rest
        if not _is_plain(revealed):
            raise ValueError(f"{url} holds no URL that can be read: {_ENCODED}")  # noqa: TRY301
    except ValueError as error:
        raise ConfigError([Fault(file="config", where="store.url", reason=str(error))]) from None
    return revealed


def _is_plain(url: str) -> bool:
    """Tell whether nobody could take a part of the password for a host, a port or a path.

    libpq ends a user at the first @ and others at the last; what is no percent-encoding it quotes.
    """
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        return False
    beyond = parts.netloc.rpartition("@")[0] + parts.path + parts.fragment
    return "@" not in beyond and not _NO_ENCODING.search(url)
