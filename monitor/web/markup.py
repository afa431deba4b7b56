"""HTML by functions: whatever is no `Markup` is escaped, so that nothing can be forgotten."""

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Final, TypeAlias

from monitor.logs import redact

_ALONE: Final = frozenset({"br", "input", "link", "meta", "wbr"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Part: TypeAlias = "str | Iterable[Part] | None"
Attribute: TypeAlias = str | float | bool | None


def el(name: str, /, *inside: Part, **attributes: Attribute) -> Markup:
    """Return an element. An underscore at an attribute's end is dropped, others are hyphens.

    An attribute that is None or False is left out; one that is True has no value.
    """
    told = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _ALONE:
        return Markup(f"<{name}{told}>")
    return Markup(f"<{name}{told}>{joined(*inside)}</{name}>")


def joined(*inside: Part) -> Markup:
    """Return parts one after another."""
    told = list[str]()
    for part in inside:
        if type(part) is Markup:
            told.append(part)
        elif isinstance(part, str):
            told.append(escape(part))
        elif part is not None:
            told.append(joined(*part))
    return Markup("".join(told))


def said(text: str) -> str:
    """Return what others wrote, without secrets: an error of a provider's may quote one."""
    return redact(text)


@lru_cache(maxsize=4096)
def _attribute(key: str, value: Attribute) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return f' {name}="{escape(shown)}"'
