"""A person's words: layers filled, rolled, closed; alerts acknowledged and snoozed."""

import argparse
import getpass
import math
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from pydantic import TypeAdapter

from monitor.alerts.silence import SPOKEN
from monitor.app.notes import notes
from monitor.app.present import clock_of
from monitor.cli.lines import line
from monitor.clock import stopwatch, wait
from monitor.config import Settings, load_settings
from monitor.errors import ConfigError, Fault, Permanent
from monitor.hedge.legs import parse_leg
from monitor.model.layer import Fill
from monitor.model.observation import Verb, Word
from monitor.rules.durations import parse_duration, parse_instant
from monitor.store.lock import is_running
from monitor.store.opening import open_store
from monitor.store.port import Store

T = TypeVar("T")
_WORD: Final = TypeAdapter(Word)
_ALERT: Final = re.compile(r"[0-9A-Fa-f]{6}")
_PATIENCE_S: Final = 10.0
_NAP_S: Final = 0.02


def fill(asked: argparse.Namespace) -> int:
    """Tell the daemon of trades."""
    return _tell(asked, Verb.FILL)


def roll(asked: argparse.Namespace) -> int:
    """Tell the daemon of a roll."""
    return _tell(asked, Verb.ROLL)


def close(asked: argparse.Namespace) -> int:
    """Tell the daemon that a layer is closed."""
    return _tell(asked, Verb.CLOSE)


def undo(asked: argparse.Namespace) -> int:
    """Tell the daemon that a trade it booked was none."""
    return say_word(asked, lambda now: _of_entry(asked, word_of(now, Verb.UNDO)))


def correct(asked: argparse.Namespace) -> int:
    """Tell the daemon what an entry of a layer's journal should have been."""
    fills = (_leg(asked.leg),)
    return say_word(
        asked, lambda now: replace(_of_entry(asked, word_of(now, Verb.CORRECT)), fills=fills)
    )


def cash(asked: argparse.Namespace) -> int:
    """Tell the daemon of money that came or went without a trade."""
    if not asked.usd or not math.isfinite(asked.usd):
        reason = "give an amount in US dollars, received positive, paid negative"
        raise ConfigError([Fault(file="USD", where="", reason=reason)])
    if not asked.note.isprintable():
        raise ConfigError([Fault(file="--note", where="", reason="give plain text on one line")])
    told = {"cash_usd": asked.usd, "note": asked.note, "traded_at": _at(asked)}
    told |= {"layer": asked.layer, "scope": asked.position}
    return say_word(asked, lambda now: replace(word_of(now, Verb.CASH), **told))


def ack(asked: argparse.Namespace) -> int:
    """Tell the daemon that an alert is seen."""
    alert = short_id(asked.alert)
    return say_word(asked, lambda now: replace(word_of(now, Verb.ACK), alert=alert))


def snooze(asked: argparse.Namespace) -> int:
    """Tell the daemon to keep quiet about an alert for a while."""
    alert = short_id(asked.alert)
    span = argument("span", lambda: parse_duration(asked.span))
    return say_word(
        asked,
        lambda now: replace(word_of(now, Verb.SNOOZE), alert=alert, until=now + span),
    )


def _tell(asked: argparse.Namespace, verb: Verb) -> int:
    fills = tuple(_leg(text) for text in asked.leg)
    if verb is not Verb.CLOSE and not fills:
        raise ConfigError([Fault(file="--leg", where="", reason="give at least one leg")])
    told = {"layer": asked.layer, "scope": asked.position, "fills": fills, "traded_at": _at(asked)}
    status = say_word(asked, lambda now: replace(word_of(now, verb), **told))
    if status == 0:
        for note in notes(verb, fills):
            print(line("note: ", note))
    return status


def _at(asked: argparse.Namespace) -> datetime | None:
    return None if asked.at is None else argument("--at", lambda: parse_instant(asked.at))


def _of_entry(asked: argparse.Namespace, word: Word) -> Word:
    return replace(word, layer=asked.layer, scope=asked.position, entry=asked.entry)


def _leg(text: str) -> Fill:
    return argument("--leg", lambda: parse_leg(text))


def short_id(text: str, name: str = "ALERT", what: str = "alert") -> str:
    """Return six characters that name something, as they are kept; name: of the argument."""
    if not _ALERT.fullmatch(text):
        reason = f"{text!r} is no {what}: it is six characters of 0-9 and A-F, as in A17F3C"
        raise ConfigError([Fault(file=name, where="", reason=reason)])
    return text.upper()


def argument(name: str, read: Callable[[], T]) -> T:
    """Return what an argument says; raise ConfigError, naming it, where it says nothing."""
    try:
        return read()
    except ValueError as error:
        raise ConfigError([Fault(file=name, where="", reason=str(error))]) from None


def word_of(now: datetime, verb: Verb) -> Word:
    """Return the beginnings of a word said by whoever runs the command."""
    return Word(id=uuid.uuid4().hex, verb=verb, observed_at=now, by=f"{getpass.getuser()}@cli")


def say_word(asked: argparse.Namespace, word_at: Callable[[datetime], Word]) -> int:
    """Leave a word in the inbox and print what came of it; 1 when it was refused."""
    settings = load_settings(asked.config)
    clock = clock_of(settings)
    word = word_at(clock.now())
    store = open_store(settings.store.url, now=clock.now())
    try:
        if not is_running(settings.store.url):
            _check_layer(settings, word, store)  # nobody is there to refuse it
        store.inbox.say(word.id, _WORD.dump_json(word).decode(), clock.now())
        if not is_running(settings.store.url):
            print("queued: the daemon is down, and takes it up when it starts")
            return 0
        outcome = _outcome(store, word.id)
    finally:
        store.close()
    print(outcome)
    return 1 if outcome.startswith("refused") else 0


def _check_layer(settings: Settings, word: Word, store: Store) -> None:
    """Raise ConfigError where there is no such layer to tell of; faulty rules prove nothing."""
    # Here and not above: rules take half a second to import, and a running daemon has its own.
    from monitor.app.rulebook import read_enabled, rulebook  # noqa: PLC0415
    from monitor.rules.scopes import unknown_layer  # noqa: PLC0415
    from monitor.store.rows import restore  # noqa: PLC0415

    packs, faults = read_enabled(settings.rules, settings.channel.names())
    if word.verb in {Verb.ACK, Verb.SNOOZE, *SPOKEN} or faults:
        return
    known = restore(store.load().rows, ()).layers
    if reason := unknown_layer(rulebook(settings, packs).rules, word, known):
        raise ConfigError([Fault(file=f"layer {word.verb.value}", where="", reason=reason)])


def _outcome(store: Store, word: str) -> str:
    started = stopwatch()
    while (heard := store.inbox.heard(word)) is None:
        if stopwatch() - started > _PATIENCE_S:
            raise Permanent(
                f"the daemon has not taken it up within {_PATIENCE_S:.0f} s; it is queued"
            )
        wait(_NAP_S)
    return heard
