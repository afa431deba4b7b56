"""Recording each comparison as it is judged, with the numbers and where they came from."""

from typing import Any

from monitor.rules.checker import Checker
from monitor.rules.closures import Compare, Mishap, Raw, Run, compared
from monitor.rules.functions import WINDOWS, Input, input_of
from monitor.rules.syntax import Binary, Call, Name, Tree, Unary
from monitor.rules.verdict import Scalar, Term, Value
from monitor.signals.catalogue import Kind


class Recorder:
    """Builds the leaves and the watchers of a traced run.

    Their world is (raws, values, terms): inputs by place, and the list to fill.
    """

    def __init__(self, text: str, checker: Checker, inputs: tuple[Input, ...]) -> None:
        self._text = text
        self._checker = checker
        self._places = {asked: place for place, asked in enumerate(inputs)}

    def leaf(self, asked: Input, _kind: Kind) -> Run:
        """Return the closure that reads an input already had."""
        place = self._places[asked]
        return lambda world: world[0][place]

    def comparison(self, tree: Binary, left: Run, right: Run, compare: Compare) -> Run:
        """Return the closure that judges a comparison and notes it down."""
        places, unit, text, op = (
            self._places_of(tree),
            self._unit(tree),
            self._written(tree),
            tree.op,
        )

        def judged(world: Any) -> Raw:  # noqa: ANN401
            first, second = left(world), right(world)
            truth = compared(compare, first, second)
            world[2].append(
                _term(text, truth, (first, op, second), unit, [world[1][place] for place in places])
            )
            return truth

        return judged

    def bare(self, tree: Tree, shown: Run, run: Run) -> Run:
        """Return the closure that notes down a truth that is no comparison: a name, has(x)."""
        places, text = self._places_of(tree), self._written(tree)
        op, wanted = ("has", None) if shown is not run else ("is", True)

        def judged(world: Any) -> Raw:  # noqa: ANN401
            truth = run(world)
            said = (shown(world) if shown is not run else truth, op, wanted)
            world[2].append(_term(text, truth, said, "", [world[1][place] for place in places]))
            return truth

        return judged

    def _written(self, tree: Tree) -> str:
        return " ".join(self._text[tree.at : tree.end].split())

    def _places_of(self, tree: Tree) -> tuple[int, ...]:
        found: dict[Input, None] = {}
        _gather(tree, found)
        return tuple(self._places[asked] for asked in found)

    def _unit(self, tree: Binary) -> str:
        return self._checker.meaning(tree.left).unit or self._checker.meaning(tree.right).unit


def _term(
    text: str, truth: Raw, said: tuple[Raw, str, Raw], unit: str, values: list[Value]
) -> Term:
    left, op, right = _scalar(said[0]), said[1], _scalar(said[2])
    origin = values[0] if len(values) == 1 else _fold(values)
    note = origin.note
    if isinstance(truth, Mishap):
        note = f"{truth.reason}; {note}" if note else truth.reason
    return Term(
        text=text,
        truth=truth if isinstance(truth, bool) else None,
        left=left,
        op=op,
        right=right,
        margin=_margin(op, left, right),
        unit=unit,
        source=origin.source,
        as_of=origin.as_of,
        age_s=origin.age_s,
        note=note,
    )


def _gather(tree: Tree, found: dict[Input, None]) -> None:
    match tree:
        case Name(name=name):
            found[Input(name)] = None
        case Call(function=function) if function in WINDOWS:
            found[input_of(tree)] = None
        case Call(arguments=arguments):
            for argument in arguments:
                _gather(argument, found)
        case Unary(operand=operand):
            _gather(operand, found)
        case Binary(left=left, right=right):
            _gather(left, found)
            _gather(right, found)
        case _:
            pass


def _scalar(raw: Raw) -> Scalar | None:
    return None if isinstance(raw, Mishap) else raw


def _margin(op: str, left: Scalar | None, right: Scalar | None) -> float | None:
    """Return how far the comparison is on its true side; negative on the other."""
    if not isinstance(left, float) or not isinstance(right, float):
        return None
    if op in {">", ">="}:
        return left - right
    if op in {"<", "<="}:
        return right - left
    return abs(left - right) if op == "!=" else -abs(left - right)


def _fold(values: list[Value]) -> Value:
    """Fold several values into one origin: every source and note, the oldest time and age."""
    return Value(
        value=None,
        source=", ".join(dict.fromkeys(one.source for one in values if one.source)),
        as_of=min((one.as_of for one in values if one.as_of is not None), default=None),
        age_s=max((one.age_s for one in values if one.age_s is not None), default=None),
        note="; ".join(dict.fromkeys(one.note for one in values if one.note)),
    )
