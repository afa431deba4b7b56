"""What a person did with a layer, in words, and as an event of its own where no alert ends."""

import hashlib
from collections.abc import Iterable
from typing import Final

from monitor.alerts.alert import Alert, AlertState
from monitor.hedge.layer import heard
from monitor.hedge.legs import spell_cash, spell_leg, tell_fill
from monitor.model.layer import Action, LayerState
from monitor.model.observation import Verb, Word
from monitor.rules.pack import Layer, Severity

TRADES: Final = frozenset({Verb.FILL, Verb.ROLL, Verb.CLOSE, Verb.UNDO, Verb.CORRECT, Verb.CASH})
"""What a person may say of a layer's legs and its money."""


def traded(layer: LayerState, word: Word) -> str:
    """Return what a word booked and who said it: `+4 VIX 17Mar27 29C @2.85 by ann@cli`."""
    booked = [one for one in layer.journal if one.word == word.id]
    told = []
    for one in booked:
        undone = layer.journal[one.reverses - 1].fill if one.reverses else None
        told.append(f"not {tell_fill(undone)}" if undone else tell_fill(one.fill))
    told += [spell_cash(one) for one in layer.cash if one.word == word.id]
    return f"{', '.join(told)} by {word.by}" if told else f"done by {word.by}"


def untold(
    before: LayerState | None, after: LayerState | None, word: Word, told: Iterable[Alert]
) -> bool:
    """Return whether a word changed a layer, and no alert says so."""
    if after is None or word.verb not in TRADES:
        return False
    known = before is not None and heard(before, word.id)
    booked = heard(after, word.id)
    filled = any(
        one.state is AlertState.FILLED and (one.layer, one.scope) == (after.layer, after.scope)
        for one in told
    )
    return booked and not known and not filled


def deed(given: Layer, after: LayerState, word: Word, *, pack: str, epoch: str) -> Alert:
    """Return the event of a trade that nothing had asked for: for the console and the log."""
    idem = f"{given.id}:{after.scope}:{word.verb.value}:{word.id}"
    if epoch:
        idem = f"{epoch}:{idem}"
    legs = ", ".join(spell_leg(leg) for leg in after.legs)
    return Alert(
        id=hashlib.sha256(idem.encode()).hexdigest()[:6].upper(),
        idem=idem,
        key=f"{given.id}.{word.verb.value}|{after.scope}",
        rule=f"{given.id}.{word.verb.value}",
        pack=pack,
        scope=after.scope,
        layer=given.id,
        layer_title=given.title,
        action=Action.NOTIFY,
        state=AlertState.FILLED,
        severity=Severity.INFO,
        at=word.observed_at,
        since=word.observed_at,
        title=f"{given.id} {given.title}",
        text=f"Now holds {legs}" if legs else "Now off",
        reason=traded(after, word),
        route=("console",),
    )
