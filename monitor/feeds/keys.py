"""API keys, read from where `config.toml` says they are when they are needed."""

from monitor.errors import Permanent
from monitor.logs import read_secret


def revealed(reference: str, *, source: str) -> str:
    """Return the text a reference leads to; raise Permanent when it cannot be had."""
    try:
        return read_secret(reference).reveal()
    except ValueError as error:
        raise Permanent(f"{source} has no key: {error}") from None
