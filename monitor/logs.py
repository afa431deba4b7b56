"""Logging that cannot tell a secret, and the type secrets travel in."""

import logging
import os
import re
import stat
from pathlib import Path
from typing import Final

_NOISY: Final = ("httpx", "httpcore", "web3", "urllib3", "asyncio", "telegram", "apscheduler", "mqtt")
_PATTERNS: Final = (
    re.compile(r"\d{6,}:[A-Za-z0-9_-]{30,}"),  # a bot token, also right after "/bot"
    re.compile(r"(?<=://)[^/\s@]+:[^/\s@]+(?=@)"),  # user:password@
)
_known: set[str] = set()


class Secret:
    """Text that never shows itself: `repr` and `str` are stars, `reveal` is the text."""

    __slots__ = ("_text", "origin")

    def __init__(self, text: str, origin: str = "given") -> None:
        self._text = text
        self.origin = origin
        if len(text) >= 6:
            _known.add(text)

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Secret({self.origin})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def read_secret(reference: str) -> Secret:
    """Return the secret behind `env:NAME` or `file:/path`; raise ValueError in one sentence.

    A literal is refused; so is a file that others than its owner's group may read.
    """
    scheme, _, rest = reference.partition(":")
    if scheme == "env" and rest:
        text = os.environ.get(rest, "").strip()
        if not text:
            raise ValueError(f"the environment variable {rest} is not set")
        return Secret(text, reference)
    if scheme == "file" and rest:
        return Secret(_read_private(Path(rest)), reference)
    raise ValueError('a secret is "env:NAME" or "file:/path", never the text itself')


def _read_private(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error.__class__.__name__}") from None
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ValueError(f"{path} is readable by everyone: chmod 600 it")
    if not text:
        raise ValueError(f"{path} is empty")
    return text


def redact(text: str) -> str:
    """Return `text` with every known secret, and what looks like one, replaced by stars."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, "***")
    for pattern in _PATTERNS:
        text = pattern.sub("***", text)
    return text


class RedactingFormatter(logging.Formatter):
    """Formats in UTC and redacts the finished text, tracebacks included."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def set_up(level: int = logging.INFO) -> None:
    """Send the root logger to standard error, redacted; third parties at WARNING."""
    import time

    handler = logging.StreamHandler()
    formatter = RedactingFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
