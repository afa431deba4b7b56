"""The files mosquitto reads as it starts, for one private broker on loopback."""

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_ITERATIONS: Final = 101
_ROOT: Final = 0
EACH_SECOND: Final = ("autosave_interval 1",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """The broker's certificate and key, PEM.

    clients: the file of whom it asks each client for a certificate of; None to ask for none.
    """

    cert: Path
    key: Path
    clients: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Who may connect and what is kept.

    users: name to password; without any, everyone may connect. acl: mosquitto's
    own access list. persistent: sessions and retained messages outlive a kill, as far as they
    are saved by then. saving: mosquitto's own lines about when that is; by default each half
    hour. tls: None for a plain connection.
    """

    users: Mapping[str, str] = field(repr=False)
    acl: str
    persistent: bool
    saving: tuple[str, ...]
    tls: Tls | None = None


def write_config(folder: Path, rules: Rules, *, host: str, port: int) -> Path:
    """Write the configuration and the files it names into `folder`; return its path."""
    lines = [
        f"listener {port} {host}",
        f"allow_anonymous {'false' if rules.users else 'true'}",
        f"persistence {'true' if rules.persistent else 'false'}",
        f"persistence_location {folder}/",
        *rules.saving,
        "log_dest stderr",
        "log_type all",
    ]
    if rules.tls:
        lines += [f"certfile {rules.tls.cert}", f"keyfile {rules.tls.key}"]
    if rules.tls and rules.tls.clients:
        lines += [f"cafile {rules.tls.clients}", "require_certificate true"]
    if os.geteuid() == _ROOT:
        # Else it would drop to a user that may not exist, and losing its
        # credentials would also untie it from this process.
        lines.append("user root")
    if rules.users:
        hashed = "".join(f"{name}:{_hashed(word)}\n" for name, word in rules.users.items())
        lines.append(f"password_file {_private(folder / 'passwords', hashed)}")
    if rules.acl:
        lines.append(f"acl_file {_private(folder / 'acl', rules.acl)}")
    return _private(folder / "mosquitto.conf", "\n".join(lines) + "\n")


def _private(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path


def _hashed(password: str) -> str:
    """Return a password as mosquitto 2 stores it: PBKDF2 with SHA-512, salted."""
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    encoded = (base64.b64encode(part).decode("ascii") for part in (salt, digest))
    return f"$7${_ITERATIONS}${'$'.join(encoded)}"
