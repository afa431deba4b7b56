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
_WRONG_FOR: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request says of itself: its Host, its Authorization, its cookie."""

    host: str = ""
    authorization: str = ""
    cookie: str = ""


class Gate:
    """Lets requests in. token: None where only this machine is listened to.

    A session's cookie is a date and its mac under the token, so that it ends by itself, needs no
    memory, and is void once the token is another; the token itself never leaves by it.
    """

    def __init__(self, token: Secret | None, *, now: Callable[[], datetime]) -> None:
        self._token = token
        self._now = now
        self._wrong: list[datetime] = []

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
        if scheme.lower() == _BEARER and self._is_token(given.strip()):
            return True
        return self._is_session(asked.cookie)

    @property
    def tired(self) -> bool:
        """Tell whether so many wrong tokens came lately that none is looked at now."""
        since = self._now() - _WRONG_FOR
        self._wrong = [at for at in self._wrong if at > since]
        return len(self._wrong) >= _MOST_WRONG

    def session(self, given: str) -> str | None:
        """Return a session's cookie for the token, None for anything else."""
        if self._token is None or self.tired:
            return None
        if not self._is_token(given):
            self._wrong.append(self._now())
            return None
        ends = str(int((self._now() + LASTS).timestamp()))
        return f"{ends}.{self._mac(ends)}"

    def _is_token(self, given: str) -> bool:
        assert self._token is not None
        return hmac.compare_digest(given.encode(), self._token.reveal().encode())

    def _is_session(self, cookie: str) -> bool:
        ends, _, mac = cookie.partition(".")
        if not hmac.compare_digest(mac.encode(), self._mac(ends).encode()):
            return False
        return ends.isdecimal() and int(ends) > self._now().timestamp()

    def _mac(self, ends: str) -> str:
        assert self._token is not None
        key = self._token.reveal().encode()
        return hmac.new(key, f"hedgewatch page {ends}".encode(), hashlib.sha256).hexdigest()


def asked_of(headers: Mapping[str, str], cookies: Mapping[str, str]) -> Asked:
    """Return what a request says of itself."""
    return Asked(
        host=headers.get("host", ""),
        authorization=headers.get("authorization", ""),
        cookie=cookies.get(COOKIE, ""),
    )
