"""What `config.toml` says about the status page."""

import ipaddress
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from pydantic import ConfigDict, Field

from monitor.logs import REFERENCE_FORMS, refers

LEAST_TOKEN: Final = 16
"""Characters a token has at least: a shorter one could be guessed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """The `[web]` table.

    on: whether `run` serves the page itself. host: where it listens. token: a reference
    to the secret; without one nobody but this machine may be listened to.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    on: Annotated[bool, Field(strict=True)] = False
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(strict=True, ge=1, le=65_535)] = 8808
    token: str | None = None

    def __post_init__(self) -> None:
        if self.token is not None and not refers(self.token):
            raise ValueError(f"token must be {REFERENCE_FORMS}, never the text itself")
        if self.token is None and not is_loopback(self.host):
            raise ValueError(
                f'host {self.host} is reached from elsewhere: give a token = "env:NAME" beside it'
            )


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
