"""The secrets `config.toml` refers to: can each be had?"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from monitor.chain.settings import rpc_url
from monitor.channels.settings import chat_id
from monitor.config.service import ping_url
from monitor.logs import read_secret, refers

_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "rpc": rpc_url,
    "chat": chat_id,
    "url": ping_url,
}
_CHANNELS: Final = (("telegram", "token"), ("telegram", "chat"), ("mqtt", "password"))


def references(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield where a file refers to a secret, and how; whatever else may be wrong with it."""
    for name, chain in _table(raw.get("chain")).items():
        given = _table(chain).get("rpc")
        for one in given if isinstance(given, list) else ():
            if refers(one):
                yield f"chain.{name}.rpc", one
    for name, key in _CHANNELS:
        one = _table(_table(raw.get("channel")).get(name)).get(key)
        if refers(one):
            yield f"channel.{name}.{key}", one
    if refers(one := _table(raw.get("web")).get("token")):
        yield "web.token", one
    url = _table(raw.get("deadman")).get("url")
    if refers(url):
        yield "deadman.url", url
    for name, feed in _table(raw.get("feed")).items():
        one = _table(feed).get("key")
        if refers(one):
            yield f"feed.{name}.key", one


def secret_faults(wanted: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield where in the file, and why, for each secret that cannot be had; never its text."""
    for where, reference in wanted:
        try:
            _READERS.get(where.rpartition(".")[2], read_secret)(reference)
        except ValueError as error:
            yield where, str(error)


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
