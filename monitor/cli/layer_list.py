"""`hedgewatch layer list`: every layer, its legs, what is asked of it, queued and refused."""

import argparse
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from pydantic import TypeAdapter, ValidationError

from monitor.alerts.deed import TRADES
from monitor.alerts.figures import moment
from monitor.app.rulebook import load_enabled
from monitor.cli.lines import line
from monitor.cli.look import Look, opened, over
from monitor.hedge.contracts import days_left, expired
from monitor.hedge.legs import spell_leg, tell_fill
from monitor.model.layer import LayerState, Leg
from monitor.model.observation import Verb, Word
from monitor.rules.pack import Layer
from monitor.store.records import Said

_WORD: Final = TypeAdapter(Word)
_STATE: Final = 10
_DAYS: Final = 6
_SCOPE: Final = 8
_REFUSED: Final = timedelta(days=7)
"""How long a trade that was refused is listed."""


def show(asked: argparse.Namespace) -> int:
    """List the layers as last saved, and the trades not heard of yet or refused of late."""
    with opened(asked) as (look, store):
        known = {layer.id: layer for pack in load_enabled(look.settings) for layer in pack.layers}
        queued = [
            *_trades("queued  ", [(one, "") for one in store.inbox.unheard()], look),
            *_trades("refused ", store.inbox.refused(look.now - _REFUSED), look),
        ]
        width = max((len(name) for name in known), default=0)
        for layer in known.values():
            for text in _rows(look, layer, width):
                print(text)
    for text in queued:
        print(text)
    return 0


def _rows(look: Look, layer: Layer, width: int) -> Iterator[str]:
    there = [one for one in look.state.layers.values() if one.layer == layer.id]
    for one in there:
        scope = over(look, one.scope).strip() or one.scope
        state = one.status.value.replace("_", " ")
        days = _days(one.legs, look.now)
        legs = ", ".join(spell_leg(leg) for leg in one.legs)
        yield line(_head((layer.id, width), scope, state, days), legs)
        yield from _beneath(look, layer, one, width)
    if not there:
        yield _head((layer.id, width), layer.scope.value, "off", "").rstrip()
        yield line(" " * (width + 2), layer.title)


def _head(name: tuple[str, int], scope: str, state: str, days: str) -> str:
    text, width = name
    return f"{text:<{width}}  {scope:<{_SCOPE}}  {state:<{_STATE}}  {days:>{_DAYS}}  "


def _beneath(look: Look, layer: Layer, one: LayerState, width: int) -> Iterator[str]:
    indent = " " * (width + 2)
    yield line(indent, layer.title)
    asked = one.proposal
    if asked is not None and not asked.expired:
        void = f", void {moment(asked.expires_at, look.now)}" if asked.expires_at else ""
        yield line(indent, f"{asked.action.value} proposed, alert {asked.alert}{void}")


def _days(legs: Sequence[Leg], now: datetime) -> str:
    """Return the days to the nearest expiry of what still trades."""
    live = [days_left(leg.contract.expiry, now) for leg in legs if not expired(leg.contract, now)]
    return f"{int(min(live))} d" if live else ""


def _trades(head: str, said: Sequence[tuple[Said, str]], look: Look) -> Iterator[str]:
    """Yield a line for each trade of the inbox, with why it was refused where it was."""
    for one, why in said:
        try:
            word = _WORD.validate_json(one.json)
        except ValidationError:
            continue  # the daemon refuses it, with the reason
        if word.verb not in TRADES:
            continue
        fills = ", ".join(tell_fill(fill) for fill in word.fills) or "all legs"
        if word.verb is Verb.CASH:
            fills = f"{word.cash_usd:+,.2f} USD"
        where = "" if word.scope == "book" else f" {over(look, word.scope).strip() or word.scope}"
        told = f"{word.verb.value} {word.layer}{where} {fills} by {word.by}, {look.ago(one.at)}"
        yield line(head, f"{told}: {why}" if why else told)
