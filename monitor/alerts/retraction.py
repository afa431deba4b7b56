"""What is said of an alert whose blocks its chain has dropped."""

from collections.abc import Iterator
from typing import Final

from monitor.alerts.alert import Alert
from monitor.alerts.terms import say
from monitor.hedge.legs import spell_leg
from monitor.model.layer import Action, LayerState
from monitor.model.observation import Block
from monitor.rules.verdict import Term, Verdict

_NOW: Final = ": at block "


def reason(gone: str, block: Block | None, verdict: Verdict) -> str:
    """Return the whole reason in one sentence.

    gone: which block is no more. block: the newest, where there is one chain to speak of.
    """
    if verdict.truth is None and not any(term.truth is not None for term in verdict.trace):
        return gone
    told = ", ".join(_holds(term) for term in verdict.trace)
    if block is None:
        return f"{gone}: now {told}"
    return f"{gone}{_NOW}{block.number:,} {block.hash[:6]}… {told}"


def kept(layer: LayerState | None, by: str) -> str:
    """Return what becomes of a layer that somebody filled on a proposal taken back, or nothing."""
    if layer is None or not layer.legs or not by:
        return ""
    legs = ", ".join(spell_leg(leg) for leg in layer.legs)
    return f"{layer.layer} was acted on by {by} and stays as it is: {legs}.\nKeep it or close it."


def lines(alert: Alert) -> Iterator[str]:
    """Yield a retraction line by line, its comparisons each on one."""
    gone, sign, _ = alert.reason.partition(_NOW)
    yield f"{gone[:1].upper()}{gone[1:]}."
    if sign and alert.block is not None:
        yield f"At block {alert.block.number:,} {alert.block.hash[:6]}…:"
        yield from map(_holds, alert.trace)
    if alert.text:
        yield from alert.text.splitlines()
    elif alert.action is not Action.NOTIFY:
        yield f"The {alert.action.value} proposal is void."
        yield "Do not trade on it."


def _holds(term: Term) -> str:
    told = say(term, aged=False)
    if term.truth is None or term.right is None or isinstance(term.left, bool):
        return told  # a word, not a comparison
    return f"{told} {'holds' if term.truth else 'does not hold'}"
