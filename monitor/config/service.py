"""What `config.toml` says of running unattended."""

from dataclasses import dataclass
from datetime import time
from typing import Annotated, ClassVar, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field

from monitor.logs import REFERENCE_FORMS, Secret, read_secret, refers

_STRICT: Final = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadmanSettings:
    """One `[deadman]`: who is called while all is well, and raises the alarm when no call comes.

    url: a reference; healthchecks.io's form, `/start` and `/fail` are put behind its path.
    every_s: how often it is called.
    """

    __pydantic_config__: ClassVar = _STRICT

    url: str
    every_s: Annotated[float, Field(strict=True, ge=10, le=86_400)] = 60.0

    def __post_init__(self) -> None:
        if not refers(self.url):
            raise ValueError(f"url must be {REFERENCE_FORMS}, never the text itself")


@dataclass(frozen=True, slots=True, kw_only=True)
class AliveSettings:
    """One `[alive]`: once a day it says how all of it is.

    at: the local hour, HH:MM, in `zone`. channels: by name; empty for every one there is.
    """

    __pydantic_config__: ClassVar = _STRICT

    at: str = "08:00"
    zone: str = "UTC"
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        try:
            told = time.fromisoformat(self.at)
        except ValueError:
            told = None
        if told is None or len(self.at) != len("08:00"):
            raise ValueError(f'at must be an hour of the day like "08:00", was {self.at!r}')
        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError):
            known = f'zone must be one like "Europe/Berlin", was {self.zone!r}'
            raise ValueError(known) from None

    @property
    def hour(self) -> time:
        """Return the hour of the day at which it is told."""
        return time.fromisoformat(self.at)


def ping_url(reference: str) -> Secret:
    """Return the URL to call; raise ValueError in a sentence that never holds it."""
    secret = read_secret(reference)
    parts = urlsplit(secret.reveal())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{reference} does not hold an http:// or https:// URL")
    return secret
