"""What a rule is judged over: the book, each pool, each position that is there. And its layer."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from monitor.model.layer import LayerState, LayerStatus
from monitor.model.observation import Verb, Word
from monitor.rules.pack import Layer, Rule
from monitor.signals.catalogue import Scope
from monitor.signals.facts import Facts, PositionSeen

Layers = Mapping[str, LayerState]

_NO_LAYERS: Final[Layers] = {}
_WITHOUT_RULES: Final = frozenset({Verb.CLOSE, Verb.CASH, Verb.UNDO, Verb.CORRECT})
"""What may be said of a layer that is booked, whatever rules are in force: it opens nothing."""


def scopes_of(rule: Rule, facts: Facts, layers: Layers) -> Iterator[str]:
    """Yield the scopes that are there; a position that is gone while a layer protects it is."""
    match rule.scope:
        case Scope.POOL:
            yield from facts.pools
        case Scope.POSITION:
            for key, seen in facts.positions.items():
                if not seen.gone or has_layer(rule, layers, key):
                    yield key
        case _:
            yield "book"


def left(rule: Rule, facts: Facts, layers: Layers, scope: str) -> str:
    """Return why a rule's position or pool is there no more, or an empty text."""
    if rule.scope is Scope.POSITION and not has_layer(rule, layers, scope):
        seen = facts.positions.get(scope)
        if seen is None:
            return "the position is no longer watched"
        if seen.gone:
            return f"the position is gone: {seen.gone}"
        # What could not be read now was empty in a block that may be gone.
        return "the position is empty" if drained(seen) and not seen.unread else ""
    if rule.scope is Scope.POOL and scope not in facts.pools:
        unread = {one.key for chain in facts.chains.values() for one in chain.missing}
        return "" if scope in unread else "the pool is no longer watched"
    return ""


def drained(seen: PositionSeen) -> bool:
    """Return whether a position holds no liquidity and nothing is owed to it either."""
    held = seen.measures
    return not (seen.position.liquidity or held.owed0 or held.owed1)


def has_layer(rule: Rule, layers: Layers, scope: str) -> bool:
    """Return whether the rule's layer over a scope is anything but off."""
    layer = layers.get(f"{rule.layer.id}|{scope}") if rule.layer else None
    return layer is not None and layer.status is not LayerStatus.OFF


def unknown_layer(rules: Iterable[Rule], word: Word, known: Layers = _NO_LAYERS) -> str:
    """Return why the rules have no layer such as a word speaks of, or an empty text.

    known: every layer there is. What ends or mends one that is booked is taken without its rules.
    """
    booked = known.get(f"{word.layer}|{word.scope}")
    if booked is not None and booked.journal and word.verb in _WITHOUT_RULES:
        return ""
    there = {rule.layer.id: rule.layer for rule in rules if rule.layer}
    if word.layer not in there:
        return f"no layer {word.layer}; the rules have {', '.join(sorted(there)) or 'none'}"
    scope = there[word.layer].scope
    if scope is Scope.BOOK and word.scope != "book":
        return f"layer {word.layer} covers the whole book: leave --position out"
    if scope is not Scope.BOOK and word.scope == "book":
        return f"layer {word.layer} covers a {scope.value}: name it with --position"
    return ""


def ruleless(layers: Iterable[Layer], known: Layers) -> Iterator[LayerState]:
    """Yield what is held of layers that no rule file in force has: nobody watches it."""
    there = {layer.id for layer in layers}
    return (one for one in known.values() if one.legs and one.layer not in there)
