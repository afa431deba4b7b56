"""The functions of the language: nothing else can be called."""

from typing import Final, NamedTuple

from monitor.rules.durations import parse_duration
from monitor.rules.suggest import did_you_mean
from monitor.rules.syntax import Call, Name, Number, RuleError, Text, Tree, Unary

PLAIN: Final = frozenset({"has", "abs", "min", "max"})
SPANS: Final = frozenset({"avg", "delta", "highest", "lowest"})
CROSSINGS: Final = frozenset({"crossed_above", "crossed_below"})
WINDOWS: Final = SPANS | CROSSINGS
FUNCTIONS: Final = PLAIN | WINDOWS

_LONGEST_SPAN: Final = parse_duration("53w")


class Input(NamedTuple):
    """What an expression asks of its surroundings: a signal, or a window over one."""

    name: str
    function: str = ""
    argument: str | float = ""


def input_of(call: Call) -> Input:
    """Return what a window call asks; raises RuleError for a wrong form."""
    if len(call.arguments) != 2:  # noqa: PLR2004
        raise RuleError(
            f"{call.function} takes {_form(call.function)}, not {len(call.arguments)} arguments",
            call.at + 1,
        )
    subject, argument = call.arguments
    if not isinstance(subject, Name):
        raise RuleError(
            f"the first argument of {call.function} must be the name of a signal", subject.at + 1
        )
    if call.function in SPANS:
        return Input(subject.name, call.function, _span(call.function, argument))
    return Input(subject.name, call.function, _level(call.function, argument))


def unknown_function(name: str) -> str:
    """Return the sentence for a call of what is not a function."""
    short = name if len(name) <= 40 else name[:40] + "…"  # noqa: PLR2004
    hint = did_you_mean(name, FUNCTIONS)
    return f"there is no function {short}" + (hint or f"; there are {', '.join(sorted(FUNCTIONS))}")


def _form(function: str) -> str:
    return (
        'a signal and a span such as "1h"'
        if function in SPANS
        else "a signal and a level such as 30.0"
    )


def _span(function: str, argument: Tree) -> str:
    if not isinstance(argument, Text):
        raise RuleError(
            f'the second argument of {function} must be a span in quotes, such as "1h"',
            argument.at + 1,
        )
    try:
        span = parse_duration(argument.value)
    except ValueError as fault:
        raise RuleError(str(fault), argument.at + 1) from fault
    if not span:
        raise RuleError(f"{function} over no time at all means nothing", argument.at + 1)
    if span > _LONGEST_SPAN:
        raise RuleError(
            f"{argument.value} is too long: a window reaches back at most 53w", argument.at + 1
        )
    return argument.value


def _level(function: str, argument: Tree) -> float:
    match argument:
        case Number(value=value):
            return value
        case Unary(op="-", operand=Number(value=value)):
            return -value
        case _:
            pass
    raise RuleError(
        f"the second argument of {function} must be a number written out, such as 30.0",
        argument.at + 1,
    )
