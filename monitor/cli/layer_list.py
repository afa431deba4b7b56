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
from monitor.rules.scopes import ruleless
from monitor.store.records import Said

_WORD: Final = TypeAdapter(Word)
_STATE: Final = 10
_DAYS: Final = 6
_SCOPE: Final = 8
_REFUSED: Final = timedelta(days=7)
"""How long a trade that was refused is listed."""

_GONE: Final = "no rule in force watches it: enable its pack, or close it"


def show(asked: argparse.Namespace) -> int:
    """List the layers as last saved, and the trades not heard of yet or refused of late."""
    with opened(asked) as (look, store):
        known = {layer.id: layer for pack in load_enabled(look.settings) for layer in pack.layers}
        queued = [
            *_trades("queued  ", [(one, "") for one in store.inbox.unheard()], look),
            *_trades("refused ", store.inbox.refused(look.now - _REFUSED), look),
        ]
        gone = [one.layer for one in ruleless(known.values(), look.state.layers)]
        titles = {layer.id: layer.title for layer in known.values()} | dict.fromkeys(gone, _GONE)
        width = max((len(name) for name in titles), default=0)
        for name in titles:
            there = [one for one in look.state.layers.values() if one.layer == name]
            for one in there:
                print("\n".join(_rows(look, one, (titles[name], width))))
            if not there:
                print(_head((name, width), known[name].scope.value, "off", "").rstrip())
                print(line(" " * (width + 2), titles[name]))
    for text in queued:
        print(text)
    return 0


def _rows(look: Look, one: LayerState, titled: tuple[str, int]) -> Iterator[str]:
    title, width = titled
    scope = over(look, one.scope).strip() or one.scope
    state = one.status.value.replace("_", " ")
    legs = ", ".join(spell_leg(leg) for leg in one.legs)
    yield line(_head((one.layer, width), scope, state, _days(one.legs, look.now)), legs)
    indent = " " * (width + 2)
    yield line(indent, title)
    asked = one.proposal
    if asked is not None and not asked.expired:
        void = f", void {moment(asked.expires_at, look.now)}" if asked.expires_at else ""
        yield line(indent, f"{asked.action.value} proposed, alert {asked.alert}{void}")


def _head(name: tuple[str, int], scope: str, state: str, days: str) -> str:
    text, width = name
    return f"{text:<{width}}  {scope:<{_SCOPE}}  {state:<{_STATE}}  {days:>{_DAYS}}  "


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
