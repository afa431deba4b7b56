"""What can be said of rules that are right one by one: doubts, and routes that lead nowhere."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Final

from monitor.errors import Fault
from monitor.model.layer import Action
from monitor.rules.pack import Pack, Rule
from monitor.rules.satisfy import both
from monitor.rules.suggest import did_you_mean
from monitor.rules.syntax import COMPARISONS, Binary, Call, Name, Number, Tree, Unary
from monitor.signals.catalogue import BY_NAME, Kind, Signal

_ACTIONS: Final = tuple(action.value for action in Action)


def warnings(packs: Sequence[Pack], names: Mapping[str, Signal] = BY_NAME) -> tuple[Fault, ...]:
    """Return what is allowed but probably not meant, in the order of the files."""
    known = {rule.id for pack in packs for rule in pack.rules}
    found = []
    for pack in packs:
        if PurePath(pack.file).stem != pack.id:
            found.append(
                Fault(file=pack.file, where="pack: id", reason=f"{pack.id} is not the file's name")
            )
        for rule in pack.rules:
            for key, reason in _doubts(rule, known, names):
                found.append(Fault(file=pack.file, where=f"rule {rule.id}: {key}", reason=reason))
    return (*found, *_contradictions(packs))


def _contradictions(packs: Sequence[Pack]) -> Iterator[Fault]:
    """Yield a fault for each pair of packs of which one says that it contradicts the other."""
    told = set[frozenset[str]]()
    ids = {pack.id for pack in packs}
    for pack in packs:
        for other in pack.contradicts:
            pair = frozenset({pack.id, other})
            if other in ids and pair not in told:
                told.add(pair)
                reason = f"{pack.id} and {other} contradict each other: enable one"
                yield Fault(file=pack.file, where="pack: contradicts", reason=reason)


def reachable(packs: Sequence[Pack], channels: Collection[str]) -> list[Fault]:
    """Return a fault for each rule none of whose channels is configured."""
    there = f"configured: {', '.join(sorted(channels)) or 'none'}"
    return [
        Fault(
            file=pack.file,
            where=f"rule {rule.id}: route",
            reason=f"{', '.join(rule.route) or 'every channel'} leads to nobody; {there}",
        )
        for pack in packs
        for rule in pack.rules
        if not set(rule.route or channels) & set(channels)
    ]


def unknown_inhibitors(rule: Rule, known: Collection[str]) -> Iterator[tuple[str, bool]]:
    """Yield a sentence for each inhibitor that is not there, and whether it is excused.

    Excused, for a warning, is the usual name of another action of the rule's own
    layer (`L2.remove`): a layer may be published before it has all its rules.
    """
    usual = {f"{rule.layer.id}.{action}" for action in _ACTIONS} if rule.layer else set()
    for one in rule.inhibited_by:
        if one not in known:
            hint = did_you_mean(one, known)
            yield f"there is no rule {one[:64]}{hint if one not in usual else ''}", one in usual


def _doubts(
    rule: Rule, known: Collection[str], names: Mapping[str, Signal]
) -> Iterator[tuple[str, str]]:
    when = rule.when.tree
    for reason, excused in unknown_inhibitors(rule, known):
        if excused:
            yield "inhibited_by", f"{reason} yet"
    clear = rule.clear.tree if rule.clear else None
    if clear is not None and (overlap := both(when, clear)):
        yield "clear", f"when and clear are both true at {overlap}"
    if clear is None and not rule.keep_firing_for and not rule.cooldown:
        noisy = sorted(name for name in rule.when.names if names[name].windows)
        if noisy:
            yield "when", f"{noisy[0]} moves: without clear or keep_firing_for this will flap"
    for key, tree in (("when", when), ("clear", clear)):
        if tree is not None:
            yield from ((key, reason) for reason in _odd(tree, names))


def _odd(tree: Tree, names: Mapping[str, Signal]) -> Iterator[str]:
    """Yield a sentence for each comparison that reads as a slip."""
    for one in _comparisons(tree):
        for side, other in ((one.left, one.right), (one.right, one.left)):
            signal = _subject(side, names)
            value = other.operand if isinstance(other, Unary) else other
            if signal is None or not isinstance(value, Number):
                continue
            if signal.unit == "fraction" and value.value > 1:
                percent = f"{value.value:g} is {value.value:.0%}"
                yield f"{signal.name} is a fraction: 0.05 is 5 %, {percent}"
            if one.op in {"==", "!="} and signal.unit not in {"count", "days"}:
                yield f"{signal.name} moves: {one.op} on it hardly ever decides anything"


def _subject(tree: Tree, names: Mapping[str, Signal]) -> Signal | None:
    inner = tree.arguments[0] if isinstance(tree, Call) and tree.arguments else tree
    signal = names.get(inner.name) if isinstance(inner, Name) else None
    return signal if signal is not None and signal.kind is Kind.NUMBER else None


def _comparisons(tree: Tree) -> Iterator[Binary]:
    match tree:
        case Unary(operand=operand):
            yield from _comparisons(operand)
        case Binary(op=op, left=left, right=right):
            if op in COMPARISONS:
                yield tree
            yield from _comparisons(left)
            yield from _comparisons(right)
        case _:
            pass
