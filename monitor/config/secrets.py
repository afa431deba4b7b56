"""The secrets `config.toml` refers to: can each be had?"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from typing import Any, Final

from monitor.chain.settings import rpc_url
from monitor.channels.settings import chat_id
from monitor.config.service import ping_url
from monitor.logs import read_secret, refers

_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "rpc": rpc_url,
    "channel.telegram.chat": chat_id,
    "deadman.url": ping_url,
}
_PLACES: Final = (
    "channel.telegram.token",
    "channel.telegram.chat",
    "channel.mqtt.password",
    "web.token",
    "deadman.url",
    "store.url",
)


def references(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield where a file refers to a secret, and how; whatever else may be wrong with it."""
    for name, chain in _table(raw.get("chain")).items():
        given = _table(chain).get("rpc")
        for one in given if isinstance(given, list) else ():
            if refers(one):
                yield f"chain.{name}.rpc", one
    for place in _PLACES:
        *tables, key = place.split(".")
        one = reduce(lambda table, name: _table(table.get(name)), tables, raw).get(key)
        if refers(one):
            yield place, one
    for name, feed in _table(raw.get("feed")).items():
        one = _table(feed).get("key")
        if refers(one):
            yield f"feed.{name}.key", one


def secret_faults(wanted: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield where in the file, and why, for each secret that cannot be had; never its text."""
    for where, reference in wanted:
        try:
            by_key = _READERS.get(where.rpartition(".")[2], read_secret)
            _READERS.get(where, by_key)(reference)
        except ValueError as error:
            yield where, str(error)


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
