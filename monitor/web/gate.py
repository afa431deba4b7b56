"""Who may read: this machine alone, or whoever has the token."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from monitor.config.web_settings import is_loopback
from monitor.logs import Secret

COOKIE: Final = "hedgewatch"
LASTS: Final = timedelta(days=30)
_BEARER: Final = "bearer "
_MOST_WRONG: Final = 10
_MOST_CLIENTS: Final = 1_000
_WRONG_FOR: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request says of itself: its Host, its Authorization, its cookie. client: whence."""

    client: str = ""
    host: str = ""
    authorization: str = ""
    cookie: str = ""


class Gate:
    """Lets requests in. token: None where only this machine is listened to.

    A session's cookie is a date and its mac under the token, so that it ends by itself, needs no
    memory, and is void once the token is another; the token itself never leaves by it. Wrong
    tokens tire it of whoever sent them, and of nobody else.
    """

    def __init__(self, token: Secret | None, *, now: Callable[[], datetime]) -> None:
        self._token = token
        self._now = now
        self._wrong: dict[str, list[datetime]] = {}

    @property
    def asks(self) -> bool:
        """Tell whether there is a token to be given."""
        return self._token is not None

    def misled(self, asked: Asked) -> bool:
        """Tell whether a page of elsewhere had its name point here to read this one."""
        if self._token is not None:
            return False  # such a page has neither token nor cookie
        try:
            name = urlsplit(f"//{asked.host}").hostname or ""
        except ValueError:
            return True
        return not is_loopback(name)

    def lets_in(self, asked: Asked) -> bool:
        """Tell whether a request shows the token, or a session that it opened."""
        if self._token is None:
            return True
        scheme, given = asked.authorization[: len(_BEARER)], asked.authorization[len(_BEARER) :]
        if scheme.lower() == _BEARER and self._takes(given.strip(), asked.client):
            return True
        return self._is_session(asked.cookie)

    def tired_of(self, client: str) -> bool:
        """Tell whether so many wrong tokens came from there lately that none is looked at now."""
        return len(self._wrong.get(client, ())) >= _MOST_WRONG and self._lately(client)

    def session(self, given: str, client: str) -> str | None:
        """Return a session's cookie for the token, None for anything else."""
        if self._token is None or not self._takes(given, client):
            return None
        ends = str(int((self._now() + LASTS).timestamp()))
        return f"{ends}.{self._mac(ends)}"

    def _takes(self, given: str, client: str) -> bool:
        """Look at a token, and note a wrong one; of whoever it is tired it looks at none."""
        assert self._token is not None
        if self.tired_of(client):
            return False
        if hmac.compare_digest(given.encode(), self._token.reveal().encode()):
            return True
        lately = {one: wrong for one, wrong in self._wrong.items() if self._lately(one)}
        newest = [*lately.pop(client, [])[1 - _MOST_WRONG :], self._now()]
        self._wrong = dict([*lately.items(), (client, newest)][-_MOST_CLIENTS:])
        return False

    def _lately(self, client: str) -> bool:
        return self._now() - self._wrong[client][-1] < _WRONG_FOR

    def _is_session(self, cookie: str) -> bool:
        ends, _, mac = cookie.partition(".")
        if not hmac.compare_digest(mac.encode(), self._mac(ends).encode()):
            return False
        return ends.isdecimal() and int(ends) > self._now().timestamp()

    def _mac(self, ends: str) -> str:
        assert self._token is not None
        key = self._token.reveal().encode()
        return hmac.new(key, f"hedgewatch page {ends}".encode(), hashlib.sha256).hexdigest()


def asked_of(headers: Mapping[str, str], cookies: Mapping[str, str], client: str) -> Asked:
    """Return what a request says of itself."""
    return Asked(
        client=client,
        host=headers.get("host", ""),
        authorization=headers.get("authorization", ""),
        cookie=cookies.get(COOKIE, ""),
    )
