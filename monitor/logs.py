"""Logging that cannot tell a secret, and the type secrets travel in."""

import json
import logging
import os
import re
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, TypeGuard
from urllib.parse import parse_qsl, quote, urlsplit

STARS: Final = "***"
SHORTEST_KNOWN: Final = 6
"""A shorter text is not replaced by name: it would star out half of every line."""

# Third parties that would tell URLs, keys, payloads or their own housekeeping; what
# matters they also raise.
_NOISY: Final = (
    "aiohttp", "aiomqtt", "apscheduler", "asyncio", "httpcore", "httpx", "matplotlib", "mqtt",
    "urllib3", "uvicorn", "web3", "websockets",
)  # fmt: skip
_SILENT: Final = ("telegram",)  # logs what it raises, the server's whole answer with it

_PATTERNS: Final = (
    # A bot token; in a URL it stands right after "/bot".
    (re.compile(r"\d{6,}:[A-Za-z0-9_-]{30,}"), STARS),
    (re.compile(r"(?<=://)[^/\s@:]*:[^/\s@]+(?=@)"), STARS),
    (re.compile(r"(?i)(\bauthorization\W{1,4}(?:bearer|basic)\s+)[\w.~+/=-]+"), rf"\1{STARS}"),
    (
        re.compile(
            r"(?i)([?&](?:api[-_]?key|dkey|key|(?:access[-_]?)?token|secret|password|auth)=)[^&\s\"'<>)]+"
        ),
        rf"\1{STARS}",
    ),
    # A key in the path of an RPC URL: /v2/KEY, /v3/KEY, or a long segment of its own.
    (re.compile(r"(/v\d+/)[A-Za-z0-9_-]{16,}"), rf"\1{STARS}"),
    (
        re.compile(r"((?:https?|wss?)://[^\s\"'<>]*?/)(?!0x)[A-Za-z0-9_-]{24,}(?![A-Za-z0-9_.-])"),
        rf"\1{STARS}",
    ),
)
HOST_KEY: Final = re.compile(r"[0-9A-Za-z_]{24,}|[0-9A-Fa-f-]{24,}")
"""A label of a host's name that may be a key, as some providers put it there."""

REFERENCE_FORMS: Final = '"env:NAME", "file:/path" or "credential:NAME"'
"""How a secret is referred to, for messages."""

_KEY_LENGTH: Final = 12
_known: dict[str, str] = {}


class Secret:
    """Text that never shows itself: `repr` and `str` tell its origin, `reveal` is the text."""

    __slots__ = ("_text", "origin")

    def __init__(self, text: str, origin: str = "given") -> None:
        self._text = text
        self.origin = origin
        _remember(text)

    def reveal(self) -> str:
        """Return the text itself; hand it on, never keep or print it."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({self.origin})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[type, tuple[str]]:
        raise TypeError("a secret is not pickled or copied: pass it on")


def _remember(text: str) -> None:
    for part, shown in _parts(text):
        if len(part) >= SHORTEST_KNOWN:
            for spelling in (part, quote(part, safe=""), json.dumps(part)[1:-1], repr(part)[1:-1]):
                _known.setdefault(spelling, shown)


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield what of a secret must not be told, each with what stands in its place."""
    if "://" not in text:
        yield text, STARS
        return
    try:
        url = urlsplit(text)
    except ValueError:
        yield text, STARS
        return
    path = url.path.strip("/")
    if path or url.query or url.username or url.password:
        yield text, f"{url.scheme}://{url.hostname}/{STARS}"
    for part in (url.password or "", path, *path.split("/"), *dict(parse_qsl(url.query)).values()):
        if len(part) >= _KEY_LENGTH:
            yield part, STARS
    yield from ((label, STARS) for label in HOST_KEY.findall(url.hostname or ""))


def read_secret(reference: str) -> Secret:
    """Return the secret `env:NAME`, `file:/path` or `credential:NAME` leads to.

    A credential is a file of $CREDENTIALS_DIRECTORY, where systemd keeps them for one service
    alone. Raises ValueError in one sentence; a literal is refused, and so is a file that
    anybody but its owner may read.
    """
    scheme, _, rest = reference.partition(":")
    if scheme == "env" and rest:
        text = os.environ.get(rest, "").strip()
        if not text:
            raise ValueError(f"the environment variable {rest} is not set")
        return Secret(text, reference)
    if scheme == "file" and rest:
        return Secret(_read_private(Path(rest)), reference)
    if scheme == "credential" and rest:
        return Secret(_read_credential(rest), reference)
    raise ValueError(f"a secret is {REFERENCE_FORMS}, never the text itself")


def refers(value: object) -> TypeGuard[str]:
    """Return whether it says where a secret is, rather than being anything else."""
    return isinstance(value, str) and value.startswith(("env:", "file:", "credential:"))


def _read_private(path: Path) -> str:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.__class__.__name__}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ValueError(f"{path} is open to others than its owner: chmod 600 it")
    return _read_text(path)


def _read_credential(name: str) -> str:
    # Its mode says nothing: systemd lets the one user in by an access list.
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder:
        raise ValueError(
            f"credential:{name} is for a service of systemd: $CREDENTIALS_DIRECTORY is not set"
        )
    if "/" in name or name in {".", ".."}:
        raise ValueError(f"credential:{name} is no plain name")
    return _read_text(Path(folder) / name)


def _read_text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error.__class__.__name__}") from None
    if not text:
        raise ValueError(f"{path} is empty")
    return text


def redact(text: str) -> str:
    """Return `text` with every known secret, and what looks like one, replaced by stars."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, _known[secret])
    for pattern, shown in _PATTERNS:
        text = pattern.sub(shown, text)
    return text


class RedactingFormatter(logging.Formatter):
    """Formats in UTC and redacts the finished text, tracebacks included."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self, form: str | None = None) -> None:
        super().__init__(form)
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """Return the finished line; one whose arguments do not fit is told as it was written."""
        try:
            return redact(super().format(record))
        except (TypeError, ValueError, KeyError) as error:
            # Else logging would print the arguments themselves, unredacted.
            return redact(f"{record.levelname} {record.name}: {record.msg} (malformed: {error})")


def set_up(level: int = logging.INFO) -> None:
    """Send the root logger to standard error, redacted; third parties only from WARNING on.

    Warnings and whatever kills the process take the same road.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.captureWarnings(True)
    sys.excepthook = _tell_death


def _tell_death(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("monitor").critical("stopped by a fault", exc_info=(kind, error, trace))
