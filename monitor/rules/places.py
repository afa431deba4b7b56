"""Where in its file a rule stands."""

from typing import Final

from monitor.rules.pack import Rule
from monitor.rules.toml_scan import Plain, Statement, said, scan

_RULES: Final = (("rule",), ("layer", "rule"))


def place_of(rule: Rule, text: str) -> tuple[int, str] | None:
    """Return the 1-based line of a rule's header, or of the layer's key that stands for it.

    With it that key, such as `roll`; empty where the rule is written out. None where it is
    in the file in another form. text: the rule's file, sound.
    """
    own = rule.layer.id if rule.layer else ""
    short = rule.id.removeprefix(f"{own}.") if own else ""
    path, line, layer = tuple[str, ...](), 0, ""
    for one in scan(text)[0]:
        if one.value is None:
            path, line = one.parts, one.line
        elif path in _RULES and one.parts == ("id",) and _text(one) == rule.id:
            return line, ""
        elif path == ("layer",) and one.parts == ("id",):
            layer = _text(one)
        if own and layer == own and (*path, *one.parts)[:2] == ("layer", short):
            return one.line, short
    return None


def _text(one: Statement) -> str:
    return said(one.value.text) if isinstance(one.value, Plain) and one.value.quoted else ""
